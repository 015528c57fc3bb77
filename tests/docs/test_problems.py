# SPDX-License-Identifier: Apache-2.0
"""The page of problems names every type that the server answers with, with its status, and no other."""

import re

import documentation
from keshou.web import problem

PAGE = (documentation.ROOT / "docs" / "reference" / "problems.md").read_text("utf-8")
SOURCES = [path.read_text("utf-8") for path in (documentation.ROOT / "src" / "keshou" / "web").rglob("*.py")]


def told() -> set[tuple[str, int]]:
    return {(slug, int(status)) for slug, status in re.findall(r"^\| `/problems/([\w-]+)` \| (\d+) \|", PAGE, re.M)}


def test_every_type_of_problem_is_documented_with_its_status_and_none_that_there_is_not() -> None:
    kinds = {*problem.KINDS.values(), *problem.BY_STATUS.values(), problem.DENIED, problem.INTERNAL}
    written = re.findall(r'type="/problems/([\w-]+)"[^)]*?status=(\d+)', "\n".join(SOURCES))
    assert len(written) > 3
    assert told() == {(each.slug, each.status) for each in kinds} | {(slug, int(status)) for slug, status in written}


def test_a_type_has_one_status_and_one_title() -> None:
    kinds = [*problem.KINDS.values(), *problem.BY_STATUS.values(), problem.DENIED, problem.INTERNAL]
    for slug in {each.slug for each in kinds}:
        assert len({each for each in kinds if each.slug == slug}) == 1, slug
