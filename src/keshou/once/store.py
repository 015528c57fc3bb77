# SPDX-License-Identifier: Apache-2.0
"""class Once: which requests were done, and what they were answered.

Neither the name nor the body of a request is stored, only keyed tokens of both, in the transaction that does what was
asked. An answer that tells a secret is not kept. All of it goes after a time that is stated, and not before.
Source: draft-ietf-httpapi-idempotency-key-header 2.3.
"""

import datetime as dt
import hmac

import sqlalchemy as sa

from keshou.acts.repeat import RequestTakenError
from keshou.db import Transaction, metadata, to_micros
from keshou.once.errors import SecretToldError
from keshou.sealing import derive

once_table = sa.Table(
    "once",
    metadata,
    sa.Column("request", sa.LargeBinary(32), primary_key=True),
    sa.Column("body", sa.LargeBinary(32), nullable=False),
    sa.Column("answer", sa.LargeBinary),
    sa.Column("done", sa.BigInteger, nullable=False),
)


class Once:
    """Keeps requests by keyed tokens; `secret` is 32 bytes of the site's."""

    def __init__(self, secret: bytes) -> None:
        self._key = derive(secret, "once: tokens")

    def begin(self, tx: Transaction, request: str, said: str, now: dt.datetime) -> bytes | None:
        """Take note of a request; return what it was answered if it was done before, None when it is to be done now.

        Of two that come at once the second waits for the first. A transaction that fails takes its note along.

        Raises:
            RequestTakenError: another body came with the same name before.
            SecretToldError: it was done before, and its answer had a secret in it.

        """
        name, body = self._token("request", request), self._token("body", said)
        claim = "INSERT INTO once (request, body, done) VALUES (?, ?, ?) ON CONFLICT (request) DO NOTHING"
        if tx.change(claim, (name, body, to_micros(now))):
            return None
        found = tx.execute(sa.select(once_table).where(once_table.c.request == name)).one()
        if not hmac.compare_digest(bytes(found.body), body):
            raise RequestTakenError
        if found.answer is None:
            raise SecretToldError
        return bytes(found.answer)

    def keep(self, tx: Transaction, request: str, answer: bytes) -> None:
        """Keep what a request was answered, to be answered again; leave it out where the answer has a secret in it."""
        name = self._token("request", request)
        tx.execute(sa.update(once_table).where(once_table.c.request == name).values(answer=answer))

    def purge(self, tx: Transaction, before: dt.datetime) -> int:
        """Drop what was done before; sent again it is a new request. Return how many went."""
        return int(tx.execute(sa.delete(once_table).where(once_table.c.done < to_micros(before))).rowcount)

    def _token(self, kind: str, text: str) -> bytes:
        return hmac.digest(self._key, f"{kind}\0{text}".encode(), "sha256")
