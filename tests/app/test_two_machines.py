# SPDX-License-Identifier: Apache-2.0
"""Two machines share one database, each with a folder of keys of its own; what one lacks it does not do without."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from house import SITE, VALUES, act, newcomer, ready

from keshou.app import mark
from keshou.app.site import Site
from keshou.db import Database
from keshou.gate.decision import Permit
from keshou.law.terms import ActKind
from keshou.vault.errors import KeyMissingError, SealBrokenError
from keshou.vault.keys import FileKeys
from keshou.web.problem import kind_of

EPOCH, INDEX = "epoch-000002.key", "index-000001.key"


class Machines(NamedTuple):
    """The machine on which keys are changed, and another."""

    first: Site
    second: Site


def quiet(_: int) -> None:
    """Look away."""


def machine(site: Site, folder: Path) -> Site:
    """Return the same site as a second machine has it open."""
    shutil.copytree(site.home / "keys", folder / "keys")
    keys = FileKeys.open(folder / "keys", SITE)
    database = Database(site.database.url.render_as_string(hide_password=False))
    return Site(folder, site.settings, database, keys, site.now)


@pytest.fixture
def machines(database: Database, tmp_path: Path) -> Iterator[Machines]:
    with ready(database, tmp_path) as first:
        first.do_all([newcomer(first, "u1"), newcomer(first, "u2")])
        second = machine(first, tmp_path / "second")
        assert shown(second, "u1") == VALUES
        yield Machines(first, second)
        second._sequencer.close()
        second.database.close()


def shown(site: Site, user: str) -> dict[str, str]:
    done = site.perform(act(ActKind.USE, user, *VALUES))
    assert isinstance(done.decision, Permit)
    return dict(done.values)


def carry(machines: Machines, name: str) -> None:
    """Bring a key file to the second machine."""
    shutil.copyfile(machines.first.home / "keys" / name, machines.second.home / "keys" / name)
    (machines.second.home / "keys" / name).chmod(0o600)


def everything(site: Site) -> list[object]:
    with site.reading() as tx:
        tables = ("log_entry", "vault_user", "vault_key", "vault_value", "vault_index")
        return [tx.ask(f"SELECT * FROM {table} ORDER BY 1, 2") for table in tables]  # noqa: S608 - our own names


@pytest.mark.parametrize("retired", [False, True])
def test_nothing_is_sealed_under_an_epoch_that_was_left_on_another_machine(
    machines: Machines, *, retired: bool
) -> None:
    first, second = machines
    first.keeper.rotate_epochs("keeper", quiet)
    if retired:
        assert first.keeper.retire("keeper").epochs == (1,)
    before = everything(first)
    for _ in range(2):
        with pytest.raises(KeyMissingError, match=EPOCH) as told:
            second.do(newcomer(second, "late"))
        assert kind_of(told.value).status == 503
    with pytest.raises(KeyMissingError, match=EPOCH):
        second.do_all([newcomer(second, "late"), newcomer(second, "later")])
    assert everything(first) == before, "nothing is done, and nothing recorded, without the key"
    carry(machines, EPOCH)
    second.do(newcomer(second, "late"))
    assert first.keeper.retire("keeper").epochs == (() if retired else (1,))
    assert shown(first, "late") == VALUES
    assert shown(second, "u1") == VALUES


@pytest.mark.parametrize("level", ["epoch", "data"])
def test_a_rotation_that_is_under_way_is_known_on_every_machine(machines: Machines, level: str) -> None:
    first, second = machines
    seen: list[str] = []

    def elsewhere(_: int) -> None:
        with pytest.raises(KeyMissingError, match=EPOCH):
            second.do(newcomer(second, "late"))
        seen.append(level)

    rotate: Callable[..., object] = {
        "epoch": first.keeper.rotate_epochs, "data": first.keeper.renew_data_keys,
    }[level]  # fmt: skip
    rotate("keeper", elsewhere)
    assert seen


def test_users_are_not_taken_for_unknown_where_the_key_that_finds_them_is_not(machines: Machines) -> None:
    first, second = machines
    first.keeper.rotate_index("keeper", quiet)
    first.do(newcomer(first, "u3"))
    before = everything(first)
    with pytest.raises(KeyMissingError, match=INDEX):
        second.do(newcomer(second, "u3"))
    with pytest.raises(KeyMissingError, match=INDEX):
        second.ask(act(ActKind.USE, "u3", *VALUES))
    assert everything(first) == before
    carry(machines, INDEX)
    assert shown(second, "u3") == VALUES


@pytest.mark.parametrize(("rotate", "name"), [("rotate_epochs", EPOCH), ("rotate_index", INDEX)])
def test_a_site_is_not_opened_without_a_key_that_its_database_came_to(
    machines: Machines, rotate: str, name: str
) -> None:
    getattr(machines.first.keeper, rotate)("keeper", quiet)
    keys = FileKeys.open(machines.second.home / "keys", SITE)
    with machines.second.reading() as tx, pytest.raises(KeyMissingError, match=name) as caught:
        mark.refuse_unfit(tx, SITE, keys)
    assert "from the machine where they were changed" in (caught.value.hint or "")


def test_what_is_lacking_is_told_by_name_until_it_is_there(machines: Machines) -> None:
    first, second = machines
    assert second.keeper.lacking() == ()
    first.keeper.rotate_epochs("keeper", quiet)
    assert second.keeper.lacking() == (EPOCH,)
    first.keeper.rotate_index("keeper", quiet)
    assert second.keeper.lacking() == (EPOCH, INDEX)
    carry(machines, EPOCH)
    carry(machines, INDEX)
    assert (first.keeper.lacking(), second.keeper.lacking()) == ((), ())


def test_no_second_epoch_gets_the_number_of_one_that_is_elsewhere(machines: Machines) -> None:
    first, second = machines
    first.keeper.rotate_epochs("keeper", quiet)
    before = sorted(path.name for path in (second.home / "keys").iterdir())
    for change in (second.keeper.rotate_epochs, second.keeper.rotate_index, second.keeper.renew_data_keys):
        with pytest.raises(KeyMissingError, match=EPOCH):
            change("keeper", quiet)
    assert sorted(path.name for path in (second.home / "keys").iterdir()) == before


def test_a_key_file_that_was_taken_away_lets_nothing_fall_back_to_an_older_epoch(machines: Machines) -> None:
    first, _ = machines
    first.keeper.rotate_epochs("keeper", quiet)
    first.do(newcomer(first, "u3"))
    (first.home / "keys" / EPOCH).rename(first.home / "taken.key")
    with pytest.raises(KeyMissingError, match=EPOCH):
        first.do(newcomer(first, "u4"))
    (first.home / "taken.key").rename(first.home / "keys" / EPOCH)
    first.do(newcomer(first, "u4"))
    assert shown(first, "u4") == VALUES


def test_a_missing_epoch_is_not_told_as_a_broken_seal_and_an_invented_one_is(machines: Machines) -> None:
    first, second = machines
    first.keeper.rotate_epochs("keeper", quiet)
    with pytest.raises(KeyMissingError):
        second.ask(act(ActKind.USE, "u1", *VALUES))
    keys = second._known.vault._keys
    with pytest.raises(KeyMissingError, match=EPOCH):
        keys.unwrap(2, bytes(80), b"")
    with pytest.raises(SealBrokenError):
        keys.unwrap(3, bytes(80), b"")


def test_what_a_rotation_that_was_not_committed_made_is_not_sealed_under(machines: Machines) -> None:
    first, second = machines
    first._known.vault._keys.new_epoch(first.now())
    first.do(newcomer(first, "u3"))
    assert shown(second, "u3") == VALUES
