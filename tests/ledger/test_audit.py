# SPDX-License-Identifier: Apache-2.0
"""Whoever can write to every table is found out, and the first bad entry is named."""

import contextlib

import pytest
from logs import ORIGIN, SeedSigner, entry_of, grow, ledger, sign

from keshou.db import Database
from keshou.ledger.audit import audit
from keshou.ledger.checkpoint import Checkpoint, sign_checkpoint
from keshou.ledger.errors import LedgerTamperedError, SignatureError
from keshou.ledger.merkle import Frontier, leaf_hash, leaf_hashes
from keshou.ledger.store import checkpoint_table
from keshou.migrations.run import upgrade

TAMPERED = {
    "an entry's bytes": ("UPDATE log_entry SET body = {false} WHERE idx = 300", 300),
    "the first entry": ("UPDATE log_entry SET body = {false} WHERE idx = 0", 0),
    "an entry past the last checkpoint": ("UPDATE log_entry SET body = {false} WHERE idx = 1299", 1299),
    "a stored leaf": ("UPDATE log_entry SET leaf = {falseleaf} WHERE idx = 301", 301),
    "an entry and its leaf": ("UPDATE log_entry SET body = {false}, leaf = {falseleaf} WHERE idx = 302", 302),
    "an entry and its leaf in the unfinished tile": (
        "UPDATE log_entry SET body = {false}, leaf = {falseleaf} WHERE idx = 1299",
        1296,
    ),
    "a missing entry": ("DELETE FROM log_entry WHERE idx = 512", 512),
    "the first one missing": ("DELETE FROM log_entry WHERE idx = 0", 0),
    "a missing page": ("DELETE FROM log_entry WHERE idx >= 256 AND idx < 512", 256),
    "the last one missing": ("DELETE FROM log_entry WHERE idx = 1299", 1299),
    "an extra entry": ("INSERT INTO log_entry (idx, leaf, body) VALUES (1300, {falseleaf}, {false})", 1300),
    "an entry before the first": ("INSERT INTO log_entry (idx, leaf, body) VALUES (-1, {falseleaf}, {false})", -1),
    "a missing tile": ("DELETE FROM log_tile WHERE level = 0 AND n = 2", 512),
    "an altered tile": ("UPDATE log_tile SET hashes = {zeros} WHERE level = 0 AND n = 3", 768),
    "an extra tile": ("INSERT INTO log_tile (level, n, hashes) VALUES (0, 9, {zeros})", 1300),
    "an altered partial tile": ("UPDATE log_edge SET hashes = {falseleaf} WHERE level = 1", 0),
    "a missing partial tile": ("DELETE FROM log_edge WHERE level = 1", 0),
    "an altered frontier": ("UPDATE log_state SET frontier = {zeros3}", 0),
    "a size too small": ("UPDATE log_state SET size = 1280", 1280),
    "a size too large": ("UPDATE log_state SET size = 1301", 1300),
    "no state": ("DELETE FROM log_state", 0),
    "an altered checkpoint": ("UPDATE log_checkpoint SET note = {false} WHERE size = 1200", 1200),
    "a checkpoint moved": ("UPDATE log_checkpoint SET size = 1201 WHERE size = 1200", 1201),
}


def signed_log(database: Database):
    log = ledger()
    for size in (700, 500):
        grow(database, log, size)
        sign(database, log)
    grow(database, log, 100)
    return log


def literal(database: Database, raw: bytes) -> str:
    return f"'\\x{raw.hex()}'::bytea" if database.postgresql else f"X'{raw.hex()}'"


def tamper(database: Database, sql: str) -> None:
    values = {"false": b"false", "falseleaf": leaf_hash(b"false"), "zeros": bytes(8192), "zeros3": bytes(96)}
    with database.transaction() as tx:
        tx.connection.exec_driver_sql(sql.format(**{name: literal(database, raw) for name, raw in values.items()}))


def expect(database: Database, log, index: int, **named) -> LedgerTamperedError:
    with database.reading() as tx, pytest.raises(LedgerTamperedError) as caught:
        audit(tx, log.key, **named)
    assert caught.value.index == index
    return caught.value


def test_an_honest_log_is_found_honest_and_all_of_it_is_read(database: Database):
    log, told = signed_log(database), []
    with database.reading() as tx:
        audited = audit(tx, log.key, lambda done, of: told.append((done, of)), decode_entries=True)
        assert audited.root == log.head(tx).root
    assert (audited.size, audited.checkpoints, audited.covered) == (1300, 2, 1200)
    assert told[-1] == (1300, 1300)


def test_an_empty_log_is_honest(database: Database):
    log = ledger()
    grow(database, log, 0)
    with database.reading() as tx:
        assert audit(tx, log.key).size == 0


@pytest.mark.parametrize("case", TAMPERED)
def test_each_kind_of_tampering_is_found_and_its_first_entry_named(database: Database, case):
    log = signed_log(database)
    sql, index = TAMPERED[case]
    tamper(database, sql)
    expect(database, log, index)


@pytest.mark.parametrize("other", ["'text'", "7", "2.5"])
def test_an_entry_of_another_type_is_found_where_columns_take_any(tmp_path, other):
    path = tmp_path / "log.db"
    with contextlib.closing(Database(f"sqlite:///{path}")) as database:
        upgrade(database)
        log = signed_log(database)
        tamper(database, f"UPDATE log_entry SET body = {other} WHERE idx = 700")  # noqa: S608 - the test's own words
        expect(database, log, 700)


def test_two_entries_swapped_with_their_leaves_are_found(database: Database):
    log = signed_log(database)
    for sql in (
        "UPDATE log_entry SET idx = 5000 WHERE idx = 400",
        "UPDATE log_entry SET idx = 400 WHERE idx = 450",
        "UPDATE log_entry SET idx = 450 WHERE idx = 5000",
    ):
        tamper(database, sql)
    expect(database, log, 400)


def rewrite(database: Database, entries: list[bytes]) -> None:
    """Replace the log by another that agrees with itself in every table, checkpoints left as they are."""
    log = ledger()
    with database.transaction() as tx:
        for table in ("log_entry", "log_tile", "log_edge", "log_state"):
            tx.connection.exec_driver_sql(f"DELETE FROM {table}")  # noqa: S608 - our own tables
        log.append(tx, log.create(tx), entries, 0)


def test_a_history_rewritten_in_every_table_is_found_by_the_first_checkpoint_it_breaks(database: Database):
    log = signed_log(database)
    rewrite(database, [entry_of(at) if at != 900 else b"false" for at in range(1300)])
    assert "1200" in expect(database, log, 700).what


def test_a_tail_cut_off_in_every_table_is_found_by_the_checkpoint_beyond_it(database: Database):
    log = signed_log(database)
    rewrite(database, [entry_of(at) for at in range(1100)])
    assert "1200" in expect(database, log, 1100).what


def test_what_was_signed_and_kept_elsewhere_counts_though_the_database_forgot_it(database: Database):
    log = signed_log(database)
    with database.reading() as tx:
        rows = tx.ask("SELECT note FROM log_checkpoint WHERE size IN (700, 1200) ORDER BY size DESC")
        kept = [bytes(note) for (note,) in rows]
        assert len(kept) == 2
        assert audit(tx, log.key, kept=kept) == audit(tx, log.key)
    tamper(database, "DELETE FROM log_checkpoint")
    with database.reading() as tx:
        assert audit(tx, log.key, kept=kept)[2:] == (2, 1200)
    rewrite(database, [entry_of(at) if at != 900 else b"false" for at in range(1300)])
    assert "1200" in expect(database, log, 700, kept=kept).what
    rewrite(database, [entry_of(at) for at in range(1100)])
    assert "1200" in expect(database, log, 1100, kept=kept).what


def test_what_another_key_signed_is_no_checkpoint_to_hold_against(database: Database):
    log = signed_log(database)
    other = sign_checkpoint(Checkpoint(ORIGIN, 1300, bytes(32)), SeedSigner(1))
    with database.reading() as tx, pytest.raises(SignatureError):
        audit(tx, log.key, kept=[other])


def test_a_second_signature_over_another_root_is_found(database: Database):
    log = signed_log(database)
    false = sign_checkpoint(Checkpoint(ORIGIN, 1300, bytes(32)), SeedSigner())
    with database.transaction() as tx:
        tx.insert(checkpoint_table, ("size", "note", "at"), [(1300, false, 0)])
    expect(database, log, 1200)


def test_a_checkpoint_by_another_key_is_found(database: Database):
    log = signed_log(database)
    frontier = Frontier()
    for leaf in leaf_hashes([entry_of(at) for at in range(1200)]):
        frontier.push(leaf)
    other = sign_checkpoint(Checkpoint(ORIGIN, 1200, frontier.root()), SeedSigner(1))
    with database.transaction() as tx:
        tx.execute(checkpoint_table.update().where(checkpoint_table.c.size == 1200).values(note=other))
    expect(database, log, 1200)


def test_an_entry_that_is_not_canonical_is_found_when_asked_for(database: Database):
    log = ledger()
    with database.transaction() as tx:
        log.append(tx, log.create(tx), [entry_of(0), b'{"t": 1}'], 0)
    with database.reading() as tx:
        audit(tx, log.key)
        with pytest.raises(LedgerTamperedError) as caught:
            audit(tx, log.key, decode_entries=True)
    assert caught.value.index == 1


@pytest.mark.parametrize("by", [-1, 86_400_000_000])
def test_a_time_of_the_last_entry_that_no_entry_tells_is_found(database: Database, by: int):
    """Put forward, it stops every act; put back, it lets a clock that was set back date acts before others."""
    log = signed_log(database)
    with database.reading() as tx:
        audit(tx, log.key, decode_entries=True)
    tamper(database, f"UPDATE log_state SET last_time = last_time + {by}")  # noqa: S608 - numbers of ours
    assert "time of the last entry" in expect(database, log, 1300, decode_entries=True).what
