# SPDX-License-Identifier: Apache-2.0
"""The messenger: one thread a process that tells receivers what waits, tries again, and gives up at last.

Every event is told at least once: a receiver that answers too late, or a process that dies in between, leads to
another try with the same id. Receivers are told side by side, so a slow one holds up nobody else; the order is not
kept, and events carry their places in the log.
"""

import asyncio
import datetime as dt
import logging
import random
import ssl
import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

import httpx2

from keshou.db import Transaction
from keshou.webhooks.address import resolve
from keshou.webhooks.delivery import Claimed
from keshou.webhooks.errors import AddressRefusedError
from keshou.webhooks.message import headers_of
from keshou.webhooks.settings import WebhookSettings
from keshou.webhooks.store import Webhooks

_log = logging.getLogger(__name__)
_GONE = 410
_TIDY_EVERY = 1000
"""Looks between two times that old deliveries are dropped."""

_LAPSES_EVERY = dt.timedelta(minutes=1)

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
        self._open = False
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
        self._open = False
        self._woken.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def deliver(self) -> int:
        """Try everything that is due, once; return how many tries were made."""
        with self._reading() as tx:
            if not self._webhooks.due(tx, self._now()):
                return 0
        with self._writing() as tx:
            claimed = self._webhooks.claim(tx, self._now())
        outcomes = asyncio.run(_tell_all(claimed, self._webhooks.settings, self._now(), self._trusted()))
        with self._writing() as tx:
            for each, outcome in zip(claimed, outcomes, strict=True):
                self._settle(tx, each, outcome)
        return len(claimed)

    def tidy(self) -> None:
        """Drop what is older than it is kept."""
        with self._writing() as tx:
            self._webhooks.forget_old(tx, self._now())

    def _run(self) -> None:
        while self._open:
            tried = 0
            try:
                self._tell_lapses()
                tried = self.deliver()
                self._tidy_at_times()
                self._ailing = ""
            except Exception as error:
                self._complain(error)
            if not tried:
                self._woken.wait(self._webhooks.settings.poll_seconds)
                self._woken.clear()

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
            _log.error("webhooks are not delivered: %s", name)

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


async def _tell_all(
    claimed: Sequence[Claimed], settings: WebhookSettings, now: dt.datetime, trust: ssl.SSLContext
) -> list[str]:
    limits = httpx2.Limits(max_keepalive_connections=0)
    # no proxies or credentials from the environment: what goes out goes where the subscription says
    async with httpx2.AsyncClient(verify=trust, trust_env=False, follow_redirects=False, limits=limits) as client:
        return list(await asyncio.gather(*(_tell(client, each, settings, now) for each in claimed)))


async def _tell(client: httpx2.AsyncClient, claimed: Claimed, settings: WebhookSettings, now: dt.datetime) -> str:
    """Try one delivery; return the answer's status, or a word for what failed. Never raises."""
    try:
        async with asyncio.timeout(settings.answer_seconds):
            return await _ask(client, claimed, settings, now)
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


async def _ask(client: httpx2.AsyncClient, claimed: Claimed, settings: WebhookSettings, now: dt.datetime) -> str:
    target = await asyncio.to_thread(resolve, claimed.url, private=settings.allow_private)
    headers = {**headers_of(claimed.event, claimed.body, claimed.secrets, now), "host": target.host}
    names = {"sni_hostname": target.name}
    request = client.build_request(
        "POST", target.url, content=claimed.body, headers=headers, timeout=settings.answer_seconds, extensions=names
    )
    answer = await client.send(request, stream=True)
    await answer.aclose()
    return str(answer.status_code)
