# SPDX-License-Identifier: Apache-2.0
"""class Counted: the numbers of payloads that entries commit to, each with the salt of its commitment.

An entry has the commitment alone. A number in it would tell whoever reads the log how many on a list that was denied
are users, and how much there was about somebody who was erased.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec
import sqlalchemy as sa

from keshou.db import Transaction, metadata
from keshou.ledger.entry import commit, to_text

_AT_ONCE = 1000
_count = sa.Table(
    "log_count",
    metadata,
    sa.Column("idx", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("salt", sa.LargeBinary(32), nullable=False),
    sa.Column("one", sa.BigInteger, nullable=False),
    sa.Column("many", sa.BigInteger, nullable=False),
)


class Count(NamedTuple):
    """Payloads: under entries about one user each, and under entries about several that count theirs."""

    one: int = 0
    many: int = 0

    def plus(self, other: "Count") -> "Count":
        """Return both together."""
        return Count(self.one + other.one, self.many + other.many)

    def committed(self, salt: bytes) -> str:
        """Return what an entry says of it: base64url of SHA-256(0x02, 32 bytes of salt, JSON)."""
        return to_text(commit(salt, b'{"many":%d,"one":%d}' % (self.many, self.one)))


class Row(NamedTuple):
    """What is kept beside an entry that commits to a count."""

    entry: int
    salt: bytes
    number: Count


class Counted:
    """Keeps them; a number names nobody, and outlives whoever was erased."""

    def keep(self, tx: Transaction, rows: Sequence[Row]) -> None:
        """Keep what entries commit to."""
        if rows:
            tx.insert(_count, ("idx", "salt", "one", "many"), [(place, salt, *number) for place, salt, number in rows])

    def rows(self, tx: Transaction) -> Iterator[Row]:
        """Stream what is kept, in the order of entries."""
        ordered = sa.select(_count).order_by(_count.c.idx)
        with tx.connection.execute(ordered, execution_options={"yield_per": _AT_ONCE}) as found:
            yield from (Row(place, bytes(salt), Count(one, many)) for place, salt, one, many in found)

    def of(self, tx: Transaction, user: int) -> Count:
        """Return how many payloads are stored of a user; those under entries about several from before are left out."""
        found, after = Count(), -1
        while rows := tx.ask(_BODIES, (user, after)):
            found, after = found.plus(_sorted(bytes(body) for _, body in rows)), rows[-1][0]
        return found


_BODIES = (
    "SELECT log_entry.idx, body FROM log_payload JOIN log_entry ON log_entry.idx = log_payload.idx "  # noqa: S608 - ours
    f'WHERE log_payload."user" = ? AND log_payload.idx > ? ORDER BY log_payload.idx LIMIT {_AT_ONCE}'
)


class _About(msgspec.Struct, frozen=True):
    """Whether an entry is about one user, or about several and counts their payloads."""

    obj: str = ""
    payloads: str = ""


_about = msgspec.json.Decoder(_About).decode


def _sorted(bodies: Iterator[bytes]) -> Count:
    kinds = [_about(body) for body in bodies]
    one = sum(bool(each.obj) for each in kinds)
    return Count(one, sum(bool(each.payloads) for each in kinds if not each.obj))
