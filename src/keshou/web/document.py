# SPDX-License-Identifier: Apache-2.0
"""The OpenAPI document: how it is made, and the one place where it is given."""

from litestar import Router
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.routes import BaseRoute
from litestar.types import ControllerRouterHandler

from keshou.web.described import components

_API = "/api/v1"
_CATCH_ALL = "/{path:str}"


class _DocumentAlone(Router):
    """Takes the handler of the document; not the page that the framework would show for whatever is not there."""

    def register(self, value: ControllerRouterHandler) -> list[BaseRoute]:
        """Register a handler, but for the one that takes every path."""
        return [] if _CATCH_ALL in getattr(value, "paths", ()) else super().register(value)


def described() -> OpenAPIConfig:
    """Return how the document is made. It is given at ``/api/v1/openapi.json`` and ``/api/v1``, as JSON."""
    return OpenAPIConfig(
        title="Keshou",
        version="1",
        description="Hold and use users' personal information only as the law allows, and prove it.",
        path=_API,
        render_plugins=[JsonRenderPlugin()],
        openapi_router=_DocumentAlone(_API, route_handlers=[], include_in_schema=False),
        use_handler_docstrings=True,
        components=components(),
        security=[{"bearer": []}, {"session": []}],
    )
