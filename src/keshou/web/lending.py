# SPDX-License-Identifier: Apache-2.0
"""Emergencies as every face asks for them: who may lend themselves a post, and for how long."""

import datetime as dt

from keshou.app.site import Site
from keshou.declaration.model import Emergency
from keshou.errors import InputError
from keshou.gate.facts import EmergencyOpened
from keshou.web.entitled import require_fresh
from keshou.web.errors import NotEntitledError
from keshou.web.recorded import in_force, require_own_post
from keshou.wire import access as w
from keshou.wire.caller import Caller, CallerKind


def foreseen(site: Site) -> Emergency:
    """Return what the rules in force say of emergencies.

    Raises:
        InputError: they foresee none.

    """
    found = in_force(site).emergency
    if found is None:
        raise InputError("the rules foresee no emergencies", hint="add [emergency] to the declaration")
    return found


def require_lender(caller: Caller, site: Site) -> None:
    """Refuse whoever may lend themselves nothing, or did not prove themselves lately.

    A program lends itself nothing: its key proves nothing anew, and nobody in it could say what the emergency is.

    Raises:
        NotEntitledError: it is a program, or holds no post of the operator's own (Order 24 Art. 13(1)).
        ProofTooOldError: the proof is not fresh.

    """
    if caller.kind is CallerKind.PROGRAM:
        raise NotEntitledError("a person begins an emergency (miit24:13.1.3)", hint="let one of the staff do it")
    require_own_post(caller, site)
    require_fresh(caller, site)


def emergency(caller: Caller, site: Site, name: str, asked: w.EmergencyRequest) -> EmergencyOpened:
    """Return that `caller` lends themselves a post's grants, for the minutes asked for or as long as the rules let it.

    Raises:
        InputError: the rules foresee no emergencies.

    """
    rules, now = foreseen(site), site.now()
    until = now + dt.timedelta(minutes=rules.minutes if asked.minutes is None else asked.minutes)
    return EmergencyOpened(
        at=now, emergency=name, staff=caller.id, post=asked.post, reason=asked.reason, case=asked.case, until=until
    )
