# SPDX-License-Identifier: Apache-2.0
"""What staff and programs write down of users over the API holds from then on, in their own name, once."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from api_house import Api, but_ids, serving, size
from house import Clock, newcomer, ready

from keshou.app.own_copy import own_copy
from keshou.app.site import Site
from keshou.app.user_view import user_view
from keshou.db import Database
from keshou.gate.act import OWN_HAND
from keshou.gate.standing import UserStanding
from keshou.ledger.entry import decode

SLASHED = "张/三?x=1#%2f"
"""An id that no address could carry unharmed."""


@pytest.fixture
def site(database: Database, tmp_path: Path, clock: Clock) -> Iterator[Site]:
    site = ready(database, tmp_path, clock)
    site.do_all([newcomer(site, "u1"), newcomer(site, SLASHED)])
    yield site
    site.close()


@pytest.fixture
def api(site: Site) -> Iterator[Api]:
    with serving(site) as api:
        yield api


def told(api: Api, path: str, who: str = "clerk", *, key: str = "", **body: Any) -> Any:
    answer = api.post(f"/users{path}", {"user": "u1"} | body, who, key=key)
    assert answer.status_code == 200, answer.text
    return answer.json()


def standing(site: Site, user: str = "u1") -> UserStanding:
    found = user_view(site, user)
    assert found is not None
    return found.standing


def may_use(api: Api, item: str, purpose: str = "service", who: str = "clerk", user: str = "u1") -> bool:
    asked = {"kind": "use", "user": user, "items": [item], "purpose": purpose}
    return bool(api.post("/decisions", asked, who).json()["permitted"])


def test_a_consent_holds_from_the_next_question_on_and_a_withdrawal_ends_it(api: Api) -> None:
    assert not may_use(api, "mobile_number", "marketing", "lister")
    found = told(api, "/consents", purpose="marketing", messages=True)
    assert found["revision"] == found["entry"] + 1
    assert may_use(api, "mobile_number", "marketing", "lister")
    told(api, "/withdrawals", purpose="marketing")
    assert not may_use(api, "mobile_number", "marketing", "lister")


def test_what_shows_a_consent_stands_in_the_users_copy_by_its_id_alone(api: Api, site: Site) -> None:
    told(api, "/consents", purpose="marketing", evidence="form-17")
    told(api, "/withdrawals", purpose="marketing", evidence="form-18")
    found = [each.evidence for each in own_copy(site, "u1", by=OWN_HAND).facts if getattr(each, "evidence", "")]
    assert found == ["form-17", "form-18"]
    before = size(site)
    wrong = {"user": "u1", "purpose": "marketing", "evidence": "signed by somebody"}
    assert api.post("/users/consents", wrong).status_code == 400
    assert size(site) == before


def test_a_withdrawal_of_one_item_leaves_the_others(api: Api) -> None:
    told(api, "/consents", purpose="marketing", messages=True)
    told(api, "/withdrawals", purpose="marketing", items=["mobile_number"])
    assert not may_use(api, "mobile_number", "marketing", "lister")
    assert may_use(api, "tariff_plan", "marketing", "lister")


def test_an_id_that_no_address_could_carry_is_told_of_like_any_other(api: Api, site: Site) -> None:
    told(api, "/withdrawals", user=SLASHED, purpose="service")
    assert not may_use(api, "tariff_plan", user=SLASHED)
    assert standing(site).profile.consents


def test_who_refuses_messages_is_sent_none_whatever_else_they_agreed_to(api: Api) -> None:
    told(api, "/consents", purpose="marketing", messages=True)
    told(api, "/messages", wanted=False)
    assert not may_use(api, "mobile_number", "marketing", "lister")
    told(api, "/messages", wanted=True)
    assert may_use(api, "mobile_number", "marketing", "lister")


def test_a_consent_had_by_deceit_counts_as_none_until_given_anew(api: Api) -> None:
    told(api, "/voided-consents", purpose="service", because="deceit")
    assert not may_use(api, "tariff_plan")
    told(api, "/consents", purpose="service")
    assert may_use(api, "tariff_plan")


def test_what_a_user_was_shown_begun_and_is_capable_of_is_on_record(api: Api, site: Site) -> None:
    told(api, "/services", services=["broadband", "broadband"])
    told(api, "/capacity", limited=True)
    told(api, "/notices", version=1)
    found = standing(site).profile
    assert (found.in_use, found.limited, len(found.notices)) == ({"mobile", "broadband"}, True, 1)
    assert api.post("/users/capacity", {"user": "u1", "limited": False}).status_code == 422, "nothing shows it"
    assert standing(site).profile.limited is True
    told(api, "/capacity", limited=False, evidence="form-17")
    assert standing(site).profile.limited is False


def test_services_end_one_by_one_and_with_the_last_their_keys_are_gone(api: Api, site: Site) -> None:
    told(api, "/services", services=["broadband"])
    assert told(api, "/cancellations", "fresh", services=["broadband"])["shredded"] == []
    found = told(api, "/cancellations", "fresh")["shredded"]
    assert [each["class"] for each in found] == ["service"]
    assert standing(site).profile.in_use == frozenset()
    assert not may_use(api, "tariff_plan")


def test_whoever_is_not_granted_to_look_after_a_service_does_not_end_it_and_that_is_on_record(
    api: Api, site: Site
) -> None:
    asked = {"user": "u1", "by": "lister"}
    for _ in range(2):  # asked again, it is answered as before
        answer = api.post("/users/cancellations", asked, "crm", key="once")
        assert (answer.status_code, answer.json()["type"]) == (403, "/problems/denied")
        assert {each["cite"] for each in answer.json()["reasons"]} == {"miit24:13.1.3"}
        with site.reading() as tx:
            entry = decode(site.ledger.entry(tx, answer.json()["entry"]))
        assert (entry.event, entry.decision, entry.who, entry.via) == ("cancel", "deny", "lister", "crm")
    assert may_use(api, "tariff_plan")


def test_ending_services_needs_a_fresh_proof(api: Api, site: Site, clock: Clock) -> None:
    clock.moment += dt.timedelta(hours=1)
    before = size(site)
    answer = api.post("/users/cancellations", {"user": "u1"}, "fresh")
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/proof-too-old")
    assert size(site) == before


def test_what_is_told_stands_in_the_name_of_who_told_it(api: Api, site: Site) -> None:
    own = told(api, "/messages", wanted=True)
    other = told(api, "/messages", "crm", wanted=True, by="clerk1")
    with site.reading() as tx:
        assert [decode(site.ledger.entry(tx, each["entry"])).who for each in (own, other)] == ["clerk1", "clerk1"]


FACTS: list[tuple[str, dict[str, Any]]] = [
    ("/consents", {"purpose": "marketing"}), ("/withdrawals", {"purpose": "service"}),
    ("/voided-consents", {"purpose": "service", "because": "coercion"}), ("/notices", {}),
    ("/messages", {"wanted": True}),
    ("/services", {"services": ["broadband"]}), ("/capacity", {"limited": True}), ("/cancellations", {}),
]  # fmt: skip


@pytest.mark.parametrize(("path", "body"), FACTS)
def test_what_is_told_again_with_its_key_is_written_down_once(
    api: Api, site: Site, path: str, body: dict[str, Any]
) -> None:
    first = told(api, path, "fresh", key="once", **body)
    before = size(site)
    again = told(api, path, "fresh", key="once", **body)
    assert (again["entry"], again["repeated"], first["repeated"]) == (first["entry"], True, False)
    answer = api.post(f"/users{path}", {"user": SLASHED} | body, "fresh", key="once")
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/request-repeated")
    assert size(site) == before


def test_one_key_does_not_serve_two_places(api: Api) -> None:
    told(api, "/notices", key="once")
    assert api.post("/users/cancellations", {"user": "u1"}, "fresh", key="once").status_code == 422
    act = {"kind": "use", "user": "u1", "items": ["tariff_plan"], "purpose": "service"}
    assert api.post("/acts", act, key="once").status_code == 422


@pytest.mark.parametrize(("path", "body"), FACTS)
@pytest.mark.parametrize(
    ("who", "more"),
    [
        ("user", {}), ("inspector", {}), ("reader", {}), ("stranger", {}), ("narrow", {}), ("biller", {"by": "clerk1"}),
        ("clerk", {"by": "biller"}), ("crm", {"by": "user"}), ("crm", {}),
    ],
)  # fmt: skip
def test_nobody_tells_in_another_s_name_without_a_post_or_beyond_their_key(
    api: Api, site: Site, path: str, body: dict[str, Any], *, who: str, more: dict[str, Any]
) -> None:
    before = size(site)
    answer = api.post(f"/users{path}", {"user": "u1"} | body | more, who)
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/not-entitled")
    assert size(site) == before


@pytest.mark.parametrize(("path", "body"), [
    ("/consents", {"purpose": "none"}), ("/consents", {"purpose": "service", "version": 9}),
    ("/consents", {"purpose": "marketing", "items": ["bill"]}), ("/withdrawals", {"purpose": "none"}),
    ("/voided-consents", {"purpose": "none", "because": "coercion"}), ("/services", {"services": ["none"]}),
    ("/cancellations", {"services": ["none"]}), ("/notices", {"version": 9}), ("/capacity", {"limited": False}),
])  # fmt: skip
def test_what_cannot_be_is_told_alike_of_users_and_strangers_and_not_written_down(
    api: Api, site: Site, path: str, body: dict[str, Any]
) -> None:
    before = size(site)
    known, unknown = (api.post(f"/users{path}", body | {"user": each}, "fresh") for each in ("u1", "secret-nobody"))
    assert (known.status_code, known.json()["type"]) == (422, "/problems/input")
    assert (unknown.status_code, but_ids(unknown)) == (known.status_code, but_ids(known))
    assert size(site) == before


@pytest.mark.parametrize(("path", "body"), FACTS)
def test_what_is_told_of_a_stranger_is_denied_on_record_and_names_nobody(
    api: Api, site: Site, path: str, body: dict[str, Any]
) -> None:
    before = size(site)
    first, again = (api.post(f"/users{path}", {"user": "secret-nobody"} | body, "fresh", key="once") for _ in range(2))
    assert (first.status_code, first.json()["type"], first.json()["entry"]) == (403, "/problems/denied", before)
    assert [each["missing"] for each in first.json()["reasons"]] == ["user"]
    assert (again.status_code, again.json()["entry"], size(site)) == (403, before, before + 1)
    with site.reading() as tx:
        entry = decode(site.ledger.entry(tx, before))
    assert (entry.who, entry.decision, entry.obj, entry.cites) == ("clerk1", "deny", "", ("miit24:9.1",))
    assert "secret-nobody" not in f"{first.text}{entry}"
    site.audit()
    site.audit(by="clerk1")


def test_an_end_of_what_a_user_does_not_use_is_denied_on_record(api: Api, site: Site) -> None:
    before = size(site)
    answer = api.post("/users/cancellations", {"user": "u1", "services": ["broadband"]}, "fresh")
    assert [each["missing"] for each in answer.json()["reasons"]] == ["service"]
    assert (answer.status_code, answer.json()["entry"], size(site)) == (403, before, before + 1)


@pytest.mark.parametrize(("path", "body"), [
    *((path, body | {"extra": "secretvalue"}) for path, body in FACTS), ("/consents", {}),
    *((path, body | {"user": ""}) for path, body in FACTS), *((path, body | {"user": "a\n"}) for path, body in FACTS),
    ("/consents", {"purpose": "service", "strength": "secretvalue"}),
    ("/consents", {"purpose": "service", "version": 0}),
    ("/messages", {"wanted": "yes"}), ("/services", {"services": []}), ("/capacity", {"limited": 1}),
    ("/voided-consents", {"purpose": "service", "because": "secretvalue"}),
])  # fmt: skip
def test_what_is_not_of_the_documented_form_is_refused(api: Api, site: Site, path: str, body: dict[str, Any]) -> None:
    before = size(site)
    answer = api.post(f"/users{path}", {"user": "u1"} | body, "fresh")
    assert (answer.status_code, answer.json()["type"]) == (400, "/problems/malformed")
    assert "secretvalue" not in answer.text
    assert size(site) == before


def test_what_two_callers_tell_at_once_is_written_down_in_the_order_in_which_it_arrives(
    api: Api, site: Site, clock: Clock
) -> None:
    clock.moment += dt.timedelta(minutes=1)
    told(api, "/consents", purpose="marketing")
    clock.moment -= dt.timedelta(seconds=1)  # another process's clock, a little behind
    told(api, "/withdrawals", purpose="marketing")
    assert "marketing" not in standing(site).profile.consents
    assert site.audit()[1] is not None
