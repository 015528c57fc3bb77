# SPDX-License-Identifier: Apache-2.0
"""Links to one user's record: made by who may provide it, opened as an act that is judged anew, ended at any moment."""

import datetime as dt
from collections.abc import Callable
from itertools import islice
from typing import NamedTuple

from keshou.acts.request import Done, Opening, RecordSite
from keshou.app.site import Site
from keshou.gate.act import Act
from keshou.gate.decision import Decision, Permit
from keshou.gate.facts import LinkMade, LinkRevoked
from keshou.law.terms import ActKind
from keshou.links.link import Link, LinkError, Shared, Taken, check_span
from keshou.links.store import new_token
from keshou.webhooks.done import link_opened


class Asked(NamedTuple):
    """A link that somebody wants."""

    user: str
    shared: Shared
    minutes: int
    most: int = 1


class Opened(NamedTuple):
    """What an opening came to."""

    taken: Taken
    done: Done


def may_share(site: Site, asked: Asked) -> Decision:
    """Return whether the record could be provided so now; nothing is recorded.

    Raises:
        LinkError: the link would hold for too long, open too often, or be for nobody.

    """
    check_span(asked.minutes, asked.most)
    if not asked.shared.recipient:
        raise LinkError("a link is for a recipient", hint="name one that the rules declare")
    return site.ask(_act(asked.user, asked.shared, site.now()))


def made_fact(site: Site, name: str, asked: Asked) -> LinkMade:
    """Return the fact that a link of that id is made now."""
    now, shared = site.now(), asked.shared
    return LinkMade(
        at=now, link=name, by=shared.by, purpose=shared.purpose, items=frozenset(shared.items),
        recipient=shared.recipient, most=asked.most, until=now + dt.timedelta(minutes=asked.minutes),
    )  # fmt: skip


class Made(NamedTuple):
    """A link that was made just now."""

    fact: LinkMade
    token: str
    """Which nobody can be told again; empty where the request had been done before."""
    done: Done


def make(
    site: Site, asked: Asked, fact: LinkMade, naming: Callable[[RecordSite], RecordSite] = lambda job: job
) -> Made:
    """Make the link of `fact`: record and keep it, both or neither. Ask `may_share` first.

    `naming` may name the request, which is then done once.
    """
    token, shared = new_token(), asked.shared
    opens = Opening(user=asked.user, token=token, post=shared.post, where=shared.where, ground=shared.ground)
    done = site.do(naming(RecordSite(facts=(fact,), by=shared.by, must_stand=True, opens=opens)))
    with site.reading() as tx:  # who sent it twice at once is told it once
        ours = not done.repeated and site.links.is_kept(tx, fact.link, token)
    return Made(fact, token if ours else "", done)


def share(site: Site, name: str, asked: Asked) -> tuple[LinkMade, str]:
    """Make a link of that id; return what was recorded, and its token. Ask `may_share` first."""
    made = make(site, asked, made_fact(site, name, asked))
    return made.fact, made.token


def open_link(site: Site, token: str) -> Opened | None:
    """Open a link: count it, then provide the record by an act of who made it, judged by what holds now.

    None where no link of that token holds. An opening that the gate denies is counted and recorded as well.
    """
    with site.writing() as tx:
        taken = site.links.take(tx, token, site.now())
    if taken is None:
        return None
    done = site.perform(_act(taken.user, taken.shared, site.now()))
    opened = Opened(taken, done)
    with site.writing() as tx:
        site.links.note(tx, taken.id, done.entry)
        told = link_opened(
            site.now(), taken.id, done.entry, recipient=taken.shared.recipient, purpose=taken.shared.purpose,
            shown=shows(opened), left=taken.left,
        )  # fmt: skip
        waits = site.webhooks.enqueue(tx, told, site.now())
    if waits:
        site.messenger.wake()
    return opened


def shows(opened: Opened | None) -> bool:
    """Say whether an opening showed anything."""
    return opened is not None and isinstance(opened.done.decision, Permit)


def revoke(site: Site, name: str, *, by: str) -> None:
    """End a link at once, and write that down.

    Raises:
        NothingToEndError: there is no such link, or it is over, or was revoked before.

    """
    site.do(RecordSite(facts=(LinkRevoked(at=site.now(), link=name),), by=by, must_stand=True))


def made_by(site: Site, by: str = "", *, after: str = "", most: int | None = None) -> list[Link]:
    """Return the links that somebody made, or all, by id: those after `after`, and `most` of them where it is given."""
    with site.reading() as tx:
        return list(islice(site.links.list_of(tx, by, after), most))


def _act(user: str, shared: Shared, now: dt.datetime) -> Act:
    return Act(
        kind=ActKind.PROVIDE, user=user, items=frozenset(shared.items), purpose=shared.purpose, by=shared.by,
        when=now, where=shared.where, post=shared.post, recipient=shared.recipient, ground=shared.ground,
    )  # fmt: skip
