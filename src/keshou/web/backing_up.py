# SPDX-License-Identifier: Apache-2.0
"""Backups as every face asks for them: begun once for each request, one at a time in a process."""

from keshou.app import backups
from keshou.app.backups import Backups, Wanted
from keshou.app.site import Site
from keshou.backup.asked.store import BackupJob
from keshou.db import Transaction
from keshou.web.errors import NotFoundError
from keshou.web.frame.page import Requested
from keshou.web.idempotency import request_id, said
from keshou.wire.caller import Caller


def maker_of(request: Requested, site: Site) -> Backups:
    """Return what makes backups for this process."""
    found: Backups | None = request.app.state.get("backups")
    if found is None:
        found = request.app.state.backups = Backups(site)
    return found


def begin_once(site: Site, maker: Backups, caller: Caller, key: str, wanted: Wanted) -> BackupJob:
    """Begin a backup, once for each key of the caller, and return how it stands.

    Raises:
        BusyError: another is being made.
        RequestTakenError: the caller named another request so.

    """
    request = request_id(caller, key)
    asked = said(("backups",), (wanted.place, sorted(wanted.to), wanted.until))

    def is_new(tx: Transaction) -> bool:
        if site.once.begin(tx, request, asked, site.now()) is not None:
            return False
        site.once.keep(tx, request, wanted.medium.encode())
        return True

    return maker.start(wanted, is_new) or known(site, wanted.medium)


def known(site: Site, name: str) -> BackupJob:
    """Return a backup that was asked of the server.

    Raises:
        NotFoundError: none of that id was.

    """
    found = backups.find(site, name)
    if found is None:
        raise NotFoundError("no such backup was asked of the server", hint="list them at /api/v1/backups")
    return found
