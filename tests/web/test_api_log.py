# SPDX-License-Identifier: Apache-2.0
"""Over the API an outsider mirrors the log and checks it without us; who may not look sees nothing of it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from api_house import Api, size
from house import START, newcomer
from office_house import serving, with_offices
from sqlalchemy import text

from keshou.acts.request import Cancel
from keshou.app.site import Site
from keshou.db import Database
from keshou.gate.act import OWN_HAND
from keshou.gate.facts import StaffRemoved
from keshou.ledger import certificate
from keshou.ledger.entry import decode
from keshou.ledger.errors import LedgerError
from keshou.ledger.merkle import check_consistency
from keshou.ledger.tile import bundles_of, tiles_of
from keshou.ledger.verify import verify_consistency, verify_export, verify_proof

READERS = ["auditor1", "inspector", "reader"]
OTHERS = ["clerk", "boss", "keeper1", "user", "biller"]


@pytest.fixture
def site(database: Database, tmp_path: Path) -> Iterator[Site]:
    with with_offices(database, tmp_path) as site:
        site.do(newcomer(site, "u1"))
        yield site


@pytest.fixture
def api(site: Site) -> Iterator[Api]:
    with serving(site) as api:
        yield api


def fill(site: Site, entries: int) -> None:
    """Let the log have `entries` entries."""
    for number in range(size(site), entries):
        site.record_site(StaffRemoved(at=START, staff=f"a{number}", post="clerk"), by="boss")


def mirror(api: Api, folder: Path) -> str:
    """Fetch the whole signed log into `folder`, as anybody would; return its key."""
    stands = api.get("/log", "inspector").json()
    (folder / "checkpoint").write_bytes(api.get("/log/checkpoint", "inspector").content)
    for name in (*tiles_of(stands["signed"]), *bundles_of(stands["signed"])):
        got = api.get(f"/log/{name.path}", "inspector")
        assert got.status_code == 200, name.path
        (folder / name.path).parent.mkdir(parents=True, exist_ok=True)
        (folder / name.path).write_bytes(got.content)
    return str(stands["vkey"])


def test_an_outsider_mirrors_the_log_and_checks_it_without_us(api: Api, site: Site, tmp_path: Path) -> None:
    fill(site, 300)
    signed = api.post("/log/checkpoint", b"", "auditor1")
    assert signed.status_code == 200
    copy = tmp_path / "copy"
    copy.mkdir()
    vkey = mirror(api, copy)
    assert verify_export(copy, vkey).size == 300
    assert api.get("/log/tile/0/000", "inspector").headers["cache-control"].endswith("immutable")
    assert api.get("/log/tile/0/001.p/44", "inspector").headers["cache-control"] == "no-store"


def test_a_proof_convinces_who_has_the_key_alone(api: Api, site: Site) -> None:
    api.post("/log/checkpoint", b"", "auditor1")
    entry, proof = api.get("/log/entries/2", "inspector").content, api.get("/log/entries/2/proof", "inspector").content
    assert decode(entry).event == "collect"
    assert verify_proof(proof, entry, str(site.ledger.key))[0] == 2


def test_the_longer_log_begins_with_the_shorter(api: Api, site: Site) -> None:
    old = size(site)
    fill(site, old + 5)
    found = api.get(f"/log/consistency?old={old}", "reader").json()
    proof = [bytes.fromhex(each) for each in found["proof"]]
    roots = bytes.fromhex(found["old_root"]), bytes.fromhex(found["new_root"])
    check_consistency(old, old + 5, proof, *roots)
    assert api.get(f"/log/consistency?old={old}&new={old}", "reader").json()["proof"] == []
    for query in (f"old={old}&new={old - 1}", f"old={old + 6}", f"old=1&new={old + 6}"):
        refused = api.get(f"/log/consistency?{query}", "reader")
        assert (refused.status_code, refused.json()["type"]) == (422, "/problems/input"), query
    file = api.get(f"/log/consistency/{size(site) + 1}", "reader")
    assert (file.status_code, file.json()["type"]) == (404, "/problems/not-found")
    assert api.get("/log/consistency?old=0", "reader").status_code == 400
    assert api.get("/log/consistency", "reader").status_code == 400


def test_who_kept_a_checkpoint_fetches_the_proof_that_the_log_begins_with_it(api: Api, site: Site) -> None:
    kept = api.post("/log/checkpoint", b"", "auditor1").content
    vkey, old = api.get("/log", "inspector").json()["vkey"], size(site)
    fill(site, old + 5)
    api.post("/log/checkpoint", b"", "auditor1")
    before, after = verify_consistency(api.get(f"/log/consistency/{old}", "inspector").content, kept, vkey)
    assert (before.size, after.size) == (old, old + 5)
    with pytest.raises(LedgerError):
        verify_consistency(api.get(f"/log/consistency/{old - 1}", "inspector").content, kept, vkey)


def test_entries_come_by_pages_as_the_very_bytes_that_were_hashed(api: Api, site: Site) -> None:
    fill(site, 7)
    seen: list[Any] = []
    cursor = ""
    while True:
        page = api.get(f"/log/entries?limit=3&cursor={cursor}", "auditor1").json()
        seen += page["items"]
        cursor = page["next"]
        if not cursor:
            break
        fill(site, 9)
    assert [each["index"] for each in seen] == list(range(9))
    raw = api.get("/log/entries?from=2&limit=1", "auditor1").content
    with site.reading() as tx:
        assert site.ledger.entry(tx, 2) in raw
    assert api.get("/log/entries?from=99", "auditor1").json() == {"items": [], "next": ""}
    assert api.get("/log/entries?from=-1", "auditor1").status_code == 400
    for wrong in ("abc", "!!", "OTk5OTk5OTk5OTk5OTk5OTk5OTk"):
        assert api.get(f"/log/entries?cursor={wrong}", "auditor1").status_code == 400, wrong


@pytest.mark.parametrize("path", [
    "/log/entries/99", "/log/entries/99/proof", "/log/tile/0/999", "/log/tile/0/000", "/log/tile/0/000.p/200",
    "/log/tile/9/000", "/log/tile/entries/x001/000", "/log/tile/0/0", "/log/tile/0/000.p/0", "/log/tile/keys",
    "/log/tile/0/" + "x999/" * 20 + "999",
])  # fmt: skip
def test_what_the_log_does_not_have_is_not_found(api: Api, path: str) -> None:
    api.post("/log/checkpoint", b"", "auditor1")
    answer = api.get(path, "auditor1")
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/not-found")


@pytest.mark.parametrize("path", ["", "/checkpoint", "/tile/0/000.p/1", "/entries", "/entries/0", "/entries/0/proof",
                                  "/consistency?old=1", "/consistency/1"])  # fmt: skip
def test_the_log_is_for_inspectors_auditors_and_keys_that_read(api: Api, path: str) -> None:
    api.post("/log/checkpoint", b"", "auditor1")
    assert [api.get(f"/log{path}", who).status_code for who in READERS] == [200] * len(READERS)
    assert {api.get(f"/log{path}", who).json()["type"] for who in OTHERS} == {"/problems/not-entitled"}
    assert api.client.get(f"/api/v1/log{path}").status_code == 401


def test_signing_is_for_the_office(api: Api) -> None:
    assert [api.post("/log/checkpoint", b"", who).status_code for who in ("inspector", "reader", "clerk")] == [403] * 3


def test_an_audit_tells_what_is_whole_and_records_that_it_opened_payloads(api: Api, site: Site) -> None:
    before = size(site)
    looked = api.post("/log/audit", {}, "inspector").json()
    assert (looked["size"], looked["opened"], size(site)) == (before, 0, before)
    opened = api.post("/log/audit", {"open": True}, "auditor1").json()
    assert (opened["size"], size(site)) == (before + 1, before + 1)
    assert opened["opened"] > 0
    with site.reading() as tx:
        header = decode(site.ledger.entry(tx, before))
    assert (header.event, header.who) == ("audit", "auditor1")
    assert opened["root"] != looked["root"]


def test_payloads_are_opened_by_the_office_alone_freshly_proven(api: Api, site: Site) -> None:
    before = size(site)
    for who in ("inspector", "reader", "clerk", "boss", "user"):
        assert api.post("/log/audit", {"open": True}, who).json()["type"] == "/problems/not-entitled"
    assert api.post("/log/audit", {"open": True}, "stale_auditor").json()["type"] == "/problems/proof-too-old"
    assert api.post("/log/audit", {}, "clerk").status_code == 403
    assert api.post("/log/audit", {"open": "yes"}, "auditor1").status_code == 400
    assert size(site) == before


def test_an_altered_entry_is_named(api: Api, site: Site) -> None:
    with site.database.transaction() as tx:
        tx.execute(text("UPDATE log_entry SET body = :body WHERE idx = 1"), {"body": b'{"V":1,"event":"use","t":1}'})
    answer = api.post("/log/audit", {}, "inspector")
    assert (answer.status_code, answer.json()["type"]) == (500, "/problems/integrity")
    assert "at entry 1" in answer.json()["detail"]


def test_an_erasure_is_certified_over_the_api_and_nothing_else_is(api: Api, site: Site) -> None:
    gone = site.do(Cancel(user="u1", by=OWN_HAND))
    answer = api.get(f"/log/entries/{gone.entry}/certificate", "inspector")
    assert answer.status_code == 200
    with site.reading() as tx:
        told = certificate.verify(answer.content, site.ledger.key, site.ledger.entry(tx, gone.entry))
    assert (told.entry, len(told.keys), told.under) == (gone.entry, 1, ("miit24:9.4",))
    assert api.get("/log/entries/0/certificate", "inspector").status_code == 404
    assert api.get(f"/log/entries/{gone.entry}/certificate", "clerk").status_code == 403


def test_what_may_be_erased_soon_is_foreseen_for_whoever_may_read_the_log(api: Api, site: Site) -> None:
    site.do(Cancel(user="u1", by=OWN_HAND))
    assert api.get("/retention", "auditor1").json()["users"] == 0
    found = api.get("/retention?until=2100-01-01", "auditor1")
    assert (found.status_code, found.json()["users"], found.json()["under"]) == (200, 1, "miit25:11")
    assert "u1" not in found.text
    assert api.get("/retention?until=2000-01-01", "auditor1").status_code == 422
    assert {api.get("/retention", who).status_code for who in OTHERS} == {403}
    (over,) = found.json()["over"]
    assert (over["purpose"], over["class"], over["users"], over["by_itself"]) == ("service", "registration", 1, False)
    assert set(over["items"]) == {"user_name", "resident_id_number"}


def test_the_keys_that_an_entry_destroyed_are_listed(api: Api, site: Site) -> None:
    gone = site.do(Cancel(user="u1", by=OWN_HAND))
    answer = api.get(f"/log/entries/{gone.entry}/keys", "inspector")
    assert answer.status_code == 200
    assert certificate.read_list(answer.content) == site.keeper.destroyed(gone.entry) != []
    assert api.get("/log/entries/0/keys", "inspector").status_code == 404
    assert api.get(f"/log/entries/{gone.entry}/keys", "clerk").status_code == 403
