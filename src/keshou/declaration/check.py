# SPDX-License-Identifier: Apache-2.0
"""Declaration + law -> findings, each with place, article, what is wrong and how to mend it."""

import datetime as dt

from keshou.declaration.checks import (
    access,
    agents,
    channels,
    finding,
    grants,
    holdings,
    items,
    operator,
    posts,
    purposes,
    recipients,
    retention,
    review,
    words,
)
from keshou.declaration.checks.case import Case, Rule
from keshou.declaration.finding import Finding, Raised, kinds
from keshou.declaration.finding import finding as placed
from keshou.declaration.load import Source
from keshou.declaration.model import Published
from keshou.law.law import Law

_SUBJECTS = (
    operator,
    purposes,
    items,
    recipients,
    agents,
    grants,
    posts,
    channels,
    retention,
    review,
    access,
    holdings,
    finding,
    words,
)
RULES: tuple[Rule, ...] = tuple(rule for subject in _SUBJECTS for rule in subject.RULES)


def check(
    source: Source,
    law: Law,
    today: dt.date,
    *,
    publishing: dt.datetime | None = None,
    previous: Published | None = None,
) -> list[Finding]:
    """Hold a declaration against the law of `today`, in the order of the file.

    When the form is wrong only the form's findings come back: what cannot be read cannot be judged.
    `publishing` (UTC) and `previous` are given when it is to be published after a version that stands.
    """
    if source.declaration is None:
        return list(source.findings)
    case = Case(source.declaration, law, today, publishing, previous)
    found = [_place(source, raised) for rule in RULES for raised in rule(case) if _applies(case, raised)]
    return sorted(found, key=lambda each: (each.line, each.column, each.code, each.path))


def _applies(case: Case, raised: Raised) -> bool:
    """Say whether the provision behind a complaint binds this operator today; the file's form always matters."""
    cite = raised.cite or kinds()[raised.code].cite
    return not cite or case.binds(cite)


def _place(source: Source, raised: Raised) -> Finding:
    return placed(raised, source.places.value(raised.path))
