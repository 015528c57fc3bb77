# SPDX-License-Identifier: Apache-2.0
"""On a full disk no keys are rotated, no tables taken in, no files handed over and no backups put back.

It is told clearly, nothing is left half done, and the same command does it once there is room. SQLite's files and ours
take only so many bytes; PostgreSQL is on another disk, and says that it is full as it would.
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import msgspec
import pyrage
import pytest
from house import START, VALUES, act, declared
from office_house import with_bank

from cli_caller import Caller, Outcome
from keshou.app.backup import back_up
from keshou.app.create import create
from keshou.app.settings import database_url, read_settings
from keshou.app.site import Site
from keshou.db import Database
from keshou.gate.facts import RecipientKeyVerified, StaffAppointed
from keshou.law.terms import ActKind
from planting import Planted

WORKER = Path(__file__).with_name("full_worker.py")
USERS = [f"u{number}" for number in range(60)]
FULL = "full, or takes no more"
PLANTED = Planted([VALUES["user_name"], VALUES["mobile_number"], VALUES["resident_id_number"]])
COLUMNS = ("user_id", *VALUES, "services", "consents")


class Home(NamedTuple):
    """A site's folder, and how its database comes to be full."""

    path: Path

    @property
    def is_file(self) -> bool:
        """Whether the database is a file in the folder."""
        return not read_settings(self.path).database.startswith("postgresql")

    def open(self) -> Site:
        """Open it, here."""
        return Site.open(self.path)

    def call(self, *words: object, room: int = 0) -> Outcome:
        """Run a verb in a process whose files take only `room` bytes; 0: in this one."""
        if not room:
            return Caller(self.path)(*words)
        given = [sys.executable, str(WORKER), str(room), "--home", str(self.path), *map(str, words)]
        done = subprocess.run(given, capture_output=True, text=True, check=False)
        assert PLANTED.find_in(done.stdout + done.stderr) == []
        return Outcome(done.returncode, done.stdout, done.stderr)

    def call_full(self, table: str, *words: object, room: int) -> Outcome:
        """Run a verb for which the database has room only in the beginning: `room` bytes, or some rows of `table`."""
        if self.is_file:
            return self.call(*words, room=room)
        with _full_after(self.path, table, 20):
            return self.call(*words)


@contextmanager
def _full_after(path: Path, table: str, rows: int) -> Iterator[None]:
    database = Database(database_url(read_settings(path), path))
    try:
        with database.transaction() as tx:
            tx.connection.exec_driver_sql("CREATE SEQUENCE taken")
            tx.connection.exec_driver_sql(
                "CREATE FUNCTION take() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                f"IF nextval('taken') > {rows} THEN RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; "
                "END IF; RETURN NEW; END $$"
            )
            tx.connection.exec_driver_sql(
                f"CREATE TRIGGER take BEFORE INSERT OR UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION take()"
            )
        yield
        with database.transaction() as tx:
            tx.connection.exec_driver_sql(f"DROP TRIGGER take ON {table}")
            tx.connection.exec_driver_sql("DROP FUNCTION take")
            tx.connection.exec_driver_sql("DROP SEQUENCE taken")
    finally:
        database.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Home:
    url = "" if request.param == "sqlite" else request.getfixturevalue("postgresql_url")
    return _made(tmp_path, url)


def _made(folder: Path, url: str) -> Home:
    text = (Path(__file__).parents[1] / "acts" / "operator.toml").read_text("utf-8")
    create(folder / "site", START, declaration=text, database=url, language="en")
    made = Home(folder / "site")
    with made.open() as site:
        site.publish(with_bank(declared(finding=({"item": "mobile_number", "last_four": True},))), by="officer")
        seats = [("clerk1", "clerk"), ("lister", "analyst"), ("judge", "reviewer")]
        site.record_site(*(StaffAppointed(at=START, staff=who, post=post) for who, post in seats), by="officer")
    return made


def table_of(folder: Path, users: list[str]) -> Path:
    rows = [",".join((user, *VALUES.values(), "mobile", "service:express")) for user in users]
    file = folder / f"{len(users)}.csv"
    file.write_text("\n".join([",".join(COLUMNS), *rows]) + "\n", "utf-8")
    return file


def take_in(home: Home) -> None:
    told = home.call("import", table_of(home.path.parent, USERS), "--by", "clerk1", "--purpose", "service")
    assert told.status == 0, told.err


def known(site: Site) -> int:
    with site.reading() as tx:
        return int(tx.ask("SELECT COUNT(*) FROM vault_user")[0][0])


def shown(site: Site, user: str) -> dict[str, str]:
    asked = msgspec.structs.replace(act(ActKind.USE, user, *VALUES), when=site.now())
    return dict(site.perform(asked).values)


def check(home: Home) -> None:
    """Hold that everybody is read and found, and that the log is whole."""
    with home.open() as site:
        for user in USERS[::7]:
            assert shown(site, user) == VALUES
        asked = msgspec.structs.replace(act(ActKind.QUERY, "", "mobile_number"), when=site.now())
        found = site.searches.find(asked, VALUES["mobile_number"])
        assert found.hits == len(USERS)
        site.audit(by="clerk1")


@pytest.mark.parametrize(("level", "table"), [("epoch", "vault_key"), ("data", "vault_key"), ("index", "vault_index")])
def test_a_rotation_is_told_that_the_disk_is_full_and_goes_on_when_there_is_room(
    home: Home, level: str, table: str
) -> None:
    take_in(home)
    rotate = ("keys", "rotate", level, "--by", "keeper")
    told = home.call_full(table, *rotate, room=150_000)
    assert (told.status, FULL in told.err) == (4, True), told.err
    with home.open() as site:
        assert [each.ended for each in site.keeper.show().rotations] == [None], "it was begun, and is not finished"
    check(home)
    assert home.call(*rotate).status == 0
    assert home.call("keys", "retire", "--by", "keeper").status == 0
    check(home)


@pytest.mark.parametrize("on_error", ["stop", "skip"])
def test_a_table_is_taken_in_whole_or_by_whole_rows_and_the_rest_when_there_is_room(
    home: Home, on_error: str, tmp_path: Path
) -> None:
    words = ("import", table_of(tmp_path, USERS), "--by", "clerk1", "--purpose", "service", "--on-error", on_error)
    told = home.call_full("vault_user", *words, room=100_000)
    assert (told.status, FULL in told.err) == (4, True), told.err
    with home.open() as site:
        taken = known(site)
        assert taken < len(USERS)
        assert on_error == "skip" or taken == 0
        for user in USERS[:taken]:
            assert shown(site, user) == VALUES
    again = home.call(*words)
    assert again.status == (1 if taken else 0), "who is known already is told by row"
    check(home)


def test_an_export_whose_file_has_no_room_hands_over_nothing(home: Home, tmp_path: Path) -> None:
    take_in(home)
    ids, out = tmp_path / "ids", tmp_path / "out" / "list.age"
    ids.write_text(USERS[0])  # so few that doing it twice is no bulk act
    out.parent.mkdir()
    with home.open() as site:
        key = str(pyrage.x25519.Identity.generate().to_public())
        verified = RecipientKeyVerified(at=site.now(), recipient="bank", key=key, verified_by="judge", how="in_person")
        site.record_site(verified, by="judge")
        before = size(site)
    whose = ("export", "--users", ids, "--item", "tariff_plan", "--purpose", "service")
    words = (*whose, "--by", "lister", "--to", "bank")
    told = home.call(*words, "--out", out, room=9_000 if home.is_file else 450)
    assert told.status == 4, told.err
    assert (FULL if home.is_file else "the export is on record, and no file was handed over") in told.err
    assert list(out.parent.iterdir()) == []
    with home.open() as site:
        assert site.state().handovers == {}
        assert (size(site) > before) is not home.is_file
    assert home.call(*words, "--out", out).status == 0
    assert sorted(each.name.removeprefix("list.age") for each in out.parent.iterdir()) == [
        "", ".manifest.json", ".manifest.sig",
    ]  # fmt: skip


def size(site: Site) -> int:
    with site.reading() as tx:
        return site.ledger.head(tx).size


def test_a_backup_is_put_back_whole_or_not_at_all(tmp_path: Path) -> None:
    home = _made(tmp_path, "")
    take_in(home)
    with home.open() as site:
        made = back_up(site, tmp_path / "one.age")
    for path in home.path.glob("keshou.db*"):
        path.unlink()
    before = sorted(each.name for each in home.path.iterdir())
    told = home.call("restore", made.path, room=200_000)
    assert (told.status, FULL in told.err) == (4, True), told.err
    assert sorted(each.name for each in home.path.iterdir()) == before
    assert home.call("restore", made.path).status == 0
    check(home)
