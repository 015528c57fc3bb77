# SPDX-License-Identifier: Apache-2.0
"""A list taken out in pieces is one list: small exports, copies and destructions of one hand add up to a bulk act."""

import datetime as dt
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa
from house import START, Clock, act, declared, newcomer, ready

from keshou.acts.audit_payload import FactsTamperedError
from keshou.acts.request import BulkPerform, Done, Perform
from keshou.app.site import Site
from keshou.db import Database
from keshou.declaration.model import Review
from keshou.gate.decision import Deny, Permit
from keshou.gate.facts import ReviewApproved, StaffAppointed
from keshou.gate.taking.store import bulk_taking
from keshou.law.terms import ActKind
from keshou.ledger.entry import Header, decode

USERS = tuple(f"b{number}" for number in range(6))
HOURS = dt.timedelta(hours=1)
PLAN = "tariff_plan"


@pytest.fixture
def site(database: Database, tmp_path: Path, clock: Clock) -> Iterator[Site]:
    with ready(database, tmp_path, clock) as site:
        site.do_all([newcomer(site, user) for user in USERS])
        yield site


def one(site: Site, user: str = "b0", **more: Any) -> Done:
    return site.perform(act(ActKind.EXPORT, user, PLAN, **({"by": "lister"} | more)))


def some(site: Site, *users: str, **more: Any) -> Done:
    return site.do(BulkPerform(act=act(ActKind.EXPORT, "", PLAN, **({"by": "lister"} | more)), users=users))


def told(done: Done) -> bool:
    if isinstance(done.decision, Deny):
        assert {str(reason.cite) for reason in done.decision.reasons} == {"miit24:13.1.3"}
        assert not done.values
        assert not done.by_user
    return isinstance(done.decision, Permit)


def approve(site: Site, review: str = "v1", count: int = 1) -> None:
    fact = ReviewApproved(
        at=site.now(), review=review, requester="lister", reviewer="judge", kind=ActKind.EXPORT, purpose="service",
        items=frozenset({PLAN}), count=count, until=site.now() + 20 * HOURS,
    )  # fmt: skip
    site.record_site(fact, by="judge")


def headers(site: Site) -> list[Header]:
    with site.reading() as tx:
        return [decode(body) for _, body in site.ledger.entries(tx, 0, site.ledger.head(tx).size)]


def test_the_piece_that_makes_it_bulk_is_denied_and_so_is_a_list_on_top(site: Site) -> None:
    assert told(one(site, "b0"))
    assert not told(some(site, "b1", "b2")), "one and two are three"
    assert told(one(site, "b1"))
    assert not told(one(site, "b2"))
    asked = msgspec.structs.replace(act(ActKind.EXPORT, "b2", PLAN, by="lister"), when=site.now())
    assert not site.ask(asked).permitted, "asking tells what doing would"
    with site.reading() as tx:
        size = site.ledger.head(tx).size
    assert not site.decide([asked], size)[0].permitted
    site.audit(by="clerk1")


def test_pieces_brought_in_one_transaction_add_up_as_well(site: Site) -> None:
    jobs = [Perform(act=act(ActKind.EXPORT, user, PLAN, by="lister")) for user in USERS]
    assert [told(done) for done in site.do_all(jobs)] == [True, True, False, False, False, False]
    with site.as_one() as do:
        assert not do(jobs[:1])[0].decision.permitted  # type: ignore[union-attr]


def test_what_was_denied_or_is_long_ago_does_not_count(site: Site, clock: Clock) -> None:
    assert told(one(site, "b0"))
    assert told(one(site, "b1"))
    assert not told(one(site, "b2"))
    clock.moment = START + 24 * HOURS + dt.timedelta(seconds=5)
    assert told(one(site, "b2"))
    assert told(one(site, "b3"))
    assert not told(one(site, "b4"))


def test_each_hand_and_each_kind_counts_by_itself(site: Site) -> None:
    site.record_site(StaffAppointed(at=START, staff="second", post="analyst"), by="officer")
    assert all(told(one(site, user)) for user in USERS[:2])
    assert told(one(site, "b2", by="second"))
    assert not told(one(site, "b2"))
    assert site.perform(act(ActKind.USE, "b2", PLAN, by="biller")).values, "using does not add up"


def test_a_review_lets_one_piece_through_and_is_used_up_by_it(site: Site) -> None:
    assert all(told(one(site, user)) for user in USERS[:2])
    approve(site)
    assert told(one(site, "b2", review="v1"))
    assert not told(one(site, "b3", review="v1")), "an approval serves once, also for a single user"
    approve(site, "v2", 3)
    assert told(some(site, *USERS[:3], review="v2"))
    site.audit(by="clerk1")


def test_what_was_reviewed_does_not_count_but_naming_any_review_does_not_help(site: Site) -> None:
    approve(site, "v1", 6)
    assert told(some(site, *USERS, review="v1"))
    assert told(one(site, "b0", review="v1")), "one is not bulk; the used approval adds nothing"
    assert told(one(site, "b1", review="never-given"))
    assert not told(one(site, "b2", review="v1")), "two went out that nobody looked at"


def test_a_review_that_does_not_cover_an_act_is_neither_used_up_by_it_nor_named_in_its_entry(site: Site) -> None:
    site.record_site(StaffAppointed(at=START, staff="second", post="analyst"), by="officer")
    site.do(newcomer(site, "m1", None, "marketing"))
    approve(site, "v1", 6)
    assert told(one(site, "b0", by="second", review="v1")), "another's hand"
    assert headers(site)[-1].review == ""
    assert told(one(site, "m1", purpose="marketing", review="v1")), "another purpose"
    assert headers(site)[-1].review == ""
    more = act(ActKind.EXPORT, "b1", PLAN, "mobile_number", by="lister", review="v1")
    assert told(site.perform(more)), "more than was reviewed"
    assert headers(site)[-1].review == ""
    assert not told(one(site, "m1", purpose="marketing", review="v1")), "it adds up all the same"
    assert headers(site)[-1].review == "v1", "a denial names what was asked"
    assert told(some(site, *USERS, review="v1")), "what it was given for it still lets through"
    assert headers(site)[-1].review == "v1"
    assert not told(some(site, *USERS, review="v1")), "and once only"
    site.audit(by="clerk1")


def test_the_rules_say_within_which_time_and_to_how_many(site: Site, clock: Clock) -> None:
    site.publish(declared(review=Review(
        bulk_users=3, reviewers=("reviewer",), valid_hours=24, window_hours=2, window_users=4
    )), by="officer")  # fmt: skip
    assert all(told(one(site, user)) for user in USERS[:3])
    assert not told(one(site, "b3"))
    clock.moment = START + 2 * HOURS + dt.timedelta(seconds=5)
    assert not told(some(site, *USERS[:3])), "three at once are bulk whatever went before"
    assert told(one(site, "b3"))
    site.publish(declared(review=Review(
        bulk_users=3, reviewers=("reviewer",), valid_hours=24, window_hours=0
    )), by="officer")  # fmt: skip
    assert all(told(one(site, user)) for user in USERS)


def test_random_pieces_are_let_through_just_as_the_log_adds_them_up(site: Site, clock: Clock) -> None:
    r = random.Random(13)
    for _ in range(60):
        clock.moment += r.choice((0, 1, 5, 11)) * HOURS
        users = r.sample(USERS, r.randint(1, 3))
        done = one(site, users[0]) if len(users) == 1 else some(site, *users)
        *before, last = headers(site)
        recent = [each for each in before if each.event == "export" and last.t - each.t < 24 * 3_600_000_000]
        so_far = sum(each.count for each in recent if each.decision == "permit")
        assert told(done) == (so_far + len(users) < 3)
    site.audit(by="clerk1")


@pytest.mark.parametrize("how", ["gone", "less", "another", "more"])
def test_whoever_edits_what_adds_up_is_found_out(site: Site, how: str) -> None:
    entry = one(site).entry
    with site.database.transaction() as tx:
        if how == "gone":
            tx.execute(sa.delete(bulk_taking))
        elif how == "more":
            tx.execute(sa.insert(bulk_taking).values(entry=entry - 1, who="clerk1", kind="copy", at=1, users=9))
        else:
            tx.execute(sa.update(bulk_taking).values(**{"less": {"users": 0}, "another": {"who": "clerk1"}}[how]))
    with pytest.raises(FactsTamperedError) as raised:
        site.audit(by="clerk1")
    assert raised.value.index == entry - (how == "more")


def test_single_acts_of_other_kinds_look_nothing_up(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object) -> int:
        raise AssertionError

    monkeypatch.setattr("keshou.gate.taking.store.Takings.so_far", never)
    assert site.perform(act(ActKind.QUERY, "b0", PLAN)).values
    assert site.ask(act(ActKind.USE, "b0", PLAN, by="biller")).permitted


def test_looking_up_reads_the_index_and_no_table(site: Site) -> None:
    question = "SELECT sum(users) FROM bulk_taking WHERE who = 'lister' AND kind = 'export' AND at > 1 AND at <= 2"
    with site.reading() as tx:
        if tx.postgresql:
            return
        plan = tx.connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {question}").fetchall()
    assert "COVERING INDEX bulk_taking_hand" in str(plan)


def test_what_memory_adds_up_is_what_the_database_does_at_every_moment(site: Site, clock: Clock) -> None:
    """Acts and questions in an order of chance, with time going on between them and near the window's ends."""
    chance, seen, outcomes = random.Random(11), 0, set()
    for _ in range(120):
        if chance.random() < 0.3:
            one(site, chance.choice(USERS))
        clock.moment += chance.choice([dt.timedelta(0), dt.timedelta(minutes=7), 5 * HOURS, 23 * HOURS, 24 * HOURS])
        kinds = chance.sample([ActKind.EXPORT, ActKind.COPY, ActKind.DESTROY, ActKind.USE], 2)
        asked = [
            msgspec.structs.replace(act(kind, chance.choice(USERS), PLAN, by="lister"), when=site.now())
            for kind in kinds
        ]
        size = site.pulse.look_now().size
        first = site.decide_known(asked, size) or site.decide(asked, size)
        moved = [
            msgspec.structs.replace(each, when=each.when + chance.choice([dt.timedelta(0), HOURS, 24 * HOURS]))
            for each in asked
        ]
        for questions in (asked, moved):
            known = site.decide_known(questions, size)
            wanted = [site.ask(each) for each in questions]
            if known is not None:
                seen += 1
                assert known == wanted
            assert site.decide(questions, size) == wanted
        outcomes |= {each.permitted for each in first}
    assert seen > 60
    assert outcomes == {True, False}
