# SPDX-License-Identifier: Apache-2.0
"""class Orders: exports that were asked of the server, and their sealed files, until their days are over.

Whose information is wanted lies sealed and bound to the order, and is gone once the export was made. The files are
sealed to their recipients: whoever reads the database reads nothing.
"""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import msgspec
import sqlalchemy as sa

from keshou.db import Transaction, from_micros, metadata, to_micros
from keshou.errors import IntegrityError
from keshou.handover.order import Order, State, Wanted
from keshou.sealing import Box, derive
from keshou.suite import INTERNATIONAL, Suite

PART = 1 << 20
"""Bytes of a file that lie, and are read, together."""
SILENT = dt.timedelta(hours=1)
"""What has been in the making for so long broke off: its server stopped."""

order_table = sa.Table(
    "export_order",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("by", sa.Text, nullable=False, index=True),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("asked", sa.BigInteger, nullable=False, index=True),
    sa.Column("begun", sa.BigInteger),
    sa.Column("ended", sa.BigInteger),
    sa.Column("wanted", sa.Text, nullable=False),
    sa.Column("users", sa.LargeBinary, nullable=False),
    sa.Column("entry", sa.BigInteger),
    sa.Column("made", sa.BigInteger, nullable=False),
    sa.Column("refused", sa.Text, nullable=False),
    sa.Column("handover", sa.Text, nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("sha256", sa.Text, nullable=False),
    sa.Column("manifest", sa.LargeBinary, nullable=False),
    sa.Column("signature", sa.LargeBinary, nullable=False),
)
"""Times are in microseconds, UTC; `users` is a sealed list of ids."""
part_table = sa.Table(
    "export_part",
    metadata,
    sa.Column("order", sa.Text, primary_key=True),
    sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
)
_O, _P = order_table.c, part_table.c
_LISTED = [each for each in _O if each.name not in ("users", "manifest", "signature")]
"""What a list is made of: large it is not, and for whom an export is stays sealed where it lies."""


class OrderTamperedError(IntegrityError):
    """An export's row was altered outside Keshou."""

    def __init__(self) -> None:
        super().__init__("an export was altered in its table", hint="see who can write to the database")


class Orders:
    """Keeps exports; `secret` is 32 bytes of the site's, `suite` what it is sealed in for whom an export is."""

    def __init__(self, secret: bytes, suite: Suite = INTERNATIONAL) -> None:
        self._box = Box(derive(secret, "exports: seal"), OrderTamperedError, suite)

    def add(self, tx: Transaction, order: Order, users: tuple[str, ...]) -> None:
        """Keep an export that was asked for, and for whom."""
        wanted = msgspec.json.encode(order.wanted)
        begun = to_micros(order.asked) if order.state is State.MAKING else None
        tx.execute(sa.insert(order_table).values(
            id=order.id, by=order.by, state=order.state.value, asked=to_micros(order.asked), begun=begun, made=0,
            wanted=wanted.decode(), refused="{}", handover="", size=0, sha256="", manifest=b"", signature=b"",
            users=self._box.close(msgspec.json.encode(users), _bound(order.id, order.by, wanted)),
        ))  # fmt: skip

    def begin(self, tx: Transaction, name: str, now: dt.datetime) -> bool:
        """Say whether an export that waited is to be made now; of two who say so at once, one."""
        waits = (_O.id == name) & (_O.state == State.WAITING.value)
        begins = sa.update(order_table).where(waits).values(state=State.MAKING.value, begun=to_micros(now))
        return bool(tx.execute(begins).rowcount)

    def users(self, tx: Transaction, name: str) -> tuple[str, ...]:
        """Return whose information an export is of, while it is not made.

        Raises:
            OrderTamperedError: the row was altered.

        """
        row = tx.execute(sa.select(_O.by, _O.wanted, _O.users).where(_O.id == name)).one()
        found = self._box.open(bytes(row.users), _bound(name, row.by, row.wanted.encode()))
        return msgspec.json.decode(found, type=tuple[str, ...])

    def put(self, tx: Transaction, name: str, body: bytes) -> None:
        """Keep an export's sealed file, in parts."""
        rows = [(name, number, body[at : at + PART]) for number, at in enumerate(range(0, len(body), PART))]
        tx.insert(part_table, ("order", "number", "body"), rows)

    def keep(self, tx: Transaction, order: Order, body: bytes) -> None:
        """Keep what was made for an export, before it counts as handed over; for whom it was is forgotten."""
        self.put(tx, order.id, body)
        tx.execute(sa.update(order_table).where(_making(order.id)).values(users=b"", **_outcome(order)))

    def end(self, tx: Transaction, order: Order) -> None:
        """Keep what came of an export that is in the making; for whom it was is forgotten, of a broken one its file."""
        ended = None if order.ended is None else to_micros(order.ended)
        tx.execute(sa.update(order_table).where(_making(order.id)).values(
            state=order.state.value, ended=ended, users=b"", **_outcome(order)
        ))  # fmt: skip
        if order.state is not State.MADE:
            tx.execute(sa.delete(part_table).where(_P.order == order.id))

    def order(self, tx: Transaction, name: str, now: dt.datetime) -> Order | None:
        """Return an export; None when there is none of that id."""
        row = tx.execute(sa.select(*_LISTED, _O.manifest, _O.signature).where(_O.id == name)).one_or_none()
        return None if row is None else _order(row, now)

    def orders(self, tx: Transaction, now: dt.datetime, by: str = "") -> list[Order]:
        """Return the exports that `by` asked for, or all, the newest first; without manifests and signatures."""
        chosen = sa.select(*_LISTED).order_by(_O.asked.desc(), _O.id)
        return [_order(row, now) for row in tx.execute(chosen.where(_O.by == by) if by else chosen)]

    def part(self, tx: Transaction, name: str, number: int) -> bytes | None:
        """Return one part of a file, from nought; None beyond the last."""
        found = tx.execute(sa.select(_P.body).where((_P.order == name) & (_P.number == number))).scalar()
        return None if found is None else bytes(found)

    def purge(self, tx: Transaction, before: dt.datetime) -> None:
        """Remove what ended before a moment, or else was begun or asked for before it, with its files.

        A file whose order is gone goes too.
        """
        old = sa.func.coalesce(_O.ended, _O.begun, _O.asked) <= to_micros(before)
        tx.execute(sa.delete(order_table).where(old))
        tx.execute(sa.delete(part_table).where(_P.order.not_in(sa.select(_O.id))))


def _making(name: str) -> Any:
    return (_O.id == name) & (_O.state == State.MAKING.value)


def _outcome(order: Order) -> dict[str, Any]:
    return {
        "entry": order.entry, "made": order.made, "refused": msgspec.json.encode(order.refused).decode(),
        "handover": order.handover, "size": order.size, "sha256": order.sha256, "manifest": order.manifest,
        "signature": order.signature,
    }  # fmt: skip


def _order(row: Any, now: dt.datetime) -> Order:
    state = State(row.state)
    if state is State.MAKING and row.begun is not None and from_micros(row.begun) <= now - SILENT:
        state = State.BROKEN
    return Order(
        id=row.id, by=row.by, wanted=msgspec.json.decode(row.wanted, type=Wanted), state=state,
        asked=from_micros(row.asked), ended=None if row.ended is None else from_micros(row.ended), entry=row.entry,
        made=row.made, refused=msgspec.json.decode(row.refused, type=dict[str, int]), handover=row.handover,
        size=row.size, sha256=row.sha256, manifest=bytes(getattr(row, "manifest", b"")),
        signature=bytes(getattr(row, "signature", b"")),
    )  # fmt: skip


def _bound(name: str, by: str, wanted: bytes) -> bytes:
    """Return what sealed ids are bound to: the order, who gave it and all that it wants."""
    return b"\0".join((name.encode(), by.encode(), wanted))


def parts(read: Any, orders: Orders, name: str, start: int, stop: int) -> Iterator[bytes]:
    """Yield a file from byte `start` up to `stop`, part by part, each in a reading transaction of its own by `read`."""
    for number in range(start // PART, -(-stop // PART)):
        with read() as tx:
            body = orders.part(tx, name, number)
        if body is None:
            return
        yield body[max(start - number * PART, 0) : stop - number * PART]
