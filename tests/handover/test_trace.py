# SPDX-License-Identifier: Apache-2.0
"""Which recipient leaked these rows: found from few rows and columns, and nobody is named wrongly."""

import itertools
import random
from collections.abc import Sequence
from functools import lru_cache

import pytest

from keshou.handover.forms import plain
from keshou.handover.marks import key_of, marked
from keshou.handover.trace import BOUND, trace

SECRET = b"m" * 32
RECIPIENTS = 200
KEYS = {f"h{n}": key_of(SECRET, f"h{n}") for n in range(RECIPIENTS)}
ROWS = 100_000
COLUMNS = 10
Table = list[list[str]]


def people(rows: int, seed: int = 1) -> Table:
    """Return rows of ten columns about nobody: half of the columns have equal spellings, half have none."""
    r = random.Random(seed)
    return [
        [
            f"孔丘{'甲乙丙丁'[n % 4]}",
            f"154{r.randrange(10**8):08d}", f"990101{r.randrange(1800, 1900)}0101{r.randrange(1000):03d}X",
            f"阙里街{r.randrange(999)}号({r.randrange(99)}室)", f"q{n}@example.com",
            f"18{r.randrange(90):02d}-{r.randrange(1, 13):02d}-{r.randrange(1, 29):02d}",
            f"P-{n % 7}", f"{r.randrange(9999) / 100}",
            "curr", f"M{r.randrange(10**9)}",
        ]
        for n in range(rows)
    ]  # fmt: skip


@lru_cache
def files(rows: int = ROWS) -> Table:
    return marked(KEYS["h7"], people(rows))


def leak(table: Table, rows: int, columns: Sequence[int], seed: int = 2) -> Table:
    """Return some rows in the order of the file, with some columns."""
    some = sorted(random.Random(seed).sample(range(len(table)), rows))
    return [[table[n][column] for column in columns] for n in some]


def named(rows: Table, **more: float) -> list[str]:
    return [each.handover for each in trace(rows, KEYS, **more).named]


def test_fifty_of_a_hundred_thousand_rows_tell_the_source_whatever_three_columns_are_removed() -> None:
    table = files()
    for gone in [*[*itertools.combinations(range(COLUMNS), 3)][::6], (1, 2, 3), (3, 4, 5), (1, 2, 5)]:
        rows = leak(table, 50, [each for each in range(COLUMNS) if each not in gone], seed=sum(gone))
        found = trace(rows, KEYS)
        assert [each.handover for each in found.named] == ["h7"], gone
        assert found.named[0].chance < 1e-9


def test_shuffled_rows_are_told_by_spelling_alone_and_plain_values_by_order_alone() -> None:
    rows = leak(files(), 50, range(COLUMNS))
    shuffled = random.Random(3).sample(rows, len(rows))
    assert named([random.Random(n).sample(row, len(row)) for n, row in enumerate(shuffled)]) == ["h7"], "columns too"
    rewritten = [
        [plain(value) for value in row] for row in leak(marked(KEYS["h7"], people(2_000), spell=False), 50, range(10))
    ]
    assert named(rewritten) == ["h7"]
    assert named(random.Random(4).sample(rewritten, len(rewritten))) == [], "neither is left"


def test_rows_of_two_files_name_both() -> None:
    other = marked(KEYS["h9"], people(2_000, seed=5))
    both = leak(other, 40, range(COLUMNS)) + leak(files(2_000), 40, range(COLUMNS))
    assert set(named(random.Random(6).sample(both, len(both)))) == {"h7", "h9"}


def test_two_who_mix_their_copies_value_by_value_are_both_told_from_enough_rows() -> None:
    r = random.Random(8)
    one, two = (sorted(marked(KEYS[each], people(2_000)), key=lambda row: row[9]) for each in ("h7", "h9"))
    mixed = [
        [r.choice(pair) for pair in zip(*rows, strict=True)] for rows in r.sample(list(zip(one, two, strict=True)), 100)
    ]
    assert set(named(mixed)) == {"h7", "h9"}


def test_a_value_found_in_several_spellings_says_nothing() -> None:
    assert trace([["15499990001"], ["154 9999 0001"], ["154-9999-0001"]], KEYS).values == 0


def test_few_rows_name_nobody_rather_than_somebody_wrong() -> None:
    for rows in range(6):
        found = named(leak(files(2_000), rows, range(COLUMNS), seed=rows))
        assert set(found) <= {"h7"}
    assert named([]) == []
    assert trace([["孔丘"]], {}).nearest is None


def test_rows_that_come_from_nobodys_file_name_nobody() -> None:
    for seed in range(6):
        rows = people(50, seed=100 + seed)
        assert named(rows) == []
        assert named(marked(key_of(SECRET, f"elsewhere {seed}"), rows)) == []
        assert named(sorted(rows)) == []


def test_the_chance_told_is_no_smaller_than_how_often_it_happens() -> None:
    """Of many innocent handovers those told with a chance of x or less are no more than x, and some for the count."""
    looked, told = 0, {0.5: 0, 0.1: 0, 0.01: 0}
    for seed in range(8):
        rows = leak(marked(key_of(SECRET, f"else {seed}"), people(300, seed)), 20, range(COLUMNS), seed)
        for name, key in itertools.islice(KEYS.items(), 40):
            evidence = trace(rows, {name: key}).nearest
            assert evidence is not None
            looked += 1
            for limit in told:
                told[limit] += evidence.chance <= limit
    for limit, count in told.items():
        assert count <= limit * looked + 4 * (limit * looked) ** 0.5, (limit, count, looked)
    assert BOUND <= 1e-6


@pytest.mark.parametrize("spell", [True, False])
def test_the_file_says_nothing_but_what_is_so(spell: bool) -> None:
    rows = people(500)
    found = marked(KEYS["h7"], rows, spell=spell)
    assert sorted([plain(value) for value in row] for row in found) == sorted(
        [plain(value) for value in row] for row in rows
    )
    assert spell or sorted(found) == sorted(rows)
    assert found != marked(KEYS["h8"], rows, spell=spell)
    assert found == marked(KEYS["h7"], random.Random(1).sample(rows, len(rows)), spell=spell), (
        "whatever order they came in"
    )
