# SPDX-License-Identifier: Apache-2.0
"""A host that is no honest provider costs Keshou neither its time nor its trust, and settings cannot ask for that."""

import base64
import datetime as dt
import gzip
import json
from collections.abc import Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from hostile_provider import Host, hostile
from joserfc.jwk import ECKey, OctKey, RSAKey

from keshou.accounts.openid.errors import OpenIdError, OpenIdRefusedError, ProviderError, Refusal
from keshou.accounts.openid.flow import Begun, flow_of
from keshou.accounts.openid.outward import Outward, is_safe
from keshou.accounts.openid.provider import OpenIdProvider
from keshou.accounts.openid.published import Published
from keshou.accounts.openid.settings import Match, OpenIdSettings

NOW = dt.datetime(2013, 9, 2, 1, 0, tzinfo=dt.UTC)
BACK = "https://keshou.example/sign-in/openid"
DISCOVERY = "/.well-known/openid-configuration"
FLOW = flow_of(bytes(32), "state", NOW, fresh=False)
BEGUN = Begun(flow=FLOW, state="state", binding="binding")


@pytest.fixture
def host() -> Iterator[Host]:
    with hostile() as host:
        yield host


def provider(host: Host, **more: Any) -> OpenIdProvider:
    return OpenIdProvider(OpenIdSettings(issuer=host.issuer, client_id="keshou", **more), "s", BACK)


def keys(host: Host, **more: Any) -> Published:
    settings = OpenIdSettings(issuer=host.issuer, client_id="keshou", **more)
    return Published(settings, Outward(settings))


# What it publishes -------------------------------------------------------------------------------------------------


def test_what_a_provider_publishes_is_asked_for_once_in_a_while(host: Host) -> None:
    asking = provider(host)
    for minutes in (0, 1, 59):
        assert asking.address(BEGUN, NOW + dt.timedelta(minutes=minutes)).startswith(f"{host.issuer}/authorize?")
    assert host.asked == [DISCOVERY]
    asking.address(BEGUN, NOW + dt.timedelta(minutes=60))
    assert host.asked == [DISCOVERY] * 2


@pytest.mark.parametrize("name", ["issuer", "authorization_endpoint", "token_endpoint", "jwks_uri"])
@pytest.mark.parametrize(
    "value", [None, 7, "", "http://login.example/x", "javascript:alert(1)", "file:///etc/hosts", "https://a@b.example/"]
)
def test_an_address_that_is_not_safe_is_not_taken(host: Host, name: str, value: Any) -> None:
    host.says(DISCOVERY, host.metadata(**{name: value}))
    with pytest.raises(ProviderError):
        provider(host).address(BEGUN, NOW)


def test_a_provider_that_names_itself_otherwise_is_not_ours(host: Host) -> None:
    host.says(DISCOVERY, host.metadata(issuer="https://login.example"))
    with pytest.raises(ProviderError, match="names itself"):
        provider(host).address(BEGUN, NOW)


def test_nobody_is_led_on_to_elsewhere(host: Host) -> None:
    host.says("/elsewhere", host.metadata())
    host.says(DISCOVERY, b"", 302, location=f"{host.issuer}/elsewhere")
    with pytest.raises(ProviderError, match="status 302"):
        provider(host).address(BEGUN, NOW)
    assert host.asked == [DISCOVERY]


def test_an_answer_that_is_too_long_is_given_up(host: Host) -> None:
    host.says(DISCOVERY, host.metadata(padding="x" * 300_000))
    with pytest.raises(ProviderError, match="too long"):
        provider(host).address(BEGUN, NOW)


def test_an_answer_that_would_grow_when_unpacked_is_given_up(host: Host) -> None:
    packed = gzip.compress(json.dumps(host.metadata(padding="x" * 30_000_000)).encode())
    host.says(DISCOVERY, packed, content_encoding="gzip")
    with pytest.raises(ProviderError, match="packed"):
        provider(host).address(BEGUN, NOW)


def test_an_answer_that_does_not_come_is_given_up(host: Host) -> None:
    host.hurried.clear()
    with pytest.raises(ProviderError, match="too slow"):
        provider(host, answer_seconds=0.2).address(BEGUN, NOW)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 200_000, b"1" * 5_000])
def test_what_is_no_json_object_is_not_taken(host: Host, body: bytes) -> None:
    host.says(DISCOVERY, body)
    with pytest.raises(ProviderError):
        provider(host).address(BEGUN, NOW)


def test_a_provider_that_is_away_is_told_from_one_that_refuses() -> None:
    with hostile() as gone:
        asking = provider(gone)
    with pytest.raises(ProviderError):
        asking.address(BEGUN, NOW)


# Its keys ----------------------------------------------------------------------------------------------------------


def test_only_keys_that_may_sign_are_known(host: Host) -> None:
    good, other, short = RSAKey.generate_key(2048), ECKey.generate_key("P-256"), short_key()
    host.says("/keys", {"keys": [
        {**good.as_dict(private=False), "kid": "good", "use": "sig"},
        {**other.as_dict(private=False), "kid": "for sealing", "use": "enc"},
        {**OctKey.generate_key(256).as_dict(), "kid": "shared"},
        {**short, "kid": "short"}, {"kty": "RSA", "kid": "broken"}, {"kty": "EC", "crv": "P-256", "kid": "broken"},
        {"kid": "bare"}, None, 7, "x",
    ]})  # fmt: skip
    known = keys(host)
    found = known.key("good", "RSA", NOW)
    assert found is not None
    assert found.thumbprint() == good.thumbprint()
    names = ("for sealing", "shared", "short", "broken", "bare")
    assert [known.key(kid, kind, NOW) for kid in names for kind in ("RSA", "EC", "OKP", "oct")] == [None] * 20


def short_key() -> dict[str, Any]:
    numbers = generate_private_key(65537, 1024).public_key().public_numbers()  # noqa: S505 - what is to be refused
    modulus = base64.urlsafe_b64encode(numbers.n.to_bytes(128, "big")).rstrip(b"=").decode()
    return {"kty": "RSA", "n": modulus, "e": "AQAB"}


def test_a_key_without_a_name_is_taken_only_where_there_is_but_one(host: Host) -> None:
    one, two = (RSAKey.generate_key(2048).as_dict(private=False) for _ in range(2))
    for key in (one, two):
        key.pop("kid", None)
    host.says("/keys", {"keys": [one]})
    assert keys(host).key("", "RSA", NOW) is not None
    host.says("/keys", {"keys": [one, two]})
    assert keys(host).key("", "RSA", NOW) is None


def test_an_unknown_key_is_asked_for_again_but_not_at_every_turn(host: Host) -> None:
    host.says("/keys", {"keys": []})
    known = keys(host)
    for seconds in (0, 0, 59, 60, 61):
        assert known.key("new", "RSA", NOW + dt.timedelta(seconds=seconds)) is None
    assert host.asked.count("/keys") == 2


@pytest.mark.parametrize("said", [{}, {"keys": None}, {"keys": {}}, {"keys": "x"}])
def test_a_provider_without_keys_is_none(host: Host, said: Any) -> None:
    host.says("/keys", said)
    with pytest.raises(ProviderError):
        keys(host).key("good", "RSA", NOW)


# What it gives for a code ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("said", [None, 7, "x", [], [1], b"", b"{", b"\xff"])
def test_what_is_no_answer_to_a_code_is_told_as_such(host: Host, said: Any) -> None:
    host.says("/token", said)
    with pytest.raises((ProviderError, OpenIdRefusedError)):
        provider(host).redeem(FLOW, "code", "", NOW)


@pytest.mark.parametrize("given", [{}, {"id_token": None}, {"id_token": 7}, {"id_token": "x"}, {"id_token": ["x"]}])
def test_an_answer_without_an_id_token_proves_nobody(host: Host, given: dict[str, Any]) -> None:
    host.says("/token", {"access_token": "x", "token_type": "Bearer", **given})
    with pytest.raises(OpenIdRefusedError) as refused:
        provider(host).redeem(FLOW, "code", "", NOW)
    assert refused.value.reason is Refusal.NO_TOKEN


def test_what_a_provider_says_of_its_refusal_is_not_repeated(host: Host) -> None:
    host.says("/token", {"error": "invalid_grant", "error_description": "Mr Somebody was here"}, 400)
    with pytest.raises(OpenIdRefusedError) as refused:
        provider(host).redeem(FLOW, "code", "", NOW)
    assert refused.value.reason is Refusal.CODE
    assert "Somebody" not in f"{refused.value!r} {refused.value.hint} {refused.value.__cause__}"


def test_a_broken_provider_is_told_from_one_that_refuses(host: Host) -> None:
    host.says("/token", {"error": "server_error"}, 500)
    with pytest.raises(ProviderError):
        provider(host).redeem(FLOW, "code", "", NOW)


def test_a_provider_that_takes_no_client_secret_is_sent_none(host: Host) -> None:
    host.says(DISCOVERY, host.metadata(token_endpoint_auth_methods_supported=["private_key_jwt"]))
    with pytest.raises(ProviderError, match="client secret"):
        provider(host).redeem(FLOW, "code", "", NOW)
    assert "/token" not in host.asked


# Settings ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "other",
    [
        *({"issuer": url} for url in ("", "login.example", "http://login.example", "https://", "https://a.example/?b")),
        *({"algorithms": (name,)} for name in ("none", "HS256", "RS1", "")),
        {"client_id": ""},
        {"match": Match.NAME},
        {"client_secret_file": "secret", "client_secret_variable": "SECRET"},
    ],
)
def test_settings_that_would_trust_too_much_are_refused(other: dict[str, Any]) -> None:
    settings = OpenIdSettings(**{"issuer": "https://login.example", "client_id": "keshou", **other})
    with pytest.raises(OpenIdError):
        OpenIdProvider(settings, "s", BACK)


@pytest.mark.parametrize(
    "url",
    ["http://localhost.evil.example/", "http://127.0.0.1.evil.example/", "http://10.0.0.1/", "ftp://127.0.0.1/",
     "https://127.0.0.1:x/", "https://a.example/#b", "https://a.example\\@b.example/", "https://é.example/", "https:/a",
     "https://a.example/\r\nhost: b"],
)  # fmt: skip
def test_an_address_that_only_looks_safe_is_not(url: str) -> None:
    assert not is_safe(url)


@pytest.mark.parametrize("url", ["https://login.example/o", "http://127.0.0.1:8080/o", "http://[::1]/o"])
def test_https_and_this_very_machine_are_safe(url: str) -> None:
    assert is_safe(url)
