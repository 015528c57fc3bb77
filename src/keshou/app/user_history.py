# SPDX-License-Identifier: Apache-2.0
"""What was done with one user's information, by whom and when, out of the log: the user's own account of it.

Nothing is opened for it and nothing recorded: entries hold no information, and facts hold none either.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from keshou.acts.known import View
from keshou.app.site import Site
from keshou.db import Transaction, from_micros
from keshou.declaration.model import Published
from keshou.gate.act import OWN_HAND
from keshou.gate.facts import UserFact
from keshou.ledger.entry import Header, decode


class Happening(NamedTuple):
    """One entry of the log that is about the user."""

    entry: int
    header: Header
    post: str
    """The post in which it was done: as the entry has it, else the one that whoever did it held then; or empty."""
    facts: tuple[UserFact, ...]
    """What it recorded of the user."""


class History(NamedTuple):
    """Some of what happened, the newest first, and the rules that give it names."""

    happenings: list[Happening]
    older: int
    """Where the next page begins, for `before`; 0 when this is the last."""
    versions: Mapping[int, Published]
    """Every published version of the rules."""


def history(site: Site, user: str, *, most: int, before: int = 0) -> History:
    """Return the `most` newest happenings of a user before entry `before` (0: the newest of all).

    Of somebody who is not on record, or is not any more, there are none.
    """
    with site.reading() as tx:
        view = _view(site, tx, user)
        key, size = view.keys.get(user), view.gate.revision
        if key is None:
            return History([], 0, view.versions())
        found = site.ledger.about(tx, key, before=before or size, most=most + 1)
        shown = found[:most]
        facts = site._known.standings.facts_at(tx, key, [index + 1 for index, _ in shown])  # noqa: SLF001 - of the same room
    told = [_happening(view, index, body, facts.get(index + 1, ())) for index, body in shown]
    return History(told, shown[-1][0] if len(found) > most else 0, view.versions())


def rules_ever(site: Site) -> Mapping[int, Published]:
    """Return every published version of the rules, by its number."""
    with site.reading() as tx:
        return site._known.view(tx, site.ledger.head(tx).size).versions()  # noqa: SLF001 - of the same room


def happening(site: Site, user: str, entry: int) -> Happening | None:
    """Return one entry of the log if it is about the user, else None."""
    found = history(site, user, most=1, before=entry + 1).happenings
    return found[0] if found and found[0].entry == entry else None


def _view(site: Site, tx: Transaction, user: str) -> View:
    view = site._known.view(tx, site.ledger.head(tx).size)  # noqa: SLF001 - of the same room
    view.load(tx, [user])
    return view


def _happening(view: View, index: int, body: bytes, facts: Sequence[UserFact]) -> Happening:
    header = decode(body)
    return Happening(index, header, header.post or _post_of(view, header), tuple(facts))


def _post_of(view: View, header: Header) -> str:
    """Return the one post that whoever did it held at that moment; empty when it was none, or several."""
    if not header.who or header.who == OWN_HAND:
        return ""
    held = view.gate.timeline.at(from_micros(header.t)).state.appointments(header.who, from_micros(header.t))
    posts = {each.post for each in held}
    return posts.pop() if len(posts) == 1 else ""
