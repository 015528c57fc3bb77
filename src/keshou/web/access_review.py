# SPDX-License-Identifier: Apache-2.0
"""The review of access as every face asks for it: who may see who reaches what, and who confirms a post."""

import datetime as dt

from keshou.app.site import Site
from keshou.declaration.answering import confirmers
from keshou.declaration.model import Declaration, Office
from keshou.errors import InputError
from keshou.gate.facts import AccessConfirmed
from keshou.gate.offices import offices_of
from keshou.gate.site import SiteState
from keshou.web.entitled import refuse_limited, refuse_program, require_fresh, require_staff
from keshou.web.errors import NotEntitledError
from keshou.web.recorded import in_force, require_own_post
from keshou.wire.caller import Caller


def require_confirmer(caller: Caller, site: Site) -> None:
    """Refuse whoever holds no post of the operator's own, or did not prove themselves lately.

    Raises:
        NotEntitledError: it is a program, an agent's staff, or somebody in no post.
        ProofTooOldError: the proof is not fresh.

    """
    refuse_program(caller)
    require_own_post(caller, site)
    require_fresh(caller, site)


def confirmation(
    caller: Caller, site: Site, staff: str, post: str, until: dt.datetime | None = None
) -> AccessConfirmed:
    """Return that `caller` confirms that `staff` still needs `post`; without `until` for as long as the rules let it.

    Raises:
        InputError: neither says until when.

    """
    review, now = in_force(site).access_review, site.now()
    if review is None and until is None:
        raise InputError("the rules declare no review of access", hint="say until when it is confirmed")
    end = until or now + dt.timedelta(days=review.every_days if review else 0)
    return AccessConfirmed(at=now, staff=staff, post=post, by=caller.id, until=end)


def reads_access(declaration: Declaration, state: SiteState, staff: str, now: dt.datetime) -> bool:
    """Say whether somebody may see who reaches what: by office, or because they confirm it."""
    held = {each.post for each in state.appointments(staff)}
    if held & {post for posts in confirmers(declaration).values() for post in posts}:
        return True
    return bool(offices_of(state, declaration, staff, now) & {Office.APPOINT, Office.AUDIT})


def require_access_reader(caller: Caller, site: Site) -> Declaration:
    """Return the declaration in force, for whoever may see who reaches what: by office, or who confirms it.

    Raises:
        NotEntitledError: the caller answers for no post and holds neither office (Order 24 Art. 13(1)), or the key is
            limited to some purposes or acts.

    """
    require_staff(caller)
    refuse_limited(caller)
    declaration, state = in_force(site), site.state()
    if reads_access(declaration, state, caller.id, site.now()):
        return declaration
    raise NotEntitledError("the caller answers for no post and has no office for it (miit24:13.1.5)")
