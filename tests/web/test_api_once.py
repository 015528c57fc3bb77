# SPDX-License-Identifier: Apache-2.0
"""What leaves no entry in the log is done once too: no request makes a key, an invitation or a receiver twice."""

import datetime as dt
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from api_house import Api
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from house import START
from joserfc.jwk import OKPKey
from office_house import serving, with_offices

from keshou.acts.repeat import RequestTakenError
from keshou.app.site import Site
from keshou.db import Database
from keshou.once.errors import SecretToldError
from keshou.once.store import Once, once_table

UNTIL = (START + dt.timedelta(days=30)).isoformat()
KEY = {"kind": "key", "scopes": ["act"], "until": UNTIL}
HOOK = {"url": "https://crm.example/hook", "types": ["keshou.user.erased"]}
JWK = OKPKey.import_key(Ed25519PrivateKey.generate()).as_dict(private=False)
APP_KEY = {"service": "mobile", "jwk": JWK, "until": UNTIL}
SECRET: dict[str, tuple[str, Any]] = {
    "a key": ("/programs/crm/credentials", KEY),
    "a client secret": ("/programs/crm/credentials", KEY | {"kind": "secret"}),
    "an invitation": ("/accounts", {"id": "newcomer"}),
    "a receiver": ("/webhooks", HOOK),
}
OPEN: dict[str, tuple[str, Any, Any]] = {
    "a program": ("/programs", {"id": "shop"}, {"id": "other"}),
    "a public key": ("/programs/crm/credentials", KEY | {"kind": "jwk", "jwk": JWK}, KEY),
    "an app's key": ("/app-keys", APP_KEY, APP_KEY | {"service": "broadband"}),
}


@pytest.fixture
def site(database: Database, tmp_path: Path) -> Iterator[Site]:
    with with_offices(database, tmp_path) as site:
        yield site


@pytest.fixture
def api(site: Site) -> Iterator[Api]:
    with serving(site) as api:
        api.post("/programs", {"id": "crm"}, "keeper1")
        yield api


def listed(api: Api) -> list[Any]:
    """Return all that was made."""
    places = ("/programs", "/programs/crm/credentials", "/accounts", "/webhooks", "/app-keys")
    return [api.get(place, "auditor1").json() for place in places]


@pytest.mark.parametrize("what", OPEN)
def test_sent_again_it_is_answered_the_same_and_not_done_twice(api: Api, what: str) -> None:
    path, body, other = OPEN[what]
    first = api.post(path, body, "keeper1", key="k1")
    assert first.status_code == 200, first.text
    after = listed(api)
    again = api.post(path, body, "keeper1", key="k1")
    assert (again.status_code, again.json()) == (200, first.json())
    refused = api.post(path, other, "keeper1", key="k1")
    assert (refused.status_code, refused.json()["type"]) == (422, "/problems/request-repeated")
    assert listed(api) == after


@pytest.mark.parametrize("what", SECRET)
def test_sent_again_a_secret_is_not_told_again_and_nothing_is_made(api: Api, site: Site, what: str) -> None:
    path, body = SECRET[what]
    first = api.post(path, body, "keeper1", key="k1")
    assert first.status_code == 200, first.text
    after = listed(api)
    again = api.post(path, body, "keeper1", key="k1")
    assert (again.status_code, again.json()["type"]) == (409, "/problems/secret-told")
    assert listed(api) == after
    with site.reading() as tx:
        answers = [bytes(each.answer or b"") for each in tx.execute(once_table.select())]
    told = first.json()
    secret = told.get("secret") or told["invitation"]
    assert not any(secret.encode() in each for each in answers)


def test_a_secret_is_rotated_once(api: Api) -> None:
    made = api.post("/webhooks", HOOK, "keeper1").json()["subscription"]
    for _ in range(2):
        found = api.post(f"/webhooks/{made['id']}/secrets", b"", "keeper1", key="k1", **{"If-Match": '"1"'})
    assert (found.status_code, found.json()["type"]) == (409, "/problems/secret-told")
    assert api.get(f"/webhooks/{made['id']}", "keeper1").json()["version"] == 2
    kept = api.post("/programs/crm/credentials", KEY, "keeper1").json()["credential"]["id"]
    place, body = f"/programs/crm/credentials/{kept}/rotate", {"until": UNTIL, "overlap_minutes": 5}
    assert [api.post(place, body, "keeper1", key="k2").status_code for _ in range(2)] == [200, 409]
    assert len(api.get("/programs/crm/credentials", "keeper1").json()["items"]) == 2


def test_a_trial_is_sent_once(api: Api) -> None:
    place = f"/webhooks/{api.post('/webhooks', HOOK, 'keeper1').json()['subscription']['id']}"
    events = [api.post(f"{place}/trials", b"", "keeper1", key=key).json()["event"] for key in ("k1", "k1", "k2")]
    assert (events[0] == events[1], events[1] == events[2]) == (True, False)
    assert len(api.get(f"{place}/deliveries", "keeper1").json()["items"]) == 2


def test_of_two_at_once_one_is_done_and_both_are_answered(api: Api) -> None:
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: api.post("/programs", {"id": "shop"}, "keeper1", key="k1"), range(4)))
    assert {each.status_code for each in found} == {200}
    assert len({each.text for each in found}) == 1


def test_a_key_is_its_callers_own_and_what_was_refused_may_be_sent_again(api: Api) -> None:
    assert api.post("/programs", {"id": "till"}, "keeper1", key="k1").status_code == 200
    assert api.post("/programs", {"id": "shop"}, "steward", key="k1").status_code == 200
    assert api.post("/programs/none/credentials", KEY, "keeper1", key="k2").status_code == 404
    api.post("/programs", {"id": "none"}, "keeper1")
    assert api.post("/programs/none/credentials", KEY, "keeper1", key="k2").status_code == 200


def test_who_may_not_ask_is_refused_before_it_is_looked_up(api: Api) -> None:
    api.post("/programs", {"id": "shop"}, "keeper1", key="k1")
    assert api.post("/programs", {"id": "shop"}, "stale", key="k1").json()["type"] == "/problems/proof-too-old"


def test_a_request_that_names_itself_by_nothing_is_refused(api: Api) -> None:
    answer = api.client.post("/api/v1/programs", json={"id": "shop"}, headers={"Authorization": "Bearer keeper1"})
    assert (answer.status_code, answer.json()["type"]) == (400, "/problems/malformed")


def test_of_two_servers_at_once_the_second_waits_and_is_answered_as_the_first(database: Database) -> None:
    def ask(said: str, answer: bytes) -> Any:
        with database.transaction() as tx:
            try:
                found = once.begin(tx, "r1", said, START)
            except (RequestTakenError, SecretToldError) as error:
                return type(error)
            if found is None:
                once.keep(tx, "r1", answer)
            return found

    once = Once(b"s" * 32)
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(lambda each: ask("same", each), (b"a", b"a")))
    assert {*found} == {None, b"a"}
    assert ask("same", b"b") == b"a"
    assert ask("other", b"b") is RequestTakenError
