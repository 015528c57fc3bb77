# SPDX-License-Identifier: Apache-2.0
"""class AppKeys: the public keys by which the operator's apps vouch for their users."""

import datetime as dt
from collections.abc import Container, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from keshou.db import Transaction, from_micros, metadata, to_micros, touch_access
from keshou.visits.app_token import Claims, kid_of, public_key, read
from keshou.visits.errors import AppKeyError
from keshou.visits.seal import Seal
from keshou.visits.settings import VisitSettings
from keshou.visits.visitor import AppKey, Visitor

key_table = sa.Table(
    "visit_key",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("service", sa.Text, nullable=False),
    sa.Column("algorithm", sa.Text, nullable=False),
    sa.Column("jwk", sa.Text, nullable=False),
    sa.Column("created", sa.BigInteger, nullable=False),
    sa.Column("until", sa.BigInteger, nullable=False),
    sa.Column("revoked", sa.BigInteger),
    sa.Column("also", sa.Text, nullable=False, server_default=""),
    sa.Column("by", sa.Text, nullable=False, server_default=""),
    sa.Column("waits", sa.Boolean, nullable=False, server_default=sa.false()),
)
token_table = sa.Table(
    "visit_token",
    metadata,
    sa.Column("digest", sa.LargeBinary(32), primary_key=True),
    sa.Column("until", sa.BigInteger, nullable=False),
)
_K = key_table.c


class AppKeys:
    """Keeps the keys and reads tokens by them; `url` is the site's own address, which tokens name as audience."""

    def __init__(self, seal: Seal, url: str, settings: VisitSettings) -> None:
        self._seal = seal
        self._url = url
        self._settings = settings

    def register(
        self, tx: Transaction, service: str, given: Mapping[str, Any], until: dt.datetime, now: dt.datetime,
        *, services: Container[str], also: Sequence[str] = (), by: str = "", waits: bool = False,
    ) -> AppKey:  # fmt: skip
        """Register a public key (a JWK) for one of `services`, those that the operator's rules name.

        Its tokens name `service`; the app serves users of `also` too. Of other services its users see and do nothing.

        Side effects: counts a change of what callers are judged by.

        Raises:
            AppKeyError: no such service, no such kind of key, one that was registered before, or one for too long.

        """
        others = tuple(sorted({*also} - {service}))
        if not all(each in services for each in (service, *others)):
            raise AppKeyError("the rules name no such service", hint="its id as in [services] of operator.toml")
        public = public_key(given)
        if public is None:
            raise AppKeyError(
                "what is given is no public key that is taken", hint="a JWK: Ed25519, P-256, or RSA of 2,048 bits"
            )
        if not now < until <= now + dt.timedelta(days=self._settings.key_days):
            raise AppKeyError(
                "a key ends, and not too late",
                hint=f"at most {self._settings.key_days} days from now (visits.key_days)",
            )
        if self._row(tx, public.kid) is not None:
            raise AppKeyError("this public key was registered before", hint="make a new key pair")
        values = {"service": service, "algorithm": public.algorithm, "jwk": public.jwk, "also": " ".join(others)}
        times = {"created": to_micros(now), "until": to_micros(until)}
        tx.execute(sa.insert(key_table).values(id=public.kid, **values, **times, by=by, waits=waits))
        touch_access(tx)
        return AppKey(
            id=public.kid, service=service, also=others, algorithm=public.algorithm, created=now, until=until, by=by,
            waits=waits,
        )  # fmt: skip

    def list(self, tx: Transaction) -> list[AppKey]:
        """Return every key ever registered, by service and age."""
        rows = tx.execute(sa.select(key_table).order_by(_K.service, _K.created, _K.id))
        return [_key(row) for row in rows]

    def revoke(self, tx: Transaction, key: str, now: dt.datetime) -> None:
        """End a key, and every token that it signed, at once. One that was revoked before stays so.

        Side effects: counts a change of what callers are judged by.

        Raises:
            AppKeyError: there is none of that id.

        """
        if self._row(tx, key) is None:
            raise AppKeyError("there is no such key", hint="list them; the id is the key's thumbprint")
        alive = (_K.id == key) & _K.revoked.is_(None)
        tx.execute(sa.update(key_table).where(alive).values(revoked=to_micros(now)))
        touch_access(tx)

    def confirm(self, tx: Transaction, key: str, now: dt.datetime) -> bool:
        """Let a key that waits for a second hand vouch for users; say whether it waited, and still holds."""
        waiting = (_K.id == key) & _K.waits & _K.revoked.is_(None) & (_K.until > to_micros(now))
        if not tx.execute(sa.update(key_table).where(waiting).values(waits=False)).rowcount:
            return False
        touch_access(tx)
        return True

    def find(self, tx: Transaction, token: str, now: dt.datetime) -> Visitor | None:
        """Return whom a token of the operator's app proves at `now`; None when it proves nobody."""
        found = self._signed(tx, token, now)
        if found is None:
            return None
        row, claims = found
        if self._settings.token_once and not self._note(tx, row.id, claims.jti, claims.until):
            return None
        until = min(claims.until, from_micros(row.until))
        return Visitor(
            user=claims.user, services=_services(row), credential=row.id, proven_at=claims.proven_at, until=until,
            once=self._settings.token_once,
        )  # fmt: skip

    def signed(self, tx: Transaction, token: str, now: dt.datetime) -> bool:
        """Say whether one of the keys signed `token`, and it holds at `now`; whether it served before is not asked."""
        return self._signed(tx, token, now) is not None

    def _signed(self, tx: Transaction, token: str, now: dt.datetime) -> tuple[Any, Claims] | None:
        kid = kid_of(token)
        row = self._row(tx, kid) if kid else None
        if row is None or row.revoked is not None or row.waits or row.until <= to_micros(now):
            return None
        claims = read(
            token, row.jwk, row.algorithm, audience=self._url, issuer=row.service, now=now,
            longest=dt.timedelta(minutes=self._settings.token_minutes),
            leeway=dt.timedelta(seconds=self._settings.leeway_seconds),
        )  # fmt: skip
        return None if claims is None else (row, claims)

    def holds(self, tx: Transaction, key: str, now: dt.datetime) -> bool:
        """Say whether a key stands at `now`: registered, confirmed, not revoked, not over."""
        row = self._row(tx, key)
        return row is not None and row.revoked is None and not row.waits and row.until > to_micros(now)

    def services(self, tx: Transaction, key: str) -> frozenset[str]:
        """Return the services that a key is for; none when there is no such key."""
        row = self._row(tx, key)
        return frozenset() if row is None else _services(row)

    def purge(self, tx: Transaction, now: dt.datetime) -> int:
        """Drop the ids of tokens that are over; return how many."""
        return int(tx.execute(sa.delete(token_table).where(token_table.c.until <= to_micros(now))).rowcount)

    def _note(self, tx: Transaction, key: str, jti: str, until: dt.datetime) -> bool:
        """Take note of a token's id; False when it was noted before. Of two at once one waits, and then fails."""
        values = {"digest": self._seal.digest("token", key, jti), "until": to_micros(until)}
        once = _insert_once(tx).values(**values).returning(token_table.c.digest)
        return tx.execute(once).first() is not None

    def _row(self, tx: Transaction, kid: str) -> Any:
        if not kid.isprintable():
            return None
        return tx.execute(sa.select(key_table).where(_K.id == kid)).one_or_none()


def _insert_once(tx: Transaction) -> Any:
    if tx.postgresql:
        from sqlalchemy.dialects.postgresql import insert  # noqa: PLC0415 - the same name on both
    else:
        from sqlalchemy.dialects.sqlite import insert  # type: ignore[assignment]  # noqa: PLC0415
    return insert(token_table).on_conflict_do_nothing()


def _services(row: Any) -> frozenset[str]:
    return frozenset({row.service, *row.also.split()})


def _key(row: Any) -> AppKey:
    revoked = None if row.revoked is None else from_micros(row.revoked)
    return AppKey(
        id=row.id, service=row.service, also=tuple(row.also.split()), algorithm=row.algorithm,
        created=from_micros(row.created), until=from_micros(row.until), revoked=revoked, by=row.by,
        waits=row.waits,
    )  # fmt: skip
