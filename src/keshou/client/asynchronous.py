# SPDX-License-Identifier: Apache-2.0
"""The client for programs with an event loop."""

from collections.abc import Sequence
from types import TracebackType
from typing import Self, TypeVar

import httpx2

from keshou.client import calls
from keshou.client.carry import InLoop, safe_address
from keshou.client.credentials import ApiKey, Credentials
from keshou.client.exchange import Call, Patience, exchange
from keshou.client.question import Answer, Question, Recorded
from keshou.client.sync import TIMEOUT
from keshou.permits.filter import RowFilter, Table
from keshou.permits.keys import PublicKeys
from keshou.shapes import lay_out

T = TypeVar("T")


class AsyncKeshou:
    """Asks the keshou server at `url` from an event loop; otherwise the same as `Keshou`.

    One object serves any number of event loops, one after the other or side by side: each has its own connections,
    which are closed when the loop is shut down. A `transport` of the program's own serves the first loop alone.
    """

    def __init__(
        self,
        url: str,
        credentials: Credentials | str,
        *,
        timeout: float = TIMEOUT,
        patience: Patience = Patience(),  # noqa: B008 - a value that cannot change
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        lay_out()
        self._access = ApiKey(credentials) if isinstance(credentials, str) else credentials
        self._patience = patience
        address, trusted = safe_address(url), httpx2.create_ssl_context()

        def make() -> httpx2.AsyncClient:
            return httpx2.AsyncClient(base_url=address, timeout=timeout, transport=transport, verify=trusted)

        self._line = InLoop(make)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        await self.close()

    async def close(self) -> None:
        """Close its connections; asked anything afterwards, it raises `ClosedError`."""
        await self._line.close()

    async def ask(self, question: Question) -> Answer:
        """Return the gate's answer; nothing is done and nothing recorded."""
        return await self._do(calls.ask(question))

    async def ask_many(self, questions: Sequence[Question]) -> list[Answer]:
        """Return the gate's answers, in order."""
        return [answer for call in calls.ask_many(questions) for answer in await self._do(call)]

    async def perform(
        self, question: Question, *, holding: str = "", users: Sequence[str] = (), key: str = ""
    ) -> Recorded:
        """Ask, and have it recorded; see `Keshou.perform`."""
        return await self._do(calls.perform(question, holding=holding, users=users, key=key))

    async def filter_rows(self, question: Question, table: Table, users: Sequence[str]) -> RowFilter:
        """Return what `question` may use of `table`; see `Keshou.filter_rows`."""
        return await self._do(calls.filter_rows(question, table, users))

    async def permit_keys(self, issuer: str) -> PublicKeys:
        """Return the published keys of the site whose log is called `issuer`."""
        return await self._do(calls.permit_keys(issuer))

    async def _do(self, call: Call[T]) -> T:
        return await self._line.run(exchange(call, self._access, self._patience))
