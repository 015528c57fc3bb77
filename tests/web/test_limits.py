# SPDX-License-Identifier: Apache-2.0
"""Nobody asks so often that others wait; each caller has its own count, and guessing has a small one."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from places import begin, client_of
from plain import PROGRAM, USER

from keshou.errors import InputError
from keshou.web.errors import TooManyRequestsError
from keshou.web.limits import Rate, source_of


def _spent(rate: Rate, key: str, now: float) -> bool:
    try:
        rate.spend(key, now)
    except TooManyRequestsError:
        return False
    return True


def test_a_caller_has_its_whole_allowance_at_once_and_no_more() -> None:
    rate = Rate("caller", "5/minute")
    assert [_spent(rate, "a", 0.0) for _ in range(7)] == [True] * 5 + [False] * 2
    assert _spent(rate, "b", 0.0), "one caller's haste is another's loss"


def test_it_comes_back_evenly() -> None:
    rate = Rate("caller", "6/minute")
    for _ in range(6):
        rate.spend("a", 0.0)
    assert not _spent(rate, "a", 9.9)
    assert _spent(rate, "a", 10.0)
    assert not _spent(rate, "a", 10.0)
    assert [_spent(rate, "a", 40.0) for _ in range(4)] == [True] * 3 + [False]


@given(st.lists(st.floats(min_value=0, max_value=30), max_size=200), st.integers(min_value=1, max_value=20))
def test_no_window_lets_through_more_than_twice_what_is_allowed(steps: list[float], most: int) -> None:
    rate = Rate("caller", f"{most}/minute")
    now, passed = 0.0, []
    for step in steps:
        now += step / 10
        if _spent(rate, "a", now):
            passed.append(now)
    for start in passed:
        assert len([moment for moment in passed if start <= moment < start + 60]) <= 2 * most


def test_the_refusal_says_when_to_come_again_and_then_it_holds() -> None:
    rate = Rate("source", "3/minute")
    for _ in range(3):
        rate.spend("a", 100.0)
    with pytest.raises(TooManyRequestsError) as refused:
        rate.spend("a", 100.0)
    assert refused.value.retry_after == 20
    assert _spent(rate, "a", 100.0 + refused.value.retry_after)


def test_what_is_left_is_told() -> None:
    rate = Rate("caller", "4/minute")
    assert [rate.spend("a", 0.0).left for _ in range(4)] == [3, 2, 1, 0]
    assert rate.spend("a", 60.0).left == 3


def test_looking_whether_something_is_left_costs_nothing() -> None:
    rate = Rate("source", "2/minute")
    for _ in range(5):
        rate.check("a", 0.0)
    assert [_spent(rate, "a", 0.0) for _ in range(3)] == [True, True, False]
    with pytest.raises(TooManyRequestsError):
        rate.check("a", 0.0)


def test_a_flood_of_sources_neither_fills_the_memory_nor_frees_who_is_at_its_limit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("keshou.web.limits._MOST_KNOWN", 10)
    rate = Rate("source", "2/minute")
    for _ in range(2):
        rate.spend("guesser", 50.0)
    for number in range(100):
        rate.spend(f"flood-{number}", 50.0)
        assert len(rate._whole_at) <= 10
    assert not _spent(rate, "guesser", 50.0)


@pytest.mark.parametrize("text", ["", "fast", "-1/minute", "10", "10/fortnight"])
def test_what_is_no_rate_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="is not understood"):
        Rate("caller", text)


@pytest.mark.parametrize(
    ("address", "source"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
    ],
)
def test_a_source_is_what_one_site_has_to_itself(address: str, source: str) -> None:
    assert source_of({"client": (address, 40000)}) == source  # type: ignore[arg-type, typeddict-item]


def test_answers_say_what_is_left_and_a_refusal_when_to_come_again(tmp_path: Path) -> None:
    with begin(tmp_path / "site", rate="3/minute", rate_unknown="2/minute") as site, client_of(site) as client:
        known = [client.get("/whoami", headers={"Authorization": f"Bearer {PROGRAM}"}) for _ in range(4)]
        other = client.get("/whoami", headers={"Authorization": f"Bearer {USER}"})
        guesses = [client.get("/whoami", headers={"Authorization": f"Bearer guess-{n}"}) for n in range(3)]
    assert [answer.status_code for answer in known] == [200, 200, 200, 429]
    assert known[0].headers["ratelimit-policy"] == '"caller";q=3;w=60'
    assert known[0].headers["ratelimit"].startswith('"caller";r=2;t=')
    assert 0 < int(known[3].headers["retry-after"]) <= 20
    assert known[3].json()["type"] == "/problems/too-many-requests"
    assert other.status_code == 200
    assert [answer.status_code for answer in guesses] == [401, 401, 429]
    assert guesses[0].headers["ratelimit-policy"] == '"source";q=2;w=60'
