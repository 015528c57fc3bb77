# SPDX-License-Identifier: Apache-2.0
"""Destroying under another name: deletion, erasure and ended services by one hand come to one bulk destruction."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa
from house import START, Clock, act, newcomer, ready

from keshou.acts.audit_payload import FactsTamperedError
from keshou.acts.request import BulkPerform, Cancel, Done, Erase, Perform
from keshou.app.site import Site
from keshou.db import Database
from keshou.gate.decision import Deny, Permit
from keshou.gate.facts import ReviewApproved, SuspensionLifted, SuspensionOrdered
from keshou.gate.taking.store import bulk_taking
from keshou.law.terms import ActKind

USERS = tuple(f"d{number}" for number in range(8))
PLAN = "tariff_plan"
DELETE, DESTROY = ActKind.DELETE, ActKind.DESTROY
PAPERS = {"tariff_plan": "P-19", "mobile_number": "15499990001"}


@pytest.fixture
def site(database: Database, tmp_path: Path, clock: Clock) -> Iterator[Site]:
    with ready(database, tmp_path, clock) as site:
        site.do_all([newcomer(site, user, PAPERS) for user in USERS])
        yield site


def met(done: Done) -> set[str]:
    """Return the articles that denied; none: it was permitted."""
    if isinstance(done.decision, Deny):
        assert not done.shredded
        return {str(each.cite) for each in done.decision.reasons}
    assert isinstance(done.decision, Permit)
    return set()


def delete(site: Site, user: str, kind: ActKind = DELETE, **more: Any) -> set[str]:
    return met(site.perform(act(kind, user, PLAN, **more)))


def approve(site: Site, kind: ActKind, count: int = 1, *items: str, name: str = "v1") -> None:
    fact = ReviewApproved(
        at=site.now(), review=name, requester="clerk1", reviewer="judge", kind=kind, purpose="service",
        items=frozenset(items or {PLAN}), count=count, until=site.now() + dt.timedelta(hours=20),
    )  # fmt: skip
    site.record_site(fact, by="judge")


def test_deleting_and_destroying_one_by_one_is_one_sum_however_it_is_called(site: Site) -> None:
    assert not delete(site, "d0")
    assert not delete(site, "d1", DESTROY)
    assert delete(site, "d2") == {"miit24:13.1.3"}
    assert delete(site, "d2", DESTROY) == {"miit24:13.1.3"}
    assert met(site.do(Erase(act=act(DELETE, "d2")))) == {"miit24:13.1.3"}
    assert met(site.cancel("d2", by="clerk1")) == {"miit24:13.1.3"}
    assert site.perform(act(ActKind.QUERY, "d2", PLAN)).values, "nothing of it is gone"
    site.audit(by="clerk1")


def test_erasing_everything_of_one_user_after_another_adds_up_as_well(site: Site) -> None:
    assert [met(site.do(Erase(act=act(DELETE, user)))) for user in USERS[:3]] == [set(), set(), {"miit24:13.1.3"}]
    site.audit(by="clerk1")


def test_ended_services_add_up_and_so_do_all_of_them_in_one_transaction(site: Site) -> None:
    jobs = [
        Cancel(user="d0", by="clerk1"), Erase(act=act(DELETE, "d1")), Perform(act=act(DELETE, "d2", PLAN)),
        Cancel(user="d3", by="clerk1"),
    ]  # fmt: skip
    assert [met(done) for done in site.do_all(jobs)] == [set(), set(), {"miit24:13.1.3"}, {"miit24:13.1.3"}]
    assert "mobile" in _in_use(site, "d3")
    site.audit(by="clerk1")


def _in_use(site: Site, user: str) -> frozenset[str]:
    with site.reading() as tx:
        view = site._known.view(tx, site.ledger.head(tx))
        view.load(tx, [user])
        return frozenset(view.gate.standing(user).profile.in_use)


def test_what_users_delete_end_and_erase_of_their_own_never_counts(site: Site) -> None:
    for user in USERS[:3]:
        assert not delete(site, user, by="user")
        assert site.cancel(user).decision is None
    assert not met(site.do(Erase(act=act(DELETE, "d3", by="user"))))
    assert not met(site.do(Erase(act=act(DELETE, "d4", by="user"))))
    assert not delete(site, "d5"), "nor does it count for anybody else"
    site.audit(by="clerk1")


def test_asking_tells_what_deleting_would_alone_and_at_once(site: Site) -> None:
    assert not delete(site, "d0")
    asked = [msgspec.structs.replace(act(DELETE, user, PLAN), when=site.now()) for user in ("d1", "d2")]
    own = [msgspec.structs.replace(each, by="user") for each in asked]
    assert site.ask(asked[0]).permitted
    with site.reading() as tx:
        size = site.ledger.head(tx).size
    for _ in range(2):  # from the database, then from memory
        assert not any(each.permitted for each in site.decide(asked, size)), "one and two are three"
        mixed = [asked[0], msgspec.structs.replace(asked[1], kind=DESTROY)]
        assert not any(each.permitted for each in site.decide(mixed, size)), "whatever each is called"
        assert all(each.permitted for each in site.decide(own * 3, size))


def test_many_are_deleted_at_once_under_a_review_of_deletion(site: Site) -> None:
    bulk = BulkPerform(act=act(DELETE, "", PLAN, review="v1"), users=USERS[:4])
    assert met(site.do(bulk)) == {"miit24:13.1.3"}
    approve(site, DESTROY, 4)
    assert met(site.do(bulk)) == {"miit24:13.1.3"}, "what was reviewed is a destruction"
    approve(site, DELETE, 4, name="v2")
    assert not met(site.do(BulkPerform(act=act(DELETE, "", PLAN, review="v2"), users=USERS[:4])))
    assert not delete(site, "d5"), "what was reviewed does not count"
    site.audit(by="clerk1")


def test_a_reviewed_destruction_lets_one_more_service_end(site: Site) -> None:
    assert not any(delete(site, user) for user in USERS[:2])
    assert met(site.cancel("d2", by="clerk1")) == {"miit24:13.1.3"}
    approve(site, DESTROY, 1, *PAPERS)
    assert site.cancel("d2", by="clerk1", review="v1").shredded
    assert met(site.cancel("d3", by="clerk1", review="v1")) == {"miit24:13.1.3"}, "an approval serves once"
    site.audit(by="clerk1")


def test_a_service_that_ended_under_a_suspension_counts_though_its_values_go_later(site: Site) -> None:
    site.record_site(SuspensionOrdered(at=site.now(), suspension="s1"), by="officer")
    assert not met(site.cancel("d0", by="clerk1"))
    assert not met(site.cancel("d1", by="clerk1"))
    assert met(site.cancel("d2", by="clerk1")) == {"miit24:13.1.3"}
    site.record_site(SuspensionLifted(at=site.now(), suspension="s1"), by="officer")
    site.audit(by="clerk1")


def test_a_day_later_the_hand_begins_anew(site: Site, clock: Clock) -> None:
    assert [delete(site, user) for user in USERS[:3]] == [set(), set(), {"miit24:13.1.3"}]
    clock.moment = START + dt.timedelta(hours=24, seconds=5)
    assert not delete(site, "d2")


@pytest.mark.parametrize("how", ["delete", "cancel"])
def test_whoever_hides_what_was_deleted_from_the_sum_is_found_out(site: Site, how: str) -> None:
    done = site.perform(act(DELETE, "d0", PLAN)) if how == "delete" else site.cancel("d0", by="clerk1")
    with site.database.transaction() as tx:
        tx.execute(sa.delete(bulk_taking))
    with pytest.raises(FactsTamperedError) as raised:
        site.audit(by="clerk1")
    assert raised.value.index == done.entry


def test_deletions_of_before_they_were_counted_are_sound_and_count_for_nobody(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as before:
        before.setattr("keshou.acts.effects.count", lambda *_: None)
        before.setattr("keshou.acts.effects.fact_json", lambda _: msgspec.UNSET)
        assert not any(delete(site, user, review="v1") for user in USERS[:4])
    site.audit(by="clerk1")
    assert not delete(site, "d4")
