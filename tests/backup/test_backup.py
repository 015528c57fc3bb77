# SPDX-License-Identifier: Apache-2.0
"""A backup is one sealed file of one state, read back before it has a name; it goes back only where nothing is."""

from pathlib import Path

import pytest
from homes import admit, erase, lose_database, rows_of
from house import VALUES, Clock, act

from keshou.app.backup import back_up
from keshou.app.restore import Asked, restore
from keshou.app.site import Site
from keshou.backup.errors import ArchiveError, NotEmptyError, OlderError
from keshou.gate.decision import Deny, Permit
from keshou.law.terms import ActKind
from keshou.ledger.certificate import verify
from keshou.vault.errors import KeyMissingError
from planting import SHORTEST, Planted

SHOWN = ("user_name", "mobile_number")


def shown(site: Site, user: str) -> dict[str, str]:
    return dict(site.perform(act(ActKind.USE, user, *SHOWN)).values)


def test_what_is_put_back_is_what_was_there(home: Path, tmp_path: Path, clock: Clock) -> None:
    with Site.open(home, clock) as site:
        admit(site, "u1", "u2")
        made = back_up(site, tmp_path / "one.age")
    before = rows_of(home)
    lose_database(home)
    back = restore(made.path, home, clock(), Asked())
    after = rows_of(home)
    assert back.size == made.manifest.size
    assert back.lost is None
    grown = {"log_entry", "log_state", "log_edge", "site_fact", "log_checkpoint", "vault_user"}
    assert {name for name in before if before[name] != after[name]} <= grown
    assert after["vault_user"][:-1] == before["vault_user"], "but for where new numbers go on"
    with Site.open(home, clock) as site:
        assert shown(site, "u1") == {item: VALUES[item] for item in SHOWN}
        site.audit(by="clerk1")


def test_the_archive_holds_nothing_in_plain_and_no_key(home: Path, tmp_path: Path, clock: Clock) -> None:
    with Site.open(home, clock) as site:
        admit(site, "u1")
        made = back_up(site, tmp_path / "one.age")
    planted = Planted([each for each in VALUES.values() if len(each.encode()) >= SHORTEST])
    raw = made.path.read_bytes() + made.list_path.read_bytes()
    assert list(planted.find_in(raw)) == []
    assert b"log_entry" not in raw


def test_an_erasure_after_the_backup_is_done_again_before_anything_can_be_read(
    home: Path, tmp_path: Path, clock: Clock
) -> None:
    with Site.open(home, clock) as site:
        admit(site, "u1", "u2", "u3")
        made = back_up(site, tmp_path / "one.age")
        erase(site, clock, "u1")
        site.cancel("u2")
    lose_database(home)
    with pytest.raises(OlderError, match="was signed"):
        restore(made.path, home, clock(), Asked())
    back = restore(made.path, home, clock(), Asked(accept_older=True, by="officer", reason="disk-7"))
    assert back.erased > 1
    assert back.lost is not None
    with Site.open(home, clock) as site:
        assert isinstance(site.perform(act(ActKind.USE, "u1", *SHOWN)).decision, Deny)
        assert "mobile_number" not in shown(site, "u2"), "what was held for the service was shredded when it ended"
        assert shown(site, "u3") == {item: VALUES[item] for item in SHOWN}
        site.audit(by="clerk1")


def test_values_that_a_restore_destroyed_again_are_certified(home: Path, tmp_path: Path, clock: Clock) -> None:
    with Site.open(home, clock) as site:
        admit(site, "u1", "u2")
        made = back_up(site, tmp_path / "one.age")
        assert isinstance(site.perform(act(ActKind.DELETE, "u1", "tariff_plan")).decision, Permit)
        site.perform(act(ActKind.DELETE, "u2", "email_address"))
    lose_database(home)
    restore(made.path, home, clock(), Asked(accept_older=True, by="officer", reason="disk-7"))
    with Site.open(home, clock) as site:
        with site.reading() as tx:
            place = site.ledger.head(tx).size - 1
            body = site.ledger.entry(tx, place)
        told, note = site.keeper.certify(place)
        assert (told.event, told.items, told.keys, told.users) == ("fact:restored", ("tariff_plan",), (), 1)
        assert verify(note, site.ledger.key, body) == told
        assert "mobile_number" in shown(site, "u1"), "their key stays with what it seals"
        site.audit(by="clerk1")


def test_nothing_is_put_back_where_something_is(home: Path, tmp_path: Path, clock: Clock) -> None:
    with Site.open(home, clock) as site:
        made = back_up(site, tmp_path / "one.age")
        with pytest.raises(NotEmptyError):
            back_up(site, made.path)
    before = rows_of(home)
    with pytest.raises(NotEmptyError):
        restore(made.path, home, clock(), Asked())
    assert rows_of(home) == before


def test_a_byte_changed_anywhere_is_refused(home: Path, tmp_path: Path, clock: Clock) -> None:
    with Site.open(home, clock) as site:
        admit(site, "u1")
        made = back_up(site, tmp_path / "one.age")
    lose_database(home)
    raw = made.path.read_bytes()
    for place in (0, 90, len(raw) // 3, len(raw) // 2, len(raw) - 1):
        made.path.write_bytes(raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :])
        with pytest.raises(ArchiveError):
            restore(made.path, home, clock(), Asked())
    for end in (0, 100, len(raw) // 2, len(raw) - 1):
        made.path.write_bytes(raw[:end])
        with pytest.raises(ArchiveError):
            restore(made.path, home, clock(), Asked())
    assert not [each for each in home.iterdir() if each.name.endswith((".db", "-restoring"))]


@pytest.mark.parametrize("lost", [False, True], ids=["destroyed", "lost"])
def test_users_are_found_again_where_the_index_key_is_no_more(
    home: Path, tmp_path: Path, clock: Clock, *, lost: bool
) -> None:
    with Site.open(home, clock) as site:
        admit(site, "u1", "u2")
        site.keeper.rotate_index("keeper", lambda _: None)
        made = back_up(site, tmp_path / "night.age")
        if not lost:
            site.keeper.rotate_index("keeper", lambda _: None)
            site.keeper.retire("keeper")
    (home / "keys" / "index-000001.key").unlink(missing_ok=True)
    lose_database(home)
    restore(made.path, home, clock(), Asked(accept_older=True, by="officer", reason="drill"))
    with Site.open(home, clock) as site:
        assert site.perform(act(ActKind.USE, "u1", "user_name")).values == {"user_name": VALUES["user_name"]}
        found = site.searches.find(act(ActKind.QUERY, "", "mobile_number"), VALUES["mobile_number"])
        assert (found.hits, set(found.users)) == (2, {"u1", "u2"})
        site.keeper.rotate_index("keeper", lambda _: None)
        site.audit(by="clerk1")


def test_a_copy_of_the_keys_from_before_the_epoch_changed_is_told_as_such(
    home: Path, tmp_path: Path, clock: Clock
) -> None:
    with Site.open(home, clock) as site:
        admit(site, "u1")
        site.keeper.rotate_epochs("keeper", lambda _: None)
        made = back_up(site, tmp_path / "one.age")
    lose_database(home)
    newer = home / "keys" / "epoch-000002.key"
    newer.rename(tmp_path / "taken.key")
    with pytest.raises(KeyMissingError, match=newer.name):
        restore(made.path, home, clock(), Asked())
    (tmp_path / "taken.key").rename(newer)
    restore(made.path, home, clock(), Asked())
    with Site.open(home, clock) as site:
        admit(site, "u2")
        assert shown(site, "u1") == shown(site, "u2")
        assert site.keeper.retire("keeper").epochs == (1,)
        assert shown(site, "u2") == {item: VALUES[item] for item in SHOWN}
