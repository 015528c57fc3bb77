# SPDX-License-Identifier: Apache-2.0
"""What users are found by beyond equal values of what is nearly unique: each choice lets the index tell more."""

from collections.abc import Iterator

from keshou.declaration.checks.case import Case
from keshou.declaration.findable import FINDABLE, LONGEST, NAMES, SHORTEST, TELLING, Written
from keshou.declaration.finding import Raised
from keshou.declaration.model import FoundBy


def items(case: Case) -> Iterator[Raised]:
    """Users are found by what some purpose needs and few share, each named once."""
    needed, seen = {need.item for _, _, need in case.needs()}, set[str]()
    for index, each in enumerate(case.declaration.finding):
        path, words = f"finding[{index}].item", {"item": each.item}
        if each.item not in FINDABLE and each.item not in NAMES:
            yield Raised("finding_by_shared", path, words)
        elif each.item not in needed:
            yield Raised("finding_unneeded", path, words)
        if each.item in seen:
            yield Raised("finding_doubled", path, words)
        seen.add(each.item)


def ways(case: Case) -> Iterator[Raised]:
    """Each choice is one that the item has, and no more than can be answered for."""
    for index, each in enumerate(case.declaration.finding):
        path, words = f"finding[{index}]", {"item": each.item}
        if each.item in NAMES:
            yield from _of_names(path, each)
        elif each.variants:
            yield Raised("finding_variants", f"{path}.variants", words)
        elif each.last_four and FINDABLE.get(each.item) is Written.MAIL:
            yield Raised("finding_end_of_mail", f"{path}.last_four", words)
        elif each.item in FINDABLE and not each.last_four and not each.prefix:
            yield Raised("finding_of_nothing", path, words)


def _of_names(path: str, chosen: FoundBy) -> Iterator[Raised]:
    words = {"item": chosen.item}
    if chosen.last_four:
        yield Raised("finding_part_of_name", f"{path}.last_four", words)
    if chosen.prefix:
        yield Raised("finding_part_of_name", f"{path}.prefix", words)


def prefixes(case: Case) -> Iterator[Raised]:
    """A beginning is long enough to hide what it is, and short enough to be one."""
    for index, each in enumerate(case.declaration.finding):
        if not each.prefix or each.item not in FINDABLE:
            continue
        path, words = f"finding[{index}].prefix", {"item": each.item, "prefix": str(each.prefix)}
        if not SHORTEST <= each.prefix <= LONGEST:
            yield Raised("finding_prefix", path, {**words, "shortest": str(SHORTEST), "longest": str(LONGEST)})
        elif each.item in TELLING:
            yield Raised("finding_prefix_tells", path, words)


RULES = (items, ways, prefixes)
