# SPDX-License-Identifier: Apache-2.0
"""The log in the database: append, sign, prove, forget.

An index is given in the transaction that stores its entry, so none is lost, reused or skipped. Tiles are written by
the same transaction; a checkpoint is signed in a later one, over what is committed.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import count, islice
from typing import TypeVar

import sqlalchemy as sa

from keshou.db import Transaction, metadata
from keshou.ledger import certificate
from keshou.ledger.checkpoint import Checkpoint, sign_checkpoint, verify_checkpoint
from keshou.ledger.entry import decode
from keshou.ledger.errors import EntryError, ForkError, LedgerError
from keshou.ledger.latest import Latest
from keshou.ledger.merkle import (
    Frontier,
    check_consistency,
    leaf_hashes,
    prove_consistency,
    prove_inclusion,
    tree_root,
)
from keshou.ledger.note import Signer, VerifierKey
from keshou.ledger.proof import write_proof
from keshou.ledger.rows import About, Head, ask, bodies, change, out_of_nodes, read_edge, read_head, read_leaves
from keshou.ledger.tile import ENTRY_LIMIT, WIDTH, TileWriter

T = TypeVar("T")
_Index = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

entry_table = sa.Table(
    "log_entry",
    metadata,
    sa.Column("idx", _Index, primary_key=True, autoincrement=False),
    sa.Column("leaf", sa.LargeBinary(32), nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
)
tile_table = sa.Table(
    "log_tile",
    metadata,
    sa.Column("level", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("n", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("hashes", sa.LargeBinary, nullable=False),
)
edge_table = sa.Table(
    "log_edge",
    metadata,
    sa.Column("level", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("hashes", sa.LargeBinary, nullable=False),
)
state_table = sa.Table(
    "log_state",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("frontier", sa.LargeBinary, nullable=False),
    sa.Column("last_time", sa.BigInteger, nullable=False),
    sa.Column("epoch", sa.Integer, nullable=False, server_default="1"),
    sa.Column("index_key", sa.Integer, nullable=False, server_default="0"),
    sa.CheckConstraint("id = 1", name="log_state_one_row"),
)
checkpoint_table = sa.Table(
    "log_checkpoint",
    metadata,
    sa.Column("size", _Index, primary_key=True, autoincrement=False),
    sa.Column("note", sa.LargeBinary, nullable=False),
    sa.Column("at", sa.BigInteger, nullable=False),
)
payload_table = sa.Table(
    "log_payload",
    metadata,
    sa.Column("user", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("idx", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
    sa.Column("refused", sa.Text),
)
request_table = sa.Table(
    "log_request",
    metadata,
    sa.Column("request", sa.LargeBinary, primary_key=True),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Column("idx", sa.BigInteger, nullable=False),
)

_AT_ONCE = 500


class Ledger:
    """One log, `origin` its name, `signer` its key.

    `tolerance` (microseconds) is how far an entry's time may lie before the one before it: clocks are set back a
    little now and then, and the order of entries is their index. `leap`: as `Latest` has it.
    """

    def __init__(self, origin: str, signer: Signer, *, tolerance: int = 5_000_000, leap: int | None = None) -> None:
        self.origin = origin
        self.key = VerifierKey(origin, signer.public_key)
        self._signer = signer
        self.latest = Latest(tolerance, leap)

    def create(self, tx: Transaction) -> Head:
        """Begin the log, once.

        Raises:
            ForkError: there is one already.

        """
        if ask(tx, "SELECT id FROM log_state"):
            raise ForkError("this database has a log already")
        tx.insert(state_table, ("id", "size", "frontier", "last_time"), [(1, 0, b"", 0)])
        return Head(0, (), 0)

    def head(self, tx: Transaction) -> Head:
        """Return where the log stands."""
        return self.latest.of(read_head(tx))

    def lock(self, tx: Transaction) -> Head:
        """Return where the log stands, and let nobody else append until `tx` ends."""
        return self.latest.of(read_head(tx, lock=True))

    def append(self, tx: Transaction, head: Head, entries: Sequence[bytes], at_micros: int) -> Head:
        """Append entries at consecutive indexes from ``head.size``; return where the log stands then.

        `head` comes from `lock` or from the `append` before in the same transaction.

        Raises:
            EntryError: an entry is empty or longer than 65,535 bytes.
            ClockError: `at_micros` lies too far back.
            ForkError: `head` is not where the log stands.

        """
        if not entries:
            return head
        self.latest.check_past(head, at_micros)
        if not all(0 < len(entry) <= ENTRY_LIMIT for entry in entries):
            raise EntryError("an entry that is empty or longer than 65,535 bytes; none of this batch was written")
        leaves = leaf_hashes(entries)
        writer = TileWriter(Frontier(head.size, head.frontier), _edges(tx, head.size))
        writer.extend(leaves)
        tx.insert(entry_table, ("idx", "leaf", "body"), list(zip(count(head.size), leaves, entries, strict=False)))
        if writer.full:
            _write_tiles(tx, writer)
        moment, frontier = max(head.last_time, at_micros), writer.frontier
        new = head._replace(size=frontier.size, frontier=tuple(frontier.stack), last_time=moment)
        _move(tx, head, new, writer.frontier.packed)
        return new

    def entry(self, tx: Transaction, index: int) -> bytes:
        """Return the bytes of one entry.

        Raises:
            EntryError: there is none at that index.

        """
        rows = ask(tx, "SELECT body FROM log_entry WHERE idx = ?", (index,))
        if not rows:
            raise EntryError(f"the log has no entry {index}")
        return bytes(rows[0][0])

    def entries(self, tx: Transaction, start: int = 0, stop: int | None = None) -> Iterator[tuple[int, bytes]]:
        """Yield index and bytes of entries `start` to `stop` (or the end); memory does not grow with the log."""
        size = read_head(tx).size
        index = start
        for page in bodies(tx, start, size if stop is None else min(stop, size)):
            for body in page:
                yield index, body
                index += 1

    def first_since(self, tx: Transaction, at_micros: int) -> int:
        """Return the place of the first entry of `at_micros` or later; the log's size when there is none.

        Times follow the order of entries but for what clocks are set back now and then; some twenty entries are read.
        """
        low, high = 0, read_head(tx).size
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if decode(self.entry(tx, middle)).t < at_micros else (low, middle)
        return low

    def checkpoint(self, tx: Transaction, at_micros: int) -> bytes:
        """Sign what is committed and return the note; the note signed before if the log has not grown.

        Call it in a transaction that began after the appends committed. Before signing it is shown, from the stored
        tiles, that the log still begins with what was signed last.

        Raises:
            ForkError: the log is empty, or is not what was signed before.

        """
        head = self.lock(tx)
        if not head.size:
            raise ForkError("an empty log is not signed")
        last = self.last_checkpoint(tx)
        if last is not None:
            self.agree_with(tx, last)
            if verify_checkpoint(last, self.key).size == head.size:
                return last
        note = sign_checkpoint(Checkpoint(self.origin, head.size, head.root), self._signer)
        tx.insert(checkpoint_table, ("size", "note", "at"), [(head.size, note, at_micros)])
        return note

    def last_checkpoint(self, tx: Transaction) -> bytes | None:
        """Return the newest signed checkpoint, if there is one."""
        rows = ask(tx, "SELECT note FROM log_checkpoint ORDER BY size DESC LIMIT 1")
        return bytes(rows[0][0]) if rows else None

    def signed_at(self, tx: Transaction) -> int | None:
        """Return when the newest checkpoint was signed (microseconds), if there is one."""
        rows = ask(tx, "SELECT at FROM log_checkpoint ORDER BY size DESC LIMIT 1")
        return int(rows[0][0]) if rows else None

    def agree_with(self, tx: Transaction, note: bytes) -> None:
        """Check that the stored log extends a checkpoint it signed earlier, kept here or elsewhere.

        After a restore, ask this of every copy of a checkpoint that left the house, before anything is signed.

        Raises:
            SignatureError: this log did not sign the note.
            ForkError: the log is shorter than the note says, or begins otherwise.

        """
        told = verify_checkpoint(note, self.key)
        head = read_head(tx)
        hint = "do not sign; put the missing entries back from an exported copy, or close this log and begin another"
        if told.size > head.size:
            raise ForkError(f"a log of {told.size} entries was signed, and only {head.size} are stored", hint=hint)
        if not told.size:
            return
        try:
            proof = out_of_nodes(tx, head.size, lambda nodes: prove_consistency(nodes, told.size, head.size))
            check_consistency(told.size, head.size, proof, told.root, head.root)
        except LedgerError as error:
            raise ForkError(f"the stored log does not extend the {told.size} entries signed", hint=hint) from error

    def prove_inclusion(self, tx: Transaction, index: int, size: int | None = None) -> list[bytes]:
        """Return the proof that entry `index` is in the log of `size` (or all) entries."""
        now = read_head(tx).size
        size = self._within(now if size is None else size, now)
        return out_of_nodes(tx, now, lambda nodes: prove_inclusion(nodes, index, size))

    def prove_consistency(self, tx: Transaction, old: int, new: int) -> list[bytes]:
        """Return the proof that the log of `new` entries begins with the log of `old`."""
        now = read_head(tx).size
        self._within(new, now)
        return out_of_nodes(tx, now, lambda nodes: prove_consistency(nodes, old, new))

    def root(self, tx: Transaction, size: int) -> bytes:
        """Return the root that the log had at `size`, out of the stored tiles."""
        now = read_head(tx).size
        self._within(size, now)
        return out_of_nodes(tx, now, lambda nodes: tree_root(nodes, size))

    def certify(self, tx: Transaction, index: int, epochs: Sequence[int]) -> tuple[certificate.Certificate, bytes]:
        """Return what is certified of an entry that destroyed keys or values, and the note signed by the log's key.

        `epochs` are those that live. That the keys are gone is for the caller to see to.

        Raises:
            EntryError: no key of a user was destroyed by it, and no value removed.

        """
        told = certificate.of_entry(self.origin, index, self.entry(tx, index), epochs)
        return told, certificate.sign(told, self._signer)

    def tlog_proof(self, tx: Transaction, index: int) -> bytes:
        """Return the proof file of entry `index` against the newest checkpoint.

        Raises:
            EntryError: no checkpoint covers that entry yet.

        """
        note = self.last_checkpoint(tx)
        size = 0 if note is None else verify_checkpoint(note, self.key).size
        if note is None or not 0 <= index < size:
            raise EntryError(f"no checkpoint covers entry {index} yet", hint="sign one first")
        return write_proof(index, self.prove_inclusion(tx, index, size), note)

    def write_payloads(
        self,
        tx: Transaction,
        rows: Sequence[tuple[int, int, bytes]],
        of_many: Sequence[tuple[int, int, bytes, str | None]] = (),
    ) -> None:
        """Keep sealed payloads: user key, index of the entry that commits to it, sealed bytes.

        Of acts on many users in which some were refused there is, last, under which provisions that one was.
        """
        tx.insert(payload_table, ("user", "idx", "sealed"), rows)
        tx.insert(payload_table, ("user", "idx", "sealed", "refused"), of_many)

    def replace_payloads(self, tx: Transaction, rows: Sequence[tuple[int, int, bytes]]) -> None:
        """Keep payloads as they are sealed now, in place of what was kept; rows as for `write_payloads`."""
        sql = 'UPDATE log_payload SET sealed = ? WHERE "user" = ? AND idx = ?'
        tx.put_each(sql, [(sealed, user, index) for user, index, sealed in rows])

    def payloads(self, tx: Transaction, user: int) -> list[tuple[int, bytes]]:
        """Return index and sealed payload of every entry about a user, oldest first."""
        rows = ask(tx, 'SELECT idx, sealed FROM log_payload WHERE "user" = ? ORDER BY idx', (user,))
        return [(index, bytes(sealed)) for index, sealed in rows]

    def newest_payloads(self, tx: Transaction, users: Sequence[int]) -> dict[int, bytes]:
        """Return for each of `users` the sealed payload of the newest entry about them; who has none is left out."""
        found: dict[int, bytes] = {}
        for some in _chunks(users):
            marks = ",".join("?" * len(some))
            sql = (
                'SELECT p."user", p.sealed FROM log_payload p JOIN (SELECT "user" AS u, MAX(idx) AS i '  # noqa: S608
                f'FROM log_payload WHERE "user" IN ({marks}) GROUP BY "user") n ON p."user" = n.u AND p.idx = n.i'
            )
            found.update((user, bytes(sealed)) for user, sealed in ask(tx, sql, tuple(some)))
        return found

    def about(self, tx: Transaction, user: int, *, before: int, most: int) -> list[About]:
        """Return the `most` newest entries about a user that lie before index `before`."""
        sql = (
            "SELECT log_entry.idx, body, refused FROM log_payload JOIN log_entry ON log_entry.idx = log_payload.idx "
            'WHERE log_payload."user" = ? AND log_payload.idx < ? ORDER BY log_payload.idx DESC LIMIT ?'
        )
        return [
            About(place, bytes(body), None if refused is None else tuple(refused.split()))
            for place, body, refused in ask(tx, sql, (user, before, most))
        ]

    def forget(self, tx: Transaction, user: int) -> int:
        """Delete a user's payloads and return how many; entries, roots and proofs stay as they were."""
        return tx.execute(sa.delete(payload_table).where(payload_table.c.user == user)).rowcount

    def remember_requests(self, tx: Transaction, rows: Sequence[tuple[bytes, bytes, int]]) -> None:
        """Keep which request led to which entry: token of its id, token of its body, index of the entry."""
        tx.insert(request_table, ("request", "body", "idx"), rows)

    def requests(self, tx: Transaction, tokens: Collection[bytes]) -> dict[bytes, tuple[bytes, int]]:
        """Return, for those that came before, the token of the body and the index of the entry."""
        chosen = sa.select(request_table.c.request, request_table.c.body, request_table.c.idx)
        found: dict[bytes, tuple[bytes, int]] = {}
        for some in _chunks(tokens):
            rows = tx.execute(chosen.where(request_table.c.request.in_(some)))
            found |= {bytes(each.request): (bytes(each.body), each.idx) for each in rows}
        return found

    @staticmethod
    def _within(size: int, now: int) -> int:
        if size > now:
            raise EntryError(f"the log has {now} entries and not {size}")
        return size


def _chunks(tokens: Collection[T]) -> Iterator[list[T]]:
    left = iter(tokens)
    while some := list(islice(left, _AT_ONCE)):
        yield some


def _edges(tx: Transaction, size: int) -> Callable[[int], bytes]:
    """Return what reads a level's partial tile when asked."""

    def read(level: int) -> bytes:
        return read_edge(tx, level) if level else read_leaves(tx, size - size % WIDTH, size)

    return read


def _write_tiles(tx: Transaction, writer: TileWriter) -> None:
    tx.insert(tile_table, ("level", "n", "hashes"), writer.take())
    for level, hashes in writer.edges.items():
        tx.put(
            "INSERT INTO log_edge (level, hashes) VALUES (?, ?) "
            "ON CONFLICT (level) DO UPDATE SET hashes = excluded.hashes",
            (level, hashes),
        )


def _move(tx: Transaction, old: Head, new: Head, frontier: bytes) -> None:
    sql = "UPDATE log_state SET size = ?, frontier = ?, last_time = ? WHERE id = 1 AND size = ?"
    if change(tx, sql, (new.size, frontier, new.last_time, old.size)) != 1:
        raise ForkError("the log has moved on since its head was read", hint="lock the head and append again")
