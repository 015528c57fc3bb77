# SPDX-License-Identifier: Apache-2.0
"""What finds users is made anew, under a new key and as the rules declare it, while they are searched; both databases.

A way that the rules newly choose is searched once it is complete and not before; what they no longer choose goes.
"""

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from house import SITE, START, VALUES, Clock, act, declared, newcomer, ready

from keshou.acts.request import Cancel
from keshou.app import keeper, mark
from keshou.app.keys_told import Retired
from keshou.app.settings import Settings
from keshou.app.site import Site
from keshou.db import Database
from keshou.declaration.findable import Part
from keshou.errors import InputError
from keshou.gate.decision import Permit
from keshou.law.terms import ActKind
from keshou.suite import SUITES
from keshou.vault.errors import KeyMissingError, VaultError
from keshou.vault.keys import FileKeys
from keshou.vault.settings import FindingSettings

USERS = [f"u{number}" for number in range(7)]
LIMITS = FindingSettings(per_hour=10_000)
NUMBER = VALUES["mobile_number"]
ITEM = "mobile_number"


class Stopped(Exception):  # noqa: N818 - no error of the program
    """The rotation is broken off here."""


def quiet(_: int) -> None:
    """Look away."""


@pytest.fixture
def site(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A site with a few users and no way chosen, whose keeper works in very small steps."""
    monkeypatch.setattr(keeper, "REINDEXED", 2)
    with ready(database, tmp_path, Clock(), finding=LIMITS) as made:
        made.do_all([newcomer(made, user) for user in USERS])
        yield made


def another(site: Site, suite: str = "international") -> Site:
    """Return the same site as another process opens it."""
    keys = FileKeys.open(site.home / "keys", SITE, suite=SUITES[suite])
    settings = Settings(site=SITE, suite=suite, finding=LIMITS)  # type: ignore[arg-type]
    return Site(site.home, settings, site.database, keys, site.now)


def choose(site: Site, **chosen: object) -> None:
    by = ({"item": ITEM, **chosen},) if chosen else ()
    site.publish(declared(finding=by, effective=site.now() + dt.timedelta(milliseconds=1)), by="officer")


def hits(site: Site, part: Part = Part.WHOLE) -> int:
    sought = {Part.WHOLE: NUMBER, Part.LAST_FOUR: NUMBER[-4:], Part.PREFIX: NUMBER[:7]}[part]
    found = site.searches.find(act(ActKind.QUERY, "", ITEM), sought, part)
    assert isinstance(found.decision, Permit)
    return found.hits


def rows(site: Site, table: str) -> list[tuple[object, ...]]:
    with site.reading() as tx:
        return [tuple(row) for row in tx.connection.exec_driver_sql(f'SELECT * FROM {table} ORDER BY "user", 2')]  # noqa: S608


def tags(site: Site, table: str = "vault_index") -> set[bytes]:
    column = "tag" if table == "vault_index" else "ref"
    with site.reading() as tx:
        return {bytes(tag) for (tag,) in tx.ask(f"SELECT {column} FROM {table} WHERE {column} IS NOT NULL")}  # noqa: S608


def ways(site: Site) -> set[str]:
    with site.reading() as tx:
        return {way for (way,) in tx.ask("SELECT DISTINCT way FROM vault_index WHERE item = ?", (ITEM,))}


@pytest.mark.parametrize("suite", ["international", "chinese"])
def test_no_tag_stays_and_no_value_or_key_changes(site: Site, suite: str) -> None:
    before, refs = tags(site), tags(site, "vault_user")
    kept = rows(site, "vault_value"), rows(site, "vault_key")
    names = [site._known.vault.blind(user) for user in USERS]
    other, steps = another(site, suite), list[int]()
    done = other.keeper.rotate_index("keeper", steps.append)
    assert (done, sum(steps)) == ((1, len(USERS), 0), len(USERS))
    assert not tags(site) & before
    assert not tags(site, "vault_user") & refs
    assert (len(tags(site)), len(tags(site, "vault_user"))) == (len(before), len(refs))
    assert (rows(site, "vault_value"), rows(site, "vault_key")) == kept
    assert [site._known.vault.blind(user) for user in USERS] == names, "names on record stay"
    shown = other.keeper.show()
    assert (shown.indexes[0], [each.level for each in shown.rotations if each.ended]) == (0, ["index"])
    assert hits(other) == hits(site) == len(USERS)
    site.audit(by="clerk1")
    other._sequencer.close()


def test_users_are_found_by_whoever_knows_of_no_rotation_at_every_step(site: Site) -> None:
    other = another(site)
    come = iter(f"n{number}" for number in range(10))
    known = list(USERS)

    def look(_: int) -> None:
        new = next(come)
        site.do(newcomer(site, new))
        known.append(new)
        with site.reading() as tx:
            assert len(site._known.vault.find_users(tx, known)) == len(known)
        assert hits(site) == hits(other) == len(known)

    assert other.keeper.rotate_index("keeper", look).left == 0
    look(0)
    assert {row[0] for row in _under(site)} == {1}
    other._sequencer.close()


def _under(site: Site) -> list[tuple[int, ...]]:
    with site.reading() as tx:
        return tx.ask("SELECT DISTINCT index_key FROM vault_index UNION SELECT DISTINCT index_key FROM vault_user")


def test_broken_off_anywhere_it_goes_on_under_the_same_key(site: Site) -> None:
    left = 4

    def stop(_: int) -> None:
        nonlocal left
        left -= 1
        if left % 2:
            raise Stopped

    for _ in range(2):
        with pytest.raises(Stopped):
            site.keeper.rotate_index("keeper", stop)
        with pytest.raises(InputError, match="not finished"):
            site.keeper.renew_data_keys("keeper", quiet)
        with pytest.raises(InputError, match="older index key"):
            site.keeper.retire("keeper")
        assert hits(site) == len(USERS)
    assert site.keeper.rotate_index("keeper", quiet).number == 1
    assert site.keeper.retire("keeper") == Retired((), ())


@pytest.mark.parametrize("retired", [False, True])
def test_a_rotation_that_was_overtaken_stops_and_everybody_is_found(site: Site, retired: bool) -> None:
    other = another(site)

    def overtake(_: int) -> None:
        other.keeper.rotate_index("keeper", quiet)
        if retired:
            other.keeper.rotate_index("keeper", quiet)
            assert other.keeper.retire("keeper").indexes == (1,)

    with pytest.raises(InputError, match="another process"):
        site.keeper.rotate_index("keeper", overtake)
    fresh = another(site)
    assert hits(fresh) == len(USERS)
    with fresh.reading() as tx:
        assert len(fresh._known.vault.find_users(tx, USERS)) == len(USERS)
    fresh._sequencer.close()
    other._sequencer.close()


def test_older_index_keys_are_destroyed_and_the_root_stays(site: Site) -> None:
    for _ in range(2):
        site.keeper.rotate_index("keeper", quiet)
    assert sorted(each.name for each in (site.home / "keys").glob("index*")) == [
        "index-000001.key", "index-000002.key", "index.key",
    ]  # fmt: skip
    assert site.keeper.retire("keeper") == Retired((), (1,))
    assert sorted(each.name for each in (site.home / "keys").glob("index*")) == ["index-000002.key", "index.key"]
    with site.reading() as tx:
        body = site.ledger.entries(tx, site.ledger.head(tx).size - 1)
        assert b'"index:1"' in next(iter(body))[1]
    assert hits(site) == hits(another(site)) == len(USERS)


def test_a_way_that_is_newly_chosen_is_searched_once_it_is_complete(site: Site) -> None:
    choose(site, last_four=True, prefix=7)
    site.do(newcomer(site, "late"))
    for part in (Part.LAST_FOUR, Part.PREFIX):
        with pytest.raises(VaultError, match="not complete"):
            hits(site, part)
    assert hits(site) == len(USERS) + 1

    def look(_: int) -> None:
        with pytest.raises(VaultError, match="not complete"):
            hits(site, Part.LAST_FOUR)

    other = another(site)
    other.keeper.rotate_index("keeper", look)
    for part in Part:
        assert hits(site, part) == hits(other, part) == len(USERS) + 1
    other._sequencer.close()


def test_a_way_that_is_no_longer_chosen_is_not_searched_and_its_rows_go(site: Site) -> None:
    choose(site, last_four=True, prefix=7)
    site.keeper.rotate_index("keeper", quiet)
    assert ways(site) == {"", "#4", "^7"}
    choose(site, prefix=6)
    for part in (Part.LAST_FOUR, Part.PREFIX):
        with pytest.raises(VaultError):
            hits(site, part)
    site.keeper.rotate_index("keeper", quiet)
    assert ways(site) == {"", "^6"}
    choose(site)
    site.keeper.rotate_index("keeper", quiet)
    assert ways(site) == {""}


def test_rows_of_a_way_that_was_taken_back_are_counted_find_nobody_and_are_swept(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "SWEPT", 3)
    choose(site, last_four=True, prefix=7)
    site.keeper.rotate_index("keeper", quiet)
    assert (site.keeper.show().taken_back, site.keeper.sweep()) == ({}, 0)
    choose(site, prefix=7)
    with pytest.raises(VaultError, match="not found by the last four"):
        hits(site, Part.LAST_FOUR)
    other = another(site)
    assert other.keeper.show().taken_back == {(ITEM, "last_four"): len(USERS)}
    site.do(newcomer(site, "later"))
    other.tidy()
    assert (ways(site), site.keeper.show().taken_back) == ({"", "^7"}, {})
    assert hits(site) == hits(site, Part.PREFIX) == len(USERS) + 1
    choose(site, last_four=True, prefix=7)
    with pytest.raises(VaultError, match="not complete"):
        hits(site, Part.LAST_FOUR)
    other._sequencer.close()


def test_a_way_of_rules_that_are_in_force_or_to_come_is_not_swept(site: Site) -> None:
    clock = site.ledger.latest.clock
    assert isinstance(clock, Clock)
    choose(site, last_four=True)
    site.keeper.rotate_index("keeper", quiet)
    clock.moment += dt.timedelta(days=1)
    later = clock.moment + dt.timedelta(days=30)
    site.publish(declared(effective=later), by="officer")
    site.tidy()
    assert hits(site, Part.LAST_FOUR) == len(USERS)
    clock.moment = later
    site.tidy()
    assert ways(site) == {""}


def test_a_way_that_was_left_out_for_a_while_is_not_taken_for_complete(site: Site) -> None:
    choose(site, last_four=True)
    site.keeper.rotate_index("keeper", quiet)
    choose(site)
    site.do(newcomer(site, "between"))
    choose(site, last_four=True)
    with pytest.raises(VaultError, match="not complete"):
        hits(site, Part.LAST_FOUR)
    site.keeper.rotate_index("keeper", quiet)
    assert hits(site, Part.LAST_FOUR) == len(USERS) + 1


def test_what_the_index_lacks_or_holds_too_much_is_told_until_it_was_made_anew(site: Site) -> None:
    assert site.keeper.unindexed() == (set(), set())
    choose(site, last_four=True)
    other = another(site)
    assert site.keeper.unindexed() == other.keeper.unindexed() == ({ITEM}, set())
    site.keeper.rotate_index("keeper", quiet)
    assert site.keeper.unindexed() == (set(), set())
    choose(site)
    site.now()  # the clock goes on: the rules are in force
    assert site.keeper.unindexed() == other.keeper.unindexed() == (set(), {ITEM})
    site.keeper.rotate_index("keeper", quiet)
    assert site.keeper.unindexed() == other.keeper.unindexed() == (set(), set())
    other._sequencer.close()


def test_rules_chosen_before_anybody_is_held_wait_for_nothing(database: Database, tmp_path: Path) -> None:
    with ready(database, tmp_path, Clock(), finding=LIMITS) as empty:
        choose(empty, last_four=True)
        assert empty.keeper.unindexed() == (set(), set())


def test_what_is_chosen_while_the_index_is_made_anew_waits_for_the_next_time(site: Site) -> None:
    def stop(_: int) -> None:
        raise Stopped

    with pytest.raises(Stopped):
        site.keeper.rotate_index("keeper", stop)
    choose(site, last_four=True)
    site.keeper.rotate_index("keeper", quiet)
    with pytest.raises(VaultError, match="not complete"):
        hits(site, Part.LAST_FOUR)
    site.keeper.rotate_index("keeper", quiet)
    assert hits(site, Part.LAST_FOUR) == len(USERS)


def test_rules_to_come_are_indexed_ahead_and_searched_by_only_when_they_are_in_force(site: Site) -> None:
    clock = site.ledger.latest.clock
    assert isinstance(clock, Clock)
    later = clock.moment + dt.timedelta(days=30)
    site.publish(declared(finding=({"item": ITEM, "last_four": True},), effective=later), by="officer")
    site.keeper.rotate_index("keeper", quiet)
    assert ways(site) == {"", "#4"}
    with pytest.raises(VaultError, match="last four"):
        hits(site, Part.LAST_FOUR)
    clock.moment = later
    assert hits(site, Part.LAST_FOUR) == len(USERS)


def test_whoever_is_cancelled_or_cannot_be_opened_meanwhile_is_left_alone(site: Site) -> None:
    with site.writing() as tx:
        tx.change("UPDATE vault_key SET wrapped = ? WHERE \"user\" = 3 AND class = 'service'", (bytes(74),))
    doomed = ["u1", "u5"]

    def cancel(_: int) -> None:
        while doomed:
            site.do(Cancel(user=doomed.pop(), by="clerk1"))

    choose(site, last_four=True)
    done = site.keeper.rotate_index("keeper", cancel)
    assert (done.users, done.left) == (len(USERS) - 1, 1)
    with pytest.raises(InputError, match="older index key"):
        site.keeper.retire("keeper")
    with pytest.raises(VaultError, match="not complete"):
        hits(site, Part.LAST_FOUR)
    with site.reading() as tx:
        assert len(site._known.vault.find(tx, ITEM, NUMBER)) == len(USERS) - 2, "whoever is left is found as before"


def test_a_rotation_is_in_the_log_before_it_is_done(site: Site) -> None:
    start = site.do(newcomer(site, "mark")).entry

    def stop(_: int) -> None:
        raise Stopped

    with pytest.raises(Stopped):
        site.keeper.rotate_index("keeper", stop)
    with site.reading() as tx:
        ((_, body),) = list(site.ledger.entries(tx, start + 1, site.ledger.head(tx).size))
    assert b"keys:index" in body
    assert b'"who":"keeper"' in body


def test_a_site_without_the_index_key_it_needs_is_not_opened(site: Site) -> None:
    site.keeper.rotate_index("keeper", quiet)
    (site.home / "keys" / "index-000001.key").rename(site.home / "taken.key")
    keys = FileKeys.open(site.home / "keys", SITE)
    with site.reading() as tx, pytest.raises(KeyMissingError, match="index-000001"):
        mark.refuse_unfit(tx, SITE, keys)


@pytest.mark.parametrize("change", [lambda keys: keys.new_epoch(START), lambda keys: keys.rotate_master("file", START)])
def test_index_keys_are_wrapped_by_the_master_like_the_others(site: Site, change: Callable[[FileKeys], object]) -> None:
    site.keeper.rotate_index("keeper", quiet)
    change(FileKeys.open(site.home / "keys", SITE))
    assert hits(another(site)) == len(USERS)
