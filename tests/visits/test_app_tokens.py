# SPDX-License-Identifier: Apache-2.0
"""A token proves a user only if the app of that service signed it just now, for this site, by the key it registered."""

import datetime as dt
import hmac
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey
from signing_app import ED25519, NOW, P256, RSA, SECRET, SERVICES, URL, Key, claims, encoded, part, public, signed

from keshou.db import Database, access_change
from keshou.visits.errors import AppKeyError
from keshou.visits.settings import VisitSettings
from keshou.visits.store import Visits
from keshou.visits.visitor import Visitor

YEAR = NOW + dt.timedelta(days=365)
MOMENT = int(NOW.timestamp())


@pytest.fixture
def visits(database: Database) -> Visits:
    visits = Visits(SECRET, URL, VisitSettings())
    with database.transaction() as tx:
        for key in (ED25519, P256, RSA):
            visits.keys.register(tx, "mobile", public(key), YEAR, NOW, services=SERVICES)
    return visits


def found(database: Database, visits: Visits, token: str, now: dt.datetime = NOW) -> Visitor | None:
    with database.transaction() as tx:
        return visits.find_app_token(tx, token, now)


@pytest.mark.parametrize(
    ("key", "algorithm"), [(ED25519, "Ed25519"), (ED25519, "EdDSA"), (P256, "ES256"), (RSA, "RS256")]
)
def test_a_token_of_the_app_proves_its_user(database: Database, visits: Visits, key: Key, algorithm: str) -> None:
    until = NOW + dt.timedelta(minutes=5)
    wanted = Visitor(
        user="A-1", services=frozenset({"mobile"}), credential=key.thumbprint(), proven_at=None, until=until
    )
    assert found(database, visits, signed(key, algorithm)) == wanted


def test_a_proof_is_as_fresh_as_the_app_says_and_no_moment_to_come(database: Database, visits: Visits) -> None:
    moment = int(NOW.timestamp())
    told = found(database, visits, signed(ED25519, "Ed25519", claims(auth_time=moment - 60)))
    assert told is not None
    assert told.proven_at == NOW - dt.timedelta(minutes=1)
    for wrong in (moment + 3600, "now", -1, True):
        assert found(database, visits, signed(ED25519, "Ed25519", claims(auth_time=wrong))) is None


def test_a_proof_ends_no_later_than_its_key(database: Database, visits: Visits) -> None:
    key, until = OKPKey.generate_key("Ed25519"), NOW + dt.timedelta(minutes=1)
    with database.transaction() as tx:
        visits.keys.register(tx, "mobile", public(key), until, NOW, services=SERVICES)
    visitor = found(database, visits, signed(key, "Ed25519"))
    assert visitor is not None
    assert visitor.until == until
    assert found(database, visits, signed(key, "Ed25519"), until) is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"exp": MOMENT}, {"exp": MOMENT - 1}, {"exp": MOMENT + 601}, {"exp": None}, {"exp": "soon"}, {"exp": True},
        {"exp": float("nan")}, {"exp": float("inf")}, {"exp": 1e300, "iat": 1e300}, {"iat": None}, {"iat": MOMENT + 31},
        {"iat": MOMENT - 3600}, {"iat": MOMENT + 20, "exp": MOMENT + 10}, {"nbf": MOMENT + 31}, {"nbf": "now"},
        {"nbf": True},
        {"aud": "https://other.example"}, {"aud": [URL, "https://other.example"]}, {"aud": None}, {"aud": []},
        {"aud": f"{URL}/"}, {"iss": "broadband"}, {"iss": None}, {"iss": ["mobile"]}, {"sub": None}, {"sub": ""},
        {"sub": 7}, {"sub": ["A-1"]}, {"sub": "A-1\x00"}, {"sub": "A-1\r\nX: y"}, {"sub": "\ud800"}, {"sub": "a" * 600},
        {"jti": None}, {"jti": ""}, {"jti": 1},
    ],
    ids=str,
)  # fmt: skip
def test_a_token_with_a_wrong_claim_proves_nobody(database: Database, visits: Visits, wrong: dict[str, Any]) -> None:
    assert found(database, visits, signed(ED25519, "Ed25519", claims(**wrong))) is None


def test_an_expired_token_proves_nobody(database: Database, visits: Visits) -> None:
    token = signed(ED25519, "Ed25519")
    assert found(database, visits, token, NOW + dt.timedelta(seconds=299)) is not None
    assert found(database, visits, token, NOW + dt.timedelta(seconds=300)) is None


def test_a_token_of_a_clock_that_is_a_little_ahead_is_taken(database: Database, visits: Visits) -> None:
    assert found(database, visits, signed(ED25519, "Ed25519", claims(iat=MOMENT + 30, nbf=MOMENT + 30))) is not None


@pytest.mark.parametrize("name", ["none", "None", "NONE", "", "HS256", None])
def test_a_token_that_nobody_signed_proves_nobody(database: Database, visits: Visits, name: str | None) -> None:
    header = {"alg": name, "typ": "JWT", "kid": ED25519.thumbprint()}
    assert found(database, visits, f"{part(header)}.{part(claims())}.") is None


@pytest.mark.parametrize("form", ["pem", "raw", "jwk"])
def test_a_public_key_used_as_a_shared_secret_proves_nobody(database: Database, visits: Visits, form: str) -> None:
    raw = RSA.get_op_key("verify")
    secrets = {
        "pem": raw.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        "raw": raw.public_bytes(Encoding.DER, PublicFormat.PKCS1),
        "jwk": json.dumps(public(RSA)).encode(),
    }
    text = f"{part({'alg': 'HS256', 'typ': 'JWT', 'kid': RSA.thumbprint()})}.{part(claims())}"
    mac = hmac.digest(secrets[form], text.encode(), "sha256")
    assert found(database, visits, f"{text}.{encoded(mac)}") is None


def test_a_key_signs_by_one_algorithm_only(database: Database, visits: Visits) -> None:
    assert found(database, visits, signed(RSA, "PS256")) is None
    key = RSAKey.generate_key(2048)
    with database.transaction() as tx:
        made = visits.keys.register(tx, "mobile", public(key, alg="PS256"), YEAR, NOW, services=SERVICES)
    assert made.algorithm == "PS256"
    assert found(database, visits, signed(key, "PS256")) is not None
    assert found(database, visits, signed(key, "RS256")) is None


def test_a_token_signed_with_a_key_that_was_never_registered_proves_nobody(database: Database, visits: Visits) -> None:
    stranger = OKPKey.generate_key("Ed25519")
    assert found(database, visits, signed(stranger, "Ed25519")) is None
    assert found(database, visits, signed(stranger, "Ed25519", kid=ED25519.thumbprint())) is None
    carried = signed(stranger, "Ed25519", kid=ED25519.thumbprint(), jwk=public(stranger))
    assert found(database, visits, carried) is None


def test_the_key_of_another_service_proves_nobody_for_this_one(database: Database, visits: Visits) -> None:
    other = OKPKey.generate_key("Ed25519")
    with database.transaction() as tx:
        visits.keys.register(tx, "broadband", public(other), YEAR, NOW, services=SERVICES)
    assert found(database, visits, signed(other, "Ed25519", claims(iss="mobile"))) is None
    visitor = found(database, visits, signed(other, "Ed25519", claims(iss="broadband")))
    assert visitor is not None
    assert visitor.services == {"broadband"}


@pytest.mark.parametrize("where", [0, 1, 2])
def test_a_token_altered_anywhere_proves_nobody(database: Database, visits: Visits, where: int) -> None:
    parts = signed(ED25519, "Ed25519").split(".")
    middle = len(parts[where]) // 2
    other = "A" if parts[where][middle] != "A" else "B"
    parts[where] = parts[where][:middle] + other + parts[where][middle + 1 :]
    assert found(database, visits, ".".join(parts)) is None


@pytest.mark.parametrize(
    "token",
    [
        "", ".", "..", "a.b.c", "....", "é.é.é", "\0.\0.\0", "\ud800.a.b", "x" * 9000, f"{'x' * 9000}.a.b",
        f"{part([])}.{part({})}.", f"{part('a')}.{part({})}.", f"{part({'alg': 'Ed25519', 'kid': ['a']})}.{part({})}.",
        f"{part({'alg': 'Ed25519', 'kid': chr(0)})}.{part({})}.aa",
        f"{encoded(b'[' * 4000)}.a.b",
    ],
)  # fmt: skip
def test_what_is_no_token_proves_nobody(database: Database, visits: Visits, token: str) -> None:
    assert found(database, visits, token) is None


@pytest.mark.parametrize(
    "header", [{"typ": "at+jwt"}, {"typ": 1}, {"crit": ["exp"], "exp": 1}, {"b64": False, "crit": ["b64"]}], ids=str
)
def test_a_token_of_another_kind_proves_nobody(database: Database, visits: Visits, header: dict[str, Any]) -> None:
    assert found(database, visits, signed(ED25519, "Ed25519", **header)) is None


def test_a_payload_that_is_no_object_proves_nobody(database: Database, visits: Visits) -> None:
    for payload in ([], "a", 1, False):
        assert found(database, visits, signed(ED25519, "Ed25519", payload)) is None


def test_a_token_can_be_shown_again_while_it_holds_unless_the_setting_forbids(database: Database) -> None:
    token = signed(ED25519, "Ed25519")
    often = Visits(SECRET, URL, VisitSettings())
    with database.transaction() as tx:
        often.keys.register(tx, "mobile", public(ED25519), YEAR, NOW, services=SERVICES)
    assert found(database, often, token) == found(database, often, token) is not None
    once = Visits(SECRET, URL, VisitSettings(token_once=True))
    assert found(database, once, token) is not None
    assert found(database, once, token) is None
    assert found(database, once, signed(ED25519, "Ed25519", claims(jti="t-2"))) is not None


def test_the_id_of_a_spent_token_is_kept_until_the_token_is_over(database: Database) -> None:
    once = Visits(SECRET, URL, VisitSettings(token_once=True))
    with database.transaction() as tx:
        once.keys.register(tx, "mobile", public(ED25519), YEAR, NOW, services=SERVICES)
    token, last = signed(ED25519, "Ed25519"), NOW + dt.timedelta(seconds=299)
    assert found(database, once, token) is not None
    with database.transaction() as tx:
        assert once.purge(tx, last) == 0
    assert found(database, once, token, last) is None
    with database.transaction() as tx:
        assert once.purge(tx, NOW + dt.timedelta(seconds=300)) == 1


def test_a_revoked_key_proves_nobody_at_once_and_others_learn_of_it(database: Database, visits: Visits) -> None:
    token = signed(ED25519, "Ed25519")
    assert found(database, visits, token) is not None
    with database.transaction() as tx:
        before = access_change(tx)
        visits.keys.revoke(tx, ED25519.thumbprint(), NOW)
        assert access_change(tx) > before
    assert found(database, visits, token) is None
    with database.transaction() as tx:
        assert [each.revoked for each in visits.keys.list(tx) if each.id == ED25519.thumbprint()] == [NOW]
        with pytest.raises(AppKeyError, match="registered before"):
            visits.keys.register(tx, "mobile", public(ED25519), YEAR, NOW, services=SERVICES)
        with pytest.raises(AppKeyError, match="no such key"):
            visits.keys.revoke(tx, "nothing\0", NOW)


def test_keys_are_listed_by_service_without_their_owner_s_secret(database: Database, visits: Visits) -> None:
    with database.transaction() as tx:
        other = OKPKey.generate_key("Ed25519")
        visits.keys.register(tx, "broadband", public(other), YEAR, NOW, services=SERVICES)
        listed = visits.keys.list(tx)
    assert [each.service for each in listed] == ["broadband", "mobile", "mobile", "mobile"]
    assert {each.algorithm for each in listed} == {"Ed25519", "ES256", "RS256"}


def weak_rsa() -> dict[str, Any]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2040)  # noqa: S505 - what must be refused
    modulus = key.public_key().public_numbers().n.to_bytes(256, "big")
    return public(RSA, n=encoded(modulus))


@pytest.mark.parametrize(
    "given",
    [
        {}, {"kty": "oct", "k": "c2VjcmV0"}, OctKey.generate_key(256).as_dict(private=True), {"kty": ["OKP"]},
        ED25519.as_dict(private=True), P256.as_dict(private=True), RSA.as_dict(private=True), weak_rsa(),
        public(ECKey.generate_key("P-384")), public(ECKey.generate_key("secp256k1")),
        public(OKPKey.generate_key("X25519")), public(OKPKey.generate_key("Ed448")),
        public(ED25519, crv="P-256"), public(ED25519, x="AAAA"), public(P256, y="AAAA"), public(P256, x=1),
        public(RSA, e="AQ"), public(RSA, n="é"), public(RSA, n=7), public(RSA, alg="HS256"), public(RSA, alg="none"),
        public(RSA, alg=["RS256"]), public(P256, alg="ES384"), public(ED25519, use="enc"),
    ],
    ids=lambda given: "-".join(str(given.get(each, "")) for each in ("kty", "crv", "alg", "use")),
)  # fmt: skip
def test_what_is_no_strong_public_key_is_not_registered(database: Database, given: dict[str, Any]) -> None:
    visits = Visits(SECRET, URL, VisitSettings())
    with database.transaction() as tx, pytest.raises(AppKeyError, match="no public key"):
        visits.keys.register(tx, "mobile", given, YEAR, NOW, services=SERVICES)


@pytest.mark.parametrize("until", [NOW, NOW - dt.timedelta(days=1), NOW + dt.timedelta(days=731)])
def test_a_key_ends_and_not_too_late(database: Database, until: dt.datetime) -> None:
    visits = Visits(SECRET, URL, VisitSettings())
    with database.transaction() as tx, pytest.raises(AppKeyError, match="ends"):
        visits.keys.register(tx, "mobile", public(P256), until, NOW, services=SERVICES)


def test_a_key_is_for_a_service_that_the_rules_name(database: Database) -> None:
    visits = Visits(SECRET, URL, VisitSettings())
    with database.transaction() as tx, pytest.raises(AppKeyError, match="service"):
        visits.keys.register(tx, "lottery", public(P256), YEAR, NOW, services=SERVICES)
