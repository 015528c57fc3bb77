# SPDX-License-Identifier: Apache-2.0
"""Entries of the log as their user reads them: who did what with which information, what for, and when."""

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from markupsafe import Markup

from keshou.app.own_proof import is_given
from keshou.app.user_history import Happening
from keshou.db import from_micros
from keshou.declaration.model import Post, Published
from keshou.declaration.render import labels
from keshou.declaration.wording import ACTS
from keshou.gate import facts as f
from keshou.gate.act import OWN_HAND
from keshou.language import Language, Text
from keshou.law.law import Law
from keshou.law.terms import ActKind, ConsentStrength
from keshou.ledger.events import CANCEL_REFUSED, DUE, OVER, is_fact, is_judged
from keshou.web.cited import cited
from keshou.web.frame.catalog import Words
from keshou.web.frame.form import joined

DID: Final[Mapping[str, Text]] = {
    ActKind.COLLECT: Text("收集了", "collected"),
    ActKind.USE: Text("使用了", "used"),
    ActKind.PROVIDE: Text("向他人提供了", "gave to others"),
    ActKind.SELL: Text("出售了", "sold"),
    ActKind.DISCLOSE: Text("公开了", "disclosed"),
    ActKind.QUERY: Text("查看了", "looked at"),
    ActKind.CORRECT: Text("更正了", "corrected"),
    ActKind.DELETE: Text("删除了", "deleted"),
    ActKind.EXPORT: Text("导出了", "exported"),
    ActKind.COPY: Text("复制了", "copied"),
    ActKind.DESTROY: Text("销毁了", "destroyed"),
}
"""Kind of act -> what was done."""


class Story(NamedTuple):
    """One entry, told."""

    entry: int
    when: dt.datetime
    refused: bool
    told: list[Markup]
    """What happened, then what came true with it."""
    more: list[Markup]
    """What else is to be known of it."""
    cites: list[tuple[str, str]]
    """Of a refusal: what each provision is called, and where it is read."""
    proof: bool
    """Whether the entry itself is given to the user, with what proves it."""


class Names:
    """What ids are called, in the newest published rules that have them."""

    def __init__(self, versions: Mapping[int, Published], law: Law, language: Language, words: Words) -> None:
        self.law, self.language, self.words = law, language, words
        declared = [versions[number].declaration for number in sorted(versions)]
        self._items = {key: label for one in declared for key, label in labels(one, law, language).items()}
        self._purposes = {each.id: each.name.in_(language) for one in declared for each in one.purposes}
        self._services = {each.id: each.name.in_(language) for one in declared for each in one.services}
        self._recipients = {each.id: each.name.in_(language) for one in declared for each in one.recipients}
        self._agents = {each.id: each.name.in_(language) for one in declared for each in one.agents}
        self._departments = {each.id: each.name.in_(language) for one in declared for each in one.departments}
        self._posts: dict[str, Post] = {each.id: each for one in declared for each in one.posts}

    def items(self, ids: Iterable[str]) -> Markup:
        """Return kinds of information, one after another."""
        return self._listed(self._items, ids)

    def purpose(self, id_: str) -> Markup:
        """Return a purpose."""
        return self._named(self._purposes, id_)

    def service(self, id_: str) -> Markup:
        """Return a service."""
        return self._named(self._services, id_)

    def recipient(self, id_: str) -> Markup:
        """Return a recipient."""
        return self._named(self._recipients, id_)

    def department(self, id_: str) -> Markup | None:
        """Return a department or branch; None when it is none that was declared."""
        return self._named(self._departments, id_) if id_ in self._departments else None

    def who(self, happening: Happening) -> Markup:
        """Return who did something: the user, or the post in which somebody did it; never a name of staff."""
        words, post = self.words, self._posts.get(happening.post)
        if happening.header.who == OWN_HAND:
            return words("history.you")
        if post is None:
            return words("history.nobody")
        name = _bdi(post.name.in_(self.language))
        if post.agent:
            return words("history.agent", agent=self._named(self._agents, post.agent), post=name)
        return words("history.post", post=name)

    def _listed(self, known: Mapping[str, str], ids: Iterable[str]) -> Markup:
        return Markup(joined([self._named(known, each) for each in ids], self.language))  # noqa: S704 - escaped each

    def _named(self, known: Mapping[str, str], id_: str) -> Markup:
        found, words = known.get(id_), self.words
        return _bdi(found) if found is not None else words("history.unnamed")


def _bdi(text: str) -> Markup:
    return Markup("<bdi>{}</bdi>").format(text)


def story(happening: Happening, names: Names) -> Story:
    """Return one entry told to its user."""
    header = happening.header
    refused = happening.permitted is False
    act = [] if is_fact(header.event) else [_act(happening, names)]
    facts = [fact(each, names) for each in happening.facts]
    return Story(
        happening.entry,
        from_micros(header.t),
        refused,
        [*act, *facts],
        _more(happening, names),
        [cited(names.law, cite, names.language) for cite in happening.cites] if refused else [],
        is_given(happening),
    )


def _act(happening: Happening, names: Names) -> Markup:
    header, words = happening.header, names.words
    if header.event == OVER:
        return words("history.over", items=names.items(header.items))
    if header.event == DUE:
        return words("history.due", items=names.items(header.items))
    if header.event == CANCEL_REFUSED:
        return words("history.unended", who=names.who(happening))
    return _done(happening, names)


def _done(happening: Happening, names: Names) -> Markup:
    """Return an act that the gate was asked about: done, refused, or done to some of many."""
    header, words = happening.header, names.words
    who, purpose, items = names.who(happening), names.purpose(header.purpose), names.items(header.items)
    if not happening.permitted:
        act = ACTS.get(header.event, Text(header.event, header.event)).in_(names.language)
        if happening.permitted is None:
            return words("history.unsure", who=who, purpose=purpose, items=items, act=act)
        return words("history.denied", who=who, purpose=purpose, items=items, act=act)
    if header.recipient:
        to = names.recipient(header.recipient)
        if is_judged(header.event):
            return words("history.outside", who=who, purpose=purpose, items=items, recipient=to)
        return words("history.given", who=who, purpose=purpose, items=items, recipient=to)
    did = DID.get(header.event, Text(header.event, header.event)).in_(names.language)
    return words("history.did", who=who, purpose=purpose, items=items, did=did)


def _more(happening: Happening, names: Names) -> list[Markup]:
    header, words = happening.header, names.words
    found: list[Markup] = []
    if (where := names.department(header.where)) is not None:
        found.append(words("history.where", where=where))
    done = happening.permitted is not False
    if done and header.shown and set(header.stand_ins) != set(header.items):
        found.append(words("history.in_full") if header.shown == "full" else words("history.masked"))
    if done and header.stand_ins:
        found.append(words("history.stand_ins", items=names.items(header.stand_ins)))
    if is_fact(header.event) and header.who != OWN_HAND:
        found.append(words("history.noted", who=names.who(happening)))
    if happening.permitted is None:
        found.append(words("history.some"))
    elif done and header.count > 1 and not is_judged(header.event):
        found.append(words("history.bulk", n=header.count))
    if done and header.keys:
        found.append(words("history.shredded"))
    return found


def fact(given: f.UserFact, names: Names) -> Markup:
    """Return what came true of a user, told to that user; with what shows it, where the operator keeps that."""
    words, told, evidence = names.words, _fact(given, names), getattr(given, "evidence", "")
    return words("fact.shown_by", told=told, evidence=_bdi(evidence)) if evidence else told


def _fact(given: f.UserFact, names: Names) -> Markup:
    words = names.words
    match given:
        case f.NoticeShown():
            return words("fact.shown", version=given.version)
        case f.ConsentGiven():
            return _agreed(given, names)
        case f.ConsentWithdrawn():
            return _withdrew(given, names)
        case f.ServiceStarted():
            return words("fact.started", service=names.service(given.service))
        case f.ServiceEnded():
            return words("fact.ended", service=names.service(given.service))
    return _plain(given, names)


def _plain(given: f.UserFact, names: Names) -> Markup:
    words = names.words
    match given:
        case f.ConsentVoided():
            return words("fact.voided", purpose=names.purpose(given.purpose))
        case f.Corrected():
            return words("fact.corrected", items=names.items(sorted(given.items)))
    return _bare(given, words)


def _bare(given: f.UserFact, words: Words) -> Markup:
    """Return what came true where there is nothing to name."""
    match given:
        case f.MessagesRequested():
            return words("fact.wanted")
        case f.MessagesRefused():
            return words("fact.refused")
        case f.CapacityLimited():
            return words("fact.limited")
        case f.CapacityFull():
            return words("fact.full")
    return words("fact.other")


def _withdrew(given: f.ConsentWithdrawn, names: Names) -> Markup:
    words, purpose = names.words, names.purpose(given.purpose)
    if given.items:
        return words("fact.withdrew_items", purpose=purpose, items=names.items(sorted(given.items)))
    return words("fact.withdrew", purpose=purpose)


def _agreed(given: f.ConsentGiven, names: Names) -> Markup:
    words, purpose, version = names.words, names.purpose(given.purpose), given.version
    if given.strength is ConsentStrength.GUARDIAN:
        return words("fact.guardian", purpose=purpose, version=version)
    if given.strength is ConsentStrength.TACIT:
        return words("fact.tacit", purpose=purpose, version=version)
    if given.items:
        items = names.items(sorted(given.items))
        return words("fact.agreed_items", purpose=purpose, version=version, items=items)
    return words("fact.agreed", purpose=purpose, version=version)
