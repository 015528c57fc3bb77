# SPDX-License-Identifier: Apache-2.0
"""class Declarations: the versions that were published, each with the rules as people read them."""

import datetime as dt
import hashlib
from typing import Any, NamedTuple

import sqlalchemy as sa

from keshou.db import Transaction, from_micros, metadata, to_micros
from keshou.declaration.canonical import decode, digest, encode
from keshou.declaration.compare import Difference, compare
from keshou.declaration.errors import DeclarationError
from keshou.declaration.model import Declaration, Published
from keshou.declaration.notice import notice_complete
from keshou.declaration.render import render
from keshou.errors import IntegrityError
from keshou.language import Language
from keshou.law.law import Law
from keshou.law.load import load

_TABLE = sa.Table(
    "declaration",
    metadata,
    sa.Column("version", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("effective", sa.BigInteger, nullable=False),
    sa.Column("published_at", sa.BigInteger, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Column("notice_zh", sa.String(64), nullable=False),
    sa.Column("notice_en", sa.String(64), nullable=False),
    sa.Column("rules_zh", sa.Text, nullable=False),
    sa.Column("rules_en", sa.Text, nullable=False),
)


class Stored(NamedTuple):
    """What lies in the table for one version: the digest its body really has, and whether its pages have theirs."""

    digest: str
    effective: dt.datetime
    whole: bool


class Listed(NamedTuple):
    """One version as a list shows it, without its declaration."""

    version: int
    digest: str
    effective: dt.datetime


class Declarations:
    """Published versions: numbered from one without gaps, never changed."""

    def publish(self, tx: Transaction, declaration: Declaration, law: Law, now: dt.datetime) -> Published:
        """Publish a declaration as the next version of the rules.

        1. Nothing changed: refused. 2. Effective before the version that stands: refused. 3. It takes effect when it
        says, but never before `now`: nobody is bound by rules not yet public. 4. The rules are rendered and kept.

        Whether it is lawful is `check`'s matter and is asked before.

        Raises:
            DeclarationError: nothing changed, or it would take effect before the version it follows.

        Source: miit24:8
        """
        before = self._last(tx)
        if before and before.digest == digest(declaration):
            raise DeclarationError("nothing changed", hint=f"version {before.version} says the same")
        effective = max(declaration.effective.astimezone(dt.UTC), now.astimezone(dt.UTC))
        if before and effective < before.effective:
            raise DeclarationError(
                f"takes effect before version {before.version}",
                hint=f"set `effective` to {before.effective.isoformat()} or later",
            )
        published = Published(
            version=before.version + 1 if before else 1,
            digest=digest(declaration),
            effective=effective,
            declaration=declaration,
            notice_complete=not notice_complete(declaration, law),
        )
        self._write(tx, published, law, now)
        return published

    def current(self, tx: Transaction, at: dt.datetime) -> Published | None:
        """Return the version in force at `at`: the latest that had taken effect; None before the first."""
        query = sa.select(_TABLE).where(_TABLE.c.effective <= to_micros(at)).order_by(_TABLE.c.version.desc()).limit(1)
        row = tx.execute(query).first()
        return _published(row) if row else None

    def versions(self, tx: Transaction) -> list[Published]:
        """Return every version, oldest first."""
        return [_published(row) for row in tx.execute(sa.select(_TABLE).order_by(_TABLE.c.version))]

    def version(self, tx: Transaction, version: int) -> Published:
        """Return one version.

        Raises:
            DeclarationError: there is no such version.

        """
        return _published(_row(tx, version))

    def rules(self, tx: Transaction, version: int, language: Language) -> str:
        """Return the rules page of a version just as it was published.

        Raises:
            DeclarationError: there is no such version.
            IntegrityError: the page is not the one that was published.

        """
        row = _row(tx, version)
        page: str = row.rules_zh if language == "zh" else row.rules_en
        if _sha256(page) != (row.notice_zh if language == "zh" else row.notice_en):
            raise IntegrityError(f"the rules of version {version} are not those that were published")
        return page

    def notice_digest(self, tx: Transaction, version: int, language: Language) -> str:
        """Return the SHA-256 (hex) of the rules page, by which a user's notice and consent name their text.

        Raises:
            DeclarationError: there is no such version.

        """
        row = _row(tx, version)
        return str(row.notice_zh if language == "zh" else row.notice_en)

    def stored(self, tx: Transaction, version: int) -> Stored | None:
        """Return what lies in the table for a version, true or not; None when there is no such row."""
        row: Any = tx.execute(sa.select(_TABLE).where(_TABLE.c.version == version)).first()
        if row is None:
            return None
        body = hashlib.sha256(bytes(row.body)).hexdigest()
        kept = (row.digest, row.notice_zh, row.notice_en)
        whole = kept == (body, _sha256(row.rules_zh), _sha256(row.rules_en))
        return Stored(body, from_micros(row.effective), whole)

    def numbers(self, tx: Transaction) -> list[int]:
        """Return the number of every version in the table."""
        return [version for (version,) in tx.execute(sa.select(_TABLE.c.version).order_by(_TABLE.c.version))]

    def listed(self, tx: Transaction, before: int, most: int) -> list[Listed]:
        """Return the newest versions below `before`, newest first, at most `most`; no declaration is read."""
        query = sa.select(_TABLE.c.version, _TABLE.c.digest, _TABLE.c.effective).where(_TABLE.c.version < before)
        rows = tx.execute(query.order_by(_TABLE.c.version.desc()).limit(most))
        return [Listed(row.version, row.digest, from_micros(row.effective)) for row in rows]

    def difference(self, tx: Transaction, version: int) -> Difference:
        """Return what a version newly allows over the one before.

        Raises:
            DeclarationError: there is no such version.

        """
        new = self.version(tx, version).declaration
        return compare(self.version(tx, version - 1).declaration if version > 1 else None, new)

    def _last(self, tx: Transaction) -> Published | None:
        row = tx.execute(sa.select(_TABLE).order_by(_TABLE.c.version.desc()).limit(1)).first()
        return _published(row) if row else None

    def _write(self, tx: Transaction, published: Published, law: Law, now: dt.datetime) -> None:
        rules_zh, rules_en = render(published, law, "zh"), render(published, law, "en")
        values = {
            "version": published.version,
            "digest": published.digest,
            "effective": to_micros(published.effective),
            "published_at": to_micros(now),
            "body": encode(published.declaration),
            "notice_zh": _sha256(rules_zh),
            "notice_en": _sha256(rules_en),
            "rules_zh": rules_zh,
            "rules_en": rules_en,
        }
        tx.execute(sa.insert(_TABLE), values)


def _row(tx: Transaction, version: int) -> sa.Row[tuple[object, ...]]:
    row: sa.Row[tuple[object, ...]] | None = tx.execute(sa.select(_TABLE).where(_TABLE.c.version == version)).first()
    if row is None:
        raise DeclarationError(f"there is no version {version} of the rules", hint="publish one first")
    return row


def _published(row: sa.Row[tuple[object, ...]]) -> Published:
    """Read a row back; what does not have its digest is not what was published."""
    body = bytes(row.body)
    if hashlib.sha256(body).hexdigest() != row.digest:
        raise IntegrityError(f"version {row.version} of the rules is not what was published")
    declaration = decode(body)
    return Published(
        version=row.version,
        digest=row.digest,
        effective=from_micros(row.effective),
        declaration=declaration,
        notice_complete=not notice_complete(declaration, load()),
    )


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
