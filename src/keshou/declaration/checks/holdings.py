# SPDX-License-Identifier: Apache-2.0
"""Where information lies, and whether access to it was reviewed (Order 24 Art. 13(v))."""

import datetime as dt
from collections.abc import Iterator

from keshou.declaration.checks.case import Case
from keshou.declaration.finding import Raised
from keshou.declaration.span import has_passed
from keshou.law.cites import YEARLY

"""Access review has no period of its own; the yearly self-inspection is the measure."""


def items(case: Case) -> Iterator[Raised]:
    """No system holds what no purpose needs."""
    needed = {need.item for _, _, need in case.needs()}
    for index, holding in enumerate(case.declaration.holdings):
        for count, item in enumerate(holding.items):
            words, path = {"holding": holding.id, "item": item}, f"holdings[{index}].items[{count}]"
            if not case.knows(item):
                yield Raised("holding_unknown_item", path, words)
            elif item not in needed:
                yield Raised("holding_unneeded_item", path, words)


def review(case: Case) -> Iterator[Raised]:
    """Access to each system was reviewed, not longer ago than the self-inspection's period."""
    for index, holding in enumerate(case.declaration.holdings):
        day, words = holding.access_reviewed_on, {"holding": holding.id}
        if day is None:
            yield Raised("holding_unreviewed", f"holdings[{index}]", words)
        elif day > case.today:
            yield Raised("holding_review_future", f"holdings[{index}].access_reviewed_on", words)
        elif _stale(case, day):
            yield Raised("holding_review_stale", f"holdings[{index}].access_reviewed_on", words)


def _stale(case: Case, day: dt.date) -> bool:
    period = case.period(YEARLY)
    return period is not None and has_passed(period, day, case.today)


RULES = (items, review)
