# SPDX-License-Identifier: Apache-2.0
"""``/console``: how the operator stands, article by article of the Orders in force."""

from litestar import Response, get
from litestar.di import NamedDependency

from keshou.app.site import Site
from keshou.web.console.desk import HOME, desk_of, show
from keshou.web.frame.page import Requested
from keshou.wire.caller import Caller


@get(HOME, sync_to_thread=True, include_in_schema=False)
def standing(request: Requested, caller: NamedDependency[Caller], site: NamedDependency[Site]) -> Response[bytes]:
    """Show how the operator stands, article by article."""
    return show(request, desk_of(request, site, caller), "standing.html.j2")
