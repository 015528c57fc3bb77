# SPDX-License-Identifier: Apache-2.0
"""Who may write down what users say: somebody in a post in which they may serve users, in their own name."""

from collections.abc import Sequence

from keshou.app.site import Site
from keshou.gate import offices
from keshou.gate.facts import UserFact
from keshou.web.entitled import actor, require_staff
from keshou.web.errors import NotEntitledError
from keshou.wire.caller import Caller


def serves(site: Site, by: str) -> bool:
    """Say whether somebody holds a post in which they may serve users now."""
    rules = site.rules()
    return bool(offices.serving_posts(site.state(), rules.declaration if rules else None, by, site.now()))


def may_tell_of(site: Site, by: str, purpose: str) -> bool:
    """Say whether somebody may write down what users say of a purpose: an agent's staff, of what it was entrusted with.

    Source: miit24:11
    """
    rules = site.rules()
    return offices.may_tell_of(site.state(), rules.declaration if rules else None, by, purpose, site.now())


def require_entrusted(site: Site, by: str, facts: Sequence[UserFact]) -> None:
    """Refuse whoever may not write down that `facts` came true of a user: an agent's staff, beyond its entrustment.

    Raises:
        NotEntitledError: they may not (Order 24 Art. 11).

    """
    rules, state, now = site.rules(), site.state(), site.now()
    declaration = rules.declaration if rules else None
    if not all(offices.may_tell(state, declaration, by, fact, now) for fact in facts):
        raise NotEntitledError(
            "the agent was not entrusted with what is told (miit24:11)",
            hint="let the operator's own staff write it down",
        )


def teller(site: Site, caller: Caller, by: str, purpose: str) -> str:
    """Return who writes down what a user says of `purpose` (empty: of none); `by` is whom the request names.

    Raises:
        NotEntitledError: it is no caller of the operator's, acts in another's name, has a key that is limited to less,
            or the hand holds no post.

    """
    require_staff(caller)
    hand = actor(caller, by)
    beyond = caller.purposes is not None and purpose not in caller.purposes
    if caller.acts is not None or beyond:
        raise NotEntitledError("the key is limited to acts or purposes", hint="tell it with a key that is not")
    if not serves(site, hand):
        raise NotEntitledError(
            "whoever writes this down holds no post, or one of an agent that may not serve now (miit24:13.1.3, 11)",
            hint="appoint them first, or see to the agent's qualification",
        )
    if purpose and not may_tell_of(site, hand, purpose):
        raise NotEntitledError(
            "the agent was not entrusted with what is told (miit24:11)",
            hint="let the operator's own staff write it down",
        )
    return hand
