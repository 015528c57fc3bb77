# SPDX-License-Identifier: Apache-2.0
"""Whom an app vouches for sees and does what is of the services that the app serves, and nothing of any other."""

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import signing_app
from callers import TestClient
from house import START, Clock, declared, newcomer, ready
from joserfc.jwk import OKPKey
from litestar import Litestar

from keshou.app.new_app_key import register_app_key
from keshou.app.site import Site
from keshou.db import Database
from keshou.gate.facts import ServiceStarted
from keshou.visits.errors import AppKeyError
from keshou.web.find_caller import Finder
from keshou.web.server import application

KEYS = {each: OKPKey.generate_key("Ed25519") for each in ("mobile", "broadband", "both")}
_numbers = itertools.count()


@pytest.fixture
def site(database: Database, tmp_path: Path, clock: Clock) -> Iterator[Site]:
    """Give a site with a user of both services, who agreed to marketing of mobile."""
    with ready(database, tmp_path, clock) as site:
        site.do(newcomer(site, "u1", None, "marketing"))
        site.record("u1", ServiceStarted(at=START, service="broadband"))
        with site.writing() as tx:
            for name, key in KEYS.items():
                service, also = ("mobile", ["broadband"]) if name == "both" else (name, [])
                register_app_key(site, tx, service, key.as_dict(private=False), None, by="keeper", also=also)
        yield site


@pytest.fixture
def client(site: Site) -> Iterator[TestClient[Litestar]]:
    with TestClient(application(site, Finder(site)), base_url="http://127.0.0.1") as client:
        yield client


class User:
    """The user, come by an app."""

    def __init__(self, site: Site, client: TestClient[Litestar], app: str) -> None:
        self._site, self._client, self._app = site, client, app

    def _headers(self) -> dict[str, str]:
        moment, number = int(self._site.now().timestamp()), str(next(_numbers))
        said = {
            "iss": "mobile" if self._app == "both" else self._app, "aud": self._site.settings.url, "sub": "u1",
            "iat": moment, "exp": moment + 300, "jti": number, "auth_time": moment,
        }  # fmt: skip
        token = signing_app.signed(KEYS[self._app], "Ed25519", said)
        return {
            "Authorization": f"Bearer {token}", "Idempotency-Key": f"k{number}", "Content-Type": "application/json",
        }  # fmt: skip

    def post(self, path: str, body: Any = None) -> Any:
        """Send `body` and return the response."""
        content = b"{}" if body is None else msgspec.json.encode(body)
        return self._client.post(path, content=content, headers=self._headers())

    def me(self) -> Any:
        """Return what the user is told of themselves."""
        return self._client.get("/api/v1/me", headers=self._headers()).json()


@pytest.fixture(params=["mobile", "broadband", "both"])
def app(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def user(site: Site, client: TestClient[Litestar], app: str) -> User:
    return User(site, client, app)


SERVICES = {"mobile": ["mobile"], "broadband": ["broadband"], "both": ["broadband", "mobile"]}
MARKETING = {"mobile": True, "broadband": False, "both": True}


def test_a_user_sees_what_is_of_the_apps_services(user: User, app: str) -> None:
    found = user.me()
    purposes = {"service", "marketing"} if MARKETING[app] else {"service"}
    assert found["standing"]["services"] == SERVICES[app]
    assert {each["purpose"] for each in found["standing"]["consents"]} == purposes
    assert {each for held in found["held"] for each in held["purposes"]} == purposes
    assert found["standing"]["since"] is None
    copy = user.post("/api/v1/me/copy").json()
    assert set(copy["purposes"]) <= purposes
    assert {each.get("service", "") for each in copy["history"]} - {""} == set(SERVICES[app])
    assert {each.get("purpose", "") for each in copy["history"]} - {""} == purposes


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/v1/me/consents", {"purpose": "marketing", "version": 1}),
        ("/api/v1/me/withdrawals", {"purpose": "marketing"}),
        ("/api/v1/me/corrections", {"purpose": "marketing", "values": {"tariff_plan": "P-1"}}),
        ("/api/v1/me/messages", {"wanted": True}),
        ("/api/v1/acts", {"kind": "query", "user": "u1", "items": ["tariff_plan"], "purpose": "marketing"}),
        ("/api/v1/decisions", {"kind": "query", "user": "u1", "items": ["tariff_plan"], "purpose": "marketing"}),
        ("/access/v1/evaluation", {
            "subject": {"type": "user", "id": "u1"}, "action": {"name": "query"}, "context": {"purpose": "marketing"},
            "resource": {"type": "personal_information", "id": "u1", "properties": {"items": ["tariff_plan"]}},
        }),
    ],
)  # fmt: skip
def test_a_user_does_and_asks_nothing_of_another_service(user: User, app: str, path: str, body: Any) -> None:
    answer = user.post(path, body)
    beyond = (answer.status_code, answer.json().get("type")) == (403, "/problems/not-entitled")
    assert beyond is not MARKETING[app], answer.text


def test_what_is_of_the_apps_service_is_done(user: User) -> None:
    assert user.post("/api/v1/me/withdrawals", {"purpose": "service"}).status_code == 200
    assert user.post("/api/v1/me/consents", {"purpose": "service", "version": 1}).status_code == 200
    assert user.post("/api/v1/me/messages", {"wanted": False}).status_code == 200, "refusing is free to everybody"


def test_services_end_that_the_app_serves(site: Site, user: User, app: str) -> None:
    for each in {"mobile", "broadband"} - {*SERVICES[app]}:
        assert user.post("/api/v1/me/cancellation", {"services": [each]}).status_code == 403
    ended = user.post("/api/v1/me/cancellation")
    assert ended.status_code == 200, ended.text
    assert bool(ended.json()["shredded"]) is (app == "both"), "what the service class holds goes with the last service"
    again = user.post("/api/v1/me/cancellation")
    assert again.status_code == 422
    with site.reading() as tx:
        assert site.ledger.head(tx).size


def test_all_that_is_held_is_deleted_by_an_app_of_every_service_alone(user: User, app: str) -> None:
    answer = user.post("/api/v1/me/erasure", {"purpose": "service"})
    assert (answer.json().get("type") == "/problems/not-entitled") is (app != "both"), answer.text


def test_what_a_new_version_of_the_rules_gives_a_service_is_its_apps_at_once(
    site: Site, client: TestClient[Litestar]
) -> None:
    user, question = User(site, client, "broadband"), {
        "kind": "query", "user": "u1", "items": ["tariff_plan"], "purpose": "marketing",
    }  # fmt: skip
    assert user.post("/api/v1/decisions", question).status_code == 403
    assert user.post("/api/v1/decisions", question | {"purpose": "service"}).status_code == 200
    rules = declared()
    purposes = tuple(msgspec.structs.replace(each, services=("mobile", "broadband")) for each in rules.purposes)
    site.publish(msgspec.structs.replace(rules, purposes=purposes), by="officer")
    assert user.post("/api/v1/decisions", question).status_code == 200


def test_a_key_is_registered_for_services_of_the_rules_alone(site: Site) -> None:
    key = OKPKey.generate_key("Ed25519").as_dict(private=False)
    with site.writing() as tx:
        with pytest.raises(AppKeyError, match="no such service"):
            register_app_key(site, tx, "mobile", key, None, by="keeper", also=["television"])
        made = register_app_key(site, tx, "mobile", key, None, by="keeper", also=["broadband", "mobile"])
    assert (made.service, made.also) == ("mobile", ("broadband",))
    with site.reading() as tx:
        assert site.visits.keys.services(tx, made.id) == {"mobile", "broadband"}
        assert made in site.visits.keys.list(tx)
