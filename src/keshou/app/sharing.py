# SPDX-License-Identifier: Apache-2.0
"""Links to one user's record: made by who may provide it, opened as an act that is judged anew, ended at any moment."""

import datetime as dt
from typing import NamedTuple

from keshou.acts.repeat import Requests
from keshou.acts.request import Done, RecordSite
from keshou.app.site import Site
from keshou.gate.act import Act
from keshou.gate.decision import Decision, Permit
from keshou.gate.facts import LinkMade, LinkRevoked
from keshou.law.terms import ActKind
from keshou.links.link import Link, LinkError, Shared, Taken, check_span
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


def keep(site: Site, asked: Asked, fact: LinkMade) -> str:
    """Keep the link that `fact` recorded; return its token, which nobody can be told again."""
    with site.writing() as tx:
        link = Link(id=fact.link, shared=asked.shared, made=fact.at, until=fact.until, most=asked.most)
        return site.links.add(tx, asked.user, link)


def share(site: Site, name: str, asked: Asked) -> tuple[LinkMade, str]:
    """Make a link: record it, keep it, return its token. Ask `may_share` first."""
    fact = made_fact(site, name, asked)
    site.do(RecordSite(facts=(fact,), by=asked.shared.by))
    return fact, keep(site, asked, fact)


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
        LinkError: there is no such link, or it was revoked before.

    """
    with site.writing() as tx:
        if not site.links.revoke(tx, name, site.now()):
            raise LinkError("no such link holds", hint="list them")
    site.record_site(LinkRevoked(at=site.now(), link=name), by=by)


def end(site: Site, name: str, told: RecordSite) -> Done:
    """End a link at once and do the job that writes it down, each as often as it is asked for.

    Raises:
        RequestTakenError: the job is named as another was; the link goes on.

    """
    with site.reading() as tx:
        Requests(tx, site.ledger, site._known.vault, [told]).before(told)  # noqa: SLF001 - of the same room
    with site.writing() as tx:
        site.links.revoke(tx, name, site.now())
    return site.do(told)


def made_by(site: Site, by: str = "") -> list[Link]:
    """Return the links that somebody made, or all."""
    with site.reading() as tx:
        return list(site.links.list_of(tx, by))


def _act(user: str, shared: Shared, now: dt.datetime) -> Act:
    return Act(
        kind=ActKind.PROVIDE, user=user, items=frozenset(shared.items), purpose=shared.purpose, by=shared.by,
        when=now, where=shared.where, post=shared.post, recipient=shared.recipient, ground=shared.ground,
    )  # fmt: skip
