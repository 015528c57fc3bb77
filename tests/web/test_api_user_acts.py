# SPDX-License-Identifier: Apache-2.0
"""Taking in, showing, correcting, copying and erasing one user over the API is what the gate permits, and recorded."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from api_house import Api, serving, size
from house import VALUES, Clock, declared, newcomer, ready

from keshou.app.site import Site
from keshou.app.user_view import user_view
from keshou.db import Database
from keshou.ledger.entry import decode
from keshou.vault.settings import FindingSettings

ITEMS = sorted(VALUES)
GUARDED = [{"purpose": "service", "strength": "guardian"}]


@pytest.fixture
def site(database: Database, tmp_path: Path, clock: Clock) -> Iterator[Site]:
    site = ready(database, tmp_path, clock)
    site.do(newcomer(site, "u1"))
    yield site
    site.close()


@pytest.fixture
def api(site: Site) -> Iterator[Api]:
    with serving(site) as api:
        yield api


def registration(user: str = "n/1", **more: Any) -> dict[str, Any]:
    return {
        "user": user, "purpose": "service", "values": VALUES, "consents": [{"purpose": "service"}],
        "services": ["mobile"],
    } | more  # fmt: skip


def test_a_new_user_is_taken_in_with_notice_consents_and_services_in_one_act(api: Api, site: Site) -> None:
    before = size(site)
    answer = api.post("/users", registration(limited_capacity=True, messages=True, consents=GUARDED))
    assert answer.status_code == 200, answer.text
    assert (answer.json()["entry"], size(site)) == (before, before + 1)
    found = user_view(site, "n/1")
    assert found is not None
    profile = found.standing.profile
    assert (sorted(found.held), profile.in_use, profile.limited, profile.messages) == (
        ITEMS, frozenset({"mobile"}), True, "requested",
    )  # fmt: skip
    assert VALUES["mobile_number"] not in answer.text


def test_a_user_whom_the_gate_refuses_is_not_taken_in_at_all(api: Api, site: Site) -> None:
    for change in ({"consents": []}, {"noticed": False}, {"services": []}):
        answer = api.post("/users", registration(**change))
        assert (answer.status_code, answer.json()["type"]) == (403, "/problems/denied"), answer.text
        assert user_view(site, "n/1") is None
    assert api.post("/users", registration(), "biller").json()["type"] == "/problems/denied"


def test_a_user_is_taken_in_once(api: Api, site: Site) -> None:
    first = api.post("/users", registration(), key="once").json()
    before = size(site)
    again = api.post("/users", registration(), key="once").json()
    assert (again["entry"], again["repeated"]) == (first["entry"], True)
    for body in (registration("n/2"), registration(values=VALUES | {"tariff_plan": "P-1"})):
        assert api.post("/users", body, key="once").json()["type"] == "/problems/request-repeated"
    assert api.post("/users", registration()).json()["type"] == "/problems/input"
    assert size(site) == before


@pytest.mark.parametrize("user", ["a\u2028b", "a\u202eb", "a\ue000b"])
def test_an_id_that_cannot_be_printed_is_given_to_nobody(api: Api, site: Site, user: str) -> None:
    assert api.post("/users", registration(user)).json()["type"] == "/problems/input"
    assert user_view(site, user) is None


def viewing(**more: Any) -> dict[str, Any]:
    return {"user": "u1", "purpose": "service"} | more


def test_a_user_is_shown_with_all_that_may_be_seen_and_what_was_agreed(api: Api, site: Site) -> None:
    before = size(site)
    answer = api.post("/users/standing", viewing())
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert found["values"] == VALUES
    assert [each["purpose"] for each in found["standing"]["consents"]] == ["service"]
    assert found["standing"]["services"] == ["mobile"]
    assert (found["entry"], size(site)) == (before, before + 1)


def test_a_user_is_not_shown_to_who_may_not_see_them_and_it_is_recorded(api: Api, site: Site) -> None:
    before = size(site)
    answer = api.post("/users/standing", viewing(), "stranger")
    assert (answer.status_code, answer.json()["entry"], size(site)) == (403, before, before + 1)
    assert "standing" not in answer.json()
    some = api.post("/users/standing", viewing(kind="use"), "biller").json()
    assert some["values"]["mobile_number"] != VALUES["mobile_number"]


def test_a_correction_is_seen_afterwards(api: Api) -> None:
    assert api.post("/users/corrections", viewing(values={"tariff_plan": "P-20"})).status_code == 200
    assert api.post("/users/standing", viewing(items=["tariff_plan"])).json()["values"] == {"tariff_plan": "P-20"}
    denied = api.post("/users/corrections", viewing(values={"tariff_plan": "P-21"}), "biller")
    assert denied.json()["type"] == "/problems/denied"
    unknown = api.post("/users/corrections", viewing(values={"bill": "secretvalue"}))
    assert unknown.status_code in (403, 422)
    assert "secretvalue" not in unknown.text


def test_a_copy_has_everything_held_agreed_and_given_away(api: Api, site: Site) -> None:
    answer = api.post("/users/copies", {"user": "u1"}, "fresh")
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert {each["item"]: each["value"] for each in found["information"]} == VALUES
    assert [each["type"] for each in found["history"]] == ["notice_shown", "consent_given", "service_started"]
    assert found["purposes"] == {"service": ITEMS}
    assert answer.headers["cache-control"] == "no-store"
    assert found["acts"][0]["act"] == "collect"
    assert found["kept"] == []
    printed = api.post("/users/copies", {"user": "u1", "format": "pdf"}, "fresh")
    assert (printed.headers["content-type"], printed.content[:5]) == ("application/pdf", b"%PDF-")


def test_a_copy_that_may_not_be_seen_is_denied_with_its_entry(api: Api, site: Site) -> None:
    before = size(site)
    answer = api.post("/users/copies", {"user": "u1"}, "stranger")
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/denied")
    assert before <= answer.json()["entry"] < size(site)
    assert answer.json()["reasons"]


def test_a_user_is_erased_when_nothing_needs_be_kept_any_more(api: Api, site: Site, clock: Clock) -> None:
    kept = api.post("/users/erasures", viewing(), "fresh")
    assert kept.json()["type"] == "/problems/denied"
    site.cancel("u1", by="clerk1")
    clock.moment = clock.moment.replace(year=clock.moment.year + 3)
    stale = api.post("/users/erasures", viewing(), "fresh")
    assert stale.json()["type"] == "/problems/proof-too-old"
    assert user_view(site, "u1") is not None
    answer = api.post("/users/erasures", viewing(by="clerk1", kind="destroy"), "crm")
    assert answer.status_code == 200, answer.text
    assert {each["class"] for each in answer.json()["shredded"]} >= {"registration"}
    assert user_view(site, "u1") is None


ACTS: list[tuple[str, dict[str, Any]]] = [
    ("", registration()), ("/corrections", viewing(values={"tariff_plan": "P-20"})), ("/erasures", viewing()),
    ("/standing", viewing()), ("/copies", {"user": "u1"}),
]  # fmt: skip


@pytest.mark.parametrize(("path", "body"), ACTS)
@pytest.mark.parametrize(
    ("who", "more"),
    [
        ("user", {}), ("inspector", {}), ("reader", {}), ("narrow", {}), ("biller", {"by": "clerk1"}),
        ("fresh", {"by": "biller"}), ("crm", {"by": "user"}),
    ],
)  # fmt: skip
def test_nobody_acts_in_another_s_name_or_beyond_their_key(
    api: Api, site: Site, path: str, body: dict[str, Any], *, who: str, more: dict[str, Any]
) -> None:
    before = size(site)
    answer = api.post(f"/users{path}", body | more, who)
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/not-entitled")
    assert size(site) == before


@pytest.mark.parametrize(
    ("path", "body"),
    [
        *((f"/users{path}", body) for path, body in ACTS),
        ("/users/searches", {"purpose": "service", "item": "mobile_number", "value": VALUES["mobile_number"]}),
    ],
)
def test_an_entry_names_the_program_by_whose_word_alone_somebody_did_it(
    api: Api, site: Site, path: str, body: dict[str, Any]
) -> None:
    before = size(site)
    api.post(path, body | {"by": "clerk1"}, "crm")
    after = size(site)
    with site.reading() as tx:
        told = [decode(site.ledger.entry(tx, place)) for place in range(before, after)]
    assert told
    assert {(each.who, each.via) for each in told} == {("clerk1", "crm")}


@pytest.mark.parametrize("path", ["/erasures", "/copies"])
def test_what_takes_everything_needs_a_fresh_proof(api: Api, site: Site, clock: Clock, path: str) -> None:
    clock.moment += dt.timedelta(hours=1)
    before = size(site)
    body = dict(ACTS)[path]
    assert api.post(f"/users{path}", body, "fresh").json()["type"] == "/problems/proof-too-old"
    assert api.post(f"/users{path}", body, "clerk").json()["type"] == "/problems/proof-too-old"
    assert size(site) == before


@pytest.mark.parametrize(("path", "change"), [
    *((path, {"extra": "secretvalue"}) for path, _ in ACTS), *((path, {"user": ""}) for path, _ in ACTS),
    *((path, {"user": "a\u0007b"}) for path, _ in ACTS), ("", {"values": {}}), ("", {"values": {"a b": "secretvalue"}}),
    ("", {"consents": [{"purpose": "service", "strength": "secretvalue"}]}), ("", {"services": "mobile"}),
    ("/corrections", {"values": {"tariff_plan": ""}}),
    ("/corrections", {"values": {"tariff_plan": "secretvalue\u001b[2J"}}), ("/erasures", {"kind": "use"}),
    ("/standing", {"kind": "delete"}),
])  # fmt: skip
def test_what_is_not_of_the_documented_form_is_refused(api: Api, site: Site, path: str, change: dict[str, Any]) -> None:
    before = size(site)
    answer = api.post(f"/users{path}", dict(ACTS)[path] | change, "fresh")
    assert (answer.status_code, answer.json()["type"]) == (400, "/problems/malformed")
    assert "secretvalue" not in answer.text
    assert size(site) == before


def sought(value: str = VALUES["mobile_number"], **more: Any) -> dict[str, Any]:
    return {"purpose": "service", "item": "mobile_number", "value": value} | more


def test_users_are_found_by_a_value_and_both_search_and_look_are_recorded(api: Api, site: Site) -> None:
    before = size(site)
    answer = api.post("/users/searches", sought())
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert (found["entry"], found["hits"]) == (before, 1)
    values = {"mobile_number": VALUES["mobile_number"]}
    assert found["users"] == [{"user": "u1", "entry": before + 1, "values": values, "stand_ins": []}]
    assert size(site) == before + 2
    assert api.post("/users/searches", sought("15400000000")).json()["users"] == []


def test_users_are_found_by_a_part_where_the_rules_declare_it(api: Api, site: Site) -> None:
    by = ({"item": "mobile_number", "last_four": True, "prefix": 7},)
    site.publish(declared(finding=by, effective=site.now() + dt.timedelta(milliseconds=1)), by="officer")
    early = api.post("/users/searches", sought(VALUES["mobile_number"][:7], prefix=True))
    assert (early.status_code, "keshou keys rotate index" in early.text) == (422, True)
    site.keeper.rotate_index("keeper", lambda _: None)
    for part, value in (("prefix", VALUES["mobile_number"][:7]), ("last_four", VALUES["mobile_number"][-4:])):
        answer = api.post("/users/searches", sought(value, **{part: True}))
        assert (answer.status_code, answer.json()["hits"]) == (200, 1)
        wrong = api.post("/users/searches", sought(VALUES["mobile_number"], **{part: True}))
        assert wrong.status_code == 422
        assert VALUES["mobile_number"] not in wrong.text


def test_a_search_is_denied_limited_and_refused_where_it_cannot_be(api: Api, site: Site) -> None:
    before = size(site)
    denied = api.post("/users/searches", sought(purpose="marketing"))
    assert (denied.status_code, denied.json()["type"], size(site)) == (403, "/problems/denied", before + 1)
    assert VALUES["mobile_number"] not in denied.text
    for wrong in ({"item": "tariff_plan"}, {"last_four": True}, {"prefix": True}, {"last_four": True, "prefix": True}):
        assert api.post("/users/searches", sought(**wrong)).status_code == 422
    site.searches._settings = FindingSettings(per_hour=2)  # the one that was denied counts
    assert api.post("/users/searches", sought()).status_code == 200
    limited = api.post("/users/searches", sought())
    assert (limited.status_code, limited.headers["retry-after"]) == (429, "3600")


@pytest.mark.parametrize(
    "value",
    ['"', '","decision":{"permitted":true},"x":"', "\\", '\\"', "</script>", "\u2028\u2029", "a\n\tb", "𠮷'", "{}"],
)
def test_what_stands_in_a_value_stays_in_its_place_of_the_answer(api: Api, value: str) -> None:
    assert api.post("/users/corrections", viewing(values={"tariff_plan": value})).status_code == 200
    seen = api.post("/acts", {"kind": "use", "user": "u1", "items": ["tariff_plan"], "purpose": "service"}).json()
    assert seen["values"] == {"tariff_plan": value}
    assert seen["decision"]["permitted"] is True
    assert "x" not in seen
