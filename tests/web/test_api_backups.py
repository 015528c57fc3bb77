# SPDX-License-Identifier: Apache-2.0
"""A program takes a backup over HTTP, has it read back, carries a copy away that the register knows, and removes it."""

import contextlib
import datetime as dt
import fcntl
import io
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pyrage
import pytest
from api_house import Api
from house import START, Clock, newcomer
from office_house import CALLERS, serving, with_offices

from keshou.app import backups
from keshou.app.backup import back_up, file_name
from keshou.app.erasures import keys_of
from keshou.app.media import media_of
from keshou.app.site import Site
from keshou.backup.asked.store import BackupJobs
from keshou.backup.read import check
from keshou.db import Database
from keshou.errors import KeshouError
from keshou.gate.facts import MediumDestroyed, MediumRegistered
from keshou.law.terms import ActKind
from keshou.ledger.entry import decode
from keshou.webhooks.events import BACKUP_MADE
from keshou.wire.caller import Caller, CallerKind, Scope

BOSS = "boss"


@pytest.fixture
def site(database: Database, tmp_path: Path) -> Iterator[Site]:
    with with_offices(database, tmp_path) as site:
        site.do(newcomer(site, "u1"))
        yield site


@pytest.fixture
def api(site: Site) -> Iterator[Api]:
    with serving(site) as api:
        yield api


def made(api: Api, **body: Any) -> dict[str, Any]:
    """Have a backup made and return how it stands once it is done."""
    begun = api.post("/backups", body, BOSS)
    assert begun.status_code == 202, begun.text
    return ended(api, begun.json()["id"])


def ended(api: Api, name: str) -> dict[str, Any]:
    until = time.monotonic() + 60
    while (found := api.get(f"/backups/{name}", BOSS).json())["state"] == "making":
        assert time.monotonic() < until
        time.sleep(0.05)
    whole: dict[str, Any] = found
    return whole


def test_a_backup_is_made_beside_everything_else_and_enters_itself_into_the_register(api: Api, site: Site) -> None:
    with site.writing() as tx:
        site.webhooks.subscribe(tx, "https://crm.example/hook", (BACKUP_MADE,), site.now())
    begun, again = (api.post("/backups", {"place": "vault-1"}, BOSS, key="k") for _ in range(2))
    assert (begun.status_code, again.status_code, again.json()["id"]) == (202, 202, begun.json()["id"])
    assert begun.headers["location"] == f"/api/v1/backups/{begun.json()['id']}"
    found = ended(api, begun.json()["id"])
    assert (found["state"], found["here"], found["failure"], found["by"]) == ("made", True, "", BOSS)
    path = backups.folder(site) / found["file"]
    assert (path.stat().st_size, path.stat().st_mode & 0o077) == (found["size"], 0)
    with path.open("rb") as file:
        assert check(file, keys_of(site.listed)).manifest.medium == found["id"]
    medium = api.get(f"/media/{found['id']}", BOSS).json()
    assert (medium["form"], medium["place"], medium["holder"], medium["state"]) == ("backup", "vault-1", BOSS, "kept")
    assert [each["id"] for each in api.get("/backups", "auditor1").json()["items"]] == [found["id"]]
    with site.reading() as tx:
        assert tx.ask("SELECT event FROM webhook_delivery") == [(f"evt_backup_{found['id']}",)]


def test_what_is_on_the_disk_is_read_back_and_what_is_found_stands_in_the_register(api: Api, site: Site) -> None:
    found = made(api)
    place = f"/backups/{found['id']}"
    assert api.post(f"{place}/checks", {}, BOSS).json()["found"] == "in_order"
    path = backups.folder(site) / found["file"]
    body = bytearray(path.read_bytes())
    body[len(body) // 2] ^= 1
    path.write_bytes(body)
    assert api.post(f"{place}/checks", {}, BOSS).json()["found"] == "seal_broken"
    medium = api.get(f"/media/{found['id']}", BOSS).json()
    assert [each["found"] for each in medium["history"] if each["what"] == "checked"] == ["in_order", "seal_broken"]
    assert medium["state"] == "open"
    path.unlink()
    assert api.post(f"{place}/checks", {}, BOSS).status_code == 404
    assert api.get(place, BOSS).json()["here"] is False


def test_another_backup_laid_in_its_place_is_found_out(api: Api, site: Site) -> None:
    first, second = made(api), made(api)
    folder = backups.folder(site)
    (folder / second["file"]).replace(folder / first["file"])
    assert api.post(f"/backups/{first['id']}/checks", {}, BOSS).json()["found"] == "seal_broken"


def test_a_copy_leaves_only_once_the_register_knows_it_and_only_with_who_holds_it(api: Api, site: Site) -> None:
    found = made(api)
    place = f"/backups/{found['id']}/copies"
    assert api.get(f"{place}/{found['id']}-none", BOSS).status_code == 404
    copied = api.post(place, {"place": "bunker"}, BOSS, key="c").json()
    assert copied == api.post(place, {"place": "bunker"}, BOSS, key="c").json() | {"repeated": False}
    body = api.get(f"{place}/{copied['id']}", BOSS)
    assert body.headers["content-length"] == str(found["size"])
    half, same = found["size"] // 2, {"If-Range": f'"{found["sha256"]}"'}
    parts = [
        api.get(f"{place}/{copied['id']}", BOSS, **same | {"Range": f"bytes={each}"})
        for each in (f"0-{half}", f"{half + 1}-")
    ]
    assert [each.status_code for each in parts] == [206, 206]
    assert b"".join(each.content for each in parts) == body.content
    assert api.get(f"{place}/{copied['id']}", BOSS, Range=f"bytes={found['size']}-").status_code == 416
    assert check(io.BytesIO(body.content), keys_of(site.listed)).manifest.medium == found["id"]
    (told,) = api.get(f"/backups/{found['id']}", BOSS).json()["copies"]
    assert (told["id"], told["place"], told["holder"], told["state"]) == (copied["id"], "bunker", BOSS, "kept")
    second = msgspec.structs.replace(CALLERS[BOSS], id="boss2")
    with serving(site, boss2=second) as other:
        assert other.get(f"{place}/{copied['id']}", "boss2").status_code == 403
    gone = {"manner": "shredded", "witness": "deputy"}
    assert api.post(f"/media/{copied['id']}/destruction", gone, BOSS).status_code == 200
    assert api.get(f"{place}/{copied['id']}", BOSS).status_code == 404
    assert api.get("/backups/erasures", BOSS).content.startswith(b"keshou erased 1")


def test_a_backup_is_removed_before_a_witness_and_copies_stay(api: Api, site: Site) -> None:
    found = made(api)
    place = f"/backups/{found['id']}"
    assert api.post(f"{place}/removal", {"witness": BOSS}, BOSS).status_code == 422
    assert api.get(place, BOSS).json()["here"] is True, "what could not be recorded was not removed"
    first, again = (api.post(f"{place}/removal", {"witness": "deputy"}, BOSS, key="r") for _ in range(2))
    assert (first.status_code, again.json()["repeated"]) == (200, True)
    assert list(backups.folder(site).iterdir()) == []
    told = api.get(place, BOSS).json()
    assert (told["state"], told["here"]) == ("removed", False)
    assert api.post(f"{place}/copies", {"place": "bunker"}, BOSS).status_code == 404
    with site.reading() as tx:
        assert decode(site.ledger.entry(tx, first.json()["entry"])).event == "fact:medium_destroyed"


def test_what_the_register_has_as_destroyed_lies_nowhere_and_is_served_to_nobody(api: Api, site: Site) -> None:
    found = made(api)
    place, gone = f"/backups/{found['id']}", {"manner": "deleted", "witness": "deputy"}
    copied = api.post(f"{place}/copies", {"place": "bunker"}, BOSS).json()
    assert api.post(f"/media/{found['id']}/destruction", gone, BOSS).status_code == 200
    assert list(backups.folder(site).iterdir()) == []
    path = backups.folder(site) / found["file"]
    path.write_bytes(b"put back by somebody")
    assert api.post(f"{place}/copies", {"place": "bunker"}, BOSS).status_code == 404
    assert api.get(f"{place}/copies/{copied['id']}", BOSS).status_code == 404
    assert api.post(f"{place}/checks", {}, BOSS).status_code == 404
    assert api.get(place, BOSS).json()["here"] is False
    assert api.post(f"{place}/removal", {"witness": "deputy"}, BOSS).status_code == 422
    assert not path.exists(), "what is on record as destroyed goes, though it cannot be written down twice"


def test_a_backup_that_was_made_by_hand_into_the_servers_folder_goes_with_its_destruction_too(
    api: Api, site: Site, tmp_path: Path
) -> None:
    gone = {"manner": "deleted", "witness": "deputy"}
    here, elsewhere = back_up(site, backups.folder(site), by=BOSS), back_up(site, tmp_path / "other.age", by=BOSS)
    for each in (here, elsewhere):
        assert api.post(f"/media/{each.manifest.medium}/destruction", gone, BOSS).status_code == 200
    assert list(backups.folder(site).iterdir()) == []
    assert elsewhere.path.is_file()


def test_an_id_that_leads_out_of_the_folder_of_backups_removes_nothing(site: Site) -> None:
    out = backups.folder(site) / f"keshou-{site.settings.site}-x"
    out.mkdir()
    name = "x/../../kept"
    fact = MediumRegistered(at=site.now(), medium="kept", form="backup", place="site", holder=BOSS, sealed=True)
    assert backups.archive_of(site, name) is None
    with contextlib.suppress(KeshouError):
        site.record_site(msgspec.structs.replace(fact, medium=name), by=BOSS)
    assert backups.archive_of(site, name) is None


def test_what_is_being_made_is_not_destroyed_and_what_was_all_the_same_is_not_left(
    api: Api, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    goes_on = threading.Event()
    bring_up = site.listed.bring_up

    def slow() -> Any:
        goes_on.wait(30)
        return bring_up()

    monkeypatch.setattr(site.listed, "bring_up", slow)
    name = api.post("/backups", {}, BOSS).json()["id"]
    while api.get(f"/media/{name}", BOSS).status_code == 404:
        time.sleep(0.01)
    gone = {"manner": "deleted", "witness": "deputy"}
    for path, body in ((f"/backups/{name}/removal", {"witness": "deputy"}), (f"/media/{name}/destruction", gone)):
        refused = api.post(path, body, BOSS)
        assert (refused.status_code, refused.json()["detail"]) == (422, "the backup is being made still")
    site.record_site(
        MediumDestroyed(at=site.now(), medium=name, by=BOSS, witness="deputy", manner="deleted"), by=BOSS
    )  # fmt: skip
    goes_on.set()
    assert ended(api, name)["state"] == "failed"
    assert list(backups.folder(site).iterdir()) == []


def test_one_is_made_at_a_time_and_what_breaks_off_leaves_nothing(
    api: Api, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    goes_on = threading.Event()
    read_back = __import__("keshou.app.backup", fromlist=["_read_back"])._read_back

    def slow(*given: Any) -> Any:
        goes_on.wait(30)
        return read_back(*given)

    monkeypatch.setattr("keshou.app.backup._read_back", slow)
    first = api.post("/backups", {}, BOSS).json()
    busy = api.post("/backups", {}, BOSS, key="k")
    assert (busy.status_code, busy.json()["type"]) == (409, "/problems/busy")
    goes_on.set()
    assert ended(api, first["id"])["state"] == "made"

    def full(*_: Any) -> Any:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("keshou.app.backup._write", full)
    second = api.post("/backups", {}, BOSS, key="k").json()
    told = ended(api, second["id"])
    assert (told["state"], told["failure"], told["here"]) == ("failed", "unreachable", False)
    assert api.get(f"/media/{second['id']}", BOSS).json()["state"] == "not_made"
    assert sorted(each.name for each in backups.folder(site).iterdir()) == sorted(
        [each["file"] + more for each in [api.get(f"/backups/{first['id']}", BOSS).json()] for more in ("", ".erased")]
    )


def test_what_a_killed_server_left_goes_and_is_on_record_as_not_made(database: Database, tmp_path: Path) -> None:
    clock = Clock()
    with with_offices(database, tmp_path, clock) as site:
        folder, file = backups.folder(site), file_name(site, "b-1")
        with site.writing() as tx:
            site.jobs.backups.add(tx, "b-1", BOSS, file, site.now())
        site.record_site(
            MediumRegistered(at=site.now(), medium="b-1", form="backup", place="site", holder=BOSS, sealed=True),
            by=BOSS,
        )  # fmt: skip
        for each in (f".{file}.part", file, f"{file}.erased", f".{file}.erased.part"):
            (folder / each).write_bytes(b"half")
        maker = backups.Backups(site)
        with pytest.raises(backups.BusyError):
            maker.start(backups.Wanted("b-2", BOSS, "site"))
        assert (folder / file).exists(), "it may be made still"
        clock.moment += dt.timedelta(minutes=2)
        with (folder / f".{file}.part").open("rb") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            maker.start(backups.Wanted("b-2", BOSS, "site"))
            assert (folder / file).exists(), "somebody holds it"
        while backups.find(site, "b-2").state == "making":  # type: ignore[union-attr]
            time.sleep(0.05)
        maker.start(backups.Wanted("b-3", BOSS, "site"))
        maker.close()
        assert [each.name for each in folder.iterdir() if "b-1" in each.name] == []
        job, medium = backups.find(site, "b-1"), media_of(site)["b-1"]
        assert job is not None
        assert job.ended is not None
        assert (job.state, job.failure, medium.state(site.now())) == ("failed", "interrupted", "not_made")


def test_of_two_processes_that_begin_at_once_one_begins(database: Database) -> None:
    jobs, begun, found = BackupJobs(), threading.Event(), []

    def begin(name: str) -> None:
        with database.transaction() as tx:
            found.append(jobs.add(tx, name, BOSS, f"{name}.age", START))
            begun.set()
            time.sleep(0.3)

    threads = [threading.Thread(target=begin, args=(name,)) for name in ("b-1", "b-2")]
    threads[0].start()
    assert begun.wait(10)
    threads[1].start()
    for each in threads:
        each.join()
    assert sum(each is not None for each in found) == 1


def test_a_server_that_stops_leaves_no_half_backup(database: Database, tmp_path: Path) -> None:
    with with_offices(database, tmp_path) as site:
        begun = threading.Event()
        maker = backups.Backups(site)
        go_on = maker._go_on

        def told(done: int, every: int) -> None:
            begun.set()
            time.sleep(0.2)
            go_on(done, every)

        maker._go_on = told  # type: ignore[method-assign]
        maker.start(backups.Wanted("b-1", BOSS, "site"))
        assert begun.wait(30)
        maker.close()
        job = backups.find(site, "b-1")
        assert job is not None
        assert (job.state, job.failure) == ("failed", "interrupted")
        assert list(backups.folder(site).iterdir()) == []


def test_a_paper_of_the_same_name_is_no_copy_and_an_old_proof_fetches_none(api: Api) -> None:
    name = made(api)["id"]
    paper = {"id": f"{name}-x", "form": "paper", "place": "cellar", "holder": BOSS, "sealed": True}
    assert api.post("/media", paper, BOSS).status_code == 200
    assert api.get(f"/backups/{name}/copies/{name}-x", BOSS).status_code == 404
    assert api.get(f"/backups/{name}", BOSS).json()["copies"] == []
    copied = api.post(f"/backups/{name}/copies", {"place": "bunker"}, BOSS).json()["id"]
    late = api.get(f"/backups/{name}/copies/{copied}", "stale_boss")
    assert late.json()["type"] == "/problems/proof-too-old"


@pytest.mark.parametrize("limit", [{"purposes": frozenset({"service"})}, {"acts": frozenset({ActKind.QUERY})}])
def test_a_key_that_is_limited_takes_no_backup_of_everything(api: Api, site: Site, limit: dict[str, Any]) -> None:
    name = made(api)["id"]
    whole = Caller(id=BOSS, kind=CallerKind.PROGRAM, scopes=frozenset({Scope.ACT}), credential="k8")
    with serving(site, whole=whole, part=msgspec.structs.replace(whole, **limit)) as keys:
        copied = keys.post(f"/backups/{name}/copies", {"place": "x"}, "whole").json()["id"]
        place = f"/backups/{name}/copies/{copied}"
        assert keys.get(place, "whole").status_code == 200
        sent = [keys.post("/backups", {}, "part"), keys.post(f"/backups/{name}/copies", {"place": "x"}, "part")]
        assert {each.status_code for each in [*sent, keys.get(place, "part")]} == {403}


@pytest.mark.parametrize("who", ["clerk1", "keeper1", "auditor1", "inspector", "user", "crm", "stale_boss"])
def test_nobody_without_the_office_or_a_fresh_proof_makes_copies_or_removes_one(api: Api, who: str) -> None:
    name = made(api)["id"]
    asked = [("", {}), (f"/{name}/copies", {"place": "x"}), (f"/{name}/removal", {"witness": "deputy"})]
    answers = [api.post(f"/backups{path}", body, who) for path, body in asked]
    assert {each.status_code for each in answers} == {403}
    if who != "stale_boss":
        assert api.post(f"/backups/{name}/checks", {}, who).status_code == 403
        assert api.get("/backups/erasures", who).status_code == 403
    assert api.get(f"/backups/{name}", BOSS).json()["here"] is True


def test_who_else_opens_it_stands_in_the_register_in_its_shape_and_in_what_is_told(api: Api, site: Site) -> None:
    with site.writing() as tx:
        site.webhooks.subscribe(tx, "https://crm.example/hook", (BACKUP_MADE,), site.now())
    key = str(pyrage.x25519.Identity.generate().to_public())
    found = made(api, to=[key])
    assert found["to"] == [key]
    assert media_of(site)[found["id"]].registered.to == (key,)
    with site.writing() as tx:
        (told,) = site.webhooks.claim(tx, site.now())
    assert key in str(told)
    assert made(api)["to"] == []


def test_what_is_no_recipient_of_age_is_refused(api: Api, site: Site) -> None:
    bad = api.post("/backups", {"to": ["age1" + "q" * 58]}, BOSS)
    assert bad.status_code == 422
    assert api.post("/backups", {"to": ["AGE-SECRET-KEY-1"]}, BOSS).status_code == 400
    assert backups.every(site) == []
