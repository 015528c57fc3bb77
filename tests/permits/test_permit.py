# SPDX-License-Identifier: Apache-2.0
"""A permit lets through what it was issued for, and nothing else."""

import datetime as dt
import json
import warnings
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws
from joserfc.errors import SecurityWarning
from joserfc.jwk import KeySet, OKPKey
from permit_office import (
    ACT,
    ISSUER,
    NOW,
    ORIGIN,
    SECRET,
    SERVING,
    claims_of,
    issued,
    keys,
    resigned,
    signed_as,
    with_header,
)

from keshou.errors import InputError
from keshou.gate.decision import Permit
from keshou.law.terms import ActKind
from keshou.permits import errors as e
from keshou.permits.jws import encode, sign
from keshou.permits.keys import KEY_EPOCH, PublicKeys, SigningKeys, thumbprint
from keshou.permits.permit import Issuer
from keshou.permits.users import LISTED
from keshou.permits.verify import Serving, verify

SECOND = dt.timedelta(seconds=1)


def served(**changes: Any) -> Serving:
    return msgspec.structs.replace(SERVING, **changes)


def test_a_permit_lets_what_it_names_be_served() -> None:
    found = verify(issued(), keys(), SERVING, NOW)
    assert (found.by, found.full, found.once, found.entry, found.rules, found.revision) == (
        "biller",
        True,
        False,
        6,
        1,
        7,
    )
    assert found.until >= NOW + dt.timedelta(minutes=5)


@pytest.mark.parametrize(
    ("changes", "beyond"),
    [
        ({"users": frozenset({"A-2"})}, "users"),
        ({"users": frozenset({"A-1", "A-2"})}, "users"),
        ({"users": frozenset()}, "users"),
        ({"items": frozenset({"mobile_number", "resident_id_number"})}, "items"),
        ({"items": frozenset()}, "items"),
        ({"purpose": "marketing"}, "purpose"),
        ({"kind": ActKind.EXPORT}, "kind"),
        ({"caller": "another"}, "caller"),
        ({"caller": ""}, "caller"),
        ({"recipient": "portability_centre"}, "recipient"),
    ],
)
def test_what_goes_beyond_a_permit_is_refused_and_it_is_said_in_what(changes: dict[str, Any], beyond: str) -> None:
    with pytest.raises(e.PermitBeyondError) as caught:
        verify(issued(), keys(), served(**changes), NOW)
    assert caught.value.beyond == (beyond,)


def test_everything_beyond_is_named_at_once() -> None:
    with pytest.raises(e.PermitBeyondError) as caught:
        verify(issued(), keys(), served(users=frozenset({"A-2"}), purpose="marketing"), NOW)
    assert caught.value.beyond == ("users", "purpose")


def test_a_permit_for_a_recipient_does_not_serve_another_nor_nobody() -> None:
    token = issued(recipient="portability_centre", kind=ActKind.PROVIDE)
    providing = served(kind=ActKind.PROVIDE, recipient="portability_centre")
    assert verify(token, keys(), providing, NOW).entry == 6
    for other in ("elsewhere", ""):
        with pytest.raises(e.PermitBeyondError):
            verify(token, keys(), msgspec.structs.replace(providing, recipient=other), NOW)


def test_a_permit_for_masked_values_serves_masked_values_only() -> None:
    token = issued(full=False)
    assert not verify(token, keys(), served(masked=True), NOW).full
    with pytest.raises(e.PermitBeyondError, match="full values"):
        verify(token, keys(), SERVING, NOW)


def test_a_permit_is_for_one_system() -> None:
    with pytest.raises(e.PermitAudienceError):
        verify(issued(), keys(), served(audience="warehouse"), NOW)


def test_a_permit_holds_from_its_issue_until_its_end_give_or_take_the_leeway() -> None:
    token, leeway = issued(), dt.timedelta(seconds=5)
    end = NOW + dt.timedelta(minutes=5)
    for moment in (NOW - leeway, end - SECOND, end + leeway - SECOND):
        assert verify(token, keys(), SERVING, moment, leeway=leeway).entry == 6
    with pytest.raises(e.PermitExpiredError):
        verify(token, keys(), SERVING, end + leeway, leeway=leeway)
    with pytest.raises(e.PermitExpiredError):
        verify(token, keys(), SERVING, end, leeway=dt.timedelta())
    with pytest.raises(e.PermitEarlyError):
        verify(token, keys(), SERVING, NOW - leeway - SECOND, leeway=leeway)


def test_every_change_of_a_character_is_noticed() -> None:
    token = issued()
    for place in range(len(token)):
        other = "A" if token[place] != "A" else "B"
        with pytest.raises(e.PermitError):
            verify(token[:place] + other + token[place + 1 :], keys(), SERVING, NOW)


@pytest.mark.parametrize("alg", ["none", "None", "HS256", "ES256", "RS256", "Ed25519", ""])
def test_any_other_algorithm_is_refused_even_when_the_true_key_signed(alg: str) -> None:
    with pytest.raises(e.PermitAlgorithmError):
        verify(with_header(issued(), alg=alg), keys(), SERVING, NOW)


def test_a_token_without_a_signature_is_refused() -> None:
    head, body, _ = issued().split(".")
    with pytest.raises(e.PermitTamperedError):
        verify(f"{head}.{body}.", keys(), SERVING, NOW)
    none = encode(json.dumps({"alg": "none", "typ": "keshou-permit+jwt", "kid": "x"}).encode())
    with pytest.raises(e.PermitAlgorithmError):
        verify(f"{none}.{body}.", keys(), SERVING, NOW)


@pytest.mark.parametrize("typ", ["JWT", "at+jwt", "keshou-permit", "KESHOU-PERMIT+JWT", None])
def test_a_token_of_another_type_is_no_permit(typ: str | None) -> None:
    with pytest.raises(e.PermitTypeError):
        verify(with_header(issued(), typ=typ), keys(), SERVING, NOW)


@pytest.mark.parametrize(
    "members",
    [{"jwk": {"kty": "OKP"}}, {"jku": "https://keys.example/"}, {"crit": ["b64"], "b64": False}, {"zip": "DEF"}],
)
def test_a_header_that_says_more_is_refused(members: dict[str, Any]) -> None:
    with pytest.raises(e.PermitMalformedError):
        verify(with_header(issued(), **members), keys(), SERVING, NOW)


def test_a_key_that_is_not_published_proves_nothing() -> None:
    stranger = Ed25519PrivateKey.generate()
    payload = msgspec.json.encode(claims_of(issued()))
    with pytest.raises(e.PermitKeyError):
        verify(sign(payload, thumbprint(stranger.public_key()), stranger.sign), keys(), SERVING, NOW)
    with pytest.raises(e.PermitTamperedError):
        verify(sign(payload, ISSUER.keys.current(NOW).kid, stranger.sign), keys(), SERVING, NOW)


def test_another_sites_permit_is_refused_even_under_a_key_of_the_set() -> None:
    with pytest.raises(e.PermitIssuerError):
        verify(resigned(issued(), iss="keshou/other"), keys(), SERVING, NOW)


@pytest.mark.parametrize(
    "token",
    ["", ".", "..", "...", "a.b.c", "a.b", "é.ü.ß", issued() + ".x", issued() + "=", " " + issued(), "x" * 70_000],
)
def test_what_is_no_permit_at_all_is_refused(token: str) -> None:
    with pytest.raises(e.PermitMalformedError):
        verify(token, keys(), SERVING, NOW)


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": "later"},
        {"items": None},
        {"kind": "look"},
        {"salt": "AA"},
        {"users": []},
        {"users": [1]},
        {"everyone": {"count": 1, "digest": "AA"}},
    ],
)
def test_claims_of_another_form_are_refused_even_when_signed(changes: dict[str, Any]) -> None:
    with pytest.raises(e.PermitMalformedError):
        verify(resigned(issued(), **changes), keys(), SERVING, NOW)


@pytest.mark.parametrize("payload", [b"", b"[]", b"null", b"\xff\xfe", b'{"iss":"\xff"}'])
def test_a_payload_that_is_no_object_is_refused_even_when_signed(payload: bytes) -> None:
    with pytest.raises(e.PermitMalformedError):
        verify(signed_as(payload), keys(), SERVING, NOW)


def test_a_permit_that_ends_before_it_begins_never_holds() -> None:
    since = claims_of(issued()).iat
    with pytest.raises(e.PermitExpiredError):
        verify(resigned(issued(), exp=since), keys(), SERVING, NOW)


@given(st.text(st.characters(codec="ascii"), max_size=200))
def test_no_text_whatever_is_taken_for_a_permit_or_breaks_the_check(text: str) -> None:
    with pytest.raises(e.PermitError):
        verify(text, keys(), SERVING, NOW)


def test_a_permit_names_nobody() -> None:
    token = issued("A-1", "mei@sample-telecom.example")
    payload = msgspec.json.encode(claims_of(token)).decode()
    assert "A-1" not in payload
    assert "mei" not in payload


def test_permits_for_one_user_cannot_be_told_to_be_so_without_the_id() -> None:
    def token() -> str:
        return ISSUER.issue(ACT, Permit((), 1, 7), users=["A-1"], audience="crm", caller="", entry=6, now=NOW)

    first, second = claims_of(token()), claims_of(token())
    assert first.users != second.users
    assert first.jti != second.jti


def test_ids_that_run_together_are_told_apart() -> None:
    token = issued("AB", "C")
    for users in ({"A", "BC"}, {"ABC"}, {"ab"}):
        with pytest.raises(e.PermitBeyondError):
            verify(token, keys(), served(users=frozenset(users)), NOW)


def test_a_permit_for_several_users_opens_any_of_them_and_no_other() -> None:
    token = issued("A-1", "A-2", "A-3")
    assert verify(token, keys(), served(users=frozenset({"A-2", "A-3"})), NOW).entry == 6
    with pytest.raises(e.PermitBeyondError):
        verify(token, keys(), served(users=frozenset({"A-3", "A-4"})), NOW)


def test_a_permit_for_very_many_users_opens_all_of_them_together_and_stays_short() -> None:
    many = [f"A-{n}" for n in range(10_000)]
    token = issued(*many)
    claims = claims_of(token)
    assert claims.everyone is not None
    assert claims.everyone.count == len(many)
    assert len(token) < 1500
    assert verify(token, keys(), served(users=frozenset(many)), NOW).entry == 6
    for others in (many[:-1], [*many, "B-1"], [*many[:-1], "B-1"]):
        with pytest.raises(e.PermitBeyondError):
            verify(token, keys(), served(users=frozenset(others)), NOW)


def test_users_are_listed_up_to_the_bound_and_digested_beyond() -> None:
    listed = claims_of(issued(*(f"A-{n}" for n in range(LISTED))))
    digested = claims_of(issued(*(f"A-{n}" for n in range(LISTED + 1))))
    assert len(listed.users) == LISTED
    assert listed.everyone is None
    assert digested.users == []
    assert digested.everyone is not None


@pytest.mark.parametrize(
    ("users", "items", "audience"), [([], {"bill"}, "crm"), (["A"], set(), "crm"), (["A"], {"b"}, "")]
)
def test_a_permit_for_nobody_or_nothing_is_not_issued(users: list[str], items: set[str], audience: str) -> None:
    act = msgspec.structs.replace(ACT, items=frozenset(items))
    with pytest.raises(InputError):
        ISSUER.issue(act, Permit((), 1, 7), users=users, audience=audience, caller="", entry=6, now=NOW)


@pytest.mark.parametrize("minutes", [0, -1, 61])
def test_no_permit_outlives_an_hour(minutes: int) -> None:
    with pytest.raises(InputError):
        Issuer(ORIGIN, SigningKeys(SECRET, ORIGIN), dt.timedelta(minutes=minutes))


def test_a_set_fetched_before_the_keys_changed_opens_what_is_signed_after_and_the_other_way() -> None:
    later = NOW + KEY_EPOCH
    token = issued(now=later)
    assert ISSUER.keys.current(NOW).kid != ISSUER.keys.current(later).kid
    assert verify(token, keys(NOW), SERVING, later).entry == 6
    assert verify(issued(), keys(later), SERVING, NOW).entry == 6


def test_a_key_of_two_epochs_ago_opens_nothing() -> None:
    with pytest.raises(e.PermitKeyError):
        verify(issued(), keys(NOW + 2 * KEY_EPOCH), SERVING, NOW)


def test_every_process_has_the_same_keys_and_every_site_and_secret_others() -> None:
    def kid(secret: bytes, origin: str) -> str:
        return SigningKeys(secret, origin).current(NOW).kid

    assert kid(SECRET, ORIGIN) == ISSUER.keys.current(NOW).kid
    assert len({kid(SECRET, ORIGIN), kid(SECRET, "keshou/other"), kid(SECRET[::-1], ORIGIN)}) == 3


def test_a_short_secret_makes_no_keys() -> None:
    with pytest.raises(InputError):
        SigningKeys(b"short", ORIGIN)


def test_a_key_is_named_by_its_thumbprint_whatever_name_the_set_gives_it() -> None:
    forged = ISSUER.keys.jwk_set(NOW)
    stranger = Ed25519PrivateKey.generate()
    kid = ISSUER.keys.current(NOW).kid
    forged["keys"] = [each | {"x": encode(stranger.public_key().public_bytes_raw())} for each in forged["keys"]]
    read = PublicKeys.read(ORIGIN, json.dumps(forged).encode())
    assert read.of(kid) is None
    assert read.of(thumbprint(stranger.public_key())) is not None


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"{}",
        b'{"keys":[]}',
        b'{"keys":[{"kty":"RSA"}]}',
        b'{"keys":[{"kty":"OKP","crv":"Ed25519","alg":"EdDSA","use":"sig","x":"AA"}]}',
        b'{"keys":[{"kty":"OKP","crv":"Ed25519","alg":"EdDSA","use":"sig","x":"!"}]}',
    ],
)
def test_a_key_set_without_keys_is_refused(document: bytes) -> None:
    with pytest.raises(InputError):
        PublicKeys.read(ORIGIN, document)


def test_another_library_checks_our_permits_by_the_published_set() -> None:
    published = KeySet.import_key_set(ISSUER.keys.jwk_set(NOW))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SecurityWarning)
        found = jws.deserialize_compact(issued(), published, algorithms=["EdDSA"])
    assert json.loads(found.payload)["aud"] == "crm"
    assert {each.thumbprint() for each in published.keys} == {each["kid"] for each in ISSUER.keys.jwk_set(NOW)["keys"]}


def test_what_another_library_signs_in_our_form_is_taken() -> None:
    key = ISSUER.keys.current(NOW)
    seed, public = key.private.private_bytes_raw(), key.private.public_key().public_bytes_raw()
    theirs = OKPKey.import_key({"kty": "OKP", "crv": "Ed25519", "x": encode(public), "d": encode(seed)})
    header = {"alg": "EdDSA", "typ": "keshou-permit+jwt", "kid": key.kid}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SecurityWarning)
        token = jws.serialize_compact(header, msgspec.json.encode(claims_of(issued())), theirs, algorithms=["EdDSA"])
    assert verify(token, keys(), SERVING, NOW).entry == 6


def test_the_thumbprint_is_that_of_the_standards_example() -> None:
    key = Ed25519PublicKey.from_public_bytes(
        bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
    )
    assert thumbprint(key) == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
