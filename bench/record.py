# SPDX-License-Identifier: Apache-2.0
"""What a measurement says of itself, for the table that is made from the results."""

import statistics
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any


def tell(
    benchmark: Any,
    what: str,
    *,
    room: str,
    name: str = "",
    count: int = 1,
    unit: str = "s",
    target: float | None = None,
    beside: Mapping[str, float | None] | None = None,
    at_most: Mapping[str, float] | None = None,
    **figures: float,
) -> None:
    """Say what was measured: `count` operations a round, shown as ``us`` each, ``rate`` a second, or ``s`` a round.

    `name` is what others call it in their `beside`, which names measurements of the same run, each with how many
    times as fast as it this one has to be (None: no target, only shown). `target` is in the unit shown. `figures` are
    shown as they are, with the limit that `at_most` sets them.
    """
    benchmark.extra_info |= {
        "id": name or what,
        "what": what,
        "room": room,
        "count": count,
        "unit": unit,
        "target": target,
        "beside": dict(beside or {}),
        "at_most": dict(at_most or {}),
        "figures": figures,
    }


def each(ask: Callable[[Any], Any], questions: Iterable[Any]) -> list[float]:
    """Return how long each question took on its own, in microseconds, shortest first; the clock's own share is off."""
    clock, found = time.perf_counter_ns, []
    for question in questions:
        start = clock()
        ask(question)
        found.append(clock() - start)
    empty = [-(clock() - clock()) for _ in range(1000)]
    return sorted(max(0.0, (taken - statistics.median(empty)) / 1000) for taken in found)


def at(ordered: Sequence[float], share: float) -> float:
    """Return the value below which `share` of the ordered values lie."""
    return round(ordered[min(len(ordered) - 1, int(len(ordered) * share))], 3)
