# SPDX-License-Identifier: Apache-2.0
"""What strangers say of themselves breaks nothing: whatever text or token comes, it proves nobody and is counted."""

import base64
import datetime as dt
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec
import pytest
from callers import TestClient, bearer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from house import Clock, ready
from hypothesis import HealthCheck, example, given, settings
from joserfc.jwk import OKPKey
from litestar import Litestar
from own_house import WHSEC

from hostile import CLAIMS, HEADERS, TEXT, objects, token
from keshou.app.site import Site
from keshou.db import Database
from keshou.programs.errors import TokenRequestError
from keshou.programs.grant import KeyGrant
from keshou.programs.request import ASSERTION, issue
from keshou.programs.scope import Scope
from keshou.programs.token import TYPE
from keshou.visits.settings import HookSettings, VisitSettings
from keshou.web.find_caller import Finder
from keshou.web.server import application

Client = TestClient[Litestar]
PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PAIR = OKPKey.import_key(PRIVATE)
KID = PAIR.thumbprint()
FORM = "application/x-www-form-urlencoded"
ODD = ["\0", "biller\0", "\ud800", "biller\udfff", "é", "\u202ebiller", "a" * 5000, "' OR '1'='1", "", " ", "1e999"]


@pytest.fixture
def site(database: Database, tmp_path: Path, clock: Clock) -> Iterator[Site]:
    """A site that sends codes, with a program and an app whose keys are known here."""
    file = tmp_path / "gateway.secret"
    file.write_bytes(WHSEC)
    file.chmod(0o600)
    hook = HookSettings(url="http://127.0.0.1:9/hook", secret_file=file.name)
    with ready(database, tmp_path, clock, visits=VisitSettings(hook=hook, by="clerk1", purpose="service")) as site:
        now = site.now()
        grant = KeyGrant(scopes=frozenset({Scope.READ}), until=now + dt.timedelta(days=1))
        with site.writing() as tx:
            site.programs.add(tx, "biller", now)
            site.programs.add_jwk(tx, "biller", PAIR.as_dict(private=False), grant, now)
            site.visits.keys.register(
                tx, "mobile", PAIR.as_dict(private=False), grant.until, now, services={"mobile"}
            )  # fmt: skip
        yield site


def client_of(site: Site, rate: str) -> Client:
    server = msgspec.structs.replace(site.settings.server, rate_unknown=rate, rate_pages="100000/minute")
    site.settings = msgspec.structs.replace(site.settings, server=server)
    app = application(site, Finder(site))
    return TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False)


@pytest.fixture
def client(site: Site) -> Iterator[Client]:
    with client_of(site, "100000/minute") as client:
        yield client


def usual(site: Site, endpoint: str = "") -> dict[str, Any]:
    """Return the claims by which an assertion of the program holds."""
    moment = int(site.now().timestamp())
    aud = endpoint or site.settings.url
    return {"iss": "biller", "sub": "biller", "aud": aud, "iat": moment, "exp": moment + 60, "jti": "j-1"}


# Tokens ------------------------------------------------------------------------------------------------------------

_freely = settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None)


@_freely
@given(objects(HEADERS, alg="Ed25519", typ=TYPE, kid=KID), objects(CLAIMS))
@example({"alg": "Ed25519", "crit": 5}, {})
@example(["alg"], {})
@example({"alg": "Ed25519", "kid": "\0"}, {})
def test_no_made_up_token_proves_anybody_or_breaks_what_reads_it(site: Site, header: Any, payload: Any) -> None:
    find, now = Finder(site), site.now()
    with site.writing() as tx:
        assert find(tx, token(header, payload), "", now) is None
        assert find(tx, token(header, payload, PRIVATE.sign), "", now) is None, "what the app said was taken"


def issued(site: Site, form: dict[str, str], endpoint: str) -> str:
    """Return the type of the token that a request brings, or the code of its refusal."""
    try:
        with site.writing() as tx:
            return issue(tx, site.programs, form, "", site.now(), endpoint=endpoint).token_type
    except TokenRequestError as error:
        return error.code


@_freely
@given(objects(HEADERS, alg="Ed25519", kid=KID), objects(CLAIMS))
@example({"alg": "Ed25519", "crit": 5}, {"sub": "biller"})
@example(["alg"], {"sub": "biller"})
def test_no_assertion_breaks_what_reads_it_though_the_program_signed_it(site: Site, header: Any, payload: Any) -> None:
    endpoint = f"{site.settings.url}/oauth/token"
    said = usual(site, endpoint) | payload if isinstance(payload, dict) else payload
    for client_id in ("biller", ""):
        form = {
            "grant_type": "client_credentials", "client_assertion_type": ASSERTION, "client_id": client_id,
            "client_assertion": token(header, said, PRIVATE.sign),
        }  # fmt: skip
        assert issued(site, form, endpoint) in ("Bearer", "invalid_client")


@pytest.mark.parametrize(
    "header",
    [{"alg": "Ed25519", "crit": 5}, ["alg"], "alg", {"alg": 5}, {"alg": "Ed25519", "typ": TYPE, "kid": "\ud800"}],
    ids=str,
)
def test_a_made_up_token_is_refused_and_counted(site: Site, header: Any) -> None:
    with client_of(site, "2/hour") as client:
        asked = [client.get("/api/v1/session", headers=bearer(token(header, {}))) for _ in range(3)]
    assert [each.status_code for each in asked] == [401, 401, 429]


def test_a_request_for_a_token_in_nobodys_name_is_refused_and_counted(site: Site) -> None:
    with client_of(site, "4/hour") as client:
        forms = [{"client_id": "\0", "client_secret": "x"}] * 2
        forms += [assertion({"sub": each}) for each in ("\0", "\ud800", "biller")]
        asked = [client.post("/oauth/token", data={"grant_type": "client_credentials"} | each) for each in forms]
    assert [each.status_code for each in asked] == [401, 401, 401, 401, 429]
    assert {each.json().get("error") for each in asked[:4]} == {"invalid_client"}


# Text --------------------------------------------------------------------------------------------------------------


def assertion(said: object, **header: object) -> dict[str, str]:
    given = token({"alg": "Ed25519", **header}, said)
    return {"client_assertion_type": ASSERTION, "client_assertion": given}


def asks_token(client: Client, **form: str) -> Any:
    return by_form(client, "/oauth/token", grant_type="client_credentials", **form)


def by_form(client: Client, path: str, **form: str) -> Any:
    content = "&".join(f"{name}={quote(value, safe='', errors='surrogatepass')}" for name, value in form.items())
    return client.post(path, content=content, headers={"Content-Type": FORM})


def by_json(client: Client, path: str, **said: object) -> Any:
    headers = {"Content-Type": "application/json"}
    return client.post(f"/api/v1{path}", content=json.dumps(said).encode(), headers=headers)


def basic(client: Client, text: str) -> Any:
    raw = base64.b64encode(f"{quote(text, errors='surrogatepass')}:x".encode()).decode()
    headers = {"Content-Type": FORM, "Authorization": f"Basic {raw}"}
    return client.post("/oauth/token", content="grant_type=client_credentials", headers=headers)


def looked_at(client: Client, path: str, text: str) -> Any:
    return client.get(path + quote(text, safe="", errors="surrogatepass"))


def shown(client: Client, cookie: str) -> Any:
    return client.get("/api/v1/session", headers={"Cookie": f"keshou={quote(cookie, errors='surrogatepass')}"})


PLACES: dict[str, Callable[[Client, str], Any]] = {
    "a program's name": lambda client, text: asks_token(client, client_id=text, client_secret="x"),
    "a program's secret": lambda client, text: asks_token(client, client_id="biller", client_secret=text),
    "a program's name by Basic": basic,
    "a subject": lambda client, text: asks_token(client, **assertion({"sub": text})),
    "a subject and key": lambda client, text: asks_token(client, **assertion({"sub": text}, kid=text)),
    "a bearer's key": lambda client, text: client.get("/api/v1/session", headers=bearer(token({"kid": text}, {}))),
    "an app's key": lambda client, text: client.get(
        "/api/v1/me/visits", headers=bearer(token({"alg": "Ed25519", "typ": "JWT", "kid": text}, {"sub": text}))
    ),
    "an app's user": lambda client, text: by_form(
        client, "/me/enter", token=token({"alg": "Ed25519", "typ": "JWT", "kid": KID}, {"sub": text}, PRIVATE.sign)
    ),
    "a session": lambda client, text: shown(client, f"ss_{text}"),
    "a visit": lambda client, text: shown(client, f"vs_{text}"),
    "an account": lambda client, text: by_json(client, "/sign-in", account=text, password="x"),
    "a password": lambda client, text: by_json(client, "/sign-in", account="nobody", password=text),
    "a step": lambda client, text: by_json(client, "/sign-in/second", ticket=text, code="123456"),
    "a second factor": lambda client, text: by_json(client, "/sign-in/second", ticket="t" * 43, code=text),
    "an invitation": lambda client, text: by_json(client, "/invitations/look", invitation=text),
    "an invitation accepted": lambda client, text: by_json(
        client, "/invitations/accept", invitation=text, password="teapot under the willow"
    ),
    "a user": lambda client, text: by_json(client, "/visits/codes", user=text, channel="sms"),
    "an address": lambda client, text: by_json(client, "/visits/codes", address=text, channel="sms"),
    "a code": lambda client, text: by_json(client, "/visits", ticket="t" * 43, code=text),
    "a code's ticket": lambda client, text: by_json(client, "/visits", ticket=text, code="123456"),
    "a link": lambda client, text: by_json(client, "/links/openings", token=text),
    "a passkey": lambda client, text: by_json(client, "/sign-in/passkey", answer={"id": text, "response": text}),
    "a provider's answer": lambda client, text: looked_at(client, "/sign-in/openid?code=a&state=", text),
    "a provider's word": lambda client, text: by_form(client, "/sign-in/openid/logout", logout_token=text),
    "a page of the law": lambda client, text: looked_at(client, "/law/", text),
    "words looked for": lambda client, text: looked_at(client, "/law?q=", text),
    "an account at the console": lambda client, text: by_form(
        client, "/console/sign-in", account=text, password=text
    ),
    "an invitation at the console": lambda client, text: by_form(
        client, "/console/invitation", invitation=text, password=text
    ),
    "a user at the portal": lambda client, text: by_form(client, "/me/sign-in/code", user=text, channel="sms"),
    "an address at the portal": lambda client, text: by_form(client, "/me/sign-in/code", address=text, channel="sms"),
    "a code at the portal": lambda client, text: by_form(client, "/me/sign-in", ticket=text, code=text),
}  # fmt: skip
"""Every place where somebody who has proven nothing says something that is looked for."""


@pytest.mark.parametrize("place", PLACES)
def test_no_text_of_a_stranger_breaks_anything_or_lets_anybody_in(client: Client, place: str) -> None:
    for text in ODD:
        answered = PLACES[place](client, text)
        assert answered.status_code < 500, ascii(text)
        given = answered.headers.get("set-cookie", "")
        assert not [each for each in ("=ss_", "=vs_") if each in given], ascii(text)


@_freely
@given(TEXT)
def test_no_name_at_all_breaks_what_looks_a_program_up(site: Site, text: str) -> None:
    form = {"grant_type": "client_credentials", "client_id": text, "client_secret": "x"}
    with pytest.raises(TokenRequestError, match="not known"), site.writing() as tx:
        issue(tx, site.programs, form, "", site.now(), endpoint="")
