# SPDX-License-Identifier: Apache-2.0
"""No ID token is believed but one of the operator's provider, for Keshou, for now, and for this sign-in."""

import base64
import contextlib
import datetime as dt
import hmac
import json
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from hypothesis import example, given
from joserfc import jwt
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey

from hostile import CLAIMS, HEADERS, objects, token
from keshou.accounts.openid.errors import OpenIdRefusedError, Refusal
from keshou.accounts.openid.flow import Flow, Identity
from keshou.accounts.openid.logout import read_logout
from keshou.accounts.openid.settings import OpenIdSettings
from keshou.accounts.openid.token import identify

NOW = dt.datetime(2013, 9, 2, 1, 0, tzinfo=dt.UTC)
ISSUER = "https://login.example"
SETTINGS = OpenIdSettings(issuer=ISSUER, client_id="keshou", strong_acr=("two",), strong_amr=("mfa", "hwk"))
FLOW = Flow(nonce="of this sign-in", verifier="v" * 43, begun=NOW - dt.timedelta(minutes=1))
SECONDS = int(NOW.timestamp())
OURS = RSAKey.generate_key(2048)
THEIRS = RSAKey.generate_key(2048)
KID = "of the provider"


def claims(**other: Any) -> dict[str, Any]:
    """Return what a good token says, but for `other`; a claim that is ... is left out."""
    good = {"iss": ISSUER, "aud": "keshou", "sub": "0042", "exp": SECONDS + 300, "iat": SECONDS, "nonce": FLOW.nonce}
    return {name: value for name, value in {**good, **other}.items() if value is not ...}


def signed(said: dict[str, Any], key: Key = OURS, algorithm: str = "RS256", **header: Any) -> str:
    return jwt.encode({"alg": algorithm, "kid": KID, **header}, said, key, algorithms=[algorithm])


def by_hand(header: dict[str, Any], said: Any, sign: Callable[[bytes], bytes] = lambda _: b"") -> str:
    body = ".".join(part(json.dumps(each).encode()) for each in (header, said))
    return f"{body}.{part(sign(body.encode()))}"


def part(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def published(*keys: Key) -> Callable[[str, str], Key | None]:
    """Return a provider's keys, the first under `KID`."""
    return lambda kid, kind: next((key for key in keys if key.key_type == kind and kid == KID), None)


def read(token: str, *keys: Key, flow: Flow = FLOW, settings: OpenIdSettings = SETTINGS) -> Identity:
    return identify(token, published(*(keys or (OURS,))), flow, settings, NOW)


def refusal(token: str, *keys: Key, **more: Any) -> Refusal:
    with pytest.raises(OpenIdRefusedError) as refused:
        read(token, *keys, **more)
    return refused.value.reason


def test_a_good_token_says_who_it_is() -> None:
    found = read(signed(claims(preferred_username="clerk", auth_time=SECONDS - 60)))
    assert (found.issuer, found.subject, found.name, found.strong) == (ISSUER, "0042", "clerk", False)
    assert found.authenticated == NOW - dt.timedelta(seconds=60)


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [
        (OURS, "PS256"),
        (ECKey.generate_key("P-256"), "ES256"),
        (OKPKey.generate_key("Ed25519"), "Ed25519"),
    ],
)
def test_the_other_allowed_signatures_are_read(key: Key, algorithm: str) -> None:
    assert read(signed(claims(), key, algorithm), key).subject == "0042"


# Signature ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "nOnE", ""])
def test_an_unsigned_token_is_refused(algorithm: str) -> None:
    assert refusal(by_hand({"alg": algorithm, "kid": KID}, claims())) is Refusal.ALGORITHM


def test_the_public_key_is_no_shared_secret() -> None:
    for secret in (OURS.as_pem(private=False), json.dumps(OURS.as_dict(private=False)).encode()):
        token = by_hand({"alg": "HS256", "kid": KID}, claims(), lambda body, secret=secret: mac(secret, body))  # type: ignore[misc]
        assert refusal(token) is Refusal.ALGORITHM


def mac(secret: bytes, body: bytes) -> bytes:
    return hmac.digest(secret, body, "sha256")


def test_another_s_key_under_our_provider_s_name_is_refused() -> None:
    assert refusal(signed(claims(), THEIRS)) is Refusal.SIGNATURE


def test_a_key_that_the_token_brings_along_is_not_used() -> None:
    theirs = ECKey.generate_key("P-256")
    brought = {"jwk": theirs.as_dict(private=False)}
    for header in (brought, {**brought, "kid": "of somebody"}, {"jku": "https://evil.example/keys"}):
        token = signed(claims(), theirs, "ES256", **header)
        assert refusal(token, ECKey.generate_key("P-256")) is Refusal.SIGNATURE


def test_a_signature_that_is_not_among_the_allowed_is_refused() -> None:
    few = OpenIdSettings(issuer=ISSUER, client_id="keshou", algorithms=("ES256",))
    assert refusal(signed(claims()), settings=few) is Refusal.ALGORITHM
    assert refusal(signed(claims(), OURS, "RS512")) is Refusal.ALGORITHM


def test_a_key_for_one_algorithm_is_used_for_no_other() -> None:
    bound = RSAKey.import_key({**OURS.as_dict(private=False), "alg": "RS256"})
    assert refusal(signed(claims(), OURS, "PS256"), bound) is Refusal.SIGNATURE
    assert read(signed(claims()), bound).subject == "0042"


def test_no_part_of_a_token_can_be_changed() -> None:
    header, body, signature = signed(claims()).split(".")
    other = part(json.dumps(claims(sub="0043")).encode())
    for changed in (f"{header}.{other}.{signature}", f"{header}.{body}.{part(bytes(256))}", f"{header}.{body}."):
        assert refusal(changed) is Refusal.SIGNATURE


def test_a_header_that_demands_what_is_not_understood_is_refused() -> None:
    token = by_hand({"alg": "RS256", "kid": KID, "crit": ["exp"], "exp": SECONDS + 1}, claims())
    assert refusal(token) is Refusal.SIGNATURE


@pytest.mark.parametrize(
    "token",
    ["", ".", "..", "a.b.c", "a.b", "é.é.é", "\ud800..", "x" * 20_000, "..." * 9, f"{part(b'[]')}.{part(b'{}')}.",
     f"{part(b'null')}.{part(b'{}')}.", f"{part(b'{')}.{part(b'{}')}.", by_hand({"alg": 7}, {}),
     by_hand({"alg": "RS256", "kid": 7}, {}), by_hand({"kid": KID}, {})],
)  # fmt: skip
def test_what_is_no_token_is_refused(token: str) -> None:
    assert refusal(token) in {Refusal.NO_TOKEN, Refusal.ALGORITHM}


# What it says ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("issuer", ["https://evil.example", f"{ISSUER}/", "", None, [ISSUER], ...])
def test_another_provider_s_token_is_refused(issuer: Any) -> None:
    assert refusal(signed(claims(iss=issuer))) is Refusal.ISSUER


@pytest.mark.parametrize("audience", ["crm", "", [], ["crm"], ["keshou", "crm"], {"keshou": 1}, None, 7, ...])
def test_a_token_for_another_client_or_for_others_too_is_refused(audience: Any) -> None:
    assert refusal(signed(claims(aud=audience))) is Refusal.AUDIENCE


def test_a_token_given_to_another_party_is_refused() -> None:
    assert refusal(signed(claims(azp="crm"))) is Refusal.AUDIENCE
    assert read(signed(claims(aud=["keshou"], azp="keshou"))).subject == "0042"


@pytest.mark.parametrize(
    "other",
    [{"exp": SECONDS - 30}, {"exp": SECONDS - 3600}, {"exp": ...}, {"exp": "never"}, {"exp": True}, {"exp": None},
     {"exp": 1e300}, {"iat": SECONDS + 31}, {"iat": SECONDS - 631}, {"iat": ...}, {"iat": -1}, {"iat": "now"},
     {"nbf": SECONDS + 31}, {"nbf": "soon"}],
)  # fmt: skip
def test_a_token_that_does_not_hold_now_is_refused(other: dict[str, Any]) -> None:
    assert refusal(signed(claims(**other))) is Refusal.EXPIRED


@pytest.mark.parametrize("other", [{"exp": SECONDS - 29}, {"iat": SECONDS + 30}, {"iat": SECONDS - 630}])
def test_clocks_may_differ_a_little(other: dict[str, Any]) -> None:
    assert read(signed(claims(**other))).subject == "0042"


@pytest.mark.parametrize("nonce", ["of another sign-in", "", "é", None, 7, [FLOW.nonce], ...])
def test_a_token_of_another_sign_in_is_refused(nonce: Any) -> None:
    assert refusal(signed(claims(nonce=nonce))) is Refusal.NONCE


@pytest.mark.parametrize("subject", ["", "x" * 256, "two\nlines", "\0", "名", ...])
def test_a_token_that_names_nobody_is_refused(subject: Any) -> None:
    assert refusal(signed(claims(sub=subject))) is Refusal.SUBJECT


@pytest.mark.parametrize("subject", [None, 42, ["0042"]])
def test_a_subject_that_is_no_text_is_refused(subject: Any) -> None:
    token = by_hand({"alg": "RS256", "kid": KID}, claims(sub=subject), sign_rs256)
    assert refusal(token) is Refusal.SUBJECT


def sign_rs256(body: bytes) -> bytes:
    private: Any = OURS.private_key
    signature: bytes = private.sign(body, PKCS1v15(), SHA256())
    return signature


@pytest.mark.parametrize("proven", [..., None, "just now", SECONDS - 3600, SECONDS - 91])
def test_who_was_to_prove_themselves_anew_and_did_not_is_refused(proven: Any) -> None:
    anew = Flow(nonce=FLOW.nonce, verifier=FLOW.verifier, begun=FLOW.begun, fresh=True)
    assert refusal(signed(claims(auth_time=proven)), flow=anew) is Refusal.STALE
    assert read(signed(claims(auth_time=SECONDS)), flow=anew).subject == "0042"


@pytest.mark.parametrize(
    ("said", "strong"),
    [({"acr": "two"}, True), ({"acr": "one"}, False), ({"acr": ["two"]}, False), ({"amr": ["pwd", "mfa"]}, True),
     ({"amr": ["pwd"]}, False), ({"amr": "mfa"}, False), ({"amr": [["mfa"]]}, False), ({"amr": None}, False),
     ({}, False)],
)  # fmt: skip
def test_two_factors_are_what_the_settings_say_they_are(said: dict[str, Any], strong: bool) -> None:
    assert read(signed(claims(**said))).strong is strong
    bare = OpenIdSettings(issuer=ISSUER, client_id="keshou")
    assert not read(signed(claims(**said)), settings=bare).strong


# Whatever comes ----------------------------------------------------------------------------------------------------

PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


@given(objects(HEADERS, alg="Ed25519", kid=KID), objects(CLAIMS, **claims()))
@example({"alg": "Ed25519", "crit": 5}, claims())
@example(["alg"], claims())
@example("alg", claims())
@example({"alg": "Ed25519", "kid": KID, "typ": "JWT"}, claims(nonce=..., events={}))
def test_no_token_breaks_what_reads_it_though_the_provider_signed_it(header: Any, payload: Any) -> None:
    key_of = published(OKPKey.import_key(PRIVATE))
    for given_ in (token(header, payload, PRIVATE.sign), token(header, payload)):
        with contextlib.suppress(OpenIdRefusedError):
            identify(given_, key_of, FLOW, SETTINGS, NOW)
        with contextlib.suppress(OpenIdRefusedError):
            read_logout(given_, key_of, SETTINGS, NOW)
