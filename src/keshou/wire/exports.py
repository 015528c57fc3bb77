# SPDX-License-Identifier: Apache-2.0
"""Exports over the wire: what is to be handed over, how far it is, recipients' keys, and what a leak was traced to."""

import datetime as dt
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from keshou.gate.facts import HandedOver, RecipientKeyVerified, ReviewApproved, ReviewAsked, ReviewRefused
from keshou.handover.order import Order, State
from keshou.handover.trace import Trace
from keshou.wire.words import Id, Items, NoId, Revision, UserId

MOST_USERS = 100_000
Stand = Literal["waiting", "approved", "refused", "lapsed", "making", "made", "denied", "nobody", "broken"]
How = Literal["in_person", "called_back", "signed_document"]


class ExportRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Users' information to be exported into a file for a recipient."""

    users: Annotated[list[UserId], Meta(min_length=1, max_length=MOST_USERS)]
    items: Items
    purpose: Id
    recipient: NoId
    """One that the rules declare and whose key was verified, by somebody else; a file for nobody is refused."""
    format: Literal["csv", "jsonl"] = "csv"
    keep_spelling: bool = False
    """Keep every value to the letter; only the order of the rows is marked then."""
    post: NoId = ""
    where: NoId = ""
    ground: NoId = ""
    review: NoId = ""
    """A review that approved it; none: where it needs one, it is asked for."""


class ExportShape(msgspec.Struct, frozen=True, kw_only=True):
    """An export as it stands; whose information it is of is not told again."""

    id: str
    by: str
    state: Stand
    """``waiting`` for a review; ``approved``: to be made; ``nobody``: not one user's information may be handed over."""
    asked: dt.datetime
    ended: dt.datetime | None
    purpose: str
    items: list[str]
    recipient: str
    format: str
    users: int
    """How many were named."""
    made: int
    """How many are in the file."""
    refused: dict[str, int]
    """Provision to how many users met it and were left out."""
    review: str
    entry: Revision | None
    """Place in the log of the act's entry."""
    handover: str
    file: str
    """The sealed file's name; empty while there is none."""
    size: int
    sha256: str
    repeated: bool = False


def stand_of(order: Order, review: ReviewAsked | ReviewApproved | ReviewRefused | None, now: dt.datetime) -> Stand:
    """Return how an export stands at `now`, with the review that it waits for."""
    if order.state is not State.WAITING:
        return order.state.value  # type: ignore[return-value]
    match review:
        case ReviewApproved():
            return "approved" if now < review.until else "lapsed"
        case ReviewRefused():
            return "refused"
        case _:
            return "waiting"


def export_shape(order: Order, stand: Stand, *, repeated: bool = False) -> ExportShape:
    """Return an export as it is told."""
    wanted = order.wanted
    return ExportShape(
        id=order.id, by=order.by, state=stand, asked=order.asked, ended=order.ended, purpose=wanted.purpose,
        items=sorted(wanted.items), recipient=wanted.recipient, format=wanted.format, users=wanted.count,
        made=order.made, refused=dict(order.refused), review=wanted.review, entry=order.entry,
        handover=order.handover, file=order.name if stand == "made" else "", size=order.size, sha256=order.sha256,
        repeated=repeated,
    )  # fmt: skip


class HandoverShape(msgspec.Struct, frozen=True, kw_only=True):
    """A file that was made for a recipient, as it is on record."""

    id: str
    at: dt.datetime
    by: str
    recipient: str
    purpose: str
    users: int
    entry: Revision
    sha256: str
    manifest_sha256: str


def handover_shape(fact: HandedOver) -> HandoverShape:
    """Return a handover as it is told."""
    return HandoverShape(
        id=fact.handover, at=fact.at, by=fact.by, recipient=fact.recipient, purpose=fact.purpose, users=fact.count,
        entry=fact.entry, sha256=fact.digest, manifest_sha256=fact.manifest,
    )  # fmt: skip


class KeyRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A public key that the caller made sure is a recipient's."""

    key: Annotated[str, Meta(pattern="^age1[02-9ac-hj-np-z]{58}$", max_length=62)]
    """In the age format."""
    how: How
    """How the caller made sure."""


class RecipientShape(msgspec.Struct, frozen=True, kw_only=True):
    """A declared recipient, its verified key, and how many files were made for it."""

    id: str
    key: str
    """Empty while none is verified."""
    verified_by: str
    how: str
    since: dt.datetime | None
    files: int


def recipient_shape(name: str, key: RecipientKeyVerified | None, files: int) -> RecipientShape:
    """Return a recipient as it is told."""
    if key is None:
        return RecipientShape(id=name, key="", verified_by="", how="", since=None, files=files)
    return RecipientShape(
        id=name, key=key.key, verified_by=key.verified_by, how=key.how, since=key.at, files=files
    )  # fmt: skip


class TracedShape(msgspec.Struct, frozen=True, kw_only=True):
    """A handover that rows which got out come from, and how sure that is."""

    handover: HandoverShape
    agreed: int
    """Spots that have the spelling which this handover's mark chose."""
    spots: int
    chance: float
    """That it is named wrongly, at most."""


class TraceShape(msgspec.Struct, frozen=True, kw_only=True):
    """What rows that got out were traced to."""

    rows: int
    columns: int
    values: int
    """How many values of them carry a mark."""
    named: list[TracedShape]
    """Empty: no source can be told."""


def trace_shape(found: Trace, named: list[HandedOver]) -> TraceShape:
    """Return what was traced as it is told."""
    told = [
        TracedShape(handover=handover_shape(fact), agreed=sure.agreed, spots=sure.spots, chance=sure.chance)
        for fact, sure in zip(named, found.named, strict=True)
    ]
    return TraceShape(rows=found.rows, columns=found.columns, values=found.values, named=told)
