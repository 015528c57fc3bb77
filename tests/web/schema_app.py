# SPDX-License-Identifier: Apache-2.0
"""A served site for those who try whatever its document says: whoever tries never loses the way in.

Tokens stand for the kinds of caller. People's sessions are real: one that ended is begun anew at the next request, so
that signing out, closing and revoking can be tried like all else.
"""

import datetime as dt
import os
from pathlib import Path

from house import newcomer
from litestar import Litestar
from office_house import HELD, rules_text, with_bank

from keshou.accounts.account import AccountKind, Factor
from keshou.accounts.store import Accounts
from keshou.app.create import create
from keshou.app.site import Site
from keshou.db import Transaction
from keshou.declaration.load import read
from keshou.gate.facts import StaffAppointed
from keshou.web.find_caller import Finder
from keshou.web.server import application
from keshou.wire.caller import Caller, CallerKind, Scope

OFFICER, PROGRAM, USER, INSPECTOR = "as-officer", "as-program", "as-user", "as-inspector"
_CHIEF = "chief"
_POSTS = ("officer", "keeper", "auditor", "clerk")
_SETTINGS = """
[server]
rate = "1000000/second"
rate_unknown = "1000000/second"

[accounts]
argon2_memory_kib = 8
argon2_passes = 1
"""


def begin(home: Path, database: str = "") -> None:
    """Make a site with rules in force, whoever holds its posts, and a user."""
    create(home, dt.datetime.now(dt.UTC), declaration=rules_text(), database=database, language="en")
    with (home / "keshou.toml").open("a") as settings:
        settings.write(_SETTINGS)
    with Site.open(home) as site:
        declaration = read(rules_text()).declaration
        assert declaration is not None
        site.publish(with_bank(declaration), by="boss")
        held = [*HELD, *((_CHIEF, post) for post in _POSTS)]
        now = site.now()
        site.record_site(*(StaffAppointed(at=now, staff=staff, post=post) for staff, post in held), by="founder")
        site.do(newcomer(site, "u1"))
        with site.writing() as tx:
            for account in (_CHIEF, "watcher"):
                kind = AccountKind.STAFF if account == _CHIEF else AccountKind.INSPECTOR
                text = site.accounts.invite(tx, account, kind, by="founder", now=now)
                site.accounts.accept(tx, text, "", "", now)


def make() -> Litestar:
    """Return the server of the site that the environment names."""
    site = Site.open(os.environ["KESHOU_HOME"])
    real = Finder(site)

    def find(tx: Transaction, token: str, binding: str, now: dt.datetime) -> Caller | None:
        if token == OFFICER:
            return _signed_in(tx, site.accounts, _CHIEF, CallerKind.STAFF, now)
        if token == INSPECTOR:
            return _signed_in(tx, site.accounts, "watcher", CallerKind.INSPECTOR, now)
        if token == PROGRAM:
            return Caller(id="biller", kind=CallerKind.PROGRAM, scopes=frozenset(Scope), credential="k1")
        if token == USER:
            return Caller(id="user", kind=CallerKind.USER, user="u1", credential="s1")
        return real(tx, token, binding, now)

    return application(site, find, closes=True)


def _signed_in(tx: Transaction, accounts: Accounts, account: str, kind: CallerKind, now: dt.datetime) -> Caller:
    session = accounts.begin(tx, account, (Factor.PASSWORD, Factor.TOTP), "", now).session
    return Caller(id=account, kind=kind, credential=session.id, proven_at=now, until=session.until)
