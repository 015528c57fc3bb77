# SPDX-License-Identifier: Apache-2.0
"""Lists of users leave the house only when another person looked at them first."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from house import START, VALUES, Clock, act, newcomer, ready

from keshou.acts.new_ids import IdTakenError
from keshou.acts.request import ActError, BulkPerform, Done
from keshou.app.site import Site
from keshou.db import Database
from keshou.gate.decision import Deny, Permit
from keshou.gate.facts import ReviewApproved, ReviewAsked, ReviewRefused, StaffAppointed, StaffRemoved
from keshou.law.terms import ActKind

USERS = tuple(f"b{number}" for number in range(5))
HOURS = dt.timedelta(hours=1)


@pytest.fixture
def site(database: Database, tmp_path: Path, clock: Clock) -> Iterator[Site]:
    with ready(database, tmp_path, clock) as site:
        site.do_all([newcomer(site, user) for user in USERS])
        yield site


def approval(**changes: Any) -> ReviewApproved:
    told: dict[str, Any] = {
        "at": START, "review": "v1", "requester": "lister", "reviewer": "judge", "kind": ActKind.EXPORT,
        "purpose": "service", "items": frozenset({"tariff_plan"}), "count": 5, "until": START + 48 * HOURS,
    }  # fmt: skip
    return ReviewApproved(**(told | changes))


def export(site: Site, users: tuple[str, ...] = USERS, *items: str, **more: Any) -> Done:
    chosen = items or ("tariff_plan",)
    return site.do(BulkPerform(act=act(ActKind.EXPORT, "", *chosen, by="lister", **more), users=users))


def refused(done: Done) -> set[str]:
    assert isinstance(done.decision, Deny)
    assert not done.by_user
    assert not done.refused
    return {str(reason.cite) for reason in done.decision.reasons}


def test_a_small_list_needs_no_review_and_one_more_user_does(site: Site, clock: Clock) -> None:
    assert set(export(site, USERS[:2]).by_user) == set(USERS[:2])
    assert refused(export(site, USERS[:3])) == {"miit24:13.1.3"}
    clock.moment = START + 25 * HOURS
    assert set(export(site, (*USERS[:2], *USERS[:2])).by_user) == set(USERS[:2]), "naming a user twice counts once"


def test_a_reviewed_list_is_exported_once(site: Site) -> None:
    site.record_site(approval(), by="judge")
    done = export(site, review="v1")
    assert isinstance(done.decision, Permit)
    assert done.by_user == {user: {"tariff_plan": VALUES["tariff_plan"]} for user in USERS}
    assert refused(export(site, review="v1")) == {"miit24:13.1.3"}
    with pytest.raises(IdTakenError):
        site.record_site(approval(), by="judge")
    assert refused(export(site, review="v1")) == {"miit24:13.1.3"}, "an id once used up serves again"


OTHER: tuple[dict[str, Any], ...] = (
    {"count": 4},
    {"items": frozenset({"mobile_number"})},
    {"kind": ActKind.COPY},
    {"purpose": "marketing"},
    {"requester": "clerk1"},
    {"recipient": "somebody"},
    {"until": START + dt.timedelta(microseconds=1)},
)


def test_no_approval_is_dated_before_it_was_asked_for(site: Site, clock: Clock) -> None:
    clock.moment += HOURS
    told = approval(at=site.now())
    asked = {each: getattr(told, each) for each in ("review", "requester", "kind", "purpose", "items", "count")}
    site.record_site(ReviewAsked(at=told.at, **asked), by="lister")
    for early in (approval(), ReviewRefused(at=START, review="v1", reviewer="judge")):
        with pytest.raises(ActError, match="dated before what it reviews"):
            site.record_site(early, by="judge")
    site.record_site(told, by="judge")


def test_an_approval_of_anything_else_is_none(site: Site) -> None:
    for place, changes in enumerate(OTHER):
        site.record_site(approval(**{"review": f"v{place}"} | changes), by="judge")
        assert refused(export(site, review=f"v{place}")) == {"miit24:13.1.3"}, changes
    assert refused(export(site, review="never-given")) == {"miit24:13.1.3"}


def test_an_approval_of_few_items_does_not_open_more(site: Site) -> None:
    site.record_site(approval(), by="judge")
    assert refused(export(site, USERS, "tariff_plan", "mobile_number", review="v1")) == {"miit24:13.1.3"}
    assert isinstance(export(site, review="v1").decision, Permit), "an attempt in vain uses nothing up"


def test_neither_oneself_nor_any_other_post_reviews(site: Site) -> None:
    for reviewer in ("lister", "clerk1", "stranger"):
        site.record_site(approval(review=reviewer, reviewer=reviewer), by=reviewer)
        assert refused(export(site, review=reviewer)) == {"miit24:13.1.3"}


def test_who_was_made_reviewer_too_still_cannot_review_the_own_request(site: Site) -> None:
    site.record_site(StaffAppointed(at=START, staff="lister", post="reviewer"), by="officer")
    site.record_site(approval(reviewer="lister"), by="lister")
    assert refused(export(site, review="v1", post="analyst")) == {"miit24:13.1.3"}


def test_a_reviewer_who_had_left_approves_nothing_and_one_who_leaves_later_did(site: Site, clock: Clock) -> None:
    site.record_site(approval(at=site.now()), by="judge")
    site.record_site(StaffRemoved(at=site.now(), staff="judge", post="reviewer"), by="officer")
    clock.moment += HOURS
    site.record_site(approval(at=site.now(), review="v2"), by="judge")
    assert refused(export(site, review="v2")) == {"miit24:13.1.3"}
    assert isinstance(export(site, review="v1").decision, Permit)


def test_an_approval_holds_for_as_long_as_the_rules_say_even_if_it_says_longer(site: Site, clock: Clock) -> None:
    site.record_site(approval(at=START), by="judge")
    clock.moment = START + 24 * HOURS
    assert refused(export(site, review="v1")) == {"miit24:13.1.3"}


def test_nobody_approves_in_the_reviewers_name(site: Site) -> None:
    with pytest.raises(ActError, match="in another's name"):
        site.record_site(approval(), by="lister")
    assert refused(export(site, review="v1")) == {"miit24:13.1.3"}
