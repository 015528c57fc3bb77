# SPDX-License-Identifier: Apache-2.0
"""The gate for single acts, the gate in columns and the literal gate give the same answers."""

import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from three_gates import disagreements

WORLDS = int(os.environ.get("KESHOU_TEST_WORLDS", "160"))
"""How many random worlds a run looks at; a soak sets it to thousands."""

PARTS = 4


@pytest.mark.parametrize("part", range(PARTS))
def test_three_gates_agree_on_random_worlds(part: int) -> None:
    asked = permitted = 0
    for seed in range(part, WORLDS, PARTS):
        cases, lawful, wrong = disagreements(seed, users=10, acts=40, rows=200)
        assert not wrong, "\n".join(wrong[:3])
        asked, permitted = asked + cases, permitted + lawful
    assert asked >= WORLDS // PARTS * 40 * 212
    assert permitted > WORLDS // PARTS, "too few acts are lawful for the comparison to mean much"


def test_a_run_compares_at_least_a_million_cases() -> None:
    assert WORLDS * 40 * 212 >= 1_000_000


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(1_000_000, 2**62), users=st.integers(1, 4), acts=st.integers(1, 8))
def test_three_gates_agree_on_small_worlds(seed: int, users: int, acts: int) -> None:
    assert not disagreements(seed, users, acts, rows=20)[2]
