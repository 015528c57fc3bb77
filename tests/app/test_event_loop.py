# SPDX-License-Identifier: Apache-2.0
"""Acts and decisions from an event loop: the same answers as from a thread, and the loop waits for nobody."""

import asyncio
import datetime as dt
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from house import SITE, START, VALUES, act, newcomer, ready

from keshou.acts.request import ActError, BulkPerform, Done, Perform, Record
from keshou.acts.work import Pending
from keshou.app.site import _FEW, Site
from keshou.db import Database
from keshou.errors import UnreachableError
from keshou.gate.act import Act
from keshou.gate.decide import StaleStandingError
from keshou.gate.decision import Decision, Permit
from keshou.gate.facts import ConsentWithdrawn, ReviewApproved
from keshou.law.terms import ActKind
from keshou.vault.keys import FileKeys

USERS = [f"u{number}" for number in range(30)]
USE = [act(ActKind.USE, user, "tariff_plan") for user in USERS]


@pytest.fixture
def site(database: Database, tmp_path: Path) -> Iterator[Site]:
    with ready(database, tmp_path) as site:
        site.do_all([newcomer(site, user) for user in USERS])
        yield site


def size(site: Site) -> int:
    return site.pulse.look_now().size


def answer(decision: Decision) -> tuple[object, ...]:
    """Return a decision without the revision, which acts done meanwhile move on."""
    return (type(decision), decision[0], decision.rules)


def questions() -> list[Act]:
    return [
        *USE,
        act(ActKind.USE, "nobody", "tariff_plan"),
        act(ActKind.SELL, "u1", "mobile_number"),
        act(ActKind.EXPORT, "u2", "tariff_plan", by="lister", purpose="marketing"),
        act(ActKind.COPY, "", "tariff_plan", by="lister", purpose="marketing", count=500),
        act(ActKind.QUERY, "u3", "user_name", by="user"),
        act(ActKind.USE, "u4", "tariff_plan", ground="g1"),
    ]


def test_many_questions_have_the_answers_of_each_asked_alone(site: Site) -> None:
    site.record("u1", ConsentWithdrawn(at=START, purpose="service"))
    alone = [answer(site.ask(each)) for each in questions()]
    assert [answer(each) for each in site.decide(questions(), size(site))] == alone
    assert [answer(each) for each in asyncio.run(site.decide_async(questions(), size(site)))] == alone
    assert len({kind for kind, *_ in alone}) == 2


def test_memory_answers_only_when_it_is_new_enough_and_knows_everybody(site: Site) -> None:
    seen = size(site)
    assert site.decide_known(USE, seen) == site.decide(USE, seen)
    assert site.decide_known([*USE, act(ActKind.USE, "nobody", "tariff_plan")], seen) is None
    assert site.decide_known(USE, seen + 1) is None
    with pytest.raises(StaleStandingError):
        site.decide(USE, seen + 1)
    site._known._forget()
    site._known.gate = site._known.gate.over(site._known.users, seen)
    assert site.decide_known(USE, seen) is None
    assert all(isinstance(each, Permit) for each in site.decide(USE, seen))
    assert site.decide_known(USE, seen) is not None, "what was fetched is not kept"


def test_a_stranger_is_looked_for_once_and_known_as_soon_as_anybody_takes_them_in(
    site: Site, database: Database, tmp_path: Path
) -> None:
    stranger = [act(ActKind.USE, "new", "tariff_plan"), act(ActKind.USE, "never", "tariff_plan")]
    assert site.decide_known(stranger, size(site)) is None
    assert not any(each.permitted for each in site.decide(stranger, size(site)))
    found = site.decide_known(stranger, size(site))
    assert found is not None, "whoever is not on record is looked for again and again"
    assert [answer(each) for each in found] == [answer(site.ask(each)) for each in stranger]
    other = Site(tmp_path, site.settings, database, FileKeys.open(tmp_path / "keys", SITE), site.now)
    try:
        other.do(newcomer(other, "new"))
        assert [each.permitted for each in site.decide(stranger, size(other))] == [True, False]
        site.do(newcomer(site, "never"))
        assert [each.permitted for each in site.decide(stranger, size(site))] == [True, True]
    finally:
        other._sequencer.close()
        other.pulse.close()


def test_acts_of_many_tasks_are_each_answered_with_their_own(site: Site) -> None:
    async def one(user: str) -> None:
        plan = f"P-{user}"
        correct = Perform(act=act(ActKind.CORRECT, user, "tariff_plan"), values={"tariff_plan": plan})
        assert (await site.perform_async(correct)).decision
        done = await site.perform_async(Perform(act=act(ActKind.USE, user, *VALUES)))
        assert done.values == {**VALUES, "tariff_plan": plan}

    async def main() -> None:
        await asyncio.gather(*(one(user) for user in USERS))

    asyncio.run(main())


def test_an_act_that_fails_tells_its_own_task_alone(site: Site) -> None:
    async def main() -> list[object]:
        jobs = [Record(user=user, facts=(), by="user") for user in USERS[:3]]
        good = [Perform(act=each) for each in USE[:3]]
        return await asyncio.gather(*map(site.perform_async, [*jobs, *good]), return_exceptions=True)

    told = asyncio.run(main())
    assert [type(each) for each in told[:3]] == [ActError] * 3
    assert [each.values for each in told[3:]] == [{"tariff_plan": "P-19"}] * 3  # type: ignore[attr-defined]


def test_a_caller_who_goes_away_leaves_the_act_done_and_nothing_shown(site: Site) -> None:
    before = size(site)

    async def main() -> None:
        task = asyncio.create_task(site.perform_async(Perform(act=USE[0])))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert (await site.perform_async(Perform(act=USE[1]))).values

    asyncio.run(main())
    assert size(site) == before + 2
    assert site._known.vault.openings == 1


def test_many_values_are_opened_beside_the_loop_and_few_within_it(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    many = [f"m{number}" for number in range(_FEW + 1)]
    site.do_all([newcomer(site, user) for user in many])
    approved = ReviewApproved(
        at=START, review="v1", requester="lister", reviewer="judge", kind=ActKind.EXPORT, purpose="service",
        items=frozenset({"tariff_plan"}), count=len(many), until=START + dt.timedelta(hours=8),
    )  # fmt: skip
    site.record_site(approved, by="judge")
    export = act(ActKind.EXPORT, "", "tariff_plan", by="lister", review="v1")
    opening: list[threading.Thread] = []
    finish = site._acts.finish

    def noted(pending: Pending) -> Done:
        opening.append(threading.current_thread())
        return finish(pending)

    monkeypatch.setattr(site._acts, "finish", noted)
    done = asyncio.run(site.perform_async(BulkPerform(act=export, users=tuple(many))))
    assert done.by_user == {user: {"tariff_plan": VALUES["tariff_plan"]} for user in many}
    assert asyncio.run(site.perform_async(Perform(act=USE[0]))).values
    assert [thread is threading.main_thread() for thread in opening] == [False, True]


def test_a_closed_site_refuses(database: Database, tmp_path: Path) -> None:
    site = ready(database, tmp_path)
    site.close()
    with pytest.raises(UnreachableError, match="closed"):
        asyncio.run(site.perform_async(Perform(act=USE[0])))
