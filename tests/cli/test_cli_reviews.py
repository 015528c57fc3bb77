# SPDX-License-Identifier: Apache-2.0
"""At the command line a review is asked for with its list, looked into, and answered by somebody else."""

from pathlib import Path

import msgspec
import pytest

from cli_caller import Caller
from keshou.app.site import Site
from keshou.cli.sample.people import Subscriber
from keshou.declaration.model import Grant
from keshou.law.terms import ActKind

WORDS = ("--kind", "destroy", "--purpose", "service", "--item", "mobile_number", "--item", "tariff_plan")


@pytest.fixture
def listed(people: list[Subscriber], tmp_path: Path) -> Path:
    file = tmp_path / "ids.txt"
    file.write_text("\n".join(each.user_id for each in people[:8]) + "\n")
    return file


def test_a_list_is_reviewed_by_somebody_else_who_is_told_why_they_may_not_look(keshou: Caller, listed: Path) -> None:
    asked = keshou("review", "ask", *WORDS, "--users", listed, "--by", "billing", "--id", "r1", "--json").ok().json
    assert (asked["id"], asked["listed"]) == ("r1", True)
    assert keshou("review", "preview", "r1", "--by", "billing").status == 2
    denied = keshou("review", "preview", "r1", "--by", "reviewer", "--json")
    assert (denied.status, denied.json["permitted"]) == (1, False)
    assert keshou("review", "answer", "r1", "--by", "billing").status == 2
    keshou("review", "answer", "r1", "--by", "reviewer").ok()
    assert keshou("review", "answer", "r1", "--by", "reviewer").status == 2


def test_a_reviewer_who_may_query_sees_a_few_masked(keshou: Caller, listed: Path, people: list[Subscriber]) -> None:
    with Site.open(keshou.folder) as site:
        rules = site.rules()
        assert rules is not None
        grant = Grant(post="reviewer", purposes=("service",), acts=(ActKind.QUERY,))
        grants = (*rules.declaration.grants, grant)
        site.publish(msgspec.structs.replace(rules.declaration, grants=grants), by="officer")
    keshou("review", "ask", *WORDS, "--users", "-", "--by", "billing", "--id", "r1", stdin=listed.read_text()).ok()
    looks = keshou("review", "preview", "r1", "--by", "reviewer", "--json").ok().json
    assert len(looks) == 5
    assert {frozenset(each["values"]) for each in looks if each["permitted"]} == {
        frozenset({"mobile_number", "tariff_plan"})
    }
    shown = keshou("review", "preview", "r1", "--by", "reviewer").ok().out
    assert not [each for each in people if each.mobile_number in shown or each.user_id in shown]
    keshou("review", "answer", "r1", "--by", "reviewer", "--refuse").ok()
    assert keshou("review", "preview", "r1", "--by", "reviewer").status == 2


def test_an_approval_written_down_for_a_review_that_was_asked_for_is_of_its_list(keshou: Caller, listed: Path) -> None:
    keshou("review", "ask", *WORDS, "--users", listed, "--by", "billing", "--id", "r1").ok()
    approve = ("review", "approve", "--by", "reviewer", "--requester", "billing", *WORDS, "--id", "r1")
    assert keshou(*approve, "--count", "9").status == 2
    keshou(*approve, "--count", "8").ok()


def test_a_review_is_of_a_list_or_of_a_number(keshou: Caller, listed: Path) -> None:
    assert keshou("review", "ask", *WORDS, "--by", "billing").status == 2
    assert keshou("review", "ask", *WORDS, "--by", "billing", "--users", listed, "--count", "3").status == 2
    told = keshou("review", "ask", *WORDS, "--by", "billing", "--count", "3", "--id", "r2", "--json").ok().json
    assert told["listed"] is False
    assert keshou("review", "preview", "r2", "--by", "reviewer", "--json").ok().json == []
    assert keshou("review", "preview", "r3", "--by", "reviewer").status == 2
