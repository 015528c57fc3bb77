# SPDX-License-Identifier: Apache-2.0
"""Users see, tell and change over the API what is their own, and nobody else's."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from api_house import CALLERS, USER, Api, serving, size
from house import START, VALUES, Clock

from keshou.app.own_facts import wish
from keshou.app.site import Site
from keshou.app.user_view import user_view
from keshou.gate.standing import Profile
from keshou.ledger.entry import decode
from keshou.ledger.verify import verify_proof


@pytest.fixture
def api(site: Site, monkeypatch: pytest.MonkeyPatch) -> Iterator[Api]:
    monkeypatch.setitem(CALLERS, "proven", msgspec.structs.replace(USER, proven_at=START))
    with serving(site) as api:
        yield api


def profile(site: Site, user: str = "u1") -> Profile:
    found = user_view(site, user)
    assert found is not None
    return found.standing.profile


def told(api: Api, path: str, who: str = "proven", *, key: str = "", **body: Any) -> Any:
    answer = api.post(f"/me{path}", body, who, key=key)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_users_see_which_items_are_held_what_for_and_what_they_agreed_to_without_values(api: Api, site: Site) -> None:
    before = size(site)
    answer = api.get("/me", "user")
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert [each["item"] for each in found["held"]] == sorted(VALUES)
    plan = next(each for each in found["held"] if each["item"] == "tariff_plan")
    assert (plan["purposes"], plan["class"], plan["may_query"]) == (["service", "marketing"], "service", True)
    assert [each["purpose"] for each in found["standing"]["consents"]] == ["service"]
    assert not any(value in answer.text for value in VALUES.values())
    assert size(site) == before


def test_users_copy_what_is_their_own(api: Api) -> None:
    found = told(api, "/copy")
    assert found["user"] == "u1"
    assert {each["item"]: each["value"] for each in found["information"]} == VALUES
    assert found["history"]


def test_users_agree_and_take_back_by_their_own_hand(api: Api, site: Site) -> None:
    found = told(api, "/consents", purpose="marketing", version=1, messages=True)
    assert (set(profile(site).consents), profile(site).messages) == ({"service", "marketing"}, "requested")
    with site.reading() as tx:
        assert decode(site.ledger.entry(tx, found["entry"])).who == "user"
    told(api, "/withdrawals", purpose="marketing", messages=True)
    assert (set(profile(site).consents), profile(site).messages) == ({"service"}, "refused")
    assert set(profile(site, "u2").consents) == {"service"}


def test_users_tell_what_they_were_shown_and_whether_they_want_messages(api: Api, site: Site) -> None:
    told(api, "/notices", version=1)
    told(api, "/messages", wanted=False)
    assert profile(site).messages == "refused"


def test_users_correct_what_is_held_of_them(api: Api) -> None:
    told(api, "/corrections", purpose="service", values={"tariff_plan": "P-20"})
    copy = {each["item"]: each["value"] for each in told(api, "/copy")["information"]}
    assert copy["tariff_plan"] == "P-20"


def test_users_say_what_shows_a_correction_to_be_right_and_find_it_in_their_copy(api: Api) -> None:
    told(api, "/corrections", purpose="service", values={"tariff_plan": "P-20"}, evidence="slip-7")
    (found,) = [each for each in told(api, "/copy")["history"] if each["type"] == "corrected"]
    assert (found["evidence"], found["items"]) == ("slip-7", ["tariff_plan"])
    body = {"purpose": "service", "values": {"tariff_plan": "P-20"}, "evidence": "not an id"}
    assert api.post("/me/corrections", body, "user").status_code == 400


def test_users_fetch_an_entry_about_themselves_and_its_proof_and_nobody_elses(api: Api, site: Site) -> None:
    place = told(api, "/corrections", purpose="service", values={"tariff_plan": "P-20"})["entry"]
    entry, proof = api.get(f"/me/entries/{place}", "user"), api.get(f"/me/entries/{place}/proof", "user")
    assert (entry.status_code, proof.status_code) == (200, 200), entry.text + proof.text
    key = api.get("/me", "user").json()["log_key"]
    index, signed = verify_proof(proof.content, entry.content, key)
    assert (index, signed.size > place, entry.json()["event"]) == (place, True, "correct")
    other = site.record("u2", wish(site, wanted=False)) - 1
    for path in (f"/me/entries/{other}", f"/me/entries/{other}/proof", "/me/entries/0", "/me/entries/9999"):
        assert api.get(path, "user").status_code == 404
    assert api.get(f"/me/entries/{place}", "clerk").status_code == 403


@pytest.mark.parametrize(
    ("format_", "type_", "begins"), [("pdf", "application/pdf", b"%PDF-"), ("csv", "application/zip", b"PK")]
)
def test_users_take_their_copy_as_a_file(api: Api, format_: str, type_: str, begins: bytes) -> None:
    answer = api.post("/me/copy", {"format": format_}, "proven")
    assert (answer.status_code, answer.headers["content-type"]) == (200, type_)
    assert answer.content.startswith(begins)
    assert answer.headers["cache-control"] == "no-store"
    assert api.post("/me/copy", {"format": "exe"}, "proven").status_code == 400


def test_users_end_their_services_and_are_deleted_once_nothing_must_be_kept(
    api: Api, site: Site, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert api.post("/me/erasure", {"purpose": "service"}, "proven").json()["type"] == "/problems/denied"
    assert [each["class"] for each in told(api, "/cancellation")["shredded"]] == ["service"]
    clock.moment = clock.moment.replace(year=clock.moment.year + 3)
    monkeypatch.setitem(CALLERS, "later", msgspec.structs.replace(USER, proven_at=clock.moment))
    told(api, "/erasure", "later", purpose="service")
    assert user_view(site, "u1") is None
    gone = api.get("/me", "user")
    assert (gone.status_code, gone.json()["type"]) == (404, "/problems/not-found")
    assert user_view(site, "u2") is not None


POSTS: list[tuple[str, dict[str, Any]]] = [
    ("/copy", {}), ("/consents", {"purpose": "marketing", "version": 1}), ("/withdrawals", {"purpose": "service"}),
    ("/notices", {"version": 1}), ("/messages", {"wanted": True}), ("/cancellation", {}),
    ("/corrections", {"purpose": "service", "values": {"tariff_plan": "P-1"}}), ("/erasure", {"purpose": "service"}),
]  # fmt: skip


@pytest.mark.parametrize(("path", "body"), POSTS[1:])
def test_what_is_sent_again_with_its_key_is_done_once_and_each_user_has_keys_of_their_own(
    api: Api, site: Site, path: str, body: dict[str, Any]
) -> None:
    first = api.post(f"/me{path}", body, "proven", key="once").json()
    before = size(site)
    again = api.post(f"/me{path}", body, "proven", key="once").json()
    assert again["entry"] == first["entry"]
    assert size(site) == before
    if path not in ("/cancellation", "/erasure"):
        assert api.post(f"/me{path}", body, "other", key="once").json()["entry"] == before


@pytest.mark.parametrize("who", ["clerk", "crm", "inspector", "reader"])
def test_only_users_ask_about_themselves(api: Api, site: Site, who: str) -> None:
    before = size(site)
    assert api.get("/me", who).json()["type"] == "/problems/not-entitled"
    assert all(api.post(f"/me{path}", body, who).json()["type"] == "/problems/not-entitled" for path, body in POSTS)
    assert size(site) == before


@pytest.mark.parametrize("more", [{"user": "u2"}, {"by": "clerk1"}, {"strength": "guardian"}, {"where": "office"}])
def test_users_name_nobody_else_and_nobody_s_hand(api: Api, site: Site, more: dict[str, Any]) -> None:
    before = size(site)
    for path, body in POSTS:
        answer = api.post(f"/me{path}", body | more, "proven")
        assert (answer.status_code, answer.json()["type"]) == (400, "/problems/malformed"), path
    assert size(site) == before


@pytest.mark.parametrize("path", ["/copy", "/cancellation", "/erasure"])
def test_what_takes_everything_needs_a_fresh_proof(api: Api, site: Site, clock: Clock, path: str) -> None:
    clock.moment += dt.timedelta(hours=1)
    before = size(site)
    for who in ("user", "proven"):
        assert api.post(f"/me{path}", dict(POSTS)[path], who).json()["type"] == "/problems/proof-too-old"
    assert size(site) == before


@pytest.mark.parametrize(("path", "body"), [
    ("/consents", {"purpose": "none", "version": 1}), ("/consents", {"purpose": "service", "version": 9}),
    ("/notices", {"version": 9}), ("/withdrawals", {"purpose": "none"}), ("/cancellation", {"services": ["none"]}),
])  # fmt: skip
def test_what_cannot_be_is_not_written_down(api: Api, site: Site, path: str, body: dict[str, Any]) -> None:
    before = size(site)
    assert api.post(f"/me{path}", body, "proven").json()["type"] == "/problems/input"
    assert size(site) == before
