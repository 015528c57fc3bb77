# SPDX-License-Identifier: Apache-2.0
"""What came true of the operator, its people or the authority is written down under the caller's name, once."""

from typing import Any

from litestar import Response

from keshou.acts.request import RecordSite
from keshou.app.site import Site
from keshou.declaration.model import Declaration
from keshou.gate.facts import SiteFact
from keshou.web.api.asked import answer
from keshou.web.errors import NotEntitledError, NotFoundError
from keshou.web.idempotency import named
from keshou.wire.caller import Caller
from keshou.wire.office import Recorded


def write_down(
    site: Site, caller: Caller, key: str, asked: Any, place: tuple[str, ...], *facts: SiteFact, id_: str = ""
) -> Response[bytes]:
    """Write `facts` down in one entry; `id_` is what was made for them."""
    done = site.do(named(RecordSite(facts=facts, by=caller.id, must_stand=True), caller, key, asked, *place))
    return answer(Recorded(entry=done.entry, revision=done.entry + 1, id=id_, repeated=done.repeated))


def in_force(site: Site) -> Declaration:
    """Return the declaration in force.

    Raises:
        NotFoundError: no rules are in force.

    """
    rules = site.rules()
    if rules is None:
        raise NotFoundError("no rules are in force", hint="publish them first")
    return rules.declaration


def require_own_post(caller: Caller, site: Site) -> None:
    """Refuse whoever holds no post of the operator's own: agents' staff, and those in no post.

    Raises:
        NotEntitledError: it is somebody else (Order 24 Art. 13(1)).

    """
    own = {each.id for each in in_force(site).posts if not each.agent}
    if not own & {each.post for each in site.state().appointments(caller.id)}:
        raise NotEntitledError("this is for those in a post of the operator's own (miit24:13.1.1)")
