# SPDX-License-Identifier: Apache-2.0
"""Nobody publishes more for themselves: two people are needed for what one of them is to have."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from house import START, declared, open_site
from msgspec.structs import replace

from keshou.acts.request import ActError
from keshou.acts.separation import SeparationError
from keshou.app.site import Site
from keshou.db import Database
from keshou.declaration.model import Declaration, Emergency, Grant, Office
from keshou.gate.facts import EmergencyOpened, EmergencyReviewed, StaffAppointed, StaffRemoved
from keshou.law.terms import ActKind
from keshou.programs.grant import KeyGrant
from keshou.programs.scope import Scope


@pytest.fixture
def site(database: Database, tmp_path: Path) -> Iterator[Site]:
    """Give a site with two who publish: the officer, who is also a clerk, and the analyst."""
    with open_site(database, tmp_path) as site:
        held = [("officer", "officer"), ("officer", "clerk"), ("second", "analyst")]
        site.record_site(*(StaffAppointed(at=START, staff=who, post=post) for who, post in held), by="founder")
        site.publish(offices(), by="officer")
        yield site


def offices(**changes: Any) -> Declaration:
    """Return the small operator's rules with the office to publish in two posts."""
    found = declared(emergency={"posts": ["program"], "minutes": 30, "reasons": ["outage"]})
    posts = tuple(
        replace(each, offices=(Office.PUBLISH,)) if each.id in {"officer", "analyst"} else each for each in found.posts
    )
    return replace(found, posts=posts, **changes)


def more(post: str) -> Declaration:
    """Return rules that grant a post one act more."""
    rules = offices()
    grant = Grant(post=post, purposes=("service",), acts=(ActKind.EXPORT,), items=("tariff_plan",))
    assert any(ActKind.EXPORT in each.acts for each in rules.purposes if each.id == "service")
    return replace(rules, grants=(*rules.grants, grant))


def test_the_first_version_is_published_by_who_has_all_by_it(site: Site) -> None:
    with site.reading() as tx:
        assert site.declarations.numbers(tx) == [1]


@pytest.mark.parametrize("post", ["officer", "clerk"])
def test_who_holds_a_post_does_not_publish_more_for_it_and_another_does(site: Site, post: str) -> None:
    with pytest.raises(SeparationError, match="give a post more") as refused:
        site.publish(more(post), by="officer")
    assert f"`{post}` (grants)" in refused.value.hint
    with site.reading() as tx:
        assert site.declarations.numbers(tx) == [1]
        assert site.ledger.head(tx).size == 2
    assert site.publish(more(post), by="second").version == 2


def test_nobody_gives_themselves_more_in_two_steps(site: Site) -> None:
    site.publish(replace(offices(), grants=()), by="officer")
    with pytest.raises(SeparationError, match="more"):
        site.publish(offices(), by="officer")
    less = replace(offices(), posts=tuple(each for each in offices().posts if each.id != "clerk"), grants=())
    site.publish(less, by="officer")
    with pytest.raises(SeparationError, match="more"):
        site.publish(offices(), by="officer")


def test_who_left_a_post_may_publish_more_for_it(site: Site) -> None:
    site.record_site(StaffRemoved(at=site.now(), staff="officer", post="clerk"), by="second")
    assert site.publish(more("clerk"), by="officer").version == 2


def test_a_post_lent_in_an_emergency_counts_as_held(site: Site) -> None:
    site.record_site(_opened(site, "second", "e1", 20), by="second")
    with pytest.raises(SeparationError, match="more"):
        site.publish(more("program"), by="second")
    assert site.publish(more("program"), by="officer").version == 2


def _opened(site: Site, staff: str, name: str, minutes: int, post: str = "program") -> EmergencyOpened:
    now = site.now()
    return EmergencyOpened(
        at=now, emergency=name, staff=staff, post=post, reason="outage", case="c",
        until=now + dt.timedelta(minutes=minutes),
    )  # fmt: skip


WIDER = {
    "another post": (Emergency(posts=("program", "clerk"), minutes=30, reasons=("outage",)), "clerk", 20),
    "more minutes": (Emergency(posts=("program",), minutes=60, reasons=("outage",)), "program", 50),
}


@pytest.mark.parametrize("wider", WIDER)
def test_who_published_that_a_post_is_lent_is_not_lent_it(site: Site, wider: str) -> None:
    emergency, post, minutes = WIDER[wider]
    site.publish(offices(emergency=emergency), by="second")
    with pytest.raises(SeparationError, match="does not lend it to themselves"):
        site.record_site(_opened(site, "second", "e1", minutes, post), by="second")
    site.record_site(_opened(site, "second", "e2", 20), by="second")
    site.record_site(_opened(site, "officer", "e3", minutes, post), by="officer")


def test_what_another_published_after_that_does_not_hide_who_let_it_be_lent(site: Site) -> None:
    emergency, post, minutes = WIDER["another post"]
    wider = offices(emergency=emergency)
    site.publish(wider, by="second")
    site.publish(replace(wider, channels=replace(wider.channels, complaint_answer_days=9)), by="officer")
    with pytest.raises(SeparationError, match="does not lend it to themselves"):
        site.record_site(_opened(site, "second", "e1", minutes, post), by="second")


def test_no_second_emergency_of_the_same_person_begins_before_the_first_was_reviewed(site: Site) -> None:
    site.record_site(_opened(site, "second", "e1", 20), by="second")
    with pytest.raises(SeparationError, match="waits for its review"):
        site.record_site(_opened(site, "second", "e2", 20), by="second")
    site.record_site(_opened(site, "officer", "e3", 20), by="officer")
    reviewed = EmergencyReviewed(at=site.now(), emergency="e1", by="officer", found="justified")
    site.record_site(reviewed, by="officer")
    site.record_site(_opened(site, "second", "e4", 20), by="second")


def test_two_emergencies_do_not_begin_in_one_step(site: Site) -> None:
    both = [_opened(site, "second", name, 20) for name in ("e1", "e2")]
    with pytest.raises(ActError, match="several emergencies"):
        site.record_site(*both, by="second")


def test_the_rules_may_let_more_than_one_wait(site: Site) -> None:
    emergency = Emergency(posts=("program",), minutes=30, reasons=("outage",), unreviewed=2)
    site.publish(offices(emergency=emergency), by="officer")
    for name in ("e1", "e2"):
        site.record_site(_opened(site, "second", name, 20), by="second")
    with pytest.raises(SeparationError, match="waits for its review"):
        site.record_site(_opened(site, "second", "e3", 20), by="second")


def _robot(site: Site) -> None:
    """Put a program whose key the analyst made into the program's post."""
    grant = KeyGrant(scopes=frozenset({Scope.ACT}), until=site.now() + dt.timedelta(days=9))
    with site.writing() as tx:
        site.programs.add(tx, "robot", site.now())
        site.programs.new_key(tx, "robot", grant, site.now(), by="second")
    site.record_site(StaffAppointed(at=site.now(), staff="robot", post="program"), by="officer")


def test_a_post_that_a_program_holds_whose_key_they_made_counts_as_held(site: Site) -> None:
    _robot(site)
    with pytest.raises(SeparationError, match="more"):
        site.publish(more("program"), by="second")
    audits = (Office.PUBLISH, Office.AUDIT)
    wider = tuple(replace(each, offices=audits) if each.id == "analyst" else each for each in offices().posts)
    with pytest.raises(SeparationError, match="more"):
        site.publish(replace(offices(), posts=wider), by="robot")
    assert site.publish(more("program"), by="officer").version == 2


def test_a_program_whose_key_they_made_is_not_lent_what_they_published(site: Site) -> None:
    _robot(site)
    emergency, post, minutes = WIDER["another post"]
    site.publish(offices(emergency=emergency), by="second")
    with pytest.raises(SeparationError, match="does not lend it to themselves"):
        site.record_site(_opened(site, "robot", "e1", minutes, post), by="robot")
    site.record_site(_opened(site, "officer", "e2", minutes, post), by="officer")
