# SPDX-License-Identifier: Apache-2.0
"""The preview of what may be erased agrees with the gate, to the day, and names nobody."""

import datetime as dt
from pathlib import Path

import msgspec
import pytest
from house import Clock, act, newcomer, ready

from keshou.acts.request import Cancel
from keshou.app.retention import Preview
from keshou.app.site import Site
from keshou.db import Database
from keshou.errors import InputError
from keshou.gate import calendar
from keshou.gate.act import Act
from keshou.law.terms import ActKind

USERS = ("u1", "u2", "u3")


def far(site: Site) -> Preview:
    """Return all that may ever be erased of those who left."""
    return site.retention.preview(calendar.day_of(site.now()), dt.date(2100, 1, 1))


def test_what_is_foreseen_is_what_the_gate_permits_from_that_day_on(database: Database, tmp_path: Path) -> None:
    clock = Clock()
    with ready(database, tmp_path, clock) as site:
        site.do_all([newcomer(site, user) for user in USERS])
        assert far(site).days == ()
        site.do(Cancel(user="u1", by="clerk1"))
        clock.moment += dt.timedelta(days=40)
        site.do(Cancel(user="u2", by="clerk1"))
        first, second = far(site).days
        assert (first.users, second.users, (second.day - first.day).days >= 39) == (1, 1, True)
        assert set(first.items) <= {"user_name", "resident_id_number", "mobile_number"}
        assert first.items
        for due, user in ((first, "u1"), (second, "u2")):
            for days, permitted in ((-1, False), (0, True)):
                when = calendar.start_of(due.day + dt.timedelta(days=days)) + dt.timedelta(hours=4)
                asked = act(ActKind.DESTROY, user, *due.items)
                reasons = site.ask(_at(asked, when))
                early = "registration_destroyed_early" in str(reasons)
                assert early is not permitted
        span = site.retention.preview(first.day, first.day)
        assert (span.users, span.overdue, span.under) == (1, 0, "miit25:11")
        assert site.retention.preview(first.day + dt.timedelta(days=1), second.day).overdue == 1
        assert not any(user in repr(far(site)) for user in USERS)


def _at(asked: Act, when: dt.datetime) -> Act:
    return msgspec.structs.replace(asked, when=when)


def test_a_span_that_ends_before_it_begins_is_refused(database: Database, tmp_path: Path) -> None:
    with ready(database, tmp_path) as site, pytest.raises(InputError, match="before it begins"):
        site.retention.preview(dt.date(2026, 5, 2), dt.date(2026, 5, 1))
