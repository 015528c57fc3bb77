# SPDX-License-Identifier: Apache-2.0
"""Acts decided as columns: a reason code a row, at ten thousand and at ten million users, beside other ways."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from record import tell
from world import ASKED, World

from keshou.gate.act import Act
from keshou.gate.batch import BatchGate
from keshou.gate.columns import UserColumns
from keshou.law.terms import ActKind

ROOM = "gate, columns"
ROWS = 10_000_000
FEW, MANY = 10_000, 10_000_000
TARGETS = {FEW: 50_000_000, MANY: 25_000_000}
ACT = Act(
    kind=ActKind.USE, user="", items=frozenset({"mobile_number", "email_address"}), purpose="billing",
    by="billing_program_0", when=ASKED,
)  # fmt: skip
SOME_ITEMS = (
    *({"mobile_number"}, {"tariff_plan"}, {"email_address"}, {"bill"}, {"data_volume"}, {"call_detail_record"}),
    *({"mobile_number", "email_address"}, {"bill", "payment_record"}, {"service_duration"}, {"home_address"}),
)


@pytest.fixture(scope="module")
def gates(world: World) -> dict[int, BatchGate]:
    """Batch gates by number of users; the ten million share the ten thousand's standings."""
    gate, found = world.gate(), {}
    columns = UserColumns.of(world.standings.items())
    found[FEW] = BatchGate(gate, columns)
    repeats = MANY // FEW
    profiles = columns.profiles[1:]
    which = np.tile(columns.which[:-1].astype(np.int64) - 1, repeats)
    moments = (np.tile(each[:-1], repeats) for each in (columns.last, columns.ended))
    found[MANY] = BatchGate(gate, UserColumns({}, profiles, which, *moments))
    return found


def _rows(users: int) -> Any:
    return np.random.default_rng(1).integers(0, users, ROWS)


@pytest.mark.parametrize("users", [FEW, MANY])
def test_one_question_about_many(benchmark: Any, world: World, gates: dict[int, BatchGate], users: int) -> None:
    rows = _rows(users)
    codes = benchmark.pedantic(gates[users].codes, (ACT, rows), rounds=7, warmup_rounds=1)
    _agree(world, codes[:2000], rows[:2000] % FEW, lambda _: ACT)
    beside = {"loop": None, "pyarrow": None} if users == FEW else {}
    what = f"one question, {users:,} users"
    tell(benchmark, what, room=ROOM, count=ROWS, unit="rate", target=TARGETS[users], beside=beside)


@pytest.mark.parametrize("users", [FEW, MANY])
def test_a_question_a_row(benchmark: Any, world: World, gates: dict[int, BatchGate], users: int) -> None:
    """Each row names its own items."""
    acts = [_with(set(items)) for items in SOME_ITEMS]
    which, rows = np.random.default_rng(2).integers(0, len(acts), ROWS), _rows(users)
    codes = benchmark.pedantic(gates[users].codes_of, (acts, which, rows), rounds=7, warmup_rounds=1)
    _agree(world, codes[:2000], rows[:2000] % FEW, lambda place: acts[which[place]])
    tell(benchmark, f"items differ by row, {users:,} users", room=ROOM, count=ROWS, unit="rate", target=TARGETS[users])


def test_loop(benchmark: Any, world: World, gates: dict[int, BatchGate]) -> None:
    """A loop in Python over codes that are worked out already: a look-up a row and nothing else."""
    some = _rows(FEW)[: ROWS // 10].tolist()
    codes = gates[FEW].codes(ACT, np.arange(FEW)).tolist()
    benchmark.pedantic(lambda: [codes[row] for row in some], rounds=5)
    tell(benchmark, "plain Python loop, one look-up a row", room=ROOM, count=ROWS // 10, unit="rate", name="loop")


def test_pyarrow(benchmark: Any, world: World, gates: dict[int, BatchGate]) -> None:
    """The same look-up by pyarrow, over the whole column."""
    codes = pa.array(gates[FEW].codes(ACT, np.arange(FEW)))
    rows = pa.array(_rows(FEW))
    benchmark.pedantic(pc.take, (codes, rows), rounds=5, warmup_rounds=1)
    tell(benchmark, "pyarrow `take`, one look-up a row", room=ROOM, count=ROWS, unit="rate", name="pyarrow")


def _with(items: set[str]) -> Act:
    return Act(kind=ACT.kind, user="", items=frozenset(items), purpose=ACT.purpose, by=ACT.by, when=ACT.when)


def _agree(world: World, codes: Any, rows: Any, act_of: Callable[[int], Act]) -> None:
    """Hold the first rows against the gate for single acts."""
    gate, users = world.gate(), list(world.standings)
    permitted = 0
    for place, (code, row) in enumerate(zip(codes.tolist(), rows.tolist(), strict=True)):
        act = act_of(place)
        one = Act(kind=act.kind, user=users[row], items=act.items, purpose=act.purpose, by=act.by, when=act.when)
        decision = gate.decide(one)
        assert decision.permitted is (code == 0)
        permitted += decision.permitted
    assert 0 < permitted < len(codes)
