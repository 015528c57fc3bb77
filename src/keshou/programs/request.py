# SPDX-License-Identifier: Apache-2.0
"""Trade a client secret or a signed assertion for an access token. Source: RFC 6749 4.4, RFC 7521, RFC 7523."""

import base64
import binascii
import datetime as dt
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote_plus

import msgspec

from keshou.db import Transaction
from keshou.programs import key
from keshou.programs.errors import TokenRequestError
from keshou.programs.grant import CredentialKind
from keshou.programs.store import Programs
from keshou.programs.token import ASSERTION_ALGORITHMS, assertion_claims, assertion_header

GRANT = "client_credentials"
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class TokenAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What a request for a token is answered. Source: RFC 6749 5.1."""

    access_token: str
    expires_in: int
    """Seconds."""
    scope: str
    """Scopes, separated by blanks."""
    token_type: str = "Bearer"  # noqa: S105 - the type, not a token


def issue(
    tx: Transaction,
    programs: Programs,
    form: Mapping[str, str],
    authorization: str,
    now: dt.datetime,
    *,
    endpoint: str,
) -> TokenAnswer:
    """Answer a request for an access token.

    1. the form asks for client credentials, each parameter once;
    2. the program proves itself in one way and one only: by Basic, by the form, or by an assertion;
    3. the scopes asked for are among those of what it proved itself by; none asked means all;
    4. a token is signed that holds for minutes, and never longer than that credential.

    `endpoint` is the token endpoint's address, which an assertion may name as its audience.

    Raises:
        TokenRequestError: with the code that the protocol has for it.

    """
    if form.get("grant_type") != GRANT:
        raise TokenRequestError("unsupported_grant_type", "only client credentials are traded for a token")
    row = _client(tx, programs, form, authorization, now, endpoint=endpoint)
    held = frozenset(json.loads(row.grant)["scopes"])
    wanted = frozenset(form.get("scope", "").split()) or held
    if not wanted <= held:
        raise TokenRequestError("invalid_scope", "the credential is not for every scope asked for")
    until = min(now + dt.timedelta(minutes=programs.settings.token_minutes), _ends(row))
    scope = " ".join(sorted(wanted))
    claims = {"sub": row.program, "client_id": row.program, "cid": row.id, "scope": scope}
    token = programs.tokens.sign(claims, now, until)
    return TokenAnswer(access_token=token, expires_in=int((until - now).total_seconds()), scope=scope)


def _client(
    tx: Transaction, programs: Programs, form: Mapping[str, str], authorization: str, now: dt.datetime, *, endpoint: str
) -> Any:
    ways = [bool(authorization), "client_secret" in form, "client_assertion" in form]
    if sum(ways) != 1:
        raise TokenRequestError("invalid_request" if sum(ways) else "invalid_client", "prove yourself in one way")
    if ways[2]:
        row = _by_assertion(tx, programs, form, now, endpoint)
    else:
        name, secret = _basic(authorization) if ways[0] else (form.get("client_id", ""), form["client_secret"])
        row = _by_secret(tx, programs, name, secret, now)
    if row is None:
        raise TokenRequestError("invalid_client", "the program is not known by this")
    return row


def _basic(authorization: str) -> tuple[str, str]:
    scheme, _, given = authorization.partition(" ")
    try:
        text = base64.b64decode(given.strip(), validate=True).decode("utf-8") if scheme.lower() == "basic" else ""
    except (binascii.Error, UnicodeDecodeError):
        text = ""
    name, _, secret = text.partition(":")
    return unquote_plus(name), unquote_plus(secret)


def _by_secret(tx: Transaction, programs: Programs, program: str, secret: str, now: dt.datetime) -> Any:
    wanted = key.id_of(key.SECRET, secret)
    given = programs.digest(secret)
    found = None
    for row in programs.alive(tx, program, CredentialKind.SECRET, now):
        if hmac.compare_digest(row.digest, given) and row.id == wanted:
            found = row
    return found


def _by_assertion(tx: Transaction, programs: Programs, form: Mapping[str, str], now: dt.datetime, endpoint: str) -> Any:
    if form.get("client_assertion_type") != ASSERTION:
        raise TokenRequestError("invalid_request", "an assertion of a kind that is not known")
    text = form["client_assertion"]
    header = assertion_header(text)
    if header is None or header.get("alg") not in ASSERTION_ALGORITHMS:
        return None
    for row in programs.alive(tx, form.get("client_id", "") or _subject(text), CredentialKind.JWK, now):
        # an assertion need not name its key
        claims = assertion_claims(text, json.loads(row.jwk)) if header.get("kid", row.id) == row.id else None
        if claims is not None:
            good = _holds(programs, claims, row.program, now, endpoint)
            return row if good and _first_time(tx, programs, claims, row.id, now) else None
    return None


def _subject(text: str) -> str:
    """Return whom an assertion speaks for, unproven: it only says whose keys to try."""
    try:
        part = text.split(".")[1]
        said = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (ValueError, IndexError, RecursionError):
        return ""
    subject = said.get("sub") if isinstance(said, dict) else None
    return subject if isinstance(subject, str) else ""


def _holds(programs: Programs, claims: Mapping[str, Any], program: str, now: dt.datetime, endpoint: str) -> bool:
    """Say whether an assertion's claims are those asked for. Source: RFC 7523 3."""
    moment, leeway = now.timestamp(), programs.settings.leeway_seconds
    ends, begins, issued = claims.get("exp"), claims.get("nbf", 0), claims.get("iat", 0)
    if not all(isinstance(each, int | float) for each in (ends, begins, issued)):
        return False
    named = claims.get("aud")
    audiences = named if isinstance(named, list) else [named]
    ours = {endpoint, programs.tokens.issuer}
    timely = moment - leeway < ends <= moment + leeway + programs.settings.assertion_minutes * 60  # type: ignore[operator]
    return (
        timely
        and max(begins, issued) <= moment + leeway
        and claims.get("iss") == claims.get("sub") == program
        and any(isinstance(each, str) and each in ours for each in audiences)
        and isinstance(claims.get("jti"), str)
        and bool(claims["jti"])
    )


def _first_time(
    tx: Transaction, programs: Programs, claims: Mapping[str, Any], credential: str, now: dt.datetime
) -> bool:
    named = f"{credential}\0{claims['jti']}".encode(errors="surrogatepass")
    digest = hashlib.sha256(named).digest()
    leeway = dt.timedelta(seconds=programs.settings.leeway_seconds)
    until = dt.datetime.fromtimestamp(claims["exp"], dt.UTC) + leeway
    return programs.note_assertion(tx, digest, until, now)


def _ends(row: Any) -> dt.datetime:
    return dt.datetime.fromtimestamp(row.until / 1_000_000, dt.UTC)
