# SPDX-License-Identifier: Apache-2.0
"""Lists asked about at once are counted as a slow reader counts them, in steps that grow as the questions do."""

import datetime as dt
from collections.abc import Sequence

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from keshou.acts.together import together
from keshou.app.column_gate import Pairs, users_of
from keshou.gate.act import Act
from keshou.law.terms import BULK_KINDS, ActKind

NOON = dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC)


def asked(kind: ActKind = ActKind.EXPORT, user: str = "u1", by: str = "h", **more: object) -> Act:
    whole = {"items": frozenset({"tariff_plan"}), "purpose": "service"} | more
    return Act(kind=kind, user=user, by=by, when=NOON, **whole)  # type: ignore[arg-type]


ACTS = st.builds(
    asked, kind=st.sampled_from([ActKind.EXPORT, ActKind.COPY, ActKind.USE]), user=st.sampled_from(["", *"abcd"]),
    by=st.sampled_from(["h", "k"]), purpose=st.sampled_from(["service", "billing"]),
    recipient=st.sampled_from(["", "courier"]), review=st.sampled_from(["", "yes", "small", "no"]),
    count=st.sampled_from([1, 1, 1, 5]), so_far=st.sampled_from([0, 2]),
)  # fmt: skip


def is_reviewed(act: Act) -> bool:
    return act.review == "yes" or (act.review == "small" and act.count < 3)


def users_at(acts: Sequence[Act], lists: Sequence[Sequence[int]]) -> list[int]:
    return [len({acts[place].user for place in places} - {""}) for places in lists]


def literal(acts: Sequence[Act]) -> list[Act]:
    """Return what `together` does, looking through all acts for every one."""

    def alike(one: Act) -> list[Act]:
        key = (one.by, one.kind, one.purpose, one.recipient, one.review)
        return [each for each in acts if (each.by, each.kind, each.purpose, each.recipient, each.review) == key]

    def size(one: Act) -> int:
        return max(len({each.user for each in alike(one)} - {""}), *(each.count for each in alike(one)), 0)

    def beside(one: Act) -> int:
        others = [each for each in acts if (each.by, each.kind) == (one.by, one.kind)]
        lists = {(each.purpose, each.recipient, each.review): each for each in others}
        lists.pop((one.purpose, one.recipient, one.review))
        return sum(
            size(each)
            for each in lists.values()
            if not all(is_reviewed(replace(line, count=size(each))) for line in alike(each))
        )

    return [
        replace(one, count=size(one), so_far=one.so_far + beside(one)) if one.kind in BULK_KINDS else one
        for one in acts
    ]


@given(st.lists(ACTS, max_size=14))
def test_lists_count_as_whoever_reads_them_slowly_counts(acts: list[Act]) -> None:
    found = together(acts, lambda lists: users_at(acts, lists), lambda act: act.by, is_reviewed)
    assert list(found) == literal(acts)


class Hand(str):
    """A name that counts how often it is compared with another."""

    __slots__ = ()
    compared = 0

    def __eq__(self, other: object) -> bool:
        Hand.compared += 1
        return str.__eq__(self, other)  # type: ignore[arg-type]

    __hash__ = str.__hash__


def steps(questions: int) -> tuple[int, list[int], int]:
    """Return what questions with a review each take: comparisons, lists at each count of users, looks for reviews."""
    acts = [asked(user=f"u{number}", review=f"r{number}") for number in range(questions)]
    Hand.compared, counts, looks = 0, [], 0

    def users_of(lists: Sequence[Sequence[int]]) -> list[int]:
        counts.append(len(lists))
        return users_at(acts, lists)

    def reviewed(_: Act) -> bool:
        nonlocal looks
        looks += 1
        return False

    found = together(acts, users_of, lambda act: Hand(act.by), reviewed)
    assert {(act.count, act.so_far) for act in found} == {(1, questions - 1)}
    return Hand.compared, counts, looks


def test_a_review_of_its_own_for_each_question_makes_no_question_dearer() -> None:
    few, many = steps(100), steps(1000)
    assert few[1:] == ([100], 100)
    assert many[1:] == ([1000], 1000), "users are counted once, for all lists"
    assert many[0] <= 10 * few[0] + 100


NAMES = st.lists(st.sampled_from(["", "a", "b", "c", "d"]), unique=True, max_size=5)


@given(st.data())
def test_rows_count_users_of_all_lists_in_one_pass_as_they_do_list_by_list(data: st.DataObject) -> None:
    users, acts = data.draw(NAMES), [asked()] * data.draw(st.integers(0, 6))
    pair = st.tuples(st.integers(0, len(acts) - 1), st.integers(0, len(users) - 1))
    rows = data.draw(st.lists(pair, max_size=20)) if acts and users else []
    number = data.draw(st.lists(st.sampled_from([-1, 0, 1, 2]), min_size=len(acts), max_size=len(acts)))
    lists = [[place for place, of in enumerate(number) if of == each] for each in range(3)]
    which, of_user = (np.array([row[side] for row in rows], np.int64) for side in (0, 1))
    found = users_of(Pairs(acts, which, users, of_user), lists)
    assert found == [len({users[user] for which, user in rows if which in places} - {""}) for places in lists]
