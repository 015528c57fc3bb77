# SPDX-License-Identifier: Apache-2.0
"""What came true of the operator, its people or the authority is written down under the caller's name, once."""

from typing import Any

from keshou.acts.request import Done, RecordSite
from keshou.app.site import Site
from keshou.declaration.model import Declaration
from keshou.gate.facts import SiteFact
from keshou.gate.site import SiteState
from keshou.web.entitled import refuse_limited, require_staff
from keshou.web.errors import NotEntitledError, NotFoundError
from keshou.web.idempotency import named
from keshou.wire.caller import Caller


def record(site: Site, caller: Caller, key: str, asked: Any, place: tuple[str, ...], *facts: SiteFact) -> Done:
    """Write `facts` down in one entry, once for each `key` of the caller; `asked` is what the request says."""
    return site.do(named(RecordSite(facts=facts, by=caller.id, must_stand=True), caller, key, asked, *place))


def in_force(site: Site) -> Declaration:
    """Return the declaration in force.

    Raises:
        NotFoundError: no rules are in force.

    """
    rules = site.rules()
    if rules is None:
        raise NotFoundError("no rules are in force", hint="publish them first")
    return rules.declaration


def holds_own_post(declaration: Declaration, state: SiteState, staff: str) -> bool:
    """Say whether somebody holds a post of the operator's own under the rules in force."""
    own = {each.id for each in declaration.posts if not each.agent}
    return any(each.post in own for each in state.appointments(staff))


def require_own_post(caller: Caller, site: Site, *, within_key: bool = False) -> None:
    """Refuse whoever holds no post of the operator's own: users, inspectors, agents' staff, and those in no post.

    A key that is limited to some purposes or acts does not serve, unless what is asked for keeps `within_key`.

    Raises:
        NotEntitledError: it is somebody else (Order 24 Art. 13(1)), or the key is limited.

    """
    require_staff(caller)
    if not within_key:
        refuse_limited(caller)
    if not holds_own_post(in_force(site), site.state(), caller.id):
        raise NotEntitledError("this is for those in a post of the operator's own (miit24:13.1.1)")
