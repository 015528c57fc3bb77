# SPDX-License-Identifier: Apache-2.0
"""class Programs: programs, their keys, and the access tokens they ask for."""

import datetime as dt
import hmac
import json
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
import sqlalchemy as sa

from keshou.db import Transaction, from_micros, metadata, to_micros, touch_access
from keshou.law.terms import ActKind
from keshou.programs import key
from keshou.programs.errors import ProgramError, UnknownProgramError
from keshou.programs.grant import Credential, CredentialKind, KeyGrant, Program, Proven
from keshou.programs.scope import Scope
from keshou.programs.settings import ProgramSettings
from keshou.programs.token import TokenSigner, public_jwk

program_table = sa.Table(
    "program",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("created", sa.BigInteger, nullable=False),
    sa.Column("closed", sa.BigInteger),
)
credential_table = sa.Table(
    "program_credential",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("program", sa.Text, nullable=False, index=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("digest", sa.LargeBinary(32)),
    sa.Column("jwk", sa.Text),
    sa.Column("grant", sa.Text, nullable=False),
    sa.Column("created", sa.BigInteger, nullable=False),
    sa.Column("until", sa.BigInteger, nullable=False),
    sa.Column("revoked", sa.BigInteger),
    sa.Column("used", sa.BigInteger),
    sa.Column("by", sa.Text, nullable=False, server_default=""),
    sa.Column("waits", sa.Boolean, nullable=False, server_default=sa.false()),
)
assertion_table = sa.Table(
    "program_assertion",
    metadata,
    sa.Column("digest", sa.LargeBinary(32), primary_key=True),
    sa.Column("until", sa.BigInteger, nullable=False),
)
_C, _P = credential_table.c, program_table.c


class Programs:
    """Keeps who may call as a program. `secret` is 32 bytes of the site's, `issuer` the server's own address."""

    def __init__(self, secret: bytes, issuer: str, settings: ProgramSettings) -> None:
        self.settings = settings
        self._secret = hmac.digest(secret, b"program key", "sha256")
        self.tokens = TokenSigner(hmac.digest(secret, b"access token", "sha256"), issuer)

    # Programs --------------------------------------------------------------------------------------------------

    def add(self, tx: Transaction, program: str, now: dt.datetime) -> None:
        """Let `program` (an id as staff have them) be given keys; one that was closed is opened again."""
        if self._program(tx, program) is None:
            tx.execute(sa.insert(program_table).values(id=program, created=to_micros(now)))
        tx.execute(sa.update(program_table).where(_P.id == program).values(closed=None))

    def close(self, tx: Transaction, program: str, now: dt.datetime) -> None:
        """End a program: every key and token of its is dead at once.

        Raises:
            UnknownProgramError: there is none of that id.

        """
        if self._program(tx, program) is None:
            raise UnknownProgramError
        moment = to_micros(now)
        tx.execute(sa.update(program_table).where(_P.id == program).values(closed=moment))
        alive = (_C.program == program) & _C.revoked.is_(None)
        tx.execute(sa.update(credential_table).where(alive).values(revoked=moment))
        touch_access(tx)

    def programs(self, tx: Transaction) -> list[Program]:
        """Return every program, by id."""
        rows = tx.execute(sa.select(program_table).order_by(_P.id))
        return [Program(id=row.id, created=from_micros(row.created), closed=_moment(row.closed)) for row in rows]

    def _program(self, tx: Transaction, program: str) -> Program | None:
        row = tx.execute(sa.select(program_table).where(_P.id == program)).one_or_none()
        return row and Program(id=row.id, created=from_micros(row.created), closed=_moment(row.closed))

    # Credentials -----------------------------------------------------------------------------------------------

    def new_key(
        self, tx: Transaction, program: str, grant: KeyGrant, now: dt.datetime,
        *, by: str = "", waits: bool = False,
    ) -> tuple[Credential, str]:  # fmt: skip
        """Make a key to be sent with each request; its text is returned this once.

        Raises:
            UnknownProgramError: there is no such program, or it is closed.
            ProgramError: the key would hold longer than the settings allow, or for nothing.

        """
        return self._secretive(tx, program, CredentialKind.KEY, grant, now, by=by, waits=waits)

    def new_secret(
        self, tx: Transaction, program: str, grant: KeyGrant, now: dt.datetime,
        *, by: str = "", waits: bool = False,
    ) -> tuple[Credential, str]:  # fmt: skip
        """Make a client secret to be sent for access tokens; its text is returned this once. Raises as `new_key`."""
        return self._secretive(tx, program, CredentialKind.SECRET, grant, now, by=by, waits=waits)

    def add_jwk(
        self, tx: Transaction, program: str, given: Mapping[str, Any], grant: KeyGrant, now: dt.datetime,
        *, by: str = "", waits: bool = False,
    ) -> Credential:  # fmt: skip
        """Register a public key, whose owner signs assertions for access tokens. Raises as `new_key`.

        Raises:
            ProgramError: also when it is no public key of a kind that is taken (Ed25519, P-256, RSA of 2,048 bits).

        """
        public = public_jwk(given)
        if public is None:
            raise ProgramError("what is given is no public key", hint="a JWK: Ed25519, P-256, or RSA of 2,048 bits")
        if self._row(tx, str(public["kid"])) is not None:
            raise ProgramError("this public key is registered already", hint="make a new key pair")
        return self._put(
            tx, str(public["kid"]), CredentialKind.JWK, grant, program=program, now=now, by=by, waits=waits,
            jwk=json.dumps(public),
        )  # fmt: skip

    def rotate(
        self, tx: Transaction, credential: str, until: dt.datetime, overlap: dt.timedelta, now: dt.datetime,
        *, by: str = "", waits: bool = False,
    ) -> tuple[Credential, str]:  # fmt: skip
        """Make a key or secret like `credential` that holds to `until`; the old one ends after `overlap`.

        Raises:
            UnknownProgramError: there is no such key that still holds.
            ProgramError: it is a public key: register the new one beside it.

        """
        old = self.credential(tx, credential)
        if old is None or old.revoked is not None or old.grant.until <= now:
            raise UnknownProgramError
        if old.kind is CredentialKind.JWK:
            raise ProgramError("a public key is not rotated here", hint="register the new one, then revoke the old")
        ends = min(old.grant.until, now + overlap)
        # Whoever revokes it in this moment is waited for: what they ended has no successor.
        holds = (_C.id == credential) & _C.revoked.is_(None) & (_C.until > to_micros(now))
        if not tx.execute(sa.update(credential_table).where(holds).values(until=to_micros(ends))).rowcount:
            raise UnknownProgramError
        grant = msgspec.structs.replace(old.grant, until=until)
        return self._secretive(tx, old.program, old.kind, grant, now, by=by, waits=waits)

    def revoke(self, tx: Transaction, credential: str, now: dt.datetime) -> None:
        """End a key, secret or public key, with every token it was traded for.

        Raises:
            UnknownProgramError: there is none of that id.

        """
        if self._row(tx, credential) is None:
            raise UnknownProgramError
        alive = (_C.id == credential) & _C.revoked.is_(None)
        tx.execute(sa.update(credential_table).where(alive).values(revoked=to_micros(now)))
        touch_access(tx)

    def confirm(self, tx: Transaction, credential: str, now: dt.datetime) -> bool:
        """Let a credential that waits for a second hand prove its program; say whether it waited, and still holds."""
        waiting = (_C.id == credential) & _C.waits & _C.revoked.is_(None) & (_C.until > to_micros(now))
        if not tx.execute(sa.update(credential_table).where(waiting).values(waits=False)).rowcount:
            return False
        touch_access(tx)
        return True

    def makers(self, tx: Transaction, since: dt.datetime) -> dict[str, frozenset[str]]:
        """Return, for every program, who made a key of its that held at `since` or later."""
        moment = to_micros(since)
        held = (_C.until > moment) & (_C.revoked.is_(None) | (_C.revoked > moment)) & _C.waits.is_(False)
        found: dict[str, set[str]] = {name: set() for name in tx.execute(sa.select(_P.id)).scalars()}
        for row in tx.execute(sa.select(_C.program, _C.by).where(held, _C.by != "").distinct()):
            found[row.program].add(row.by)
        return {program: frozenset(by) for program, by in found.items()}

    def credentials(self, tx: Transaction, program: str = "") -> list[Credential]:
        """Return the credentials of a program, or of all, in the order made."""
        chosen = sa.select(credential_table).order_by(_C.created, _C.id)
        return [_credential(row) for row in tx.execute(chosen.where(_C.program == program) if program else chosen)]

    def credential(self, tx: Transaction, name: str) -> Credential | None:
        """Return one credential by its id; None when there is none."""
        row = self._row(tx, name)
        return None if row is None else _credential(row)

    def _secretive(
        self, tx: Transaction, program: str, kind: CredentialKind, grant: KeyGrant, now: dt.datetime,
        *, by: str, waits: bool,
    ) -> tuple[Credential, str]:  # fmt: skip
        made = key.make(key.KEY if kind is CredentialKind.KEY else key.SECRET)
        digest = self.digest(made.text)
        put = self._put(tx, made.id, kind, grant, program=program, now=now, by=by, waits=waits, digest=digest)
        return put, made.text

    def _put(
        self, tx: Transaction, name: str, kind: CredentialKind, grant: KeyGrant, *, program: str, now: dt.datetime,
        by: str, waits: bool, **stored: object,
    ) -> Credential:  # fmt: skip
        # The program's row is ours until we commit: whoever closes it meanwhile waits, and ends this key too.
        held = sa.update(program_table).where(program_table.c.id == program).values(id=program)
        known = self._program(tx, program) if tx.execute(held).rowcount else None
        if known is None or known.closed is not None:
            raise UnknownProgramError
        self._check(grant, now)
        values = {"id": name, "program": program, "kind": kind.value, "grant": _written(grant), **stored}
        values |= {"by": by, "waits": waits}
        times = {"created": to_micros(now), "until": to_micros(grant.until)}
        tx.execute(sa.insert(credential_table).values(**values, **times))
        touch_access(tx)
        return Credential(id=name, program=program, kind=kind, grant=grant, created=now, by=by, waits=waits)

    def _check(self, grant: KeyGrant, now: dt.datetime) -> None:
        longest = dt.timedelta(days=self.settings.key_days)
        if not grant.scopes:
            raise ProgramError("a key that is for nothing", hint=f"scopes: {', '.join(Scope)}")
        if not now < grant.until <= now + longest:
            raise ProgramError(
                "a key ends, and not too late",
                hint=f"at most {self.settings.key_days} days from now (programs.key_days)",
            )

    # What a call proves ----------------------------------------------------------------------------------------

    def digest(self, text: str) -> bytes:
        """Return what is stored of a key's text, 32 bytes."""
        return hmac.digest(self._secret, text.encode(), "sha256")

    def find_key(self, tx: Transaction, text: str, now: dt.datetime) -> Proven | None:
        """Return what a key proves at `now`; None when it proves nothing. Its use is noted now and then."""
        row = self._of_key(tx, text)
        return None if row is None else self._proven(tx, row, now)

    def is_given(self, tx: Transaction, text: str) -> bool:
        """Say whether there is a key of this text, whether or not it still holds; nothing is written."""
        return self._of_key(tx, text) is not None

    def _of_key(self, tx: Transaction, text: str) -> Any:
        name = key.id_of(key.KEY, text)
        row = self._row(tx, name) if name else None
        if row is None or row.kind != CredentialKind.KEY or not hmac.compare_digest(row.digest, self.digest(text)):
            return None
        return row

    def find_token(self, tx: Transaction, token: str, now: dt.datetime) -> Proven | None:
        """Return what an access token proves at `now`; None when it or what it was traded for does not hold."""
        claims = self.tokens.read(token, now)
        row = self._row(tx, str(claims.get("cid"))) if claims else None
        if claims is None or row is None or row.program != claims.get("sub"):
            return None
        proven = self._proven(tx, row, now)
        if proven is None:
            return None
        scopes = proven.scopes & frozenset(str(claims.get("scope", "")).split())
        ends = dt.datetime.fromtimestamp(claims["exp"], dt.UTC)
        return msgspec.structs.replace(proven, scopes=scopes, until=min(proven.until, ends))

    def alive(self, tx: Transaction, program: str, kind: CredentialKind, now: dt.datetime) -> list[Any]:
        """Return the rows of a program's credentials of a kind that hold at `now`."""
        if not program.isprintable():  # a stranger says whom they speak for: NUL or half a surrogate pair is nobody
            return []
        moment = to_micros(now)
        holds = (_C.program == program) & (_C.kind == kind.value) & _C.revoked.is_(None) & (_C.until > moment)
        holds &= _C.waits.is_(False)
        return list(tx.execute(sa.select(credential_table).where(holds)))

    def note_assertion(self, tx: Transaction, digest: bytes, until: dt.datetime, now: dt.datetime) -> bool:
        """Take note of an assertion's id until it ends; False when it was noted before."""
        tx.execute(sa.delete(assertion_table).where(assertion_table.c.until <= to_micros(now)))
        if tx.execute(sa.select(assertion_table.c.until).where(assertion_table.c.digest == digest)).first():
            return False
        # Of two at once PostgreSQL lets the second wait, and then do nothing.
        once = _insert_once(tx).values(digest=digest, until=to_micros(until)).returning(assertion_table.c.digest)
        return tx.execute(once).first() is not None

    def _proven(self, tx: Transaction, row: Any, now: dt.datetime) -> Proven | None:
        moment = to_micros(now)
        if row.revoked is not None or row.until <= moment or row.waits:
            return None
        program = self._program(tx, row.program)
        if program is None or program.closed is not None:
            return None
        rare = self.settings.used_minutes * 60_000_000
        if row.used is None or moment - row.used > rare:
            tx.execute(sa.update(credential_table).where(_C.id == row.id).values(used=moment))
        grant = _grant(row)
        return Proven(
            program=row.program, credential=row.id, scopes=grant.scopes, purposes=grant.purposes, acts=grant.acts,
            until=grant.until,
        )  # fmt: skip

    def _row(self, tx: Transaction, name: str) -> Any:
        return tx.execute(sa.select(credential_table).where(_C.id == name)).one_or_none()


def _insert_once(tx: Transaction) -> Any:
    if tx.postgresql:
        from sqlalchemy.dialects.postgresql import insert  # noqa: PLC0415 - the same name on both
    else:
        from sqlalchemy.dialects.sqlite import insert  # type: ignore[assignment]  # noqa: PLC0415
    return insert(assertion_table).on_conflict_do_nothing()


def _written(grant: KeyGrant) -> str:
    def listed(words: Iterable[str] | None) -> list[str] | None:
        return None if words is None else sorted(str(each) for each in words)

    return json.dumps({"scopes": listed(grant.scopes), "purposes": listed(grant.purposes), "acts": listed(grant.acts)})


def _grant(row: Any) -> KeyGrant:
    said = json.loads(row.grant)
    return KeyGrant(
        scopes=frozenset(Scope(each) for each in said["scopes"]),
        purposes=None if said["purposes"] is None else frozenset(said["purposes"]),
        acts=None if said["acts"] is None else frozenset(ActKind(each) for each in said["acts"]),
        until=from_micros(row.until),
    )


def _credential(row: Any) -> Credential:
    return Credential(
        id=row.id,
        program=row.program,
        kind=CredentialKind(row.kind),
        grant=_grant(row),
        created=from_micros(row.created),
        revoked=_moment(row.revoked),
        used=_moment(row.used),
        by=row.by,
        waits=row.waits,
    )


def _moment(micros: int | None) -> dt.datetime | None:
    return None if micros is None else from_micros(micros)
