# SPDX-License-Identifier: Apache-2.0
"""What stands behind the `?` of a request to the API: each parameter once, and none that the operation does not take.

Which of two values counts two readers could see differently, and a name that is misspelled would change nothing in
silence: either could let what is asked differ from what is meant. Source: OWASP ASVS 15.3.7 (parameter pollution).
"""

from typing import Any

from litestar.connection import ASGIConnection
from litestar.enums import ParamType
from litestar.handlers import BaseRouteHandler, HTTPRouteHandler
from litestar.params import ParameterKwarg

from keshou.web.errors import MalformedError

_API = "/api/v1"


async def refuse_odd_query(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Refuse, at the documented places of the API, a parameter that is given twice or is none of the operation's.

    It is asynchronous because the frame hands others to a thread, at each request.

    Raises:
        MalformedError: there is one. The name of one that is none is not repeated, it may be anything.

    """
    scope = connection.scope
    if not scope.get("query_string") or not scope["path"].startswith(_API) or not _is_told(handler):
        return
    given, known = connection.query_params, names(handler)
    if not known.issuperset(given):
        hint = f"it takes {', '.join(sorted(known))}" if known else "it takes none"
        raise MalformedError("the operation takes no such parameter", hint=hint)
    for name in given:
        if len(given.getall(name)) > 1:
            raise MalformedError(f"the parameter `{name}` is given more than once", name, hint="give it once")


def names(handler: BaseRouteHandler) -> frozenset[str]:
    """Return the names of the parameters that `handler` takes behind the `?`."""
    given = handler.resolve_dependencies()  # which stand among its arguments like what comes with the request
    told = {key: each.kwarg_definition for key, each in handler.parsed_fn_signature.parameters.items()}
    return frozenset(
        each.query or each.name or key
        for key, each in told.items()
        if key not in given and isinstance(each, ParameterKwarg) and each.param_type is ParamType.QUERY
    )


def _is_told(handler: BaseRouteHandler) -> bool:
    return isinstance(handler, HTTPRouteHandler) and handler.resolve_include_in_schema()
