# SPDX-License-Identifier: Apache-2.0
"""The elements of a batch -> acts for the gate, or what is answered without asking it.

Elements that ask the same of different users share their question; what it comes to is worked out once.
"""

import datetime as dt
from collections.abc import Iterable, Sequence

import msgspec

from keshou.gate.act import Act
from keshou.gate.decision import Decision, Deny
from keshou.web.authzen import entitled
from keshou.web.authzen.answer import fault
from keshou.web.authzen.question import UnfitQuestionError, act_of
from keshou.wire.authzen import Element, Evaluation, Fault, Questions
from keshou.wire.caller import Caller, CallerKind

Laid = Act | Deny | bytes
"""An act to decide, a denial that needs no gate, or the denial of what is no question, written already."""


_MOST_KEPT = 8192
_MOST_CALLERS = 64
_replace = msgspec.structs.replace


class Layouts:
    """What one server keeps from one request to the next: questions that were read, and what each comes to.

    What a caller may ask is part of who it is, so that what a question comes to is kept by caller.
    """

    def __init__(self) -> None:
        self.questions = Questions()
        self._of: dict[Caller, Layout] = {}

    def of(self, caller: Caller) -> "Layout":
        """Return what lays out the questions of `caller`."""
        found = self._of.get(caller)
        if found is None:
            if len(self._of) >= _MOST_CALLERS:
                self._of.clear()
            found = self._of[caller] = Layout(caller)
        return found


class Layout:
    """What the questions of one caller come to."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self._kept: dict[int, tuple[Evaluation | Fault, Laid]] = {}
        """By identity of the question, which is kept alive here."""

    def lay_out(self, elements: Sequence[Element], now: dt.datetime) -> list[Laid]:
        """Return what each element comes to at `now`, in order."""
        kept, new, replace = self._kept.get, self._new, _replace
        found: list[Laid] = []
        for question, user in elements:
            known = kept(id(question))
            laid = known[1] if known is not None and known[0] is question else new(question, user, now)
            found.append(replace(laid, user=user, when=now) if type(laid) is Act else laid)
        return found

    def _new(self, question: Evaluation | Fault, user: str, now: dt.datetime) -> Laid:
        if isinstance(question, Evaluation) and not _is_alike(question, self._caller):
            return _laid(_about(question, user), self._caller, now)
        laid = _laid(question, self._caller, now)
        if len(self._kept) >= _MOST_KEPT:
            self._kept.clear()
        self._kept[id(question)] = question, laid
        return laid


def put_back(laid: Sequence[Laid], decided: Iterable[Decision]) -> list[Decision | bytes]:
    """Return what each element is answered, where `decided` are the decisions on those of them that are acts."""
    decisions = iter(decided)
    return [next(decisions) if type(each) is Act else each for each in laid]  # type: ignore[misc]


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
