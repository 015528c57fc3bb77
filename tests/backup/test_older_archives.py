# SPDX-License-Identifier: Apache-2.0
"""What an older version wrote is put back, though tables have changed their part since."""

import datetime as dt
import shutil
from pathlib import Path

import pytest
from homes import rows_of
from house import VALUES, Clock, act

from keshou.app.backup import check_back
from keshou.app.restore import Asked, Back, restore
from keshou.app.site import Site
from keshou.gate.decision import Deny
from keshou.law.terms import ActKind

ARCHIVES = Path(__file__).with_name("archives")
LATER = dt.timedelta(days=900)
"""After the archives were made, by the clock of their site."""


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    """The keys of the site that the archives are of, for their owner alone."""
    folder = tmp_path / "keys"
    shutil.copytree(ARCHIVES / "keys", folder)
    folder.chmod(0o700)
    for path in folder.iterdir():
        path.chmod(0o600)
    return folder


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    """Where to put an archive: a database of each kind; empty means a file in the folder."""
    return "" if request.param == "sqlite" else request.getfixturevalue("postgresql_url")


def put_back(name: str, keys: Path, home: Path, url: str, clock: Clock) -> Back:
    clock.moment += LATER
    return restore(ARCHIVES / name, home, clock(), Asked(), keys=keys, database=url)


def holds_its_users(home: Path, clock: Clock) -> None:
    with Site.open(home, clock) as site:
        done = site.perform(act(ActKind.USE, "u1", "user_name", "mobile_number"))
        assert dict(done.values) == {item: VALUES[item] for item in ("user_name", "mobile_number")}
        assert isinstance(site.perform(act(ActKind.USE, "u2", "user_name")).decision, Deny)
        site.audit(by="clerk1")


def test_what_is_no_longer_carried_is_left_aside(keys: Path, tmp_path: Path, url: str, clock: Clock) -> None:
    home = tmp_path / "site"
    back = put_back("schema-0017.age", keys, home, url, clock)
    assert back.size > 0
    assert rows_of(home)["openid_session"] == [], "nobody's session comes back"
    holds_its_users(home, clock)


def test_what_was_never_ours_is_named_and_left_aside(keys: Path, tmp_path: Path, url: str, clock: Clock) -> None:
    home = tmp_path / "site"
    back = put_back("schema-0017-noted.age", keys, home, url, clock)
    assert back.foreign == ("account.looked_at", "dba_notes", "vault_key.looked_at")
    assert "dba_notes" not in rows_of(home)
    holds_its_users(home, clock)
    with Site.open(home, clock) as site:
        looked = check_back(site, ARCHIVES / "schema-0017-noted.age", by="officer")
    assert (looked.fact.found, looked.foreign) == ("in_order", back.foreign)
