# SPDX-License-Identifier: Apache-2.0
"""The authority asks that acts stop, and later that they may go on."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from house import Clock, act, newcomer, ready

from keshou.acts.new_ids import IdTakenError
from keshou.acts.request import ActError
from keshou.app.site import Site
from keshou.db import Database
from keshou.gate.act import Act
from keshou.gate.decision import Decision, Deny, Permit
from keshou.gate.facts import SuspensionLifted, SuspensionOrdered
from keshou.law.terms import ActKind
from keshou.ledger.entry import decode

EXPORT = act(ActKind.EXPORT, "u1", "tariff_plan", by="lister", purpose="marketing")
USE = act(ActKind.USE, "u1", "tariff_plan")
OWN = act(ActKind.QUERY, "u1", "tariff_plan", by="user")


@pytest.fixture
def site(database: Database, tmp_path: Path) -> Iterator[Site]:
    with ready(database, tmp_path, Clock()) as site:
        site.do(newcomer(site, "u1", None, "marketing"))
        yield site


def suspended(site: Site, asked: Act) -> bool:
    decision: Decision | None = site.perform(asked).decision
    stopped = isinstance(decision, Deny)
    if isinstance(decision, Deny):
        assert {str(reason.cite) for reason in decision.reasons} == {"miit24:14.2"}
    return stopped


def test_only_what_the_authority_named_stops_and_goes_on_when_it_says_so(site: Site) -> None:
    order = SuspensionOrdered(
        at=site.now(), suspension="s1", kinds=frozenset({ActKind.EXPORT}), purposes=frozenset({"marketing"})
    )
    site.record_site(order, by="officer")
    assert [suspended(site, each) for each in (EXPORT, USE, OWN)] == [True, False, False]
    site.record_site(SuspensionLifted(at=site.now(), suspension="s1"), by="officer")
    assert [suspended(site, each) for each in (EXPORT, USE, OWN)] == [False, False, False]


def test_lifting_one_order_leaves_the_other(site: Site) -> None:
    for name in ("s1", "s2"):
        site.record_site(SuspensionOrdered(at=site.now(), suspension=name), by="officer")
    site.record_site(SuspensionLifted(at=site.now(), suspension="s1"), by="officer")
    assert suspended(site, USE)
    site.record_site(SuspensionLifted(at=site.now(), suspension="s2"), by="officer")
    assert not suspended(site, USE)


def test_lifting_what_was_never_ordered_lifts_nothing(site: Site) -> None:
    site.record_site(SuspensionOrdered(at=site.now(), suspension="s1"), by="officer")
    site.record_site(SuspensionLifted(at=site.now(), suspension="s-1"), by="officer")
    assert suspended(site, USE)


def test_order_and_lifting_are_in_the_log_and_past_answers_stay(site: Site) -> None:
    before = site.now()
    entry = site.record_site(SuspensionOrdered(at=site.now(), suspension="s1"), by="judge") - 1
    during = site.now()
    site.record_site(SuspensionLifted(at=site.now(), suspension="s1"), by="officer")
    with site.reading() as tx:
        header = decode(site.ledger.entry(tx, entry))
    assert (header.event, header.who) == ("fact:suspension_ordered", "judge")
    told = [type(site.ask(act(ActKind.USE, "u1", "tariff_plan"), at_least=0)) for _ in range(2)]
    assert told == [Permit, Permit]
    for moment, answer in ((before, Permit), (during, Deny), (site.now(), Permit)):
        asked = Act(kind=USE.kind, user="u1", items=USE.items, purpose="service", by="clerk1", when=moment)
        assert isinstance(site.ask(asked, then=True), answer)


@pytest.mark.parametrize("lifted", [False, True])
def test_a_second_order_never_stands_in_the_first_ones_place(site: Site, lifted: bool) -> None:
    first = SuspensionOrdered(at=site.now(), suspension="s1", purposes=frozenset({"marketing"}))
    second = SuspensionOrdered(at=site.now(), suspension="s1", kinds=frozenset({ActKind.SELL}))
    site.record_site(first, by="officer")
    if lifted:
        site.record_site(SuspensionLifted(at=site.now(), suspension="s1"), by="officer")
    with pytest.raises(IdTakenError, match="a suspension of that id was written down before"):
        site.record_site(second, by="officer")
    assert suspended(site, EXPORT) is not lifted
    with pytest.raises(IdTakenError):  # nor within one entry
        site.record_site(
            msgspec.structs.replace(first, suspension="s2"), msgspec.structs.replace(second, suspension="s2"),
            by="officer",
        )  # fmt: skip


def test_what_stops_nothing_is_not_written_down_as_an_order(site: Site) -> None:
    for purposes in ({"markting"}, {"marketing", "孔丘仲尼"}):
        order = SuspensionOrdered(at=site.now(), suspension="s1", purposes=frozenset(purposes))
        with pytest.raises(ActError, match="the rules declare no such purpose"):
            site.record_site(order, by="officer")
    assert not suspended(site, EXPORT)
