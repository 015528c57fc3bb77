# SPDX-License-Identifier: Apache-2.0
"""Two people review, or use what was reviewed, in one moment, by servers of their own: one of them comes through."""

import datetime as dt
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from journey import Story, at

from keshou.acts.request import ActError, BulkPerform
from keshou.app.site import Site
from keshou.db import Database
from keshou.gate.act import Act
from keshou.gate.decision import Permit
from keshou.gate.facts import EmergencyOpened, EmergencyReviewed, ReviewApproved, ServiceStarted
from keshou.law.terms import ActKind

USERS = tuple(f"A-{number}" for number in range(50))


@pytest.fixture
def story(database: Database, tmp_path: Path) -> Iterator[Story]:
    with Story.of_the_sample(database, tmp_path, "2026-03-02") as story:
        yield story


def at_once(first: Callable[[], Any], second: Callable[[], Any]) -> list[Any]:
    """Do both in one moment; return what came of each, an error of ours in the place of an answer."""
    barrier = Barrier(2)

    def one(do: Callable[[], Any]) -> Any:
        barrier.wait()
        try:
            return do()
        except ActError as error:
            return error

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(one, (first, second)))


def test_of_two_who_review_an_emergency_at_once_the_first_is_on_record_alone(story: Story) -> None:
    now = story.now
    opened = EmergencyOpened(
        at=now, emergency="e1", staff="care", post="network_engineer", reason="network_outage", case="t-7",
        until=at("2026-03-02", "11:00"),
    )  # fmt: skip
    story.happens(opened, by="care")

    def review(site: Site, by: str, found: Any) -> int:
        # The other site's clock is behind: dated before its opening a review would be of nothing.
        moment = max(site.now(), now + dt.timedelta(milliseconds=1))
        return site.record_site(EmergencyReviewed(at=moment, emergency="e1", by=by, found=found), by=by)

    with story.again("2026-03-02") as other:
        came = at_once(
            lambda: review(story.site, "officer", "justified"), lambda: review(other, "manager", "unjustified")
        )
    refused = [each for each in came if isinstance(each, ActError)]
    assert [str(each) for each in refused] == ["the emergency was reviewed before"]
    events = [story.header(each).event for each in range(story.count("log_entry"))]
    assert events.count("fact:emergency_reviewed") == 1
    story.site.audit(by="auditor")


def test_of_two_who_use_one_approval_at_once_one_has_the_list(story: Story) -> None:
    for user in USERS:
        agreed = [story.consent(each) for each in ("service", "marketing")]
        facts = [story.notice(), *agreed, ServiceStarted(at=story.now, service="mobile")]
        story.take_in(user, {"tariff_plan": "P-19"}, facts, purpose="service")
    story.happens(
        ReviewApproved(
            at=story.now, review="r1", requester="analyst", reviewer="reviewer", kind=ActKind.EXPORT,
            purpose="marketing", items=frozenset({"tariff_plan"}), count=len(USERS), until=at("2026-03-03"),
        ),
        by="reviewer",
    )  # fmt: skip

    def export(site: Site) -> Any:
        act = Act(
            kind=ActKind.EXPORT, user="", items=frozenset({"tariff_plan"}), purpose="marketing", by="analyst",
            review="r1", count=len(USERS), when=site.now(),
        )  # fmt: skip
        return site.do(BulkPerform(act=act, users=USERS))

    with story.again("2026-03-02") as other:
        other.state()
        came = at_once(lambda: export(story.site), lambda: export(other))
    permitted = [each for each in came if isinstance(each.decision, Permit)]
    assert len(permitted) == 1
    assert sorted(len(each.by_user) for each in came) == [0, len(USERS)]
    story.site.audit(by="auditor")
