# SPDX-License-Identifier: Apache-2.0
"""The log keeps every entry once and in order, signs one history, proves it, and forgets without changing it."""

import random

import pytest
from logs import ORIGIN, START, SeedSigner, entry_of, grow, ledger, sign

from keshou.db import Database
from keshou.ledger import merkle
from keshou.ledger.checkpoint import Checkpoint, sign_checkpoint, verify_checkpoint
from keshou.ledger.errors import ClockError, EntryError, ForkError, LedgerError, SignatureError
from keshou.ledger.store import Ledger
from keshou.ledger.verify import verify_proof


def leaves(number: int) -> list[bytes]:
    return merkle.leaf_hashes([entry_of(index) for index in range(number)])


def root_of(hashes: list[bytes]) -> bytes:
    frontier = merkle.Frontier()
    for hash_ in hashes:
        frontier.push(hash_)
    return frontier.root()


def test_a_log_is_begun_once(database: Database):
    log = ledger()
    with database.transaction() as tx, pytest.raises(LedgerError):
        log.lock(tx)
    with database.transaction() as tx:
        assert log.create(tx).size == 0
    with database.transaction() as tx, pytest.raises(ForkError):
        log.create(tx)


@pytest.mark.parametrize("sizes", [[255, 1, 1], [257], [100, 56, 300, 1, 1000], [1] * 300])
def test_any_batches_give_the_same_tree_and_every_proof_holds(database: Database, sizes):
    log, total = ledger(), 0
    for size in sizes:
        total += size
        head = grow(database, log, size, batch=size)
        assert (head.size, head.root) == (total, root_of(leaves(total)))
    chance = random.Random(total)
    with database.reading() as tx:
        for _ in range(20):
            size = chance.randrange(1, total + 1)
            index, old = chance.randrange(size), chance.randrange(1, size + 1)
            root = log.root(tx, size)
            merkle.check_inclusion(leaves(total)[index], index, size, log.prove_inclusion(tx, index, size), root)
            merkle.check_consistency(old, size, log.prove_consistency(tx, old, size), log.root(tx, old), root)


def test_a_log_that_fills_two_levels_of_tiles_proves_across_them(database: Database):
    log, total = ledger(), 65_537
    grow(database, log, 65_535, batch=13_107)
    grow(database, log, 1)
    head = grow(database, log, 1)
    hashes = leaves(total)
    assert head.root == root_of(hashes)
    with database.reading() as tx:
        for index in (0, 255, 256, 65_535, 65_536):
            merkle.check_inclusion(hashes[index], index, total, log.prove_inclusion(tx, index), head.root)
        for old in (1, 255, 256, 257, 65_535, 65_536):
            proof = log.prove_consistency(tx, old, total)
            merkle.check_consistency(old, total, proof, root_of(hashes[:old]), head.root)


def test_entries_come_back_in_order_as_they_were(database: Database):
    log = ledger()
    grow(database, log, 5000)
    with database.reading() as tx:
        assert list(log.entries(tx, 300, 4400)) == [(at, entry_of(at)) for at in range(300, 4400)]
        assert len(list(log.entries(tx))) == 5000
        assert log.entry(tx, 4999) == entry_of(4999)
        with pytest.raises(EntryError):
            log.entry(tx, 5000)


def test_what_is_rolled_back_leaves_no_gap(database: Database):
    log = ledger()
    grow(database, log, 300)

    def fail() -> None:
        with database.transaction() as tx:
            log.append(tx, log.lock(tx), [b"lost"] * 500, START)
            raise InterruptedError

    with pytest.raises(InterruptedError):
        fail()
    assert grow(database, log, 300).root == root_of(leaves(600))


def test_a_head_that_is_no_longer_the_head_cannot_be_appended_to(database: Database):
    log = ledger()
    old = grow(database, log, 3)
    grow(database, log, 300)
    with pytest.raises(Exception, match=r"moved on|refused"), database.transaction() as tx:
        log.append(tx, old, [b"second history"], START)
    with database.reading() as tx:
        assert log.entry(tx, 3) == entry_of(3)


def test_two_appends_in_one_transaction_follow_each_other(database: Database):
    log = ledger()
    grow(database, log, 0)
    with database.transaction() as tx:
        head = log.append(tx, log.lock(tx), [entry_of(0)], START)
        head = log.append(tx, head, [], START)
        head = log.append(tx, head, [entry_of(1), entry_of(2)], START)
    assert (head.size, head.root) == (3, root_of(leaves(3)))


def test_time_may_go_back_only_as_far_as_clocks_are_set_right(database: Database):
    log = Ledger(ORIGIN, SeedSigner(), tolerance=10)
    with database.transaction() as tx:
        head = log.append(tx, log.create(tx), [b"first"], 1000)
        head = log.append(tx, head, [b"a little back"], 990)
        assert head.last_time == 1000
        with pytest.raises(ClockError):
            log.append(tx, head, [b"too far back"], 989)


@pytest.mark.parametrize("body", [b"", bytes(65_536)])
def test_an_entry_of_impossible_size_writes_nothing_of_its_batch(database: Database, body):
    log = ledger()
    grow(database, log, 1)
    with database.transaction() as tx, pytest.raises(EntryError):
        log.append(tx, log.lock(tx), [b"good", body], START)
    with database.reading() as tx:
        assert log.head(tx).size == 1


def test_a_checkpoint_is_signed_over_what_is_committed_and_once_a_size(database: Database):
    log = ledger()
    grow(database, log, 300)
    note = sign(database, log)
    checkpoint = verify_checkpoint(note, log.key)
    assert (checkpoint.size, checkpoint.root) == (300, root_of(leaves(300)))
    assert sign(database, log) == note
    grow(database, log, 1)
    later = sign(database, log)
    with database.reading() as tx:
        assert log.last_checkpoint(tx) == later
        assert [bytes(row[0]) for row in tx.ask("SELECT note FROM log_checkpoint ORDER BY size")] == [note, later]


def test_an_empty_log_is_not_signed(database: Database):
    log = ledger()
    grow(database, log, 0)
    with pytest.raises(ForkError):
        sign(database, log)


def test_a_log_changed_since_it_was_signed_is_not_signed_again(database: Database):
    log = ledger()
    grow(database, log, 300)
    sign(database, log)
    grow(database, log, 300)
    with database.transaction() as tx:
        other = log.root(tx, 300)
        tx.connection.exec_driver_sql(
            "UPDATE log_tile SET hashes = (SELECT hashes FROM log_tile WHERE n = 0) WHERE n = 1"
        )
        assert other != log.root(tx, 300)
        with pytest.raises(ForkError):
            log.checkpoint(tx, START)


def test_a_log_put_back_from_an_older_copy_is_not_signed(database: Database):
    log = ledger()
    head = grow(database, log, 400)
    ahead = sign_checkpoint(Checkpoint(ORIGIN, 500, root_of(leaves(500))), SeedSigner())
    forked = sign_checkpoint(Checkpoint(ORIGIN, 300, bytes(32)), SeedSigner())
    same = sign_checkpoint(Checkpoint(ORIGIN, 400, head.root), SeedSigner())
    foreign = sign_checkpoint(Checkpoint(ORIGIN, 400, head.root), SeedSigner(1))
    with database.reading() as tx:
        log.agree_with(tx, same)
        for note in (ahead, forked):
            with pytest.raises(ForkError):
                log.agree_with(tx, note)
        with pytest.raises(SignatureError):
            log.agree_with(tx, foreign)


def test_a_proof_file_out_of_the_database_convinces_without_it(database: Database):
    log = ledger()
    grow(database, log, 700)
    sign(database, log)
    grow(database, log, 10)
    with database.reading() as tx:
        for index in (0, 255, 256, 699):
            found, checkpoint = verify_proof(log.tlog_proof(tx, index), entry_of(index), str(log.key))
            assert (found, checkpoint.size) == (index, 700)
        with pytest.raises(EntryError):
            log.tlog_proof(tx, 700)


def test_erasure_leaves_every_proof_byte_for_byte(database: Database):
    log = ledger()
    grow(database, log, 300)
    with database.transaction() as tx:
        log.write_payloads(tx, [(7, 5, b"sealed"), (7, 290, b"sealed too"), (8, 6, b"another's")])
    sign(database, log)
    with database.transaction() as tx:
        before = [log.tlog_proof(tx, index) for index in (5, 6, 290)]
        assert log.payloads(tx, 7) == [(5, b"sealed"), (290, b"sealed too")]
        assert log.forget(tx, 7) == 2
    with database.reading() as tx:
        assert log.payloads(tx, 7) == []
        assert log.payloads(tx, 8) == [(6, b"another's")]
        assert [log.tlog_proof(tx, index) for index in (5, 6, 290)] == before


def test_a_request_repeated_finds_its_entry(database: Database):
    log = ledger()
    grow(database, log, 1)
    with database.transaction() as tx:
        log.remember_requests(tx, [(b"request-1", b"body", 0)])
        assert log.requests(tx, [b"request-1", b"request-2"]) == {b"request-1": (b"body", 0)}


def test_a_missing_row_is_an_error_and_not_a_shorter_answer(database: Database):
    log = ledger()
    grow(database, log, 700)
    with database.transaction() as tx:
        tx.connection.exec_driver_sql("DELETE FROM log_entry WHERE idx = 600")
        with pytest.raises(LedgerError):
            list(log.entries(tx))
        with pytest.raises(LedgerError):
            log.prove_inclusion(tx, 650)
