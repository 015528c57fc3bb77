# SPDX-License-Identifier: Apache-2.0
"""A program proves itself by what it was given, for as long as that holds, and for no more than it is for."""

import base64
import datetime as dt
import secrets
import threading
from collections.abc import Mapping
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from keshou.db import Database, access_change
from keshou.errors import InputError
from keshou.law.terms import ActKind
from keshou.programs.errors import ProgramError, TokenRequestError, UnknownProgramError
from keshou.programs.grant import KeyGrant
from keshou.programs.request import ASSERTION, issue
from keshou.programs.scope import Scope
from keshou.programs.settings import ProgramSettings
from keshou.programs.store import Programs
from keshou.programs.token import TokenSigner

NOW = dt.datetime(2026, 3, 2, 2, 0, tzinfo=dt.UTC)
ISSUER = "https://keshou.example"
ENDPOINT = f"{ISSUER}/oauth/token"
SEED = bytes(range(32))


def grant(*scopes: Scope, days: float = 30, **more: Any) -> KeyGrant:
    return KeyGrant(scopes=frozenset(scopes or (Scope.ACT,)), until=NOW + dt.timedelta(days=days), **more)


@pytest.fixture
def programs(database: Database) -> Programs:
    programs = Programs(SEED, ISSUER, ProgramSettings())
    with database.transaction() as tx:
        programs.add(tx, "crm", NOW)
        programs.add(tx, "biller", NOW)
    return programs


def test_a_key_proves_its_program_and_what_it_is_for(database: Database, programs: Programs) -> None:
    asked = grant(Scope.ACT, Scope.READ, purposes=frozenset({"billing"}), acts=frozenset({ActKind.USE}))
    with database.transaction() as tx:
        made, text = programs.new_key(tx, "crm", asked, NOW)
        proven = programs.find_key(tx, text, NOW)
    assert proven is not None
    assert (proven.program, proven.credential, proven.until) == ("crm", made.id, asked.until)
    assert (proven.scopes, proven.purposes, proven.acts) == (asked.scopes, asked.purposes, asked.acts)


def test_no_table_holds_a_key_s_text(database: Database, programs: Programs) -> None:
    with database.transaction() as tx:
        _, text = programs.new_key(tx, "crm", grant(), NOW)
        stored = repr(tx.connection.exec_driver_sql("SELECT * FROM program_credential").fetchall())
    assert text not in stored
    assert text[19:83] not in stored


@pytest.mark.parametrize("change", [3, 10, 20, 60, 84, 90])
def test_a_key_with_one_character_changed_proves_nothing(database: Database, programs: Programs, change: int) -> None:
    with database.transaction() as tx:
        _, text = programs.new_key(tx, "crm", grant(), NOW)
        other = "0" if text[change] != "0" else "1"
        assert programs.find_key(tx, text[:change] + other + text[change + 1 :], NOW) is None


def test_a_key_ends_at_its_time_and_when_revoked_and_with_its_program(database: Database, programs: Programs) -> None:
    with database.transaction() as tx:
        (first, text), (_, other) = (programs.new_key(tx, "crm", grant(days=1), NOW) for _ in range(2))
        assert programs.find_key(tx, text, NOW + dt.timedelta(hours=23)) is not None
        assert programs.find_key(tx, text, NOW + dt.timedelta(hours=24)) is None
        before = access_change(tx)
        programs.revoke(tx, first.id, NOW)
        assert programs.find_key(tx, text, NOW) is None
        assert programs.find_key(tx, other, NOW) is not None
        programs.close(tx, "crm", NOW)
        assert programs.find_key(tx, other, NOW) is None
        assert access_change(tx) == before + 2


def test_a_program_opened_again_has_none_of_its_old_keys(database: Database, programs: Programs) -> None:
    with database.transaction() as tx:
        _, text = programs.new_key(tx, "crm", grant(), NOW)
        programs.close(tx, "crm", NOW)
        with pytest.raises(UnknownProgramError):
            programs.new_key(tx, "crm", grant(), NOW)
        programs.add(tx, "crm", NOW)
        assert programs.find_key(tx, text, NOW) is None
        assert programs.find_key(tx, programs.new_key(tx, "crm", grant(), NOW)[1], NOW) is not None


def test_a_rotated_key_lives_beside_the_new_one_for_the_overlap(database: Database, programs: Programs) -> None:
    with database.transaction() as tx:
        old, text = programs.new_key(tx, "crm", grant(Scope.READ), NOW)
        new, fresh = programs.rotate(tx, old.id, NOW + dt.timedelta(days=90), dt.timedelta(hours=2), NOW)
        soon, late = NOW + dt.timedelta(hours=1), NOW + dt.timedelta(hours=2)
        assert [programs.find_key(tx, each, soon) is not None for each in (text, fresh)] == [True, True]
        assert [programs.find_key(tx, each, late) is not None for each in (text, fresh)] == [False, True]
        assert new.grant.scopes == old.grant.scopes
        with pytest.raises(UnknownProgramError):
            programs.rotate(tx, old.id, NOW + dt.timedelta(days=90), dt.timedelta(), late)


@pytest.mark.parametrize("days", [0, -1, 366, 4000])
def test_a_key_without_an_end_in_time_is_not_made(database: Database, programs: Programs, days: int) -> None:
    with database.transaction() as tx, pytest.raises(ProgramError, match="ends"):
        programs.new_key(tx, "crm", grant(days=days), NOW)


def test_that_a_key_was_used_is_written_down_now_and_then(database: Database, programs: Programs) -> None:
    with database.transaction() as tx:
        made, text = programs.new_key(tx, "crm", grant(), NOW)
        used = []
        for minutes in (1, 30, 62):
            programs.find_key(tx, text, NOW + dt.timedelta(minutes=minutes))
            found = programs.credential(tx, made.id)
            used.append(found and found.used)
    assert used == [NOW + dt.timedelta(minutes=each) for each in (1, 1, 62)]


# Access tokens -------------------------------------------------------------------------------------------------


def basic(name: str, secret: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()


def asked(
    database: Database, programs: Programs, form: Mapping[str, str], authorization: str = "", after: float = 0
) -> Any:
    with database.transaction() as tx:
        return issue(
            tx, programs, {"grant_type": "client_credentials", **form}, authorization,
            NOW + dt.timedelta(seconds=after), endpoint=ENDPOINT,
        )  # fmt: skip


@pytest.fixture
def secret(database: Database, programs: Programs) -> str:
    with database.transaction() as tx:
        return programs.new_secret(tx, "crm", grant(Scope.ACT, Scope.EVALUATE), NOW)[1]


@pytest.mark.parametrize("by_form", [True, False])
def test_a_secret_is_traded_for_a_token_of_minutes(
    database: Database, programs: Programs, secret: str, by_form: bool
) -> None:
    form = {"client_id": "crm", "client_secret": secret} if by_form else {}
    answer = asked(database, programs, form, "" if by_form else basic("crm", secret))
    assert (answer.token_type, answer.expires_in, answer.scope) == ("Bearer", 600, "act evaluate")
    with database.transaction() as tx:
        proven = programs.find_token(tx, answer.access_token, NOW)
        assert proven is not None
        assert (proven.program, proven.scopes) == ("crm", {Scope.ACT, Scope.EVALUATE})
        assert programs.find_token(tx, answer.access_token, NOW + dt.timedelta(seconds=600)) is None


def test_a_token_is_for_no_more_than_was_asked(database: Database, programs: Programs, secret: str) -> None:
    answer = asked(database, programs, {"scope": "evaluate"}, basic("crm", secret))
    with database.transaction() as tx:
        proven = programs.find_token(tx, answer.access_token, NOW)
    assert proven is not None
    assert proven.scopes == {Scope.EVALUATE}


def test_a_token_dies_with_the_secret_it_was_traded_for(database: Database, programs: Programs, secret: str) -> None:
    answer = asked(database, programs, {}, basic("crm", secret))
    with database.transaction() as tx:
        programs.revoke(tx, programs.credentials(tx, "crm")[0].id, NOW)
        assert programs.find_token(tx, answer.access_token, NOW) is None


def test_a_key_is_no_secret_and_a_secret_is_no_key(database: Database, programs: Programs, secret: str) -> None:
    with database.transaction() as tx:
        _, text = programs.new_key(tx, "crm", grant(), NOW)
        assert programs.find_key(tx, secret, NOW) is None
    with pytest.raises(TokenRequestError):
        asked(database, programs, {}, basic("crm", text))


@pytest.mark.parametrize(
    ("form", "authorization", "code"),
    [
        ({"grant_type": "password"}, "SECRET", "unsupported_grant_type"),
        ({}, "", "invalid_client"),
        ({}, "Basic !!!", "invalid_client"),
        ({}, "Bearer x", "invalid_client"),
        ({"client_id": "crm", "client_secret": "kc_"}, "", "invalid_client"),
        ({"client_id": "crm", "client_secret": "x"}, "SECRET", "invalid_request"),
        ({"scope": "act search"}, "SECRET", "invalid_scope"),
        ({"client_assertion": "x"}, "", "invalid_request"),
        ({"client_assertion": "x", "client_assertion_type": ASSERTION}, "", "invalid_client"),
    ],
)
def test_a_request_for_a_token_is_refused_in_the_protocol_s_words(
    database: Database, programs: Programs, secret: str, *, form: dict[str, str], authorization: str, code: str
) -> None:
    given = basic("crm", secret) if authorization == "SECRET" else authorization
    with pytest.raises(TokenRequestError) as refused:
        asked(database, programs, form, given)
    assert refused.value.code == code


def test_another_program_s_secret_proves_nothing(database: Database, programs: Programs, secret: str) -> None:
    with pytest.raises(TokenRequestError, match="not known"):
        asked(database, programs, {}, basic("biller", secret))


def forged(claims: dict[str, Any], **header: Any) -> str:
    key = OKPKey.import_key(ed25519.Ed25519PrivateKey.generate())
    return jwt.encode({"alg": "Ed25519", "typ": "at+jwt", **header}, claims, key, algorithms=["Ed25519"])


def test_forged_tokens_prove_nothing(database: Database, programs: Programs, secret: str) -> None:
    token = asked(database, programs, {}, basic("crm", secret)).access_token
    claims = dict(programs.tokens.read(token, NOW) or {})
    head, body, signature = token.split(".")
    none = base64.urlsafe_b64encode(b'{"alg":"none","typ":"at+jwt"}').rstrip(b"=").decode()
    public = programs.tokens.jwks()["keys"][0]["x"]
    shared = jwt.encode({"alg": "HS256", "typ": "at+jwt"}, claims, OctKey.import_key(public), algorithms=["HS256"])
    other = TokenSigner(SEED[::-1], ISSUER).sign(claims, NOW, NOW + dt.timedelta(minutes=5))
    elsewhere = TokenSigner(programs_seed(), "https://other.example").sign(claims, NOW, NOW + dt.timedelta(minutes=5))
    with database.transaction() as tx:
        assert programs.find_token(tx, token, NOW) is not None
        for text in (
            f"{none}.{body}.", f"{none}.{body}.{signature}", f"{head}.{body}.{signature[:-4]}AAAA", f"{head}.{body}",
            forged(claims), forged(claims, typ="JWT"), shared, other, elsewhere, "", "..", "a.b.c", token + "x" * 9000,
        ):  # fmt: skip
            assert programs.find_token(tx, text, NOW) is None, text[:40]


def programs_seed() -> bytes:
    import hmac  # noqa: PLC0415 - as the store derives it

    return hmac.digest(SEED, b"access token", "sha256")


def test_a_token_of_another_type_signed_by_the_same_key_proves_nothing(database: Database, programs: Programs) -> None:
    key = OKPKey.import_key(ed25519.Ed25519PrivateKey.from_private_bytes(programs_seed()))
    claims = {"iss": ISSUER, "aud": ISSUER, "sub": "crm", "cid": "x", "exp": int(NOW.timestamp()) + 60}
    text = jwt.encode({"alg": "Ed25519", "typ": "JWT"}, claims, key, algorithms=["Ed25519"])
    assert programs.tokens.read(text, NOW) is None


# Signed assertions ---------------------------------------------------------------------------------------------

KEYS = {
    "Ed25519": lambda: OKPKey.import_key(ed25519.Ed25519PrivateKey.generate()),
    "ES256": lambda: ECKey.import_key(ec.generate_private_key(ec.SECP256R1())),
    "RS256": lambda: RSAKey.import_key(rsa.generate_private_key(65537, 2048)),
}


def assertion(key: Any, alg: str, **changes: Any) -> dict[str, str]:
    moment = int(NOW.timestamp())
    claims = {
        "iss": "crm", "sub": "crm", "aud": ENDPOINT, "iat": moment, "exp": moment + 60, "jti": secrets.token_hex(8),
        **changes,
    }  # fmt: skip
    claims = {name: value for name, value in claims.items() if value is not None}
    text = jwt.encode({"alg": alg, "kid": key.thumbprint()}, claims, key, algorithms=[alg])
    return {"client_assertion": text, "client_assertion_type": ASSERTION}


@pytest.mark.parametrize("alg", KEYS)
def test_a_program_proves_itself_by_its_own_signature_once(database: Database, programs: Programs, alg: str) -> None:
    key = KEYS[alg]()
    with database.transaction() as tx:
        programs.add_jwk(tx, "crm", key.as_dict(private=False), grant(Scope.READ), NOW)
    said = assertion(key, alg)
    assert asked(database, programs, said).scope == "read"
    with pytest.raises(TokenRequestError):
        asked(database, programs, said)
    assert asked(database, programs, assertion(key, alg)).scope == "read"


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "biller"}, {"sub": "biller"}, {"aud": "https://other.example"}, {"aud": None}, {"jti": None},
        {"exp": None}, {"exp": int(NOW.timestamp()) - 31}, {"exp": int(NOW.timestamp()) + 3600},
        {"nbf": int(NOW.timestamp()) + 60}, {"iat": int(NOW.timestamp()) + 60}, {"exp": "soon"}, {"jti": 7},
    ],
)  # fmt: skip
def test_an_assertion_that_says_something_else_is_refused(
    database: Database, programs: Programs, changes: dict[str, Any]
) -> None:
    key = KEYS["Ed25519"]()
    with database.transaction() as tx:
        programs.add_jwk(tx, "crm", key.as_dict(private=False), grant(), NOW)
    with pytest.raises(TokenRequestError, match="not known"):
        asked(database, programs, {"client_id": "crm", **assertion(key, "Ed25519", **changes)})


def test_an_assertion_by_a_key_that_was_revoked_is_refused(database: Database, programs: Programs) -> None:
    key = KEYS["Ed25519"]()
    with database.transaction() as tx:
        made = programs.add_jwk(tx, "crm", key.as_dict(private=False), grant(), NOW)
        programs.revoke(tx, made.id, NOW)
    with pytest.raises(TokenRequestError):
        asked(database, programs, assertion(key, "Ed25519"))


def test_what_is_revoked_while_it_is_rotated_has_no_successor(database: Database, programs: Programs) -> None:
    with database.transaction() as tx:
        made, _ = programs.new_key(tx, "crm", grant(), NOW)
    revoking, went_on = threading.Event(), []

    def rotate() -> None:
        revoking.wait()
        try:
            with database.transaction() as tx:
                programs.rotate(tx, made.id, NOW + dt.timedelta(days=20), dt.timedelta(hours=1), NOW)
        except UnknownProgramError:
            went_on.append(False)
        else:
            went_on.append(True)

    other = threading.Thread(target=rotate)
    other.start()
    with database.transaction() as tx:
        programs.revoke(tx, made.id, NOW)
        revoking.set()
        other.join(0.5)  # until it waits for this transaction
    other.join()
    with database.reading() as tx:
        holding = [each for each in programs.credentials(tx, "crm") if each.revoked is None]
    assert (went_on, holding) == ([False], [])


def test_of_two_who_send_one_assertion_at_once_one_is_refused(database: Database, programs: Programs) -> None:
    key = KEYS["Ed25519"]()
    with database.transaction() as tx:
        programs.add_jwk(tx, "crm", key.as_dict(private=False), grant(), NOW)
    said, ended = assertion(key, "Ed25519"), []

    def send() -> None:
        try:
            asked(database, programs, said)
        except TokenRequestError as refused:
            ended.append(refused.code)
        else:
            ended.append("token")

    both = [threading.Thread(target=send) for _ in range(2)]
    for each in both:
        each.start()
    for each in both:
        each.join()
    assert sorted(ended) == ["invalid_client", "token"]


@pytest.mark.parametrize("given", [
    {}, {"kty": "oct", "k": "AAAA"}, {"kty": "OKP", "crv": "X25519", "x": "A" * 43}, {"kty": "EC"},
    ECKey.import_key(ec.generate_private_key(ec.SECP384R1())).as_dict(private=False),
    {"kty": "RSA", "e": "AQAB", "n": "w" * 171},
    OKPKey.import_key(ed25519.Ed25519PrivateKey.generate()).as_dict(private=True),
])  # fmt: skip
def test_what_is_no_public_key_of_full_strength_is_not_registered(
    database: Database, programs: Programs, given: dict[str, Any]
) -> None:
    with database.transaction() as tx, pytest.raises(InputError, match="public key"):
        programs.add_jwk(tx, "crm", given, grant(), NOW)


def test_the_published_key_set_checks_a_token_and_holds_nothing_private(
    database: Database, programs: Programs, secret: str
) -> None:
    published = programs.tokens.jwks()["keys"][0]
    assert "d" not in published
    token = asked(database, programs, {}, basic("crm", secret)).access_token
    found = jwt.decode(token, OKPKey.import_key(published), algorithms=["Ed25519"])
    assert msgspec.json.encode(found.claims["sub"]) == b'"crm"'
