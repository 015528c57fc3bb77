# SPDX-License-Identifier: Apache-2.0
"""The messenger: one thread a process that tells receivers what waits, tries again, and gives up at last.

Every event is told at least once: a receiver that answers too late, or a process that dies in between, leads to
another try with the same id. Receivers are told side by side, each a few events at a time, and the next begins when
one ends, so a slow one holds up nobody else; the order is not kept, and events carry their places in the log.
"""

import asyncio
import contextlib
import datetime as dt
import functools
import logging
import random
import ssl
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import AbstractContextManager

import httpx2

from keshou.db import Transaction
from keshou.webhooks.address import resolve
from keshou.webhooks.delivery import Claimed
from keshou.webhooks.errors import AddressRefusedError
from keshou.webhooks.message import headers_of
from keshou.webhooks.settings import WebhookSettings
from keshou.webhooks.store import Webhooks
from keshou.webhooks.turns import Turns

_log = logging.getLogger(__name__)
_GONE = 410
_TIDY_EVERY = 1000
"""Looks between two times that old deliveries are dropped."""

_LAPSES_EVERY = dt.timedelta(minutes=1)
_GLANCE = 0.05
"""Seconds between two glances at whether it was woken, while tries are under way."""
_GATHER = 0.01
"""Seconds in which tries that end after another are still written down with it."""

Opened = Callable[[], AbstractContextManager[Transaction]]


class Messenger:
    """Delivers for one process until it is closed.

    `writing` and `reading` open transactions, `now` gives the moment; `lapses` puts into the outbox what came to its
    end by the passing of time, and is called now and then.
    """

    def __init__(
        self, webhooks: Webhooks, writing: Opened, reading: Opened, now: Callable[[], dt.datetime],
        *, lapses: Callable[[], int] = lambda: 0,
    ) -> None:  # fmt: skip
        self._webhooks = webhooks
        self._lapses = lapses
        self._lapses_told: dt.datetime | None = None
        self._writing = writing
        self._reading = reading
        self._now = now
        self._woken = threading.Event()
        self._open = self._closing = False
        self._turns = Turns()
        self._looks = 0
        self._ailing = ""
        self._trust: ssl.SSLContext | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to deliver, and go on until `close`."""
        if self._thread is None:
            self._open = True
            self._thread = threading.Thread(target=self._run, name="keshou-messenger", daemon=True)
            self._thread.start()

    def wake(self) -> None:
        """Look at once: something was just put into the outbox."""
        self._woken.set()

    def close(self) -> None:
        """Finish the tries under way, then stop; what waits is told by the next process."""
        self._open, self._closing = False, True
        self._woken.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        self._closing = False

    def deliver(self) -> int:
        """Try what is due until nothing is, and nothing is under way; return how many tries were made."""
        with self._reading() as tx:
            if not self._webhooks.due(tx, self._now()):
                return 0
        return asyncio.run(self._deliver())

    async def _deliver(self) -> int:
        """Begin a try wherever a receiver's turn comes, as others end, and look after the rest meanwhile."""
        tries, outcomes = 0, dict[Claimed, str]()
        async with _asking(self._trusted(), self._webhooks.settings) as ask, self._under_way() as under_way:
            while True:
                for each in await asyncio.to_thread(self._settle_and_claim, outcomes):
                    under_way[asyncio.create_task(ask(each, self._now()))] = each
                    tries += 1
                if not under_way:
                    return tries
                ended = await self._some_end(under_way)
                outcomes = {under_way.pop(each): each.result() for each in ended}
                await asyncio.to_thread(self._look_after)

    @contextlib.asynccontextmanager
    async def _under_way(self) -> AsyncIterator[dict["asyncio.Task[str]", Claimed]]:
        """Give a place for tries that are under way; those left at its end are given up, and tried again later."""
        under_way = dict[asyncio.Task[str], Claimed]()
        try:
            yield under_way
        finally:
            for each in under_way:
                each.cancel()
            await asyncio.gather(*under_way, return_exceptions=True)
            self._turns.none_under_way()

    async def _some_end(self, under_way: Mapping["asyncio.Task[str]", Claimed]) -> set["asyncio.Task[str]"]:
        """Wait until tries end, somebody wakes it, or it is time to look again; return the tries that ended."""
        clock = asyncio.get_running_loop().time
        until = clock() + self._webhooks.settings.poll_seconds
        while True:
            ended, _ = await asyncio.wait(under_way, timeout=_GLANCE, return_when=asyncio.FIRST_COMPLETED)
            if ended or self._woken.is_set() or clock() >= until:
                self._woken.clear()
                break
        if ended and len(ended) < len(under_way):  # those that end together are written down together
            ended, _ = await asyncio.wait(under_way, timeout=_GATHER)
        return ended

    def _settle_and_claim(self, outcomes: Mapping[Claimed, str]) -> list[Claimed]:
        """Write down what tries came to, and take what is to be tried now; nothing any more once it is to stop."""
        for each, outcome in outcomes.items():
            self._turns.end(each.subscription, taken=outcome.startswith("2"))
        if not outcomes and not self._may_claim():
            return []
        with self._writing() as tx:
            for each, outcome in outcomes.items():
                self._settle(tx, each, outcome)
            claimed = [] if self._closing else self._webhooks.claim(tx, self._now(), self._turns)
        for each in claimed:
            self._turns.begin(each.subscription)
        return claimed

    def _may_claim(self) -> bool:
        if self._closing or not self._turns.free(self._webhooks.settings):
            return False
        with self._reading() as tx:
            return self._webhooks.due(tx, self._now(), self._turns)

    def tidy(self) -> None:
        """Drop what is older than it is kept."""
        with self._writing() as tx:
            self._webhooks.forget_old(tx, self._now())

    def _run(self) -> None:
        while self._open:
            tried = 0
            try:
                self._look_after()
                tried = self.deliver()
                self._ailing = ""
            except Exception as error:
                self._complain(error)
            if not tried:
                self._woken.wait(self._webhooks.settings.poll_seconds)
                self._woken.clear()

    def _look_after(self) -> None:
        """Do what is due now and then, for as long as it runs by itself."""
        if self._open:
            self._tell_lapses()
            self._tidy_at_times()

    def _tell_lapses(self) -> None:
        now = self._now()
        if self._lapses_told is None or now - self._lapses_told >= _LAPSES_EVERY:
            self._lapses()
            self._lapses_told = now

    def _complain(self, error: Exception) -> None:
        """Say once what goes wrong, by its name alone, and look again later: what waits in the database waits on."""
        name = type(error).__name__
        if name != self._ailing:
            self._ailing = name
            _log.error("webhooks are not delivered: %s", type(error).__name__)

    def _trusted(self) -> ssl.SSLContext:
        """Return whom to trust; read once, and only when there is something to deliver."""
        if self._trust is None:
            trust = ssl.create_default_context()
            if self._webhooks.settings.certificates:
                trust.load_verify_locations(self._webhooks.settings.certificates)
            self._trust = trust
        return self._trust

    def _tidy_at_times(self) -> None:
        if self._looks % _TIDY_EVERY == 0:
            self.tidy()
        self._looks += 1

    def _settle(self, tx: Transaction, claimed: Claimed, outcome: str) -> None:
        now = self._now()
        if outcome.startswith("2"):
            self._webhooks.delivered(tx, claimed, outcome, now)
        elif outcome == str(_GONE):
            self._webhooks.gone(tx, claimed, outcome, now)
        else:
            self._webhooks.failed(tx, claimed, outcome, now, wait_after(claimed.tries + 1, self._webhooks.settings))


def wait_after(tries: int, settings: WebhookSettings) -> dt.timedelta | None:
    """Return how long to wait after that many tries failed; None when there were enough.

    Doubled each time, and spread by half of it either way, so that receivers that failed together are not asked
    together again.
    """
    if tries >= settings.tries:
        return None
    longest = min(settings.longest_wait_seconds, settings.first_wait_seconds * 2.0 ** (tries - 1))
    return dt.timedelta(seconds=longest * random.uniform(0.5, 1.5))  # noqa: S311 - nobody gains by guessing it


Ask = Callable[[Claimed, dt.datetime], Coroutine[None, None, str]]


@contextlib.asynccontextmanager
async def _asking(trust: ssl.SSLContext, settings: WebhookSettings) -> AsyncIterator[Ask]:
    """Give what tries one delivery; names are looked up by threads of its own, and nobody waits for one that hangs."""
    limits = httpx2.Limits(max_keepalive_connections=0)
    lookers = ThreadPoolExecutor(2 * settings.at_once, "keshou-lookers")
    try:
        # no proxies or credentials from the environment: what goes out goes where the subscription says
        async with httpx2.AsyncClient(verify=trust, trust_env=False, follow_redirects=False, limits=limits) as client:
            yield lambda claimed, now: _tell(client, claimed, settings, now, lookers)
    finally:
        lookers.shutdown(wait=False, cancel_futures=True)


async def _tell(
    client: httpx2.AsyncClient, claimed: Claimed, settings: WebhookSettings, now: dt.datetime, lookers: Executor
) -> str:
    """Try one delivery; return the answer's status, or a word for what failed. Never raises."""
    try:
        async with asyncio.timeout(settings.answer_seconds):
            return await _ask(client, claimed, settings, now, lookers)
    except (TimeoutError, httpx2.TimeoutException):
        return "too slow"
    except AddressRefusedError:
        return "address refused"
    except httpx2.ConnectError:
        return "no connection"
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError):
        return "broken off"
    except Exception as error:  # whatever one receiver leads to, the others are told all the same
        _log.error("a receiver cannot be told: %s", type(error).__name__)
        return "failed"


async def _ask(
    client: httpx2.AsyncClient, claimed: Claimed, settings: WebhookSettings, now: dt.datetime, lookers: Executor
) -> str:
    look = functools.partial(resolve, claimed.url, private=settings.allow_private)
    target = await asyncio.get_running_loop().run_in_executor(lookers, look)
    headers = {**headers_of(claimed.event, claimed.body, claimed.secrets, now), "host": target.host}
    names = {"sni_hostname": target.name}
    request = client.build_request(
        "POST", target.url, content=claimed.body, headers=headers, timeout=settings.answer_seconds, extensions=names
    )
    answer = await client.send(request, stream=True)
    await answer.aclose()
    return str(answer.status_code)
