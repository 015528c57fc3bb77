# SPDX-License-Identifier: Apache-2.0
"""Access tokens are had by the standard protocol, hold for minutes, and are refused in its own words."""

import base64
import datetime as dt
import json
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest
from callers import TestClient, bearer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from house import Clock
from joserfc import jwt
from joserfc.jwk import KeySet, OKPKey
from litestar import Litestar
from office_house import with_offices

from keshou.app import clock
from keshou.app.site import Site
from keshou.client.credentials import ClientSecret, PrivateKey
from keshou.client.exchange import Got, Send
from keshou.db import Database
from keshou.programs.grant import KeyGrant
from keshou.programs.request import ASSERTION
from keshou.programs.scope import Scope
from keshou.web.find_caller import Finder
from keshou.web.server import application

Client = TestClient[Litestar]
TOKEN = "/oauth/token"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Known:
    """A program with a client secret and a key pair."""

    def __init__(self, site: Site) -> None:
        now = site.now()
        grant = KeyGrant(scopes=frozenset({Scope.ACT, Scope.READ}), until=now + dt.timedelta(days=1))
        self.pair = OKPKey.import_key(Ed25519PrivateKey.generate())
        with site.writing() as tx:
            site.programs.add(tx, "biller", now)
            self.made, self.secret = site.programs.new_secret(tx, "biller", grant, now)
            site.programs.add_jwk(tx, "biller", self.pair.as_dict(private=False), grant, now)
        self.site = site

    def assertion(self, **claims: Any) -> str:
        """Return an assertion that holds, but for what `claims` change."""
        moment = int(self.site.now().timestamp())
        said = {
            "iss": "biller", "sub": "biller", "aud": self.site.settings.url + TOKEN, "iat": moment, "exp": moment + 60,
            "jti": secrets.token_hex(8),
        }  # fmt: skip
        header = {"alg": "Ed25519", "kid": self.pair.thumbprint()}
        return jwt.encode(header, said | claims, self.pair, algorithms=["Ed25519"])


@pytest.fixture
def hands() -> Clock:
    return Clock()


@pytest.fixture
def site(database: Database, tmp_path: Path, hands: Clock) -> Iterator[Site]:
    with with_offices(database, tmp_path, hands) as site:
        yield site


@pytest.fixture
def known(site: Site) -> Known:
    return Known(site)


@pytest.fixture
def client(site: Site) -> Iterator[Client]:
    with TestClient(application(site, Finder(site)), base_url="http://127.0.0.1") as client:
        yield client


def asked(client: Client, header: str = "", **form: str) -> Any:
    content = urlencode({"grant_type": "client_credentials"} | form)
    return client.post(TOKEN, content=content, headers=FORM | ({"Authorization": header} if header else {}))


def basic(name: str, secret: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()


def by_secret(client: Client, known: Known, **form: str) -> Any:
    return asked(client, client_id="biller", client_secret=known.secret, **form)


def act(client: Client, token: str) -> Any:
    body = {"kind": "use", "user": "u1", "items": ["mobile_number"], "purpose": "service"}
    headers = bearer(token) | {"Idempotency-Key": secrets.token_hex(8)}
    return client.post("/api/v1/acts", json=body, headers=headers)


def test_a_secret_in_the_form_or_the_header_and_a_signature_each_bring_a_token(client: Client, known: Known) -> None:
    signed = {"client_assertion_type": ASSERTION, "client_assertion": known.assertion()}
    for answer in (
        by_secret(client, known), asked(client, basic("biller", known.secret)),
        asked(client, **signed),
        asked(client, client_id="biller", client_assertion_type=ASSERTION, client_assertion=known.assertion()),
    ):  # fmt: skip
        assert answer.status_code == 200, answer.text
        found = answer.json()
        assert (found["token_type"], found["scope"], found["expires_in"]) == ("Bearer", "act read", 600)
        assert (answer.headers["cache-control"], answer.headers["pragma"]) == ("no-store", "no-cache")
        assert act(client, found["access_token"]).json()["type"] == "/problems/denied"


def test_a_token_is_for_no_more_than_was_asked(client: Client, known: Known) -> None:
    found = by_secret(client, known, scope="read").json()
    assert found["scope"] == "read"
    assert act(client, found["access_token"]).json()["type"] == "/problems/not-entitled"


def test_a_token_ends_with_its_time_and_with_what_it_was_traded_for(
    client: Client, known: Known, site: Site, hands: Clock
) -> None:
    first = by_secret(client, known).json()["access_token"]
    hands.moment += dt.timedelta(minutes=11)
    assert act(client, first).status_code == 401
    second = by_secret(client, known).json()["access_token"]
    assert act(client, second).status_code == 403
    with site.writing() as tx:
        site.programs.revoke(tx, known.made.id, site.now())
    assert act(client, second).status_code == 401


def test_anybody_checks_a_token_by_the_published_keys(client: Client, known: Known, site: Site) -> None:
    told = client.get("/.well-known/oauth-authorization-server").json()
    assert told["issuer"] == site.settings.url
    assert told["token_endpoint"].endswith(TOKEN)
    assert told["response_types_supported"] == []
    keys = client.get(told["jwks_uri"].removeprefix(told["issuer"]))
    assert keys.headers["cache-control"] == "public, max-age=3600"
    assert all("d" not in each for each in keys.json()["keys"])
    token = by_secret(client, known).json()["access_token"]
    found = jwt.decode(token, KeySet.import_key_set(keys.json()), algorithms=["Ed25519"])
    assert (found.claims["iss"], found.claims["sub"], found.header["typ"]) == (told["issuer"], "biller", "at+jwt")


def refused(answer: Any, status: int, code: str) -> None:
    assert (answer.status_code, answer.json()["error"]) == (status, code), answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert set(answer.json()) == {"error", "error_description"}


def test_who_is_not_known_is_told_so_and_not_why(client: Client, known: Known) -> None:
    wrong = known.secret[:-1] + ("0" if known.secret[-1] != "0" else "1")
    answers = [
        asked(client, client_id="biller", client_secret=wrong), asked(client, client_id="no", client_secret=wrong),
        asked(client, client_id="other", client_secret=known.secret), asked(client),
        asked(client, client_id="biller", client_assertion_type=ASSERTION, client_assertion="a.b.c"),
    ]  # fmt: skip
    for answer in answers:
        refused(answer, 401, "invalid_client")
    assert len({each.text for each in answers[:3]}) == 1
    by_header = asked(client, basic("biller", wrong))
    refused(by_header, 401, "invalid_client")
    assert by_header.headers["www-authenticate"].startswith("Basic ")
    assert all(wrong not in each.text for each in answers)


@pytest.mark.parametrize("claims", [
    {"aud": "https://elsewhere.example/oauth/token"}, {"exp": 1}, {"iss": "other"}, {"jti": ""}, {"aud": None},
    {"exp": 4_000_000_000}, {"nbf": 4_000_000_000}, {"sub": "other"}, {"exp": "soon"},
])  # fmt: skip
def test_an_assertion_that_is_not_for_us_and_now_brings_nothing(
    client: Client, known: Known, claims: dict[str, Any]
) -> None:
    assertion = known.assertion(**claims)
    refused(asked(client, client_assertion_type=ASSERTION, client_assertion=assertion), 401, "invalid_client")


def test_an_assertion_serves_once(client: Client, known: Known) -> None:
    signed = {"client_assertion_type": ASSERTION, "client_assertion": known.assertion()}
    assert asked(client, **signed).status_code == 200
    refused(asked(client, **signed), 401, "invalid_client")


def test_an_unsigned_assertion_brings_nothing(client: Client, known: Known) -> None:
    head, body, _ = known.assertion().split(".")
    none = base64.urlsafe_b64encode(json.dumps({"alg": "none", "kid": known.pair.thumbprint()}).encode()).rstrip(b"=")
    for text in (f"{none.decode()}.{body}.", f"{none.decode()}.{body}.e30", f"{head}.{body}."):
        refused(asked(client, client_assertion_type=ASSERTION, client_assertion=text), 401, "invalid_client")


@pytest.mark.parametrize(("content", "code"), [
    ("grant_type=password", "unsupported_grant_type"), ("", "invalid_request"), ("\u00e9", "invalid_request"),
    ("grant_type=client_credentials&grant_type=client_credentials", "invalid_request"),
    ("grant_type=client_credentials&client_secret=a&client_assertion=b", "invalid_request"),
    ("grant_type=client_credentials&client_assertion=b", "invalid_request"),
    ("grant_type=client_credentials&scope=%ff", "invalid_request"),
    ("&".join(f"a{i}=1" for i in range(40)), "invalid_request"), ("grant_type", "invalid_request"),
])  # fmt: skip
def test_what_is_no_such_request_is_told_in_the_protocol_s_words(client: Client, content: str, code: str) -> None:
    refused(client.post(TOKEN, content=content.encode(), headers=FORM), 400, code)


def test_a_scope_that_the_credential_has_not_is_refused(client: Client, known: Known) -> None:
    refused(by_secret(client, known, scope="read search"), 400, "invalid_scope")


def test_a_request_that_is_no_form_is_a_problem(client: Client, known: Known) -> None:
    body = {"grant_type": "client_credentials", "client_id": "biller", "client_secret": known.secret}
    answer = client.post(TOKEN, json=body)
    assert (answer.status_code, answer.json()["type"]) == (415, "/problems/media-type")
    assert client.get(TOKEN).status_code == 405


def test_who_keeps_guessing_is_made_to_wait(site: Site, known: Known) -> None:
    few = msgspec.structs.replace(site.settings.server, rate_unknown="3/minute")
    site.settings = msgspec.structs.replace(site.settings, server=few)
    with TestClient(application(site, Finder(site)), base_url="http://127.0.0.1") as client:
        for _ in range(3):
            refused(asked(client, client_id="biller", client_secret="guess"), 401, "invalid_client")
        answer = by_secret(client, known)
        assert (answer.status_code, answer.json()["type"]) == (429, "/problems/too-many-requests")


def test_our_own_client_fetches_its_tokens_here(database: Database, tmp_path: Path) -> None:
    with (
        with_offices(database, tmp_path, clock.now) as site,
        TestClient(application(site, Finder(site)), base_url="http://127.0.0.1") as client,
    ):
        known = Known(site)
        pem = known.pair.as_pem(private=True).decode()
        signed = PrivateKey("biller", pem, audience=site.settings.url + TOKEN, alg="Ed25519")
        for proof in (ClientSecret("biller", known.secret), signed):
            steps = proof.token()
            call = next(steps)
            assert isinstance(call, Send)
            answer = client.post(call.path, content=call.body, headers=dict(call.headers))
            with pytest.raises(StopIteration) as ended:
                steps.send(Got(answer.status_code, dict(answer.headers), answer.content))
            assert act(client, ended.value.value).status_code == 403
