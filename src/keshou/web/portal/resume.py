# SPDX-License-Identifier: Apache-2.0
"""A form that came after its visit was over, shown again to the user who filled it in; nothing of it is done yet."""

from typing import Any

from litestar import Response

from keshou.app.site import Site
from keshou.web.frame.page import Requested
from keshou.web.portal import correct, ending
from keshou.web.portal.guest import Form
from keshou.web.portal.pages import go
from keshou.wire.caller import Caller

_PAGE_OF = {"/me/messages": "/me/consents", "/me/erase": "/me/end", "/me/sign-out": "/me"}
"""Where the form of a path stands, where that is another page."""


async def resume(request: Requested, site: Site, caller: Caller, path: str, form: Form) -> Response[Any]:
    """Return the page of the form, filled in as it was, as `caller` may see it; else the page where it stands."""
    if path.startswith(f"{correct.PATH}/"):
        item = path.removeprefix(f"{correct.PATH}/")
        return await correct.page(request, site, caller, item, typed=form, late=True)
    if path == ending.PATH:
        return await ending.page(request, site, caller, chosen=form, late=True)
    return go(f"{_PAGE_OF.get(path, path)}?late=1")
