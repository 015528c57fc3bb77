# SPDX-License-Identifier: Apache-2.0
"""Looking for users by one value: asked, recorded and limited, and each one found is queried in an act of its own."""

import anyio.to_thread
from litestar import Response, Router, post
from litestar.di import NamedDependency
from litestar.params import RawBody

from keshou.acts.searching import TooManySearchesError
from keshou.app.search import SearchFound
from keshou.app.site import Site
from keshou.declaration.findable import Part
from keshou.gate.act import Act
from keshou.gate.decision import Permit
from keshou.law.terms import ActKind
from keshou.web.api.asked import Requested, answer, read
from keshou.web.api.decided import denial
from keshou.web.described import told
from keshou.web.entitled import actor, refuse_beyond_key, require_staff, through
from keshou.web.errors import TooManyRequestsError
from keshou.web.language import language_of
from keshou.wire import users as w
from keshou.wire.caller import Caller
from keshou.wire.decision import decision_shape

_HOUR = 3600


@post("/", status_code=200, operation_class=told(w.SearchAnswer, body=w.Searching))
async def search(
    request: Requested, caller: NamedDependency[Caller], site: NamedDependency[Site], body: RawBody
) -> Response[bytes]:
    """Look for users by one value. What was sought is in no entry; whom the caller may not see is not named.

    Who has no grant for the item is denied, and learns not even whether there is anybody.
    """
    asked = read(request, body, w.Searching)
    require_staff(caller)
    by = actor(caller, asked.by)
    refuse_beyond_key(caller, asked.purpose, ActKind.QUERY)
    act = Act(
        kind=ActKind.QUERY, user="", items=frozenset({asked.item}), purpose=asked.purpose, by=by, when=site.now(),
        via=through(caller, by), where=asked.where, post=asked.post,
    )  # fmt: skip
    try:
        found = await anyio.to_thread.run_sync(_find, site, act, asked)
    except TooManySearchesError as error:
        raise TooManyRequestsError(_HOUR) from error
    language = language_of(request)
    if not isinstance(found.decision, Permit):
        return denial(site, found.decision, found.entry, language)
    users = [
        w.FoundUser(user=user, entry=done.entry, values=dict(done.values), stand_ins=sorted(done.stand_ins))
        for user, done in found.users.items()
    ]
    decision = decision_shape(found.decision, site.law, language)
    return answer(w.SearchAnswer(decision=decision, entry=found.entry, hits=found.hits, users=users))


def _find(site: Site, act: Act, asked: w.Searching) -> SearchFound:
    return site.searches.find(act, asked.value, Part.of(last_four=asked.last_four, prefix=asked.prefix))


FACE = Router("/api/v1/users/searches", route_handlers=[search], tags=["users"])
"""The router of searches for users."""
