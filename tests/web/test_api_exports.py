# SPDX-License-Identifier: Apache-2.0
"""Files for recipients over HTTP: done at once or after another's look, fetched sealed, traced when they leak."""

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pyrage
import pytest
import sqlalchemy as sa
from api_house import Api, size
from handing_house import PLAN, SECRET, USERS, asked, handing
from house import VALUES, Clock
from office_house import CALLERS, serving

from keshou.acts.request import BulkPerform
from keshou.app import exports
from keshou.app.sequencer import OutcomeUnknownError
from keshou.app.site import Site
from keshou.db import Database
from keshou.gate.facts import ConsentWithdrawn
from keshou.handover import manifest as manifests
from keshou.handover.order import State
from keshou.handover.store import OrderTamperedError, order_table
from keshou.handover.table import read
from keshou.law.terms import ActKind
from keshou.wire.caller import Caller, CallerKind, Scope
from planting import Planted

KEPT = dt.timedelta(days=8)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def site(database: Database, tmp_path: Path, clock: Clock) -> Iterator[Site]:
    with handing(database, tmp_path, clock) as site:
        yield site


@pytest.fixture
def api(site: Site) -> Iterator[Api]:
    with serving(site) as api:
        yield api


def rows_of(body: bytes) -> list[list[str]]:
    return read(pyrage.decrypt(body, [SECRET]))


def approve(api: Api, review: str, *, approved: bool = True) -> None:
    answered = api.post(f"/reviews/{review}/answer", {"approved": approved}, "deputy", **{"If-Match": '"1"'})
    assert answered.status_code == 200, answered.text


def test_a_small_export_is_made_at_once_and_its_recipient_alone_opens_it(api: Api, site: Site) -> None:
    answered = api.post("/exports", asked("b0", "nobody"), "lister")
    made = answered.json()
    assert answered.status_code == 200, answered.text
    assert (made["state"], made["users"], made["made"], made["by"]) == ("made", 2, 1, "lister")
    assert sum(made["refused"].values()) > 0
    assert answered.headers["location"] == f"/api/v1/exports/{made['id']}"
    place = f"/exports/{made['id']}"
    file = api.get(f"{place}/file", "lister")
    assert file.headers["content-disposition"] == f'attachment; filename="{made["file"]}"'
    assert rows_of(file.content) == [[PLAN], [VALUES[PLAN]]]
    told, signed = (api.get(f"{place}/{each}", "lister").content for each in ("manifest", "signature"))
    pem = api.client.get("/api/v1/exports/manifest-key").content
    manifest = manifests.check(told, signed, pem, file.content)
    assert (manifest.recipient, manifest.count, manifest.handover) == ("bank", 1, made["handover"])
    (handed,) = api.get("/exports/handovers", "auditor1").json()["items"]
    assert (handed["id"], handed["users"], handed["sha256"]) == (made["handover"], 1, made["sha256"])
    site.audit()


def test_a_bulk_export_waits_for_another_person_and_is_then_made_once(api: Api, site: Site) -> None:
    waits = api.post("/exports", asked(*USERS), "lister", key="k")
    order = waits.json()
    assert (waits.status_code, order["state"], order["file"]) == (202, "waiting", "")
    again = api.post("/exports", asked(*USERS), "lister", key="k")
    assert (again.status_code, again.json()) == (202, order | {"repeated": True})
    place = f"/exports/{order['id']}"
    assert api.post(f"{place}/making", {}, "lister").json()["detail"] == (
        "the export waits for another person's review"
    )
    assert api.post(f"/reviews/{order['review']}/answer", {"approved": True}, "lister").status_code == 403
    approve(api, order["review"])
    assert api.get(place, "lister").json()["state"] == "approved"
    made = api.post(f"{place}/making", {}, "lister").json()
    assert (made["state"], made["made"], made["review"]) == ("made", len(USERS), order["review"])
    before = size(site)
    assert api.post(f"{place}/making", {}, "lister").json() == made | {"repeated": True}
    assert size(site) == before
    assert len(rows_of(api.get(f"{place}/file", "lister").content)) == 1 + len(USERS)
    assert api.get(f"/reviews/{order['review']}", "lister").json()["state"] == "used"
    site.audit()


def test_what_was_refused_or_came_too_late_is_not_made(api: Api, site: Site, clock: Clock) -> None:
    first = api.post("/exports", asked(*USERS), "lister").json()
    approve(api, first["review"], approved=False)
    refused = api.post(f"/exports/{first['id']}/making", {}, "lister")
    assert (refused.status_code, refused.json()["detail"]) == (422, "the export's review was refused")
    second = api.post("/exports", asked(*USERS), "lister").json()
    approve(api, second["review"])
    clock.moment += dt.timedelta(hours=30)
    proven = msgspec.structs.replace(CALLERS["lister"], proven_at=site.now())
    with serving(site, lister=proven) as later:
        late = later.get(f"/exports/{second['id']}", "lister").json()
        assert late["state"] == "lapsed"
        assert later.post(f"/exports/{second['id']}/making", {}, "lister").status_code == 422


def test_it_is_judged_anew_when_it_is_made(api: Api, site: Site) -> None:
    order = api.post("/exports", asked(*USERS), "lister").json()
    approve(api, order["review"])
    site.record("b0", ConsentWithdrawn(at=site.now(), purpose="service"))
    made = api.post(f"/exports/{order['id']}/making", {}, "lister").json()
    assert (made["made"], made["refused"]["miit24:9.1"]) == (len(USERS) - 1, 1)


def test_what_was_approved_waits_when_the_key_ended_meanwhile(api: Api) -> None:
    order = api.post("/exports", asked(*USERS), "lister").json()
    approve(api, order["review"])
    assert api.post("/recipients/bank/key/end", {}, "boss").status_code == 200
    assert api.post(f"/exports/{order['id']}/making", {}, "lister").status_code == 422
    key = {"key": str(SECRET.to_public()), "how": "signed_document"}
    assert api.post("/recipients/bank/key", key, "boss").status_code == 200
    assert api.post(f"/exports/{order['id']}/making", {}, "lister").json()["state"] == "made"


def test_what_the_gate_denies_is_denied_with_its_articles_and_again_when_repeated(api: Api, site: Site) -> None:
    for key in ("k", "k"):
        answered = api.post("/exports", asked("b0"), "clerk1", key=key)
        assert (answered.status_code, answered.json()["type"]) == (403, "/problems/denied")
        assert answered.json()["entry"] == size(site) - 1
        assert answered.json()["reasons"]
    (told,) = api.get("/exports", "clerk1").json()["items"]
    assert (told["state"], told["handover"], told["file"]) == ("denied", "", "")
    assert api.get(f"/exports/{told['id']}/file", "clerk1").status_code == 404


def test_nobodys_information_left_is_no_file(api: Api) -> None:
    made = api.post("/exports", asked("nobody"), "lister").json()
    assert (made["state"], made["made"], made["file"]) == ("nobody", 0, "")


@pytest.mark.parametrize(
    ("who", "more", "detail"),
    [
        ("judge", {}, "whoever verified the recipient's key does not export to it (miit24:13.1.3)"),
        ("lister", {"recipient": "courier"}, "no key of this recipient was verified"),
    ],
)
def test_what_could_not_be_sealed_is_refused_before_anything_is_recorded(
    api: Api, site: Site, who: str, more: dict[str, str], detail: str
) -> None:
    before = size(site)
    answered = api.post("/exports", asked("b0") | more, who)
    assert (answered.status_code, answered.json()["detail"]) == (422, detail)
    assert size(site) == before
    assert api.get("/exports", who).json()["items"] == []


def test_only_who_asked_for_it_fetches_it_and_only_with_a_fresh_proof_is_it_asked(api: Api) -> None:
    order = api.post("/exports", asked("b0"), "lister").json()
    for who, status in (("clerk1", 404), ("auditor1", 404), ("inspector", 403), ("user", 403)):
        for part in ("", "/file", "/manifest", "/signature"):
            assert api.get(f"/exports/{order['id']}{part}", who).status_code == status, (who, part)
    assert [each["id"] for each in api.get("/exports", "auditor1").json()["items"]] == [order["id"]]
    assert api.get("/exports", "clerk1").json()["items"] == []
    assert api.get("/exports/handovers", "lister").status_code == 403
    for who, type_ in (("stale", "proof-too-old"), ("narrow", "not-entitled"), ("user", "not-entitled")):
        assert api.post("/exports", asked("b0"), who).json()["type"] == f"/problems/{type_}"


def test_one_key_is_for_one_request(api: Api) -> None:
    assert api.post("/exports", asked("b0"), "lister", key="k").status_code == 200
    other = api.post("/exports", asked("b1"), "lister", key="k")
    assert other.json()["type"] == "/problems/request-repeated"


def test_small_exports_add_up_to_one_that_waits(api: Api) -> None:
    assert api.post("/exports", asked("b0", "b1"), "lister").status_code == 200
    assert api.post("/exports", asked("b2"), "lister").status_code == 202


def test_one_that_breaks_off_is_told_and_leaves_no_file(api: Api, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise sa.exc.OperationalError("INSERT", {}, OSError("disk full"))

    monkeypatch.setattr(site.jobs.orders, "put", full)
    assert api.post("/exports", asked("b0"), "lister", key="k").status_code >= 500
    monkeypatch.undo()
    (order,) = exports.every(site)
    told = api.post("/exports", asked("b0"), "lister", key="k").json()
    assert (told["state"], told["file"], told["repeated"]) == ("broken", "", True)
    assert api.get(f"/exports/{order.id}/file", "lister").status_code == 404
    assert api.get("/exports/handovers", "auditor1").json()["items"] == []


@pytest.mark.parametrize("lost", ["the end", "the answer"])
def test_what_is_on_record_as_handed_over_was_made_though_nobody_lived_to_say_so(
    api: Api, site: Site, clock: Clock, monkeypatch: pytest.MonkeyPatch, lost: str
) -> None:
    record = site.record_site

    def unheard(*facts: Any, **given: Any) -> None:
        record(*facts, **given)
        raise OutcomeUnknownError

    def dead(*_: Any) -> None:
        raise sa.exc.OperationalError("UPDATE", {}, OSError("gone"))

    if lost == "the answer":
        monkeypatch.setattr(site, "record_site", unheard)
    else:
        monkeypatch.setattr(site.jobs.orders, "end", dead)
    assert api.post("/exports", asked("b0"), "lister", key="k").status_code >= 500
    monkeypatch.undo()
    for after in (dt.timedelta(), dt.timedelta(hours=2)):
        clock.moment += after
        (order,) = exports.every(site)
        assert (order.state, exports.find(site, order.id).state) == ("made", "made")  # type: ignore[union-attr]
    file, told, signed = (
        api.get(f"/exports/{order.id}/{each}", "lister").content for each in ("file", "manifest", "signature")
    )
    pem = api.client.get("/api/v1/exports/manifest-key").content
    assert manifests.check(told, signed, pem, file).handover == order.handover
    assert rows_of(file) == [[PLAN], [VALUES[PLAN]]]


def test_what_was_kept_and_not_handed_over_is_broken_in_the_end(
    api: Api, site: Site, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(*_: Any, **__: Any) -> None:
        raise OutcomeUnknownError

    monkeypatch.setattr(site, "record_site", lost)
    assert api.post("/exports", asked("b0"), "lister").status_code >= 500
    monkeypatch.undo()
    clock.moment += dt.timedelta(hours=2)
    (order,) = exports.every(site)
    assert (order.state, order.handover, order.size) == ("broken", "", 0)
    assert api.get(f"/exports/{order.id}/file", "lister").status_code == 404


def test_a_key_fetches_nothing_that_is_beyond_it(api: Api, site: Site) -> None:
    order = api.post("/exports", asked("b0"), "lister").json()
    whole = Caller(id="lister", kind=CallerKind.PROGRAM, scopes=frozenset({Scope.ACT}), credential="k8")
    keys = {
        "whole": whole,
        "other": msgspec.structs.replace(whole, purposes=frozenset({"marketing"})),
        "looks": msgspec.structs.replace(whole, acts=frozenset({ActKind.QUERY})),
    }
    with serving(site, **keys) as later:
        for part in ("", "/file", "/manifest", "/signature"):
            for who, status in (("whole", 200), ("other", 403), ("looks", 403)):
                assert later.get(f"/exports/{order['id']}{part}", who).status_code == status, (who, part)
        listed = {who: [each["id"] for each in later.get("/exports", who).json()["items"]] for who in keys}
        assert listed == {"whole": [order["id"]], "other": [], "looks": []}


def test_a_server_that_stopped_in_between_left_something_broken(api: Api, site: Site, clock: Clock) -> None:
    order = api.post("/exports", asked(*USERS), "lister").json()
    with site.writing() as tx:
        assert site.jobs.orders.begin(tx, order["id"], site.now())
        assert not site.jobs.orders.begin(tx, order["id"], site.now()), "of two at once, one"
    assert api.get(f"/exports/{order['id']}", "lister").json()["state"] == "making"
    clock.moment += dt.timedelta(hours=2)
    assert api.get(f"/exports/{order['id']}", "lister").json()["state"] == "broken"


def test_after_its_days_it_is_gone_and_the_record_stays(api: Api, site: Site, clock: Clock) -> None:
    order = api.post("/exports", asked("b0"), "lister", key="k").json()
    clock.moment += KEPT
    site.tidy()
    assert api.get(f"/exports/{order['id']}", "lister").status_code == 404
    with site.reading() as tx:
        assert tx.ask("SELECT COUNT(*) FROM export_part")[0][0] == 0
    (handed,) = api.get("/exports/handovers", "auditor1").json()["items"]
    assert handed["id"] == order["handover"]


def test_its_days_begin_when_it_is_made_and_what_is_being_made_is_not_removed(
    api: Api, site: Site, clock: Clock
) -> None:
    slow, live = (api.post("/exports", asked(*USERS), "lister").json() for _ in range(2))
    waits = [slow["id"], live["id"]]
    clock.moment += KEPT - dt.timedelta(hours=1)
    with site.writing() as tx:
        assert all(site.jobs.orders.begin(tx, each, site.now()) for each in waits)
        made = site.jobs.orders.order(tx, slow["id"], site.now())
        assert made is not None
        site.jobs.orders.put(tx, slow["id"], b"sealed")
        site.jobs.orders.end(tx, msgspec.structs.replace(made, state=State.MADE, ended=site.now()))
        site.jobs.orders.put(tx, "x-nobody", b"left")
    clock.moment += dt.timedelta(hours=2)
    site.tidy()
    assert sorted(each.id for each in exports.every(site)) == sorted(waits)
    with site.reading() as tx:
        assert site.jobs.orders.part(tx, slow["id"], 0) == b"sealed"
        assert site.jobs.orders.part(tx, "x-nobody", 0) is None, "whose order is gone, and nothing else"
    clock.moment += KEPT
    site.tidy()
    assert exports.every(site) == []


def test_whose_information_waits_lies_sealed_and_nobody_can_exchange_it(api: Api, site: Site) -> None:
    order = api.post("/exports", asked(*USERS), "lister").json()
    other = api.post("/exports", asked(*USERS[:4]), "lister").json()
    with site.reading() as tx:
        held = [bytes(row[0]) for row in tx.ask("SELECT users FROM export_order")]
        assert site.jobs.orders.users(tx, order["id"]) == USERS
    plain = [msgspec.json.encode(users).decode() for users in (USERS, USERS[:4])]
    assert Planted(plain).find_in(b"".join(held)) == []
    with site.database.transaction() as tx:
        taken = sa.select(order_table.c.users).where(order_table.c.id == other["id"])
        stolen = tx.execute(taken).scalar()
        tx.execute(sa.update(order_table).where(order_table.c.id == order["id"]).values(users=stolen))
    approve(api, order["review"])
    assert api.post(f"/exports/{order['id']}/making", {}, "lister").status_code == 500
    with site.reading() as tx, pytest.raises(OrderTamperedError):
        site.jobs.orders.users(tx, order["id"])


def test_a_leak_is_traced_to_the_handover_it_comes_from(api: Api, site: Site) -> None:
    more = {"items": ["mobile_number", PLAN], "format": "jsonl"}
    waits = [api.post("/exports", asked(*USERS, **more), "lister").json() for _ in range(2)]
    for each in waits:
        approve(api, each["review"])
        assert api.post(f"/exports/{each['id']}/making", {}, "lister").json()["state"] == "made"
    lines = pyrage.decrypt(api.get(f"/exports/{waits[1]['id']}/file", "lister").content, [SECRET])
    found = api.post("/exports/traces", lines, "auditor1", **{"Content-Type": "application/x-ndjson"})
    assert found.status_code == 200, found.text
    named = {each["handover"]["id"] for each in found.json()["named"]}
    made = [api.get(f"/exports/{each['id']}", "lister").json()["handover"] for each in waits]
    assert named == {made[1]}
    assert found.json()["rows"] == len(USERS)
    for who, type_ in (("lister", "application/x-ndjson"), ("auditor1", "application/json")):
        refused = api.post("/exports/traces", lines, who, **{"Content-Type": type_})
        assert refused.status_code in (403, 415)
        assert "1549999" not in refused.text


def test_a_key_is_verified_by_who_made_sure_and_ended(api: Api) -> None:
    key = str(pyrage.x25519.Identity.generate().to_public())
    body = {"key": key, "how": "called_back"}
    assert api.post("/recipients/bank/key", body, "boss").status_code == 200
    (bank,) = api.get("/recipients", "lister").json()["items"]
    assert (bank["key"], bank["verified_by"], bank["how"], bank["files"]) == (key, "boss", "called_back", 0)
    assert api.post("/recipients/nobody/key", body, "boss").status_code == 404
    assert api.post("/recipients/bank/key", body | {"key": str(SECRET)}, "boss").status_code == 400
    assert api.post("/recipients/bank/key", body, "stale").json()["type"] == "/problems/proof-too-old"
    assert api.post("/recipients/bank/key", body, "inspector").status_code == 403
    assert api.post("/recipients/bank/key", body, "steward").status_code == 403, "a program is no second person"
    assert api.post("/recipients/bank/key/end", {}, "boss").status_code == 200
    assert api.get("/recipients", "lister").json()["items"][0]["key"] == ""
    refused = api.post("/exports", asked("b0"), "lister")
    assert json.loads(refused.content)["detail"] == "no key of this recipient was verified"


def test_two_processes_do_one_export_once(api: Api, site: Site) -> None:
    """Whoever comes second, by another door, finds the review used: no second list goes out."""
    order = api.post("/exports", asked(*USERS), "lister").json()
    approve(api, order["review"])
    act = exports.act_of(site, "lister", exports.every(site)[0].wanted)
    assert site.do(BulkPerform(act=act, users=USERS)).by_user
    late = api.post(f"/exports/{order['id']}/making", {}, "lister")
    assert (late.status_code, late.json()["type"]) == (403, "/problems/denied")
