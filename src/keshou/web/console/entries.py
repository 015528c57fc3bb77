# SPDX-License-Identifier: Apache-2.0
"""Entries of the log as the console lists them: found by the counts where those know, and named for readers."""

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from keshou.app.fact_words import BY_ITSELF, FACTS
from keshou.app.site import Site
from keshou.db import Transaction, from_micros
from keshou.language import Language, Text
from keshou.law.terms import ActKind
from keshou.ledger import events
from keshou.ledger.entry import Header, decode
from keshou.web.cited import cited
from keshou.web.console.desk import Desk
from keshou.web.console.names import branch_names, item_names, named, post_names, purpose_names, recipient_names
from keshou.wire.law_words import KIND

A_PAGE: Final = 50
"""Rows of one page of a list."""
_READ: Final = 2000
"""Entries that are read for one page at most; what is rare goes on over further pages."""
OWN_HAND = Text("用户本人", "the user")


class Row(NamedTuple):
    """One entry, named."""

    place: int
    at: dt.datetime
    who: str
    post: str
    event: str
    decision: str
    """``permit``, ``deny``, or empty for what is no act."""
    purpose: str
    items: list[str]
    where: str
    recipient: str
    cites: list[tuple[str, str]]
    """What each provision is called, and where it is read."""


def listed(site: Site, decision: str, cite: str, since: int, before: int) -> tuple[list[tuple[int, Header]], int]:
    """Return a page of acts, the latest first, from place `since` to below `before`; and where the next page begins.

    `decision` is ``permit``, ``deny`` or empty for both; `cite` names the article that denied. The next page begins
    at 0 when this is the last.
    """
    if decision == "deny" or cite:
        with site.reading() as tx:
            places = site.tally.denied(tx, cite, since, before, A_PAGE + 1)
            rows = [(place, decode(site.ledger.entry(tx, place))) for place in places[:A_PAGE]]
        return rows, rows[-1][0] if len(places) > A_PAGE else 0
    return _scanned(site, since, before, lambda header: bool(header.decision) and decision in ("", header.decision))


def by_hand(site: Site, who: str, since: int, before: int) -> tuple[list[tuple[int, Header]], int]:
    """Return a page of the acts that `who` asked for, the latest first, as `listed` does."""
    return _scanned(site, since, before, lambda header: bool(header.decision) and header.who == who)


def _scanned(
    site: Site, since: int, before: int, wanted: Callable[[Header], bool]
) -> tuple[list[tuple[int, Header]], int]:
    found: list[tuple[int, Header]] = []
    with site.reading() as tx:
        before = min(before, site.ledger.head(tx).size)
        stop = max(since, before - _READ)
        for place in range(before, stop, -_STEP):
            first = max(stop, place - _STEP)
            some = [(at, decode(body)) for at, body in site.ledger.entries(tx, first, place)]
            found += [each for each in reversed(some) if wanted(each[1])]
            if len(found) > A_PAGE:
                break
    if len(found) > A_PAGE:
        return found[:A_PAGE], found[A_PAGE - 1][0]
    return found, stop if stop > since else 0


_STEP = 100
_LAST = 12


def listed_all(tx: Transaction, site: Site, size: int) -> list[tuple[int, Header]]:
    """Return the last entries of a log of `size`, whatever they are about, the latest first."""
    some = [(place, decode(body)) for place, body in site.ledger.entries(tx, max(0, size - _LAST), size)]
    return some[::-1]


def row_of(desk: Desk, place: int, header: Header) -> Row:
    """Return an entry named for the reader of `desk`, by the rules in force."""
    language = desk.language
    return Row(
        place=place,
        at=from_micros(header.t),
        who=OWN_HAND.in_(language) if header.who == "user" else header.who,
        post=_name(header.post, post_names(desk)),
        event=event_name(header.event, language),
        decision=header.decision,
        purpose=_name(header.purpose, purpose_names(desk)),
        items=named(header.items, item_names(desk)),
        where=_name(header.where, branch_names(desk)),
        recipient=_name(header.recipient, recipient_names(desk)),
        cites=[cited(desk.site.law, each, language) for each in header.cites],
    )


_OTHERS = {
    **BY_ITSELF,
    events.SEARCH: Text("查找用户", "search for users"),
    events.AGAIN: Text("恢复备份后再次删除", "erased again after a backup was put back"),
    events.AUDIT: Text("逐条打开日志载荷核对", "every payload opened to check the log"),
    f"{events.KEYS}master": Text("更换主密钥", "master key made anew"),
    f"{events.KEYS}epoch": Text("更换密钥世代", "epoch of keys made anew"),
    f"{events.KEYS}data": Text("更换数据密钥", "data keys made anew"),
    f"{events.KEYS}index": Text("更换索引密钥", "index key made anew"),
    f"{events.KEYS}retire": Text("销毁旧密钥", "old keys destroyed"),
    f"{events.KEYS}give_up": Text("放弃打不开的密钥", "keys that do not open given up"),
}
"""Event of what is no act on one user's information that somebody asked for -> what it is called."""
_JUDGED_NAME = Text("逐行裁定表格：{kind}", "table judged: {kind}")


def event_name(event: str, language: Language) -> str:
    """Return what an entry's event is called; one that nobody knows, as it stands in the log."""
    if event in _OTHERS:
        return _OTHERS[event].in_(language)
    if (kind := events.act_of(event)) in set(ActKind):
        name = KIND[ActKind(kind)].in_(language)
        return name if kind == event else _JUDGED_NAME.in_(language).format(kind=name)
    names = [FACTS[each].in_(language) if each in FACTS else each for each in events.kinds_in(event)]
    return ("、" if language == "zh" else ", ").join(names)


def _name(id_: str, names: Mapping[str, str]) -> str:
    return names.get(id_, id_)
