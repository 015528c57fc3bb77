# SPDX-License-Identifier: Apache-2.0
"""A partner shop that registers users for the carrier: fit, beyond its contract, suspended, fit again, run out."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from journey import Story, at, cites, sample
from msgspec.structs import replace

from keshou.db import Database
from keshou.gate.decision import Permit
from keshou.gate.facts import AgentReinstated, AgentSuspended, ServiceStarted
from keshou.law.terms import ActKind

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
"""What is told here differs between databases in nothing; other stories run on both."""
SHOP: dict[str, Any] = {"by": "shop", "where": "west_branch"}
PAPERS = {"user_name": "列御寇子", "resident_id_number": "990101188001010018"}


@pytest.fixture
def story(database: Database, tmp_path: Path) -> Iterator[Story]:
    with Story.of_the_sample(database, tmp_path, "2026-03-02") as story:
        yield story


def registers(story: Story, user: str) -> Any:
    agreed = [story.consent(each) for each in ("registration", "service", "billing")]
    facts = [story.notice(), *agreed, ServiceStarted(at=story.now, service="mobile")]
    return story.take_in(user, PAPERS, facts, **SHOP).decision


def test_a_qualified_shop_registers_users_and_sees_them_masked(story: Story) -> None:
    decision = registers(story, "B-1")
    assert isinstance(decision, Permit)
    assert ("agent", "miit24:11") in {(ground.fact, str(ground.cite)) for ground in decision.grounds}
    seen = story.shown(ActKind.USE, "B-1", *PAPERS, purpose="registration", **SHOP)
    assert seen == {"user_name": "列**子", "resident_id_number": "990101********0018"}


def test_beyond_its_contract_the_shop_is_stopped_for_two_reasons(story: Story) -> None:
    registers(story, "B-1")
    query = story.denied(ActKind.QUERY, "B-1", "user_name", purpose="registration", **SHOP)
    assert query == {"miit24:11", "miit24:13.1.3"}
    bills = story.denied(ActKind.USE, "B-1", "bill", purpose="billing", **SHOP)
    assert bills == {"miit24:11", "miit24:13.1.3"}
    assert story.denied(ActKind.USE, "B-1", "user_name", by="shop", where="east_branch", purpose="registration") == {
        "miit24:13.1.3"
    }


def test_a_grant_does_not_stretch_a_contract(database: Database, tmp_path: Path) -> None:
    rules = sample()
    grants = [replace(each, acts=(*each.acts, ActKind.QUERY)) if each.post == "shop_clerk" else each
              for each in rules.grants]  # fmt: skip
    with Story.of_the_sample(database, tmp_path, "2026-03-02", grants=tuple(grants)) as story:
        registers(story, "B-1")
        assert story.denied(ActKind.QUERY, "B-1", "user_name", purpose="registration", **SHOP) == {"miit24:11"}


def test_a_suspended_shop_does_nothing_until_it_is_found_fit_again(story: Story) -> None:
    registers(story, "B-1")
    story.on("2026-05-04").happens(AgentSuspended(at=story.now, agent="west_shop"))
    assert cites(registers(story, "B-2")) == {"miit24:11", "miit25:14"}
    assert story.denied(ActKind.USE, "B-1", "user_name", purpose="registration", **SHOP) == {"miit24:11", "miit25:14"}
    assert story.count("vault_user") == 1
    story.on("2026-06-01").happens(AgentReinstated(at=story.now, agent="west_shop"))
    assert isinstance(registers(story, "B-2"), Permit)


def test_the_contract_runs_out_by_the_calendar_with_nobody_doing_anything(story: Story) -> None:
    registers(story, "B-1")
    story.on("2034-12-31", "23:59")
    assert story.shown(ActKind.USE, "B-1", "user_name", purpose="registration", **SHOP)
    story.on("2035-01-01", "00:00")
    gone = story.denied(ActKind.USE, "B-1", "user_name", purpose="registration", **SHOP)
    assert gone == {"miit24:11", "miit24:13.1.3", "miit25:14"}


@pytest.mark.parametrize(
    ("change", "until", "articles"),
    [
        ({"qualification": None}, "2026-03-02", {"miit24:11", "miit25:14"}),
        ({"contract": None}, "2026-03-02", {"miit24:11", "miit25:14"}),
    ],
)
def test_a_shop_that_never_showed_it_is_fit_registers_nobody(
    database: Database, tmp_path: Path, change: dict[str, None], until: str, articles: set[str]
) -> None:
    agents = tuple(replace(each, **change) if each.id == "west_shop" else each for each in sample().agents)
    with Story.of_the_sample(database, tmp_path, until, agents=agents) as story:
        assert cites(registers(story, "B-1")) == articles


def test_what_the_shop_did_while_it_was_fit_stays_lawful(story: Story) -> None:
    registers(story, "B-1")
    story.on("2026-05-04").happens(AgentSuspended(at=story.now, agent="west_shop"))
    before = story.ask(ActKind.USE, "B-1", "user_name", purpose="registration", when=at("2026-05-03"), **SHOP)
    assert isinstance(before, Permit)
    assert story.now - at("2026-05-03") > dt.timedelta(days=1)
