# SPDX-License-Identifier: Apache-2.0
"""Whether a site can do its work: its parts are there, and acts are done that are asked for.

Reading tells nothing of writing: a full disk, a file that may only be read and a server that stands by are read as
ever. What can be seen of that is looked at; and where the last act failed, it is tried whether the database takes
anything again.
"""

import asyncio
import contextlib
import logging
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future

from keshou.app.keys import open_keys
from keshou.app.settings import sqlite_path
from keshou.app.site import Site
from keshou.db import Transaction, to_micros
from keshou.errors import KeshouError, UnreachableError
from keshou.migrations.run import is_current

_WITHIN = 5.0
"""Seconds after which a part that says nothing is one that is missing."""
_READ_ONLY = "SELECT pg_is_in_recovery() OR current_setting('default_transaction_read_only') = 'on'"
_log = logging.getLogger(__name__)


class Readiness:
    """Looks at one site, once at a time however often it is asked; safe from any event loop."""

    def __init__(self, site: Site, within: float = _WITHIN) -> None:
        self._site, self._within = site, within
        self._lock = threading.Lock()
        self._look: Future[tuple[str, ...]] | None = None
        self._at = ""

    async def missing(self) -> tuple[str, ...]:
        """Return what `missing` does; after some seconds the part that it waits for, which is then missing."""
        look = asyncio.wrap_future(self._begun())
        done, _ = await asyncio.wait({look}, timeout=self._within)
        return look.result() if done else (self._at,)

    def _begun(self) -> "Future[tuple[str, ...]]":
        with self._lock:
            if self._look is None or self._look.done():
                self._look = Future()
                threading.Thread(target=self._all, args=(self._look,), name="keshou-readiness", daemon=True).start()
            return self._look

    def _all(self, found: "Future[tuple[str, ...]]") -> None:
        try:
            found.set_result(missing(self._site, self._note))
        except Exception as error:
            _log.error("the site could not be looked at: %s", type(error).__name__)
            found.set_result((self._at,))

    def _note(self, part: str) -> None:
        self._at = part


def missing(site: Site, note: Callable[[str], None] = lambda _part: None) -> tuple[str, ...]:
    """Return the parts that are not ready, of those named in `docs/how-to/run-the-server.md`; empty when all are.

    Never raises: a part that fails is a part that is missing. `note` is told which one is looked at.
    """
    return (*_of_database(site, note), *_of_keys(site, note))


def refuse_read_only(site: Site) -> None:
    """Refuse a site whose database takes nothing: whoever serves it could do no act.

    Raises:
        UnreachableError: it may only be read, or stands by for another.
        DiskFullError: its disk is full.
        RefusedError: somebody holds it, or the role may not write.

    """
    site.pulse.look_now()  # which does not wait for ever for a server that says nothing
    with site.reading() as tx:
        read_only = _is_read_only(site, tx)
    if read_only:
        raise UnreachableError(
            "the database can be read and takes nothing: no act could be done",
            hint="see whether its disk is full, its file and folder may be written, or it stands by for another server",
        )
    site.try_writing()


def _of_database(site: Site, note: Callable[[str], None]) -> Iterator[str]:
    note("database")
    try:
        site.pulse.look_now()  # it has its own limit, and needs no connection that others hold
        with site.reading() as tx:
            if not is_current(tx):
                yield "schema"
                return
            behind = site.ledger.head(tx).last_time - to_micros(site.now())
            read_only = _is_read_only(site, tx)
    except KeshouError:
        yield "database"
        return
    if site.trouble() == "log":
        yield "log"
    if behind > site.settings.clock_tolerance * 1_000_000:
        yield "clock"
    note("writing")
    yield from ("writing",) if read_only else _of_writing(site)


def _is_read_only(site: Site, tx: Transaction) -> bool:
    if tx.postgresql:
        return bool(tx.ask(_READ_ONLY)[0][0])
    path = sqlite_path(site.settings, site.home)
    return path is not None and not all(os.access(each, os.W_OK, effective_ids=True) for each in (path, path.parent))


def _of_writing(site: Site) -> tuple[str, ...]:
    try:
        if site.door.is_stuck():
            return ("door",)
    except KeshouError:
        return ("writing",)
    return () if _takes_again(site) else ("writing",)


def _takes_again(site: Site) -> bool:
    """Say whether the last act was written, or something else can be by now."""
    if site.trouble() == "writing":
        try:
            site.try_writing()
        except KeshouError:
            return False
    return True


def _of_keys(site: Site, note: Callable[[str], None]) -> Iterator[str]:
    note("keys")
    try:
        open_keys(site.settings, site.home)
    except (KeshouError, OSError):
        yield "keys"
        return
    with contextlib.suppress(KeshouError):  # a database that says nothing was told of
        if site.keeper.lacking():
            yield "keys"
