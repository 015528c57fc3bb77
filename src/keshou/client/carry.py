# SPDX-License-Identifier: Apache-2.0
"""Carry a procedure's steps out over the network: blocking, or in an event loop."""

import asyncio
import time
from typing import TypeVar

import httpx2

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


class InLoop:
    """Sends with an asynchronous client of `httpx2`."""

    def __init__(self, client: httpx2.AsyncClient) -> None:
        self.client = client

    async def run(self, steps: Steps[T]) -> T:
        """Carry `steps` out; return what they return."""
        came: Came = None
        while True:
            try:
                step = steps.send(came)
            except StopIteration as end:
                return end.value  # type: ignore[no-any-return]
            came = await self._take(step)

    async def _take(self, step: Step) -> Came:
        if isinstance(step, Pause):
            await asyncio.sleep(step.seconds)
            return None
        try:
            return _got(await self.client.send(_request(self.client, step)))
        except httpx2.HTTPError as error:
            return Lost(type(error).__name__)


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
