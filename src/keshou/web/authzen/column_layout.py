# SPDX-License-Identifier: Apache-2.0
"""The rows of a stream -> the different questions they ask, and which row asks which of which user.

A question's words mean what they do in the protocol's JSON: each different one is made into the very same values and
goes the same way. What it comes to is kept for a caller, who is likely to ask it again.
"""

import contextlib
import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from keshou.gate.act import Act
from keshou.gate.columns import Numbers
from keshou.gate.decision import Deny
from keshou.gate.prohibitions.places import PLACES
from keshou.gate.table import distinct, encoded
from keshou.web.authzen import entitled
from keshou.web.authzen.question import RESOURCE, UnfitQuestionError, act_of
from keshou.wire.authzen import Action, Evaluation, Resource, Subject
from keshou.wire.authzen_arrow import COUNT, ITEMS, encoded_items
from keshou.wire.caller import Caller

SOMEBODY = "\0"
"""Stands for a user where it makes no difference which."""
_MOST_KEPT = 1 << 16
_MOST_SETS = 4
"""Sets of columns, and questions in one of them, that are kept of one caller."""
_ABSENT = {"by": "subject", "kind": "action", "user": "resource"}


class Question(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a row asks apart from its user; None where the row says nothing."""

    kind: str | None = None
    by: str | None = None
    subject: str | None = None
    purpose: str | None = None
    post: str | None = None
    where: str | None = None
    recipient: str | None = None
    review: str | None = None
    ground: str | None = None
    items: tuple[str, ...] | None = None
    count: str | None = None
    whose: str = ""
    """``own`` where the user is the one in `by`, ``none`` where no user is named, ``missing``, else empty."""


_WHOSE = ("", "own", "missing", "none")
Laid = Act | int | str
"""An act to decide, the reason code of what needs no gate, or what is wrong with it."""


Words = tuple[str | tuple[str, ...] | None, ...]


class Rows(NamedTuple):
    """Rows as questions and users."""

    names: tuple[str, ...]
    """Fields of a question that the words of each are of."""
    questions: Sequence[Words]
    which: Numbers
    users: Sequence[str]
    of_user: Numbers


def rows_of(table: pa.Table) -> Rows:
    """Return what each row asks.

    Raises:
        StreamError: an item of a row is missing.

    """
    of_user, users = _used(*encoded(table.column("user")))
    names = [name for name in Question.__struct_fields__ if name in table.column_names]
    columns: list[tuple[Numbers, Sequence[Any]]] = [_encoded(name, table.column(name)) for name in names]
    which, different = distinct([*columns, (_whose(table, of_user, users), _WHOSE)])
    named: list[Any] = list(users)
    for place in _places(users, None):
        named[place] = ""
    return Rows((*names, "whose"), different, which, named, of_user)


def _encoded(name: str, column: pa.ChunkedArray) -> tuple[Numbers, Sequence[Any]]:
    if name == ITEMS:
        return encoded_items(column)
    return encoded(column.cast(pa.string()) if name == COUNT else column)


def _used(of_user: Numbers, users: Sequence[str | None]) -> tuple[Numbers, Sequence[str | None]]:
    """Leave out users whom a stream names in its dictionary and no row asks about."""
    if len(users) <= len(of_user) + 1:
        return of_user, users
    different, place = np.unique(of_user, return_inverse=True)
    return place, [users[each] for each in different.tolist()]


def _whose(table: pa.Table, of_user: Numbers, users: Sequence[str | None]) -> Numbers:
    """Return for each row how its user stands to the rest of the question."""
    found: Numbers = np.zeros(len(of_user), np.int64)
    for whose, absent in enumerate((None, ""), 2):
        for place in _places(users, absent):
            found[of_user == place] = whose
    if "subject" in table.column_names:
        user, by = (table.column(name).cast(pa.string()) for name in ("user", "by"))
        same = pc.and_(pc.equal(user, by), pc.equal(table.column("subject").cast(pa.string()), "user"))
        own = pc.fill_null(same, fill_value=False).to_numpy(zero_copy_only=False)
        found = np.where(own & (found == 0), 1, found)
    return found


def _places(users: Sequence[str | None], wanted: str | None) -> Iterator[int]:
    place = -1
    with contextlib.suppress(ValueError):
        while True:
            place = users.index(wanted, place + 1)
            yield place


class Layout:
    """Lays out the questions of one caller."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self._known: dict[tuple[str, ...], dict[Words, Laid]] = {}

    def lay_out(self, names: tuple[str, ...], questions: Sequence[Words], now: dt.datetime) -> list[Laid]:
        """Return what each question comes to; an act that was asked before is the very same, with the time of then."""
        known = self._known.get(names)
        if known is None or len(known) + len(questions) > _MOST_KEPT:
            if len(self._known) >= _MOST_SETS:
                self._known = {}
            known = self._known[names] = {}
        for each in questions:
            if each not in known:
                known[each] = self._laid(Question(**dict(zip(names, each, strict=True))), now)  # type: ignore[arg-type]
        return [known[each] for each in questions]

    def _laid(self, question: Question, now: dt.datetime) -> Laid:
        for name, part in _ABSENT.items():
            absent = question.whose == "missing" if name == "user" else getattr(question, name) is None
            if absent:
                return f"`{part}` is missing"
        try:
            act = act_of(_evaluation(question), self._caller.id, now)
        except UnfitQuestionError as wrong:
            return f"a property is of the wrong type: {wrong.pointer}"
        if isinstance(act, Deny):
            return sum(1 << PLACES[reason.prohibition] for reason in act.reasons)
        return entitled.beyond(self._caller, act) or act


def _evaluation(question: Question) -> Evaluation:
    """Return the question in the protocol's words, of a user who stands to the rest of it as the row's does."""
    q = question
    somebody = SOMEBODY if q.by != SOMEBODY else SOMEBODY * 2
    user = {"own": q.by or "", "none": ""}.get(q.whose, somebody)
    seat = {name: value for name, value in (("post", q.post), ("where", q.where)) if value is not None}
    context = {"purpose": q.purpose, "review": q.review, "ground": q.ground}
    properties: dict[str, object] = {"items": q.items or ()} | ({"count": int(q.count)} if q.count is not None else {})
    return Evaluation(
        subject=Subject("staff" if q.subject is None else q.subject, q.by or "", seat),
        action=Action(q.kind or "", {"recipient": q.recipient} if q.recipient is not None else {}),
        resource=Resource(RESOURCE, user, properties),
        context={name: value for name, value in context.items() if value is not None},
    )
