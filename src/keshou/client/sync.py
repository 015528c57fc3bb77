# SPDX-License-Identifier: Apache-2.0
"""The client for programs that wait: one object, safe for many threads."""

from collections.abc import Sequence
from types import TracebackType
from typing import Self, TypeVar

import httpx2

from keshou.client import calls
from keshou.client.carry import Blocking, safe_address
from keshou.client.credentials import ApiKey, Credentials
from keshou.client.exchange import Call, Patience, exchange
from keshou.client.question import Answer, Question, Recorded
from keshou.permits.filter import RowFilter, Table
from keshou.permits.keys import PublicKeys
from keshou.shapes import lay_out

TIMEOUT = 5.0
"""Seconds for an answer, unless the program says otherwise."""

T = TypeVar("T")


class Keshou:
    """Asks the keshou server at `url`. Close it, or use it as a context manager.

    `credentials` is an API key or one of `keshou.client.credentials`. Every method raises `UnreachableError` when no
    usable answer came, after `patience` tries; then nothing may be assumed permitted.
    """

    def __init__(
        self,
        url: str,
        credentials: Credentials | str,
        *,
        timeout: float = TIMEOUT,
        patience: Patience = Patience(),  # noqa: B008 - a value that cannot change
        transport: httpx2.BaseTransport | None = None,
    ) -> None:
        lay_out()
        self._access = ApiKey(credentials) if isinstance(credentials, str) else credentials
        self._patience = patience
        self._line = Blocking(httpx2.Client(base_url=safe_address(url), timeout=timeout, transport=transport))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close its connections; asked anything afterwards, it raises `ClosedError`."""
        self._line.client.close()

    def ask(self, question: Question) -> Answer:
        """Return the gate's answer; nothing is done and nothing recorded."""
        return self._do(calls.ask(question))

    def ask_many(self, questions: Sequence[Question]) -> list[Answer]:
        """Return the gate's answers, in order."""
        return [answer for call in calls.ask_many(questions) for answer in self._do(call)]

    def perform(self, question: Question, *, holding: str = "", users: Sequence[str] = (), key: str = "") -> Recorded:
        """Ask, and have it recorded; with `holding`, a permission comes with a permit for that system.

        `users` are those of a bulk act. Give a `key` of your own to repeat the request after a crash: it is done once.

        Raises:
            AnswerLostError: an earlier try did it, and the answer that was lost had the values or the permit, or told
                who was refused. What an earlier call asked with the same `key` is answered, as `repeated`.

        """
        return self._do(calls.perform(question, holding=holding, users=users, key=key))

    def filter_rows(self, question: Question, table: Table, users: Sequence[str]) -> RowFilter:
        """Return what `question` may use of `table`, out of the rows of `users`. Fetch it anew for each query."""
        return self._do(calls.filter_rows(question, table, users))

    def permit_keys(self, issuer: str) -> PublicKeys:
        """Return the published keys of the site whose log is called `issuer`."""
        return self._do(calls.permit_keys(issuer))

    def _do(self, call: Call[T]) -> T:
        return self._line.run(exchange(call, self._access, self._patience))
