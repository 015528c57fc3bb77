# SPDX-License-Identifier: Apache-2.0
"""Two servers whose clocks differ: what one recorded binds the answers of the other, whatever time it is there."""

import asyncio
import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import numpy as np
import pytest
from house import SITE, Clock, act, newcomer, ready

from keshou.app.column_gate import ColumnGate, Pairs
from keshou.app.settings import Settings
from keshou.app.site import Site
from keshou.app.table_world import world_of
from keshou.db import Database
from keshou.gate.act import Act
from keshou.gate.decision import Permit
from keshou.gate.facts import ConsentWithdrawn, StaffRemoved, SuspensionOrdered
from keshou.law.terms import ActKind
from keshou.ledger.errors import ClockError
from keshou.vault.keys import FileKeys

USE = act(ActKind.USE, "u1", "tariff_plan")
LITTLE, FAR = dt.timedelta(seconds=1.5), dt.timedelta(minutes=10)


class Pair:
    """Two servers at one database that agree, a minute after all that is on record; each with a clock of its own."""

    def __init__(self, one: Site, two: Site, early: Clock) -> None:
        self.one, self.two, self._early = one, two, early

    def part(self, by: dt.timedelta) -> None:
        """Put the clock of the first before that of the second."""
        self._early.moment += by


@pytest.fixture
def pair(database: Database, tmp_path: Path) -> Iterator[Pair]:
    early, late = Clock(), Clock()
    url = database.url.render_as_string(hide_password=False)
    with ready(database, tmp_path, early) as one:
        keys = FileKeys.open(tmp_path / "keys", SITE)
        with Site(tmp_path, Settings(site=SITE), Database(url), keys, late) as two:
            one.do(newcomer(one, "u1"))
            for clock in (early, late):
                clock.moment += dt.timedelta(minutes=1)
            yield Pair(one, two, early)


def now(site: Site, question: Act = USE) -> Act:
    return msgspec.structs.replace(question, when=site.now())


def withdraw(site: Site) -> int:
    return site.record("u1", ConsentWithdrawn(at=site.now(), purpose="service"))


def remove(site: Site) -> int:
    return site.record_site(StaffRemoved(at=site.now(), staff="clerk1", post="clerk"), by="officer")


def suspend(site: Site) -> int:
    order = SuspensionOrdered(at=site.now(), suspension="s1", purposes=frozenset({"service"}))
    return site.record_site(order, by="officer")


def by_ask(site: Site) -> bool:
    return site.ask(now(site)).permitted


def by_decide(site: Site) -> bool:
    """Have the question dated before the look that comes after it."""
    asked = now(site)
    return site.decide([asked], site.pulse.look_now().size)[0].permitted


def by_look(site: Site) -> bool:
    async def whole() -> bool:
        seen = await site.pulse.look()
        return (await site.decide_async([now(site)], seen.size))[0].permitted

    return asyncio.run(whole())


def by_memory(site: Site) -> bool:
    size = site.pulse.look_now().size
    asked = now(site)
    for _ in range(2):
        decision = site.decide([asked], size)[0]
    known = site.decide_known([asked], size)
    assert known == [decision], "it is answered from memory by now"
    return decision.permitted


def by_columns(site: Site) -> bool:
    pairs = Pairs([USE], np.zeros(1, np.int64), ["u1"], np.zeros(1, np.int64))
    moment = site.now()
    return not ColumnGate(site).decide(pairs, site.pulse.look_now().size, moment).codes[0]


def by_table(site: Site) -> bool:
    world = world_of(site, USE, ["u1"])
    return not world.gate.codes(world.act, np.zeros(1, np.int64))[0]


WAYS = [by_ask, by_decide, by_look, by_memory, by_columns, by_table]


@pytest.mark.parametrize("happens", [withdraw, remove, suspend])
@pytest.mark.parametrize("asked", WAYS)
def test_nothing_is_permitted_after_it_was_taken_back_by_a_server_whose_clock_is_ahead(
    pair: Pair, happens: Callable[[Site], int], asked: Callable[[Site], bool]
) -> None:
    pair.part(LITTLE)
    assert asked(pair.two)
    happens(pair.one)
    assert not asked(pair.two)


@pytest.mark.parametrize("asked", WAYS)
def test_where_a_clock_is_too_far_behind_nothing_is_answered_of_the_present(
    pair: Pair, asked: Callable[[Site], bool]
) -> None:
    pair.part(FAR)
    assert asked(pair.two)
    withdraw(pair.one)
    with pytest.raises(ClockError):
        asked(pair.two)
    with pytest.raises(ClockError):
        pair.two.perform(now(pair.two))


def test_posts_are_held_as_of_the_newest_entry_however_far_a_clock_is_behind(pair: Pair) -> None:
    pair.part(FAR)
    remove(pair.one)
    assert not pair.two.state().appointments("clerk1")


def test_a_question_about_a_time_of_its_own_is_answered_as_of_then(pair: Pair) -> None:
    pair.part(LITTLE)
    before = now(pair.two)
    revision = withdraw(pair.one)
    assert isinstance(pair.two.ask(before, then=True), Permit)
    (decision,) = pair.two.decide([before], revision, then=True)
    assert decision.permitted
    assert decision.revision == revision
    long_before = msgspec.structs.replace(before, when=before.when - dt.timedelta(seconds=30))
    assert pair.two.ask(long_before).permitted, "what is long past needs no word more"


def test_the_present_of_a_server_that_is_behind_is_that_of_the_newest_entry_it_saw(pair: Pair) -> None:
    pair.part(LITTLE)
    withdraw(pair.one)
    seen = pair.one.ledger.latest.moment
    assert pair.two.now() < seen
    pair.two.pulse.look_now()
    assert pair.two.now() == seen
