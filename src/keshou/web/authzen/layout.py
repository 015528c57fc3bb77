# SPDX-License-Identifier: Apache-2.0
"""The elements of a batch -> acts for the gate, or what is answered without asking it.

Elements that ask the same of different users share their question; what it comes to is worked out once.
"""

import datetime as dt
from collections.abc import Sequence

import msgspec

from keshou.gate.act import Act
from keshou.gate.decision import Deny
from keshou.web.authzen import entitled
from keshou.web.authzen.answer import fault
from keshou.web.authzen.question import UnfitQuestionError, act_of
from keshou.wire.authzen import Element, Evaluation, Fault
from keshou.wire.caller import Caller, CallerKind

Laid = Act | Deny | bytes
"""An act to decide, a denial that needs no gate, or the denial of what is no question, written already."""


def lay_out(elements: Sequence[Element], caller: Caller, now: dt.datetime) -> list[Laid]:
    """Return what each element comes to, in order."""
    replace = msgspec.structs.replace
    worked_out: dict[int, Laid] = {}
    found: list[Laid] = []
    for question, user in elements:
        laid = worked_out.get(id(question))
        if laid is None:
            if isinstance(question, Evaluation) and not _is_alike(question, caller):
                found.append(_laid(_about(question, user), caller, now))
                continue
            laid = worked_out[id(question)] = _laid(question, caller, now)
        found.append(replace(laid, user=user) if type(laid) is Act else laid)
    return found


def _is_alike(question: Evaluation, caller: Caller) -> bool:
    """Say whether it makes no difference to anything but the gate which user a question is about."""
    return question.subject.type != "user" and caller.kind is not CallerKind.USER


def _about(question: Evaluation, user: str) -> Evaluation:
    return msgspec.structs.replace(question, resource=msgspec.structs.replace(question.resource, id=user))


def _laid(question: Evaluation | Fault, caller: Caller, now: dt.datetime) -> Laid:
    if isinstance(question, Fault):
        return fault(question.message)
    try:
        act = act_of(question, caller.id, now)
    except UnfitQuestionError as wrong:
        return fault(f"a property is of the wrong type: {wrong.pointer}")
    told = entitled.beyond(caller, act) if isinstance(act, Act) else ""
    return fault(told, 403) if told else act
