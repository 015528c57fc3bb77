# SPDX-License-Identifier: Apache-2.0
"""What is worked out of published versions is worked out once, and never for another."""

import pytest

from keshou.web import kept
from keshou.web.kept import Kept


def test_an_answer_is_made_once_and_each_has_its_own() -> None:
    made: list[str] = []
    answers: Kept[str] = Kept()

    def make(of: str) -> str:
        made.append(of)
        return of.upper()

    assert [answers.get(each, lambda each=each: make(each)) for each in ("a", "b", "a")] == ["A", "B", "A"]
    assert made == ["a", "b"]


def test_what_fails_is_tried_again_and_what_is_kept_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "_MOST", 3)
    answers: Kept[int] = Kept()
    with pytest.raises(ZeroDivisionError):
        answers.get("x", lambda: 1 // 0)
    assert answers.get("x", lambda: 1) == 1
    for each in range(10):
        answers.get(each, lambda each=each: each + 1)
    assert len(answers._found) <= 3
    assert answers.get(9, lambda: 0) == 10
