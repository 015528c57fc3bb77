# SPDX-License-Identifier: Apache-2.0
"""Accounts with cheap passwords, and somebody who signs in to them."""

import datetime as dt
import re

import pyotp

from keshou.accounts.account import AccountKind, SecondStep, SignedIn
from keshou.accounts.settings import AccountSettings
from keshou.accounts.store import Accounts
from keshou.db import Database

START = dt.datetime(2013, 9, 2, 1, 0, tzinfo=dt.UTC)
MINUTE, HOUR = dt.timedelta(minutes=1), dt.timedelta(hours=1)
BROWSER = "a browser"
PASSWORD = "teapot under the willow"
CHEAP = AccountSettings(argon2_memory_kib=8, argon2_passes=1)


def accounts(**settings: object) -> Accounts:
    """Return a room whose passwords cost nothing."""
    made = {name: getattr(CHEAP, name) for name in CHEAP.__struct_fields__} | settings
    return Accounts(bytes(range(32)), AccountSettings(**made))


def joined(room: Accounts, database: Database, who: str = "clerk", now: dt.datetime = START) -> SignedIn:
    """Invite `who`, who accepts with `PASSWORD`."""
    with database.transaction() as tx:
        text = room.invite(tx, who, AccountKind.STAFF, by="officer", now=now)
        account = room.invited(tx, text, now)
    assert account is not None
    stored = room.hash(account, PASSWORD)
    with database.transaction() as tx:
        return room.accept(tx, text, stored, BROWSER, now)


def enrolled(room: Accounts, database: Database, who: str = "clerk", now: dt.datetime = START) -> tuple[str, list[str]]:
    """Let `who` join and enrol an authenticator; return its secret and the recovery codes."""
    session = joined(room, database, who, now).session
    with database.transaction() as tx:
        secret, address = room.offer_totp(tx, who, "Keshou")
    assert re.search(r"secret=([A-Z2-7]+)", address)
    with database.transaction() as tx:
        return secret, room.confirm_totp(tx, session, code(secret, now), now)


def code(secret: str, now: dt.datetime) -> str:
    """Return what an authenticator shows at `now`."""
    return pyotp.TOTP(secret).at(now)


def sign_in(
    room: Accounts, database: Database, now: dt.datetime, password: str = PASSWORD, *, who: str = "clerk",
    device: str = "",
) -> SignedIn | SecondStep | None:  # fmt: skip
    """Take the first step of signing in."""
    with database.transaction() as tx:
        tried = room.start(tx, who, device, now)
    checked = room.check(tried, password)
    with database.transaction() as tx:
        return room.conclude(tx, tried, checked, BROWSER, now)


def second(room: Accounts, database: Database, step: object, given: str, now: dt.datetime) -> SignedIn | None:
    """Take the second step."""
    assert isinstance(step, SecondStep)
    with database.transaction() as tx:
        return room.second(tx, step.ticket, given, BROWSER, now)
