# SPDX-License-Identifier: Apache-2.0
"""The keeper of the keys: what a rotation may not touch, must not lose, and leaves alone; on both databases."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from house import SITE, VALUES, act, newcomer, ready

from keshou.acts.request import Cancel
from keshou.app import keeper
from keshou.app.settings import Settings
from keshou.app.site import Site
from keshou.db import Database
from keshou.errors import InputError
from keshou.gate.decision import Permit
from keshou.law.terms import ActKind, RetentionClass
from keshou.ledger.entry import decode
from keshou.suite import CHINESE, SUITES
from keshou.vault.errors import SealBrokenError
from keshou.vault.keys import FileKeys
from keshou.vault.store import Vault

USERS = [f"u{number}" for number in range(8)]


def quiet(_: int) -> None:
    """Look away."""


@pytest.fixture
def site(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A site with a few users, whose keeper works in very small steps."""
    monkeypatch.setattr(keeper, "REWRAPPED", 3)
    monkeypatch.setattr(keeper, "RENEWED", 2)
    with ready(database, tmp_path) as made:
        made.do_all([newcomer(made, user) for user in USERS])
        yield made


def rows(site: Site, table: str) -> list[tuple[object, ...]]:
    with site.reading() as tx:
        return [tuple(row) for row in tx.connection.exec_driver_sql(f'SELECT * FROM {table} ORDER BY "user", 2')]  # noqa: S608


def shown(site: Site, user: str) -> dict[str, str]:
    done = site.perform(act(ActKind.USE, user, *VALUES))
    assert isinstance(done.decision, Permit)
    return dict(done.values)


def in_suite(site: Site, suite: str) -> Site:
    """Return the same site, opened by a process whose settings name `suite`."""
    keys = FileKeys.open(site.home / "keys", SITE, suite=SUITES[suite])
    return Site(site.home, Settings(site=SITE, suite=suite), site.database, keys, site.now)  # type: ignore[arg-type]


def test_wrapping_keys_anew_touches_no_value_and_moves_every_key(site: Site) -> None:
    values, index, keys = (rows(site, table) for table in ("vault_value", "vault_index", "vault_key"))
    before = [shown(site, user) for user in USERS]
    steps: list[int] = []
    done = site.keeper.rotate_epochs("keeper", steps.append)
    assert (done.epoch, done.keys, done.left, sum(steps)) == (2, len(keys), 0, len(keys))
    assert (rows(site, "vault_value"), rows(site, "vault_index")) == (values, index)
    after = rows(site, "vault_key")
    assert {row[3] for row in after} == {2}
    assert [row[:3] for row in after] == [row[:3] for row in keys], "the keys themselves are the same"
    assert site.keeper.retire("keeper").epochs == (1,)
    assert [shown(site, user) for user in USERS] == before


def test_making_keys_anew_changes_every_key_and_record_and_no_value_nor_version(site: Site) -> None:
    before, values, keys = shown(site, "u3"), rows(site, "vault_value"), rows(site, "vault_key")
    done = site.keeper.renew_data_keys("keeper", quiet)
    assert (done.keys, done.left) == (len(keys), 0)
    again, anew = rows(site, "vault_value"), rows(site, "vault_key")
    assert [row[:4] for row in again] == [row[:4] for row in values]
    assert not {bytes(row[4]) for row in again} & {bytes(row[4]) for row in values}  # type: ignore[call-overload]
    kept = {row[:3] for row in keys} & {row[:3] for row in anew}
    assert {row[1] for row in kept} == {"record"}, "pseudonyms in the log stay their user's"
    assert shown(site, "u3") == before


def test_an_old_record_or_key_put_back_after_a_rotation_opens_nothing(site: Site, tmp_path: Path) -> None:
    old = {table: rows(site, table) for table in ("vault_value", "vault_key")}
    site.keeper.renew_data_keys("keeper", quiet)
    site.keeper.retire("keeper")
    vault = Vault(FileKeys.open(tmp_path / "keys", SITE), SITE)
    user, item, class_, _, sealed, _ = old["vault_value"][0]
    _, _, kid, epoch, wrapped = next(row for row in old["vault_key"] if row[:2] == (user, class_))
    with site.writing() as tx:
        tx.change('UPDATE vault_value SET sealed = ? WHERE "user" = ? AND item = ?', (sealed, user, item))
    with site.reading() as tx, pytest.raises(Exception, match="does not open"):
        vault._sealer.open(user, vault.fetch(tx, user, [item]).values[0])  # type: ignore[arg-type, list-item]
    with site.writing() as tx:
        given = (kid, epoch, wrapped, user, class_)
        tx.change('UPDATE vault_key SET kid = ?, epoch = ?, wrapped = ? WHERE "user" = ? AND class = ?', given)
    with site.reading() as tx, pytest.raises(Exception, match="does not open"):
        vault._sealer.open(user, vault.fetch(tx, user, [item]).values[0])  # type: ignore[arg-type, list-item]


def test_both_suites_are_read_and_found_in_while_users_move_from_one_to_the_other(site: Site) -> None:
    before = [shown(site, user) for user in USERS]
    other = in_suite(site, "chinese")
    seen: list[int] = []

    def look(count: int) -> None:
        seen.append(count)
        for house in (site, other):
            assert [shown(house, user) for user in USERS] == before
            with house.reading() as tx:
                found = house._known.vault.find(tx, "mobile_number", VALUES["mobile_number"])
            assert len(found) == len(USERS)

    done = other.keeper.renew_data_keys("keeper", look)
    assert (done.left, len(seen)) == (0, len(USERS) // 2)
    assert {bytes(row[4])[1] for row in rows(site, "vault_value")} == {CHINESE.algorithm}  # type: ignore[call-overload]
    assert {bytes(row[4])[1] for row in rows(site, "vault_key")} == {CHINESE.algorithm}  # type: ignore[call-overload]
    other.keeper.retire("keeper")
    look(0)
    assert site.audit(by="clerk1")[1].opened > len(USERS), "payloads of the log open in the new suite"
    other._sequencer.close()


def test_whoever_is_cancelled_meanwhile_stays_cancelled(site: Site) -> None:
    left = ["u1", "u6"]

    def cancel(_: int) -> None:
        while left:
            site.do(Cancel(user=left.pop(), by="clerk1"))

    site.keeper.rotate_epochs("keeper", cancel)
    assert [row for row in rows(site, "vault_key") if row[1] == RetentionClass.SERVICE.value and row[0] in (2, 7)] == []
    assert site.keeper.retire("keeper").epochs == (1,)


def test_a_key_made_by_a_process_that_knows_of_no_rotation_is_of_the_new_epoch(site: Site) -> None:
    other = in_suite(site, "international")
    site.keeper.rotate_epochs("keeper", quiet)
    other.do(newcomer(other, "late"))
    assert site.keeper.retire("keeper").epochs == (1,)
    assert shown(in_suite(site, "international"), "late")["user_name"]
    other._sequencer.close()


@pytest.mark.parametrize("retired", [False, True])
@pytest.mark.parametrize("level", ["epoch", "data"])
def test_a_rotation_that_another_process_finished_writes_nothing_under_a_key_that_may_be_dead(
    site: Site, level: str, *, retired: bool
) -> None:
    other = in_suite(site, "international")
    seen: list[list[tuple[object, ...]]] = []

    def rotate(of: Site, advance: Callable[[int], None]) -> None:
        (of.keeper.rotate_epochs if level == "epoch" else of.keeper.renew_data_keys)("keeper", advance)

    def overtake(_: int) -> None:
        rotate(other, quiet)  # to the end of the one that is under way
        if retired:
            rotate(other, quiet)
            assert other.keeper.retire("keeper").epochs == (1, 2)
        seen.append(rows(site, "vault_key"))

    with pytest.raises(InputError, match="another process"):
        rotate(site, overtake)
    assert [rows(site, "vault_key")] == seen, "it stops at the first step after it was overtaken"
    assert {row[3] for row in seen[0]} == {3 if retired else 2}
    fresh = in_suite(site, "international")
    assert all(shown(fresh, user)["user_name"] for user in USERS)
    rotate(fresh, quiet)
    assert all(shown(site, user)["user_name"] for user in USERS), "also by the one that was late"
    for each in (fresh, other):
        each._sequencer.close()


def test_what_does_not_open_is_left_and_told_and_its_epoch_does_not_die(site: Site) -> None:
    with site.writing() as tx:
        tx.change("UPDATE vault_key SET wrapped = ? WHERE \"user\" = 3 AND class = 'service'", (bytes(74),))
    done = site.keeper.rotate_epochs("keeper", quiet)
    assert done.left == 1
    with pytest.raises(InputError, match="1 keys under an older epoch do not open"):
        site.keeper.retire("keeper")
    assert site.keeper.renew_data_keys("keeper", quiet).left == 1
    assert shown(site, "u4")["user_name"]


def test_epochs_with_living_keys_are_not_destroyed(site: Site) -> None:
    class Stopped(Exception):  # noqa: N818 - no error of the program
        pass

    def stop(_: int) -> None:
        raise Stopped

    with pytest.raises(Stopped):
        site.keeper.rotate_epochs("keeper", stop)
    with pytest.raises(InputError, match="living keys"):
        site.keeper.retire("keeper")
    with pytest.raises(InputError, match="not finished"):
        site.keeper.renew_data_keys("keeper", quiet)
    assert site.keeper.rotate_epochs("keeper", quiet).epoch == 2
    assert site.keeper.retire("keeper").epochs == (1,)


def test_every_change_of_keys_is_in_the_log_before_it_is_done(site: Site) -> None:
    start = site.do(newcomer(site, "mark")).entry
    site.keeper.rotate_master("file", "keeper")
    site.keeper.rotate_epochs("keeper", quiet)
    site.keeper.retire("keeper")
    with site.reading() as tx:
        told = [body.decode() for _, body in site.ledger.entries(tx, start + 1, site.ledger.head(tx).size)]
    assert ["keys:master" in told[0], "keys:epoch" in told[1], "epoch:1" in told[2]] == [True] * 3
    assert all('"who":"keeper"' in each for each in told)
    site.audit(by="clerk1")


def broken_key(site: Site, user: int) -> None:
    """Alter one bit of a user's wrapped key, as a failing disk would."""
    where = f"\"user\" = {user} AND class = 'service'"
    with site.writing() as tx:
        ((wrapped,),) = tx.ask(f"SELECT wrapped FROM vault_key WHERE {where}")  # noqa: S608
        other = bytearray(wrapped)
        other[-1] ^= 1
        tx.change(f"UPDATE vault_key SET wrapped = ? WHERE {where}", (bytes(other),))  # noqa: S608


def test_a_key_that_does_not_open_is_named_and_holds_nothing_up_once_it_is_given_up(site: Site) -> None:
    broken_key(site, 2)
    assert site.keeper.show().broken == (), "others can be moved still"
    assert site.keeper.rotate_epochs("keeper", quiet).broken == ((2, "service"),)
    assert site.keeper.show().broken == ((2, "service"),)
    for _ in range(2):
        with pytest.raises(InputError, match=r"1 keys under an older epoch do not open.*: 2 service"):
            site.keeper.retire("keeper")
        assert site.keeper.rotate_epochs("keeper", quiet).left == 1
    gone = site.keeper.retire("keeper", give_up=True)
    assert (gone.given_up, gone.epochs) == (((2, "service"),), (1, 2, 3))
    with site.reading() as tx:
        told = [decode(body) for _, body in site.ledger.entries(tx, site.ledger.head(tx).size - 2)]
    assert [(each.event, each.count) for each in told] == [("keys:give_up", 1), ("keys:retire", 0)]
    assert site.keeper.rotate_epochs("keeper", quiet).left == 0
    assert site.keeper.renew_data_keys("keeper", quiet).left == 0
    assert site.keeper.retire("keeper").given_up == ()
    for user in USERS:
        if user != USERS[1]:
            assert shown(site, user) == VALUES
    with pytest.raises(SealBrokenError):
        shown(site, USERS[1])
    service = [item for item in VALUES if item not in {"user_name", "resident_id_number"}]
    assert isinstance(site.perform(act(ActKind.DELETE, USERS[1], *service)).decision, Permit)


def test_nothing_is_given_up_while_a_rotation_can_move_a_key(site: Site) -> None:
    broken_key(site, 2)
    FileKeys.open(site.home / "keys", SITE).new_epoch(site.now())
    with pytest.raises(InputError, match="living keys are wrapped under an older epoch"):
        site.keeper.retire("keeper", give_up=True)
    assert site.keeper.rotate_epochs("keeper", quiet).broken == ((2, "service"),)
