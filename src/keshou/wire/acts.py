# SPDX-License-Identifier: Apache-2.0
"""Acts as they are asked for and answered over the wire."""

from typing import Annotated

import msgspec
from msgspec import Meta

from keshou.law.terms import ActKind, RetentionClass
from keshou.wire.decision import DecisionShape
from keshou.wire.words import Id, Items, Moment, NoId, NoUserId, Revision, UserId, Value

MOST_USERS = 100_000
"""Users of one bulk act."""


class Question(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One act: which kind, whose information, which items, what for."""

    kind: ActKind
    user: NoUserId = ""
    """Empty for a bulk act; users themselves may leave it out."""
    items: Items
    purpose: Id
    by: NoId = ""
    """For programs with the scope `on_behalf`: the member of staff whom their system has signed in. Else the caller."""
    post: NoId = ""
    where: NoId = ""
    recipient: NoId = ""
    review: NoId = ""
    ground: NoId = ""
    count: Annotated[int, Meta(ge=1, le=2**31 - 1)] = 1
    """How many users it concerns; of an act to be done, as many as it lists."""
    at_least: Revision | None = None
    """The oldest revision of the facts that will do."""


class ActRequest(Question, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Ask, and do it when it is permitted."""

    users: Annotated[list[UserId], Meta(max_length=MOST_USERS)] = []
    """Many users: one act, judged as a whole and user by user."""
    values: Annotated[dict[Id, Value], Meta(max_length=256)] = {}
    """Item to value, for collection and correction."""
    masked: bool = False
    """Whether masked values will do, though the grant may be for full ones. The entry says how they were shown."""
    holding: NoId = ""
    """The operator's own system that holds the information; the answer then has a permit for it."""


class QuestionRequest(Question, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An act to be decided and not done."""

    at: Moment | None = None
    """The moment it is asked for; now when left out."""


class KeyGone(msgspec.Struct, frozen=True, kw_only=True):
    """A key that was destroyed."""

    class_: RetentionClass = msgspec.field(name="class")
    key: str


class ActAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a permitted act. A denial is answered with a problem, and has an entry as well."""

    decision: DecisionShape
    entry: Revision
    """Place of its entry in the log, counted from zero."""
    revision: Revision
    """From which revision on it can be seen."""
    values: dict[str, str] = {}
    """Item to value, as shown: masked unless the grant is for full values."""
    by_user: dict[str, dict[str, str]] = {}
    """The same for many users."""
    stand_ins: list[str] = []
    """Items of which `values` and `by_user` have stand-ins; the others are shown as if they were all."""
    refused: dict[str, DecisionShape] = {}
    """Users among many whose own state refused it."""
    refusals: dict[str, int] = {}
    """Where the request had been answered before, in place of `refused`: provision -> how many users met it."""
    shredded: list[KeyGone] = []
    """Keys destroyed by it."""
    permit: str = ""
    """For information in a `holding`: what its service checks before it serves; else empty."""
    repeated: bool = False
    """Whether this idempotency key had been answered before; then nothing was done now and nothing is shown."""
