# SPDX-License-Identifier: Apache-2.0
"""Reviews are told as they go: asked for, answered, used, and lapsed, which no entry records and is told once."""

import datetime as dt
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from journey import CHINA, Story, at, sample

from keshou.db import Database
from keshou.declaration.model import AccessReview
from keshou.gate.facts import AccessConfirmed, ReviewApproved, ReviewAsked, ReviewRefused
from keshou.law.terms import ActKind

TERMS: dict[str, Any] = {
    "requester": "analyst", "kind": ActKind.EXPORT, "purpose": "marketing", "items": frozenset({"tariff_plan"}),
    "count": 5000,
}  # fmt: skip
URL = "https://crm.example/hook"


@pytest.fixture
def story(database: Database, tmp_path: Path) -> Iterator[Story]:
    review = sample().access_review
    assert isinstance(review, AccessReview)
    with Story.of_the_sample(database, tmp_path, "2026-03-02", access_review=review) as story:
        story.site.tidy()
        with story.site.writing() as tx:
            story.site.webhooks.subscribe(tx, URL, [], story.now)
        yield story


def told(story: Story, kind: str) -> list[tuple[str, dict[str, Any], str]]:
    """Take what lies in the outbox; return type, data and time of each whose type has `kind` in it."""
    with story.site.writing() as tx:
        claimed = story.site.webhooks.claim(tx, story.now + dt.timedelta(days=1))
        for each in claimed:
            story.site.webhooks.delivered(tx, each, "204", story.now)
    found = [json.loads(each.body) for each in claimed]
    return [(each["type"], each["data"], each["time"]) for each in found if kind in each["type"]]


def test_a_review_is_told_as_it_is_asked_for_and_answered(story: Story) -> None:
    for name in ("r1", "r2"):
        story.happens(ReviewAsked(at=story.now, review=name, **TERMS), by="analyst")
    story.happens(
        ReviewApproved(at=story.now, review="r1", reviewer="reviewer", until=at("2026-03-03"), **TERMS), by="reviewer"
    )
    story.happens(ReviewRefused(at=story.now, review="r2", reviewer="reviewer"), by="reviewer")
    found = told(story, ".review.")
    assert [type_ for type_, _, _ in found] == [
        "keshou.review.asked", "keshou.review.asked", "keshou.review.approved", "keshou.review.refused",
    ]  # fmt: skip
    assert found[0][1]["count"] == 5000
    assert "items" not in found[0][1]
    assert found[3][1] == {"review": "r2", "reviewer": "reviewer", "entry": found[3][1]["entry"]}


def test_an_approval_that_nobody_used_is_told_once_when_it_lapses(story: Story) -> None:
    story.happens(
        ReviewApproved(at=story.now, review="r1", reviewer="reviewer", until=at("2026-03-02", "12:00"), **TERMS),
        by="reviewer",
    )
    story.on("2026-03-02", "11:59").site.tidy()
    assert [type_ for type_, _, _ in told(story, ".review.")] == ["keshou.review.approved"]
    story.on("2026-03-02", "12:01")
    with story.again("2026-03-02", "12:01") as other, ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda site: site.tidy(), (story.site, other)))
    story.site.tidy()
    (lapsed,) = told(story, ".review.lapsed")
    assert lapsed[1] == {"review": "r1", "kind": "export", "purpose": "marketing"}
    assert dt.datetime.fromisoformat(lapsed[2]).astimezone(CHINA).hour == 12


def test_access_that_nobody_confirmed_is_told_when_it_lapses_and_what_was_confirmed_is_not(story: Story) -> None:
    later = story.now + dt.timedelta(days=10)
    story.happens(
        AccessConfirmed(at=story.now, staff="clerk", post="counter_clerk", by="manager", until=later), by="manager"
    )
    story.clock.moment += dt.timedelta(days=9)
    story.site.tidy()
    assert told(story, ".lapsed") == []
    story.clock.moment += dt.timedelta(days=2)
    story.site.tidy()
    found = told(story, ".access.lapsed")
    assert {each[1]["staff"] for each in found} == {"clerk"}
    story.clock.moment += dt.timedelta(days=1000)
    story.site.tidy()
    rest = {each[1]["staff"] for each in told(story, ".access.lapsed")}
    assert rest
    assert "clerk" not in rest


def test_what_lapsed_before_anybody_was_told_is_not_told_later(database: Database, tmp_path: Path) -> None:
    with Story.of_the_sample(database, tmp_path, "2026-03-02", access_review=sample().access_review) as story:
        story.site.tidy()
        story.clock.moment += dt.timedelta(days=1000)
        story.site.tidy()
        with story.site.writing() as tx:
            story.site.webhooks.subscribe(tx, URL, [], story.now)
        story.site.tidy()
        assert told(story, ".lapsed") == []
