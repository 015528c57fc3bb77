# SPDX-License-Identifier: Apache-2.0
"""Which version of the rules is in force: the newest of those that began, in whatever order they begin."""

import datetime as dt
from types import SimpleNamespace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from keshou.acts.versions import Versions

DAY = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


@given(st.lists(st.integers(0, 9), max_size=8), st.integers(-1, 10))
def test_in_force_is_the_newest_version_that_began(began: list[int], asked: int) -> None:
    published: dict[int, Any] = {
        version: SimpleNamespace(version=version, effective=DAY + dt.timedelta(days=day))
        for version, day in enumerate(began, 1)
    }
    when = DAY + dt.timedelta(days=asked)
    begun = [each for each in published.values() if each.effective <= when]
    assert Versions(published).at(when) is max(begun, key=lambda each: each.version, default=None)
