# SPDX-License-Identifier: Apache-2.0
"""A site of the Chinese suite is backed up and put back, into either database, and stays of that suite."""

from pathlib import Path

import pytest
from homes import admit, erase, lose_database, rows_of
from house import OPERATOR, START, VALUES, Clock, act, declared

from keshou.app.backup import back_up
from keshou.app.create import create
from keshou.app.restore import Asked, restore
from keshou.app.site import Site
from keshou.gate.decision import Deny
from keshou.gate.facts import StaffAppointed
from keshou.law.terms import ActKind
from keshou.suite import CHINESE

SHOWN = ("user_name", "mobile_number")


@pytest.fixture(params=["sqlite", "postgresql"])
def chinese(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> Path:
    """A site's folder, closed."""
    url = "" if request.param == "sqlite" else request.getfixturevalue("postgresql_url")
    home = tmp_path / "site"
    create(home, START, declaration=OPERATOR.read_text("utf-8"), database=url, language="en", suite="chinese")
    with Site.open(home, clock) as site:
        site.publish(declared(), by="officer")
        site.record_site(StaffAppointed(at=START, staff="clerk1", post="clerk"), by="officer")
    return home


def algorithms(home: Path) -> set[int]:
    """Return the ids of algorithms in everything that the vault sealed or wrapped."""
    rows = rows_of(home)
    sealed = [row[4] for table in ("vault_value", "vault_key") for row in rows[table]]
    sealed += [row[2] for row in rows["log_payload"]]
    return {bytes(each)[1] for each in sealed}  # type: ignore[call-overload]


def test_what_is_put_back_opens_is_found_and_is_erased_as_before(chinese: Path, tmp_path: Path, clock: Clock) -> None:
    with Site.open(chinese, clock) as site:
        admit(site, "u1", "u2", "u3")
        made = back_up(site, tmp_path / "one.age")
        erase(site, clock, "u1")
    lose_database(chinese)
    back = restore(made.path, chinese, clock(), Asked(accept_older=True, by="officer", reason="disk-7"))
    assert back.erased > 0
    assert algorithms(chinese) == {CHINESE.algorithm}
    with Site.open(chinese, clock) as site:
        assert isinstance(site.perform(act(ActKind.USE, "u1", *SHOWN)).decision, Deny)
        assert dict(site.perform(act(ActKind.USE, "u2", *SHOWN)).values) == {item: VALUES[item] for item in SHOWN}
        found = site.searches.find(act(ActKind.QUERY, "", "mobile_number"), VALUES["mobile_number"])
        assert set(found.users) == {"u2", "u3"}
        admit(site, "u4")
        site.keeper.renew_data_keys("keeper", lambda _: None)
        site.keeper.retire("keeper")
        assert site.perform(act(ActKind.USE, "u4", "user_name")).values == {"user_name": VALUES["user_name"]}
        site.audit(by="clerk1")
    assert algorithms(chinese) == {CHINESE.algorithm}


def test_from_a_file_into_postgresql_it_stays_of_its_suite(tmp_path: Path, clock: Clock, postgresql_url: str) -> None:
    home, again = tmp_path / "site", tmp_path / "again"
    create(home, START, declaration=OPERATOR.read_text("utf-8"), language="en", suite="chinese")
    with Site.open(home, clock) as site:
        site.publish(declared(), by="officer")
        site.record_site(StaffAppointed(at=START, staff="clerk1", post="clerk"), by="officer")
        admit(site, "u1")
        made = back_up(site, tmp_path / "one.age")
    restore(made.path, again, clock(), Asked(), keys=home / "keys", database=postgresql_url)
    with Site.open(again, clock) as site:
        assert site.suite is CHINESE
        assert site.perform(act(ActKind.USE, "u1", "user_name")).values == {"user_name": VALUES["user_name"]}
    assert algorithms(again) == {CHINESE.algorithm}
