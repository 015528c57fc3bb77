# SPDX-License-Identifier: Apache-2.0
"""Whoever holds the office says over the API who is told; receivers are told by the server itself, signed."""

import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
from api_house import Api
from callers import bearer
from house import newcomer
from office_house import CALLERS, serving, with_offices
from receivers import Receiver, receiving, status

from keshou.acts.request import Record
from keshou.app import clock
from keshou.app.site import Site
from keshou.db import Database
from keshou.gate.facts import ConsentWithdrawn
from keshou.webhooks.settings import WebhookSettings

URL = "https://crm.example/hook"
BODY = {"url": URL, "types": ["keshou.consent.withdrawn", "keshou.user.erased"], "names_users": True}


@pytest.fixture
def site(database: Database, tmp_path: Path) -> Iterator[Site]:
    with with_offices(database, tmp_path) as site:
        yield site


@pytest.fixture
def api(site: Site) -> Iterator[Api]:
    with serving(site) as api:
        yield api


def made(api: Api, body: Any = BODY) -> Any:
    answer = api.post("/webhooks", body, "keeper1")
    assert answer.status_code == 200, answer.text
    return answer.json()


def send(api: Api, method: str, path: str, body: Any = None, *, who: str = "keeper1", match: str = "") -> Any:
    headers = bearer(who) | {"Content-Type": "application/json"} | ({"If-Match": match} if match else {})
    headers |= {"Idempotency-Key": secrets.token_hex(8)} if method == "POST" else {}
    content = b"" if body is None else msgspec.json.encode(body)
    return api.client.request(method, f"/api/v1{path}", content=content, headers=headers)


def withdraw(site: Site, user: str) -> None:
    site.do(newcomer(site, user))
    site.do(Record(user=user, facts=(ConsentWithdrawn(at=site.now(), purpose="service"),), by="user"))


def let_die(site: Site) -> None:
    """Let everything that waits become a dead letter."""
    with site.writing() as tx:
        for each in site.webhooks.claim(tx, site.now()):
            site.webhooks.failed(tx, each, "500", site.now(), None)


def test_a_receivers_secret_is_told_once_and_never_shown_again(api: Api) -> None:
    found = made(api)
    assert found["secret"].startswith("whsec_")
    assert found["subscription"] | {"id": "", "created": ""} == {
        **BODY, "id": "", "created": "", "active": True, "version": 1,
    }  # fmt: skip
    path = f"/webhooks/{found['subscription']['id']}"
    one, listed = api.get(path, "auditor1"), api.get("/webhooks", "auditor1")
    assert one.json() == listed.json()["items"][0] == found["subscription"]
    assert one.headers["etag"] == '"1"'
    assert found["secret"] not in one.text + listed.text


@pytest.mark.parametrize("who", ["clerk", "auditor1", "boss", "user", "inspector", "reader", "stranger"])
def test_without_the_office_nobody_says_who_is_told(api: Api, site: Site, who: str) -> None:
    path = f"/webhooks/{made(api)['subscription']['id']}"
    withdraw(site, "u1")
    let_die(site)
    if who not in ("auditor1",):
        assert api.get("/deliveries?state=dead", who).status_code == 403
    tried = [
        api.post("/webhooks", BODY, who),
        send(api, "PATCH", path, {"url": "https://thief.example/"}, who=who, match='"1"'),
        send(api, "DELETE", path, who=who),
        send(api, "POST", path + "/secrets", who=who, match='"1"'),
        send(api, "POST", path + "/trials", who=who),
        send(api, "POST", path + "/deliveries/1/redeliver", who=who),
    ]
    assert [(each.status_code, each.json()["type"]) for each in tried] == [(403, "/problems/not-entitled")] * 6
    (shown,) = api.get("/webhooks", "keeper1").json()["items"]
    assert (shown["url"], shown["version"]) == (URL, 1)
    (delivery,) = api.get(path + "/deliveries", "keeper1").json()["items"]
    assert delivery["state"] == "dead"


def test_an_office_is_nothing_without_a_fresh_proof_where_information_could_be_led_away(api: Api) -> None:
    path = f"/webhooks/{made(api)['subscription']['id']}"
    tried = [
        api.post("/webhooks", BODY, "stale"),
        send(api, "PATCH", path, {"names_users": True}, who="stale", match='"1"'),
        send(api, "POST", path + "/secrets", who="stale", match='"1"'),
    ]
    assert {(each.status_code, each.json()["type"]) for each in tried} == {(403, "/problems/proof-too-old")}


@pytest.mark.parametrize(
    ("body", "status_", "type_"),
    [
        ({"url": "http://crm.example/"}, 422, "input"),
        ({"url": "https://10.0.0.1/"}, 422, "input"),
        ({"url": "https://169.254.169.254/latest/meta-data"}, 422, "input"),
        ({"url": "https://a:secretvalue@crm.example/"}, 422, "input"),
        ({"url": "https://crm.example/\r\nX-Secretvalue: y"}, 400, "malformed"),
        ({"url": "file:///secretvalue"}, 400, "malformed"),
        ({"url": URL, "types": ["keshou.secretvalue"]}, 400, "malformed"),
        ({"url": URL, "secret": "secretvalue"}, 400, "malformed"),
        ({"types": []}, 400, "malformed"),
        (b'{"url": "https://a.example/", "url": "https://secretvalue.example/"}', 400, "malformed"),
    ],
)
def test_an_address_or_type_that_cannot_be_told_is_refused_and_never_quoted(
    api: Api, body: Any, status_: int, type_: str
) -> None:
    answer = api.post("/webhooks", body, "keeper1")
    assert (answer.status_code, answer.json()["type"]) == (status_, f"/problems/{type_}"), answer.text
    assert "secretvalue" not in answer.text
    assert api.get("/webhooks", "keeper1").json()["items"] == []


def test_an_edit_names_what_it_changes_and_of_two_at_once_one_is_refused(api: Api) -> None:
    path = f"/webhooks/{made(api)['subscription']['id']}"
    assert send(api, "PATCH", path, {"active": False}).json()["type"] == "/problems/match-needed"
    first = send(api, "PATCH", path, {"active": False, "types": []}, match='"1"')
    assert (first.status_code, first.headers["etag"]) == (200, '"2"')
    assert (first.json()["active"], first.json()["types"], first.json()["url"]) == (False, [], URL)
    second = send(api, "PATCH", path, {"url": "https://other.example/"}, match='"1"')
    assert (second.status_code, second.json()["type"]) == (412, "/problems/changed-meanwhile")
    assert send(api, "POST", path + "/secrets", match='"1"').status_code == 412
    assert api.get(path, "keeper1").json()["url"] == URL


def test_what_is_removed_is_told_nothing_more(api: Api, site: Site) -> None:
    path = f"/webhooks/{made(api)['subscription']['id']}"
    withdraw(site, "u1")
    assert send(api, "DELETE", path).json()["url"] == URL
    for answer in (api.get(path, "keeper1"), api.get(path + "/deliveries", "keeper1"), send(api, "DELETE", path)):
        assert (answer.status_code, answer.json()["type"]) == (404, "/problems/not-found")
    with site.reading() as tx:
        assert site.webhooks.deliveries(tx) == []


def test_dead_letters_are_listed_by_pages_and_sent_again(api: Api, site: Site) -> None:
    path = f"/webhooks/{made(api)['subscription']['id']}/deliveries"
    other = f"/webhooks/{made(api)['subscription']['id']}/deliveries"
    for number in range(3):
        withdraw(site, f"u{number}")
    let_die(site)
    withdraw(site, "u3")
    first = api.get(path + "?state=dead&limit=2", "auditor1").json()
    second = api.get(path + f"?state=dead&limit=2&cursor={first['next']}", "auditor1").json()
    assert [len(first["items"]), len(second["items"]), second["next"]] == [2, 1, ""]
    dead = [each["number"] for each in first["items"] + second["items"]]
    assert len(api.get(path, "auditor1").json()["items"]) == 4
    assert {each["outcome"] for each in first["items"]} == {"500"}
    assert send(api, "POST", f"{other}/{dead[0]}/redeliver").status_code == 404, "it is another receiver's"
    assert send(api, "POST", f"{path}/{dead[0]}/redeliver").json()["state"] == "waiting"
    assert send(api, "POST", f"{path}/{dead[0]}/redeliver").status_code == 404, "it is dead no more"
    assert send(api, "POST", f"{path}/999/redeliver").status_code == 404
    assert "u0" not in api.get(path, "auditor1").text
    every = api.get("/deliveries?state=dead&limit=3", "auditor1").json()
    rest = api.get(f"/deliveries?state=dead&limit=3&cursor={every['next']}", "auditor1").json()
    numbers = [each["number"] for each in every["items"] + rest["items"]]
    assert (numbers, len(numbers), rest["next"]) == (sorted(set(numbers)), 5, "")
    assert {each["webhook"] for each in every["items"] + rest["items"]} == {path.split("/")[2], other.split("/")[2]}
    assert set(numbers) == {
        each["number"] for at in (path, other) for each in api.get(f"{at}?state=dead", "auditor1").json()["items"]
    }
    assert "u1" not in api.get("/deliveries", "auditor1").text
    bad = api.get(path + "?cursor=YWJj", "auditor1")
    assert (bad.status_code, bad.json()["type"]) == (400, "/problems/malformed")


def test_what_the_document_says_is_what_can_be_asked(api: Api) -> None:
    paths = api.client.get("/api/v1/openapi.json").json()["paths"]
    assert set(paths["/api/v1/webhooks/{webhook}"]) == {"get", "patch", "delete"}
    types = paths["/api/v1/webhooks"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert "keshou.user.erased" in types["properties"]["types"]["items"]["enum"]


class Told(NamedTuple):
    """A site of the present day, its API, and a receiver on this machine that it is allowed to tell."""

    site: Site
    api: Api
    receiver: Receiver


@pytest.fixture
def served(database: Database, tmp_path: Path) -> Iterator[Told]:
    with with_offices(database, tmp_path, clock.now) as site, receiving() as receiver:
        site.webhooks.settings = WebhookSettings(allow_private=True, answer_seconds=20, first_wait_seconds=0.01)
        keeper = msgspec.structs.replace(CALLERS["keeper1"], proven_at=site.now())
        with serving(site, keeper1=keeper) as api:
            yield Told(site, api, receiver)


def test_a_receiver_is_told_of_a_withdrawal_signed_and_again_until_it_takes_it(
    served: Told,
) -> None:
    site, api, receiver = served
    site.messenger.start()
    secret = made(api, BODY | {"url": receiver.url})["secret"]
    receiver.plan = [status(500)]
    withdraw(site, "u1")
    receiver.wait(1)
    receiver.wait(2)
    told = [receiver.verified(secret, number) for number in (0, 1)]
    assert told[0] == told[1]
    assert (told[0]["type"], told[0]["subject"]) == ("keshou.consent.withdrawn", "u1")
    assert told[0]["data"]["purpose"] == "service"


def test_a_trial_arrives_signed_and_tells_of_nothing(served: Told) -> None:
    site, api, receiver = served
    site.messenger.start()
    found = made(api, BODY | {"url": receiver.url})
    path = f"/webhooks/{found['subscription']['id']}"
    event = send(api, "POST", path + "/trials").json()["event"]
    receiver.wait(1)
    told = receiver.verified(found["secret"])
    assert (told["id"], told["type"], told["data"]) == (event, "keshou.webhook.tried", {})
    site.messenger.close()
    assert [each["outcome"] for each in api.get(path + "/deliveries", "keeper1").json()["items"]] == ["204"]
    send(api, "PATCH", path, {"active": False}, match='"1"')
    assert send(api, "POST", path + "/trials").status_code == 404


def test_with_a_new_secret_both_sign_for_a_while(served: Told) -> None:
    site, api, receiver = served
    found = made(api, BODY | {"url": receiver.url})
    rotated = send(api, "POST", f"/webhooks/{found['subscription']['id']}/secrets", match='"1"').json()
    assert rotated["subscription"]["version"] == 2
    withdraw(site, "u1")
    site.messenger.deliver()
    assert receiver.verified(found["secret"]) == receiver.verified(rotated["secret"])
