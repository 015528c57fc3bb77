# SPDX-License-Identifier: Apache-2.0
"""``/console/user/search``: users found by one value. A search is an act, and so is the query of each user it finds.

What is sought is sent in a form, never stands in an address, and is not shown again. Source: miit24:13.1.6.
"""

from collections.abc import Mapping

import msgspec
from anyio.to_thread import run_sync
from litestar import Response, post
from litestar.di import NamedDependency

from keshou.acts.searching import TooManySearchesError
from keshou.app.search import SearchFound
from keshou.app.site import Site
from keshou.errors import ExitStatus, KeshouError
from keshou.gate.act import Act
from keshou.gate.decision import Deny
from keshou.law.terms import ActKind
from keshou.web.console.desk import Desk, desk_of, show, typed
from keshou.web.console.names import purpose_names
from keshou.web.console.user import form_of
from keshou.web.console.ways import Way, ways
from keshou.web.console.why import why_denied
from keshou.web.entitled import require_staff
from keshou.web.errors import TooManyRequestsError
from keshou.web.frame.page import Requested
from keshou.wire import users as w
from keshou.wire.caller import Caller

_HOUR = 3600
_AGAIN = ("purpose", "post", "where")


@post("/console/user/search", status_code=200, include_in_schema=False)
async def search(request: Requested, caller: NamedDependency[Caller], site: NamedDependency[Site]) -> Response[bytes]:
    """Look for users by one value, in one of the ways that the rules know.

    Raises:
        TooManyRequestsError: this hand searched too often.

    """
    require_staff(caller)
    form = typed(request)
    desk = await run_sync(desk_of, request, site, caller)
    given = {each: form[each] for each in _AGAIN if form.get(each)}
    way = next((each for each in ways(desk) if each.name == form.get("way")), None)
    try:
        asked = msgspec.convert(given | {"item": way.item if way else "", "value": form.get("value", "")}, w.Searching)
        assert way is not None  # noqa: S101 - an item without a name was refused
        found = await run_sync(_find, desk, asked, way)
    except TooManySearchesError as error:
        raise TooManyRequestsError(_HOUR) from error
    except (msgspec.ValidationError, KeshouError) as error:
        if isinstance(error, KeshouError) and error.status is not ExitStatus.WRONG_INPUT:
            raise
        return await run_sync(lambda: form_of(request, desk, form, wrong="search", status=422))
    return await run_sync(_shown, request, desk, found, given)


def _find(desk: Desk, asked: w.Searching, way: Way) -> SearchFound:
    act = Act(
        kind=ActKind.QUERY, user="", items=frozenset({asked.item}), purpose=asked.purpose, by=desk.caller.id,
        when=desk.site.now(), where=asked.where, post=asked.post,
    )  # fmt: skip
    return desk.site.searches.find(act, asked.value, way.part, masked=True)


def _shown(request: Requested, desk: Desk, found: SearchFound, given: Mapping[str, str]) -> Response[bytes]:
    """Return whom it found; of a denial, why, and not even whether there is anybody."""
    purpose = purpose_names(desk).get(given["purpose"], given["purpose"])
    denied = isinstance(found.decision, Deny)
    return show(
        request, desk, "search.html.j2", status=403 if denied else 200, purpose=purpose, entry=found.entry,
        reasons=why_denied(desk, found.decision) if isinstance(found.decision, Deny) else [],
        users=[(user, sorted(done.values.values())) for user, done in found.users.items()],
        hits=found.hits, most=desk.site.settings.finding.most, given=given, denied=denied,
    )  # fmt: skip
