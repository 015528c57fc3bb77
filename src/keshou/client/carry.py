# SPDX-License-Identifier: Apache-2.0
"""Carry a procedure's steps out over the network: blocking, or in an event loop."""

import asyncio
import contextlib
import threading
import time
from collections.abc import AsyncGenerator, Callable
from typing import TypeVar

import httpx2

from keshou.client.errors import ClosedError
from keshou.client.exchange import Came, Got, Lost, Pause, Send, Step, Steps
from keshou.errors import InputError

T = TypeVar("T")
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1", "[::1]"})


class Blocking:
    """Sends with a client of `httpx2` and sleeps."""

    def __init__(self, client: httpx2.Client) -> None:
        self.client = client

    def run(self, steps: Steps[T]) -> T:
        """Carry `steps` out; return what they return."""
        came: Came = None
        while True:
            try:
                step = steps.send(came)
            except StopIteration as end:
                return end.value  # type: ignore[no-any-return]
            came = self._take(step)

    def _take(self, step: Step) -> Came:
        if isinstance(step, Pause):
            time.sleep(step.seconds)
            return None
        try:
            return _got(self.client.send(_request(self.client, step)))
        except httpx2.HTTPError as error:
            return Lost(type(error).__name__)
        except RuntimeError as error:
            raise _closed_or(error, self.client) from None


class InLoop:
    """Sends with asynchronous clients of `httpx2`, one for each event loop, where its connections live.

    A client is closed when its loop is shut down as `asyncio.run` does it. `make` makes one.
    """

    def __init__(self, make: Callable[[], httpx2.AsyncClient]) -> None:
        self._make = make
        self._held: dict[asyncio.AbstractEventLoop, tuple[httpx2.AsyncClient, AsyncGenerator[None]]] = {}
        self._lock = threading.Lock()
        self._closed = False

    async def run(self, steps: Steps[T]) -> T:
        """Carry `steps` out; return what they return.

        Raises:
            ClosedError: it was closed.

        """
        client, came = await self._client(), None
        while True:
            try:
                step = steps.send(came)
            except StopIteration as end:
                return end.value  # type: ignore[no-any-return]
            came = await self._take(client, step)

    async def close(self) -> None:
        """Close the clients of all loops; those of loops that run elsewhere as soon as they get to it."""
        with self._lock:
            self._closed, held, self._held = True, self._held, {}
        here = asyncio.get_running_loop()
        for loop, (_, holding) in held.items():
            if loop is here:
                await holding.aclose()
            elif not loop.is_closed():
                with contextlib.suppress(RuntimeError):  # it was closed a moment ago
                    loop.call_soon_threadsafe(_end, loop, holding)

    async def _client(self) -> httpx2.AsyncClient:
        loop = asyncio.get_running_loop()
        found = self._held.get(loop)
        if found is not None:
            return found[0]
        client = self._make()
        holding = _holding(client)
        await anext(holding)  # which waits for nothing, so that nothing else of this loop comes in between
        with self._lock:
            if not self._closed:
                kept = {each: pair for each, pair in self._held.items() if not each.is_closed()}
                self._held = kept | {loop: (client, holding)}
                return client
        await holding.aclose()
        raise ClosedError

    async def _take(self, client: httpx2.AsyncClient, step: Step) -> Came:
        if isinstance(step, Pause):
            await asyncio.sleep(step.seconds)
            return None
        try:
            return _got(await client.send(_request(client, step)))
        except httpx2.HTTPError as error:
            return Lost(type(error).__name__)
        except RuntimeError as error:
            raise _closed_or(error, client) from None


async def _holding(client: httpx2.AsyncClient) -> AsyncGenerator[None]:
    """Close `client` when it is closed itself, which every loop does with what was begun in it before it ends."""
    try:
        yield
    finally:
        await client.aclose()


def _end(loop: asyncio.AbstractEventLoop, holding: AsyncGenerator[None]) -> None:
    loop.create_task(holding.aclose())


def _closed_or(error: RuntimeError, client: httpx2.Client | httpx2.AsyncClient) -> Exception:
    return ClosedError() if client.is_closed else error


def safe_address(url: str) -> str:
    """Return `url` when secrets and decisions may go there: TLS, or this very machine.

    Raises:
        InputError: neither.

    """
    parsed = httpx2.URL(url)
    if parsed.scheme != "https" and not (parsed.scheme == "http" and parsed.host in _LOOPBACK):
        raise InputError("the server's address is neither https nor this machine's", hint="use an https address")
    return url.rstrip("/")


def _request(client: httpx2.Client | httpx2.AsyncClient, step: Send) -> httpx2.Request:
    return client.build_request(step.method, step.path, headers=dict(step.headers), content=step.body or None)


def _got(response: httpx2.Response) -> Got:
    return Got(
        response.status_code, {name.lower(): value for name, value in response.headers.items()}, response.content
    )
