# SPDX-License-Identifier: Apache-2.0
"""What lets one come as somebody else, given by one person, waits here for another: invitations anew, links, keys.

It is told to whoever asked for it at once, and proves nothing before it is confirmed.
"""

import datetime as dt
from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple

import msgspec

from keshou.accounts.account import What
from keshou.acts.hands import Hands
from keshou.app.site import Site
from keshou.db import Transaction
from keshou.errors import InputError


class Way(StrEnum):
    """How one could come as somebody else."""

    INVITATION = "invitation"
    """To an account that somebody had before: whoever accepts it comes in their place."""
    LINK = "link"
    """Of a subject of the provider to an account."""
    KEY = "key"
    """Of a program that names whose act it is, or acts by a post that whoever made the key does not hold."""
    APP_KEY = "app_key"
    """Of an app that says which user it is."""


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """A way in that waits for a second hand."""

    way: Way
    id: str
    """Of the account invited; the provider's subject; of the key."""
    of: str
    """Account, program, or service of the app."""
    by: str
    """Who gave it."""
    since: dt.datetime
    until: dt.datetime | None
    """When it is over, confirmed or not; None: never."""


class NothingWaitsError(InputError):
    """Nothing of that kind and id waits, or not any more."""

    def __init__(self) -> None:
        super().__init__("nothing of that id waits for a second hand", hint="list what waits")


class OtherWaitsError(InputError):
    """What waits is not what whoever confirms it looked at: it was given anew, or of another account."""

    def __init__(self) -> None:
        super().__init__("what waits is not what was looked at", hint="look at it, then decide anew")


def waiting(site: Site, tx: Transaction) -> list[Waiting]:
    """Return what waits, the oldest first."""
    return sorted(_waiting(site, tx), key=lambda each: (each.since, each.way, each.id))


def _waiting(site: Site, tx: Transaction) -> Iterator[Waiting]:
    now, hours = site.now(), dt.timedelta(hours=site.settings.accounts.invitation_hours)
    for account in site.accounts.accounts(tx):
        if account.waits and account.invited_until is not None and account.invited_until > now:
            yield Waiting(
                way=Way.INVITATION, id=account.id, of=account.id, by=account.waits,
                since=account.invited_until - hours, until=account.invited_until,
            )  # fmt: skip
    for link in site.openid.waiting(tx):
        yield Waiting(way=Way.LINK, id=link.subject, of=link.account, by=link.by, since=link.created, until=None)
    for key in site.programs.credentials(tx):
        if key.waits and key.revoked is None and key.grant.until > now:
            yield Waiting(
                way=Way.KEY, id=key.id, of=key.program, by=key.by, since=key.created, until=key.grant.until
            )  # fmt: skip
    for each in site.visits.keys.list(tx):
        if each.waits and each.revoked is None and each.until > now:
            yield Waiting(
                way=Way.APP_KEY, id=each.id, of=each.service, by=each.by, since=each.created, until=each.until
            )  # fmt: skip


class Seen(NamedTuple):
    """What waits, as whoever confirms it saw it."""

    way: Way
    id: str
    of: str
    since: dt.datetime | None = None
    """None: whenever it was given."""


def confirm(site: Site, tx: Transaction, seen: Seen, by: str) -> Waiting:
    """Let what waits count from now on, by the word of a second person; write down who that was.

    Raises:
        InputError: it is who gave it who would confirm it, whose account it is, or a program.
        NothingWaitsError: nothing of that kind and id waits.
        OtherWaitsError: it is of another account than was seen, or was given anew since.

    Source: miit24:13.1.3
    """
    way, id_ = seen.way, seen.id
    found = next((each for each in waiting(site, tx) if (each.way, each.id) == (way, id_)), None)
    if found is None:
        raise NothingWaitsError
    if found.of != seen.of or seen.since not in {None, found.since}:
        raise OtherWaitsError
    hands = Hands(site.programs.makers(tx, found.since))
    if hands.is_program(by):
        raise InputError("a person confirms it (miit24:13.1.3)", hint="let one of the staff confirm it")
    if by == found.of or hands.same(found.by, by):
        raise InputError(
            "nobody is the second hand of what they gave, or of their own account (miit24:13.1.3)",
            hint="let another who holds the office `accounts` or `audit` confirm it",
        )
    now = site.now()
    match way:
        case Way.INVITATION:
            done = found.until is not None and site.accounts.confirm(tx, id_, found.until)
        case Way.LINK:
            done = site.openid.confirm(tx, found.of, id_)
        case Way.KEY:
            done = site.programs.confirm(tx, id_, now)
        case Way.APP_KEY:
            done = site.visits.keys.confirm(tx, id_, now)
    if not done:
        raise NothingWaitsError
    site.accounts.note_way(tx, found.of, What.CONFIRMED, "" if way is Way.INVITATION else id_, by=by, now=now)
    return found
