# SPDX-License-Identifier: Apache-2.0
"""class Links: shared links by the digest of their token; whose record it is lies sealed."""

import datetime as dt
import hmac
import secrets
from collections.abc import Iterator
from typing import Any

import msgspec
import sqlalchemy as sa

from keshou.db import Transaction, from_micros, metadata, to_micros
from keshou.errors import ExitStatus, KeshouError
from keshou.links.link import Link, Shared, Taken
from keshou.sealing import Box, derive
from keshou.suite import INTERNATIONAL, Suite

PREFIX = "kl_"
_AT_ONCE = 200

link_table = sa.Table(
    "shared_link",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("digest", sa.LargeBinary(32), nullable=False, unique=True),
    sa.Column("user", sa.LargeBinary(32), nullable=False, index=True),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
    sa.Column("maker", sa.Text, nullable=False, index=True),
    sa.Column("shared", sa.Text, nullable=False),
    sa.Column("made", sa.BigInteger, nullable=False),
    sa.Column("until", sa.BigInteger, nullable=False),
    sa.Column("most", sa.Integer, nullable=False),
    sa.Column("opened", sa.Integer, nullable=False),
    sa.Column("entries", sa.Text, nullable=False),
    sa.Column("revoked", sa.BigInteger),
)
"""`user` is a keyed digest of the user's id, `sealed` the id itself; times are in microseconds, UTC."""
_C = link_table.c


def new_token() -> str:
    """Return a token that opens nothing yet."""
    return PREFIX + secrets.token_urlsafe(32)


class LinkTamperedError(KeshouError):
    """A link's row was altered outside Keshou."""

    status = ExitStatus.BROKEN

    def __init__(self) -> None:
        super().__init__("a shared link was altered in its table", hint="revoke it; see who can write to the database")


class Links:
    """Keeps shared links; `secret` is 32 bytes of the site's, `suite` what users' ids are sealed in."""

    def __init__(self, secret: bytes, suite: Suite = INTERNATIONAL) -> None:
        self._users = derive(secret, "links: users")
        self._tokens = derive(secret, "links: tokens")
        self._box = Box(derive(secret, "links: seal"), LinkTamperedError, suite)

    def add(self, tx: Transaction, user: str, link: Link, token: str) -> None:
        """Keep a link to the record of `user` that `token` opens (see `new_token`), which is kept nowhere."""
        body = msgspec.json.encode(link.shared)
        row = {
            "id": link.id, "digest": self._digest(token), "user": self._pseudonym(user), "maker": link.shared.by,
            "sealed": self._box.close(user.encode(), _bound(link.id, body)), "shared": body.decode(),
            "made": to_micros(link.made), "until": to_micros(link.until), "most": link.most, "opened": 0,
            "entries": "[]",
        }  # fmt: skip
        tx.execute(sa.insert(link_table).values(**row))

    def is_kept(self, tx: Transaction, name: str, token: str = "") -> bool:
        """Say whether there is such a link that was not revoked; with `token`, whether that opens it."""
        rows = tx.execute(sa.select(_C.digest).where((_C.id == name) & _C.revoked.is_(None))).scalars()
        return any(not token or hmac.compare_digest(bytes(held), self._digest(token)) for held in rows)

    def take(self, tx: Transaction, token: str, now: dt.datetime) -> Taken | None:
        """Count one opening of the link that `token` belongs to, and return it; None when there is none that holds.

        Of two who open the last time at once, one is refused: the count goes up in the statement that looks at it.

        Raises:
            LinkTamperedError: the row was altered.

        """
        of = (_C.digest == self._digest(token)) & _holds(now)
        count = sa.update(link_table).where(of).values(opened=_C.opened + 1)
        row = tx.execute(count.returning(*link_table.c)).one_or_none()
        if row is None:
            return None
        user = self._box.open(bytes(row.sealed), _bound(row.id, row.shared.encode())).decode()
        shared = msgspec.json.decode(row.shared, type=Shared)
        return Taken(id=row.id, user=user, shared=shared, left=row.most - row.opened, until=from_micros(row.until))

    def note(self, tx: Transaction, name: str, entry: int) -> None:
        """Keep where in the log an opening stands."""
        of = _C.id == name
        lock = sa.select(_C.entries).where(of).with_for_update()
        held = tx.execute(lock).scalar()
        if held is not None:
            told = [*msgspec.json.decode(held), entry]
            tx.execute(sa.update(link_table).where(of).values(entries=msgspec.json.encode(told).decode()))

    def revoke(self, tx: Transaction, name: str, now: dt.datetime) -> bool:
        """End a link at once; say whether one that was not revoked before is there."""
        ends = sa.update(link_table).where((_C.id == name) & _C.revoked.is_(None)).values(revoked=to_micros(now))
        return bool(tx.execute(ends).rowcount)

    def forget(self, tx: Transaction, user: str) -> None:
        """Drop every link to a user's record."""
        tx.execute(sa.delete(link_table).where(_C.user == self._pseudonym(user)))

    def purge(self, tx: Transaction, before: dt.datetime) -> int:
        """Drop the links that were over before a moment; return how many."""
        return int(tx.execute(sa.delete(link_table).where(_C.until <= to_micros(before))).rowcount)

    def find(self, tx: Transaction, name: str) -> Link | None:
        """Return a link; None when it is not there, or not any more."""
        row = tx.execute(sa.select(link_table).where(_C.id == name)).one_or_none()
        return None if row is None else _link(row)

    def list_of(self, tx: Transaction, by: str = "", after: str = "") -> Iterator[Link]:
        """Yield the links that `by` made, or all, by id, from the one after `after` on; a few are looked up at once."""
        while True:
            chosen = _made_by(by).where(_C.id > after).order_by(_C.id).limit(_AT_ONCE)
            rows = tx.execute(chosen).all()
            yield from map(_link, rows)
            if len(rows) < _AT_ONCE:
                return
            after = rows[-1].id

    def newest(self, tx: Transaction, now: dt.datetime, by: str, start: int, most: int) -> tuple[list[Link], int]:
        """Return up to `most` links that `by` made, or anybody, what opens first, then the newest; and how many all.

        The first `start` are left out.
        """
        order = (sa.case((_holds(now), 0), else_=1), _C.made.desc(), _C.id)
        rows = tx.execute(_made_by(by).order_by(*order).offset(start).limit(most)).all()
        count = tx.execute(sa.select(sa.func.count()).select_from(_made_by(by).subquery())).scalar_one()
        return [_link(row) for row in rows], int(count)

    def _digest(self, token: str) -> bytes:
        return hmac.digest(self._tokens, token.encode("utf-8", "replace"), "sha256")

    def _pseudonym(self, user: str) -> bytes:
        return hmac.digest(self._users, user.encode(), "sha256")


def _holds(now: dt.datetime) -> Any:
    return (_C.until > to_micros(now)) & _C.revoked.is_(None) & (_C.opened < _C.most)


def _made_by(by: str) -> Any:
    chosen = sa.select(link_table)
    return chosen.where(_C.maker == by) if by else chosen


def _link(row: Any) -> Link:
    return Link(
        id=row.id, shared=msgspec.json.decode(row.shared, type=Shared), made=from_micros(row.made),
        until=from_micros(row.until), most=row.most, opened=row.opened,
        entries=tuple(msgspec.json.decode(row.entries)), revoked=_moment(row.revoked),
    )  # fmt: skip


def _moment(stored: int | None) -> dt.datetime | None:
    return None if stored is None else from_micros(stored)


def _bound(name: str, body: bytes) -> bytes:
    """Return what a sealed id is bound to: the link and all that it opens, so that neither can be exchanged."""
    return name.encode() + b"\0" + body
