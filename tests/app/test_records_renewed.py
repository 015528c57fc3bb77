# SPDX-License-Identifier: Apache-2.0
"""What is kept as a record lies under the key of the user's entries: new keys, and another suite, keep it readable."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from house import SITE, START, VALUES, Clock, act, declared, newcomer, open_site

from keshou.app import keeper
from keshou.app.settings import Settings
from keshou.app.site import Site
from keshou.db import Database
from keshou.declaration.model import Declaration, Need
from keshou.gate.decision import Permit
from keshou.gate.facts import StaffAppointed
from keshou.language import Text
from keshou.law.terms import ActKind, RetentionClass
from keshou.suite import SUITES
from keshou.vault.keys import FileKeys

USERS = [f"u{number}" for number in range(5)]
COMPLAINT, NUMBER = "complaint_record", "mobile_number"
HELD = VALUES | {COMPLAINT: "投诉计费，已经答复。"}


class Broken(Exception):  # noqa: N818 - no error of the program
    """The process ends."""


def with_records() -> Declaration:
    """Return rules that keep complaints as a record, and the number too, by which users are found."""
    given = declared()
    complaint = Need(item=COMPLAINT, why=Text("答复投诉。", "To answer."), class_=RetentionClass.RECORD)

    def needs(of: tuple[Need, ...]) -> tuple[Need, ...]:
        return tuple(
            msgspec.structs.replace(each, class_=RetentionClass.RECORD) if each.item == NUMBER else each for each in of
        )

    service, marketing = (msgspec.structs.replace(each, needs=needs(each.needs)) for each in given.purposes)
    service = msgspec.structs.replace(service, needs=(*service.needs, complaint))
    return msgspec.structs.replace(given, purposes=(service, marketing))


@pytest.fixture
def site(
    database: Database, tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch, suite: str
) -> Iterator[Site]:
    """A site in `suite` with a few users, whose keeper works in very small steps."""
    monkeypatch.setattr(keeper, "RENEWED", 2)
    with open_site(database, tmp_path, clock) as first:
        first.publish(with_records(), by="officer")
        first.record_site(StaffAppointed(at=START, staff="clerk1", post="clerk"), by="officer")
        with in_suite(first, suite) as made:
            made.do_all([newcomer(made, user, HELD) for user in USERS])
            yield made


def in_suite(site: Site, suite: str) -> Site:
    """Return the same site, opened by a process whose settings name `suite`."""
    keys = FileKeys.open(site.home / "keys", SITE, suite=SUITES[suite])
    url = site.database.url.render_as_string(hide_password=False)
    return Site(site.home, Settings(site=SITE, suite=suite), Database(url), keys, site.now)  # type: ignore[arg-type]


def rows(site: Site, table: str) -> list[tuple[object, ...]]:
    with site.reading() as tx:
        return [tuple(row) for row in tx.connection.exec_driver_sql(f'SELECT * FROM {table} ORDER BY "user", 2')]  # noqa: S608


def check(*sites: Site) -> None:
    """See that every process reads all that is held of everybody, and finds them."""
    for site in sites:
        for user in USERS:
            done = site.perform(act(ActKind.USE, user, *HELD))
            assert isinstance(done.decision, Permit)
            assert dict(done.values) == HELD
        with site.reading() as tx:
            assert len(site._known.vault.find(tx, NUMBER, VALUES[NUMBER])) == len(USERS)


def broken_off(site: Site) -> None:
    """Make keys anew, and end after the first users."""

    def end(_: int) -> None:
        raise Broken

    with pytest.raises(Broken):
        site.keeper.renew_data_keys("keeper", end)


@pytest.mark.parametrize("suite", ["international", "chinese"])
def test_records_are_read_and_found_while_a_site_moves_to_the_other_suite_and_back(site: Site, suite: str) -> None:
    other = "chinese" if suite == "international" else "international"
    assert {row[2] for row in rows(site, "vault_value")} == {each.value for each in RetentionClass}, (
        "of each class something is held"
    )
    check(site)
    with in_suite(site, other) as moved:
        broken_off(moved)
        check(site, moved)
        assert moved.keeper.renew_data_keys("keeper", lambda _: None).left == 0
        moved.keeper.retire("keeper")
        check(site, moved)
        wanted = {SUITES[other].algorithm}
        assert {bytes(row[4])[1] for row in rows(site, "vault_value")} == wanted  # type: ignore[call-overload]
    broken_off(site)
    check(site)
    assert site.keeper.renew_data_keys("keeper", lambda _: None).left == 0
    site.keeper.retire("keeper")
    check(site)
    assert site.audit(by="clerk1")[1].opened > len(USERS)


@pytest.mark.parametrize("suite", ["international", "chinese"])
def test_new_keys_in_the_same_suite_seal_records_anew_and_keep_pseudonyms(site: Site, suite: str) -> None:
    values, keys = rows(site, "vault_value"), rows(site, "vault_key")
    broken_off(site)
    check(site)
    site.keeper.renew_data_keys("keeper", lambda _: None)
    again, anew = rows(site, "vault_value"), rows(site, "vault_key")
    assert [row[:4] for row in again] == [row[:4] for row in values]
    assert not {bytes(row[4]) for row in again} & {bytes(row[4]) for row in values}  # type: ignore[call-overload]
    assert {row[1] for row in keys if row[:3] in {each[:3] for each in anew}} == {RetentionClass.RECORD.value}
    check(site)
    site.audit(by="clerk1")


@pytest.mark.parametrize("suite", ["international"])
def test_a_record_that_does_not_open_leaves_its_user_as_they_were(site: Site, suite: str) -> None:
    with site.writing() as tx:
        tx.change('UPDATE vault_value SET sealed = ? WHERE "user" = 2 AND item = ?', (bytes(80), COMPLAINT))
    before = [row for row in rows(site, "vault_key") if row[0] == 2]
    with in_suite(site, "chinese") as moved:
        assert moved.keeper.renew_data_keys("keeper", lambda _: None).left == 1
    assert [row for row in rows(site, "vault_key") if row[0] == 2] == before
