# SPDX-License-Identifier: Apache-2.0
"""Shared links as every face makes and ends them: once for each request, the token told once."""

from itertools import islice

from keshou.acts.request import Done, RecordSite
from keshou.app import sharing
from keshou.app.sharing import Asked, Made
from keshou.app.site import Site
from keshou.gate.facts import LinkRevoked
from keshou.law.terms import ActKind
from keshou.links.link import Link, Shared
from keshou.once.errors import SecretToldError
from keshou.web import entitled
from keshou.web.errors import NotFoundError
from keshou.web.idempotency import fresh_id, named
from keshou.wire.caller import Caller
from keshou.wire.links import LinkRequest


def asked_link(caller: Caller, asked: LinkRequest) -> Asked:
    """Return the link that `caller` asks for."""
    shared = Shared(
        purpose=asked.purpose, items=tuple(sorted(set(asked.items))), recipient=asked.recipient, by=caller.id,
        post=asked.post, where=asked.where, ground=asked.ground,
    )  # fmt: skip
    return Asked(asked.user, shared, asked.minutes, asked.openings)


def make_once(site: Site, caller: Caller, key: str, asked: LinkRequest, wanted: Asked) -> Made:
    """Make a link that the gate permits; its token is told this once.

    Raises:
        SecretToldError: it was made before, and its token told then.

    """
    fact = sharing.made_fact(site, fresh_id("l", caller, key), wanted)
    made = sharing.make(site, wanted, fact, lambda job: named(job, caller, key, asked, "links"))
    if not made.token:
        raise SecretToldError
    return made


def page_of(caller: Caller, site: Site, after: str, limit: int) -> list[Link]:
    """Return up to `limit` links that `caller` may see, by id, from the one after `after` on; as `entitled.seen`."""
    by = _whose(caller, site)
    with site.reading() as tx:
        return list(islice((each for each in site.links.list_of(tx, by, after) if _is_within(caller, each)), limit))


def newest(caller: Caller, site: Site, start: int, most: int) -> tuple[list[Link], int]:
    """Return up to `most` links that somebody signed in may see, what opens first, then the newest; and how many all.

    The first `start` are left out.
    """
    by = _whose(caller, site)
    with site.reading() as tx:
        return site.links.newest(tx, site.now(), by, start, most)


def _whose(caller: Caller, site: Site) -> str:
    """Return whose links `caller` may see; empty: everybody's."""
    entitled.require_staff(caller)
    return "" if entitled.audits(caller, site) else caller.id


def _is_within(caller: Caller, link: Link) -> bool:
    return entitled.is_within_key(caller, link.shared.purpose, ActKind.PROVIDE)


def end_link(site: Site, caller: Caller, key: str, name: str) -> Done:
    """End a link at once: who made it, or an auditor.

    Raises:
        NotFoundError: the caller may end no such link.
        NothingToEndError: it is over, or was revoked before.
        RequestTakenError: the caller named another request so; the link goes on.

    """
    by = _whose(caller, site)
    with site.reading() as tx:
        found = site.links.find(tx, name)
    if found is None or by not in ("", found.shared.by) or not _is_within(caller, found):
        raise NotFoundError("there is no such link", hint="list them at /api/v1/links")
    told = RecordSite(facts=(LinkRevoked(at=site.now(), link=name),), by=caller.id, must_stand=True)
    return site.do(named(told, caller, key, None, "links", name, "revoke"))
