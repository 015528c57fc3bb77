# SPDX-License-Identifier: Apache-2.0
"""The signed permit: that one act was asked, permitted and recorded, for a data service to check without asking.

It is good for minutes and bound to the act: kind, users, items, purpose, who, by which program, in which system.
``docs/reference/permit.md`` has the format. Source: RFC 7519, RFC 8725.
"""

import datetime as dt
import secrets
from collections.abc import Collection

import msgspec

from keshou.errors import InputError
from keshou.gate.act import Act
from keshou.gate.decision import Permit
from keshou.law.terms import ActKind
from keshou.permits.jws import encode, sign
from keshou.permits.keys import SigningKeys
from keshou.permits.users import LISTED, digest_of_all, digests_of

LONGEST_LIFE = dt.timedelta(hours=1)
"""Nobody is given a permit for longer: it would outlive withdrawals."""

UNIQUE_BYTES = 32
"""What makes a permit like no other: half is its name, half the salt of its users."""


class Everyone(msgspec.Struct, frozen=True):
    """Very many users: how many, and one digest over all of them (base64url)."""

    count: int
    digest: str


class Claims(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a permit says."""

    iss: str
    """The site, by the name of its log."""
    aud: str
    """The holding: the system that may serve on it."""
    iat: int
    exp: int
    """Seconds since 1970; from then on it is over."""
    jti: str
    kind: ActKind
    items: list[str]
    purpose: str
    by: str
    """Who does it: id of a member of staff or a program."""
    caller: str
    """The program that asked, and that may hand it in; empty when whoever does it asked by hand."""
    full: bool
    """Whether full values may be served; otherwise masked."""
    once: bool
    """Whether it is good for one use only."""
    entry: int
    """Place of the act's entry in the log, from zero."""
    rules: int
    """Version of the rules that it was permitted under."""
    revision: int
    """Revision of the facts that it was permitted on."""
    salt: str
    """Base64url, 16 bytes: salt of the users' digests."""
    users: list[str] = []
    """Digests of the users, base64url, in ascending order of their bytes; empty when `everyone` is there."""
    everyone: Everyone | None = None
    """In place of `users`, when they are many."""
    recipient: str = ""
    """Who is given the information, for acts that give it to others."""
    post: str = ""
    """The post in which `by` acts, when it was named."""


class Issuer:
    """Issues the permits of one site, and publishes the keys to check them by."""

    def __init__(self, origin: str, keys: SigningKeys, life: dt.timedelta) -> None:
        if not dt.timedelta() < life <= LONGEST_LIFE:
            raise InputError("a permit holds for some minutes, at most an hour", hint="mend `permit_minutes`")
        self.origin = origin
        self.keys = keys
        self.life = life

    def issue(
        self,
        act: Act,
        decision: Permit,
        *,
        users: Collection[str],
        audience: str,
        caller: str,
        entry: int,
        now: dt.datetime,
        once: bool = False,
        unique: bytes | None = None,
    ) -> str:
        """Return a permit for an act that was permitted and recorded as `entry`.

        `users` are the ids of those it covers (for a bulk act those who were not refused), `audience` is the holding,
        `caller` the program that asked. `unique` (32 bytes) is random unless given.

        Raises:
            InputError: it would cover no users or no items.

        """
        if not users or not act.items or not audience:
            raise InputError("a permit covers users, items and a holding", hint="name them in the act")
        chance = unique or secrets.token_bytes(UNIQUE_BYTES)
        claims = self._claims(act, decision, users, chance, now)
        claims = msgspec.structs.replace(claims, aud=audience, caller=caller, entry=entry, once=once)
        key = self.keys.current(now)
        return sign(msgspec.json.encode(claims), key.kid, key.private.sign)

    def _claims(self, act: Act, decision: Permit, users: Collection[str], chance: bytes, now: dt.datetime) -> Claims:
        salt, name = chance[UNIQUE_BYTES // 2 :], chance[: UNIQUE_BYTES // 2]
        digests = digests_of(salt, users)
        listed = len(digests) <= LISTED
        since = int(now.timestamp())
        return Claims(
            iss=self.origin,
            aud="",
            iat=since,
            exp=since + round(self.life.total_seconds()),
            jti=encode(name),
            kind=act.kind,
            items=sorted(act.items),
            purpose=act.purpose,
            by=act.by,
            caller="",
            full=decision.full,
            once=False,
            entry=0,
            rules=decision.rules,
            revision=decision.revision,
            salt=encode(salt),
            users=[encode(each) for each in digests] if listed else [],
            everyone=None if listed else Everyone(len(digests), encode(digest_of_all(salt, digests))),
            recipient=act.recipient,
            post=act.post,
        )
