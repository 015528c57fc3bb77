# SPDX-License-Identifier: Apache-2.0
"""One act decided in process, with every reason and article, beside other engines asked the same question."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from peers import engines
from record import at, each, tell
from world import ASKED, World

from keshou.gate.decide import Gate
from keshou.gate.facts import ConsentWithdrawn
from keshou.gate.standing import fold_user

ROOM = "gate, one act"
PEERS = {
    "regorus": (engines.regorus, "`regorus` (opa-eval), all reasons"),
    "cedar": (engines.cedar, "`cedarpy`, all forbidding policies"),
    "casbin_fast": (engines.casbin_fast, "`casbin` FastEnforcer, yes or no"),
    "casbin": (engines.casbin_plain, "`casbin` Enforcer, yes or no"),
}


def test_one_act(benchmark: Any, world: World) -> None:
    gate = world.gate()
    permitted = sum(gate.decide(act).permitted for act in world.acts)
    assert 0.3 < permitted / len(world.acts) < 0.7
    benchmark.pedantic(_run, (gate.decide, world.acts), rounds=40, warmup_rounds=3)
    single = each(gate.decide, world.acts * 5)
    tell(
        benchmark,
        "Keshou, all reasons with articles",
        room=ROOM,
        count=len(world.acts),
        unit="us",
        target=3,
        beside={"regorus": 15, "cedar": 60, "casbin_fast": None, "casbin": 100},
        p50_us=at(single, 0.5),
        p99_us=at(single, 0.99),
    )


@pytest.mark.parametrize("name", PEERS)
def test_peer(benchmark: Any, world: World, name: str) -> None:
    make, what = PEERS[name]
    peer, gate = make(world), world.gate()
    for act, request in zip(world.acts, peer.requests, strict=True):
        assert peer.permitted(peer.ask(request)) == gate.decide(act).permitted, act
    benchmark.pedantic(_run, (peer.ask, peer.requests), rounds=5)
    single = each(peer.ask, peer.requests)
    figures = {"p50_us": at(single, 0.5), "p99_us": at(single, 0.99)}
    tell(benchmark, what, room=ROOM, count=len(world.acts), unit="us", **figures, name=name)


def test_a_withdrawal_is_seen(benchmark: Any, world: World) -> None:
    """From the committed fact folded in memory to the next decision."""
    gate = world.gate()
    permitted = [act for act in world.acts if gate.decide(act).permitted and act.kind == "use"]
    act = next(each for each in permitted if each.purpose == "service")
    before, facts = world.standings[act.user], world.facts[act.user]
    withdrawn = ConsentWithdrawn(at=ASKED - dt.timedelta(seconds=1), purpose=act.purpose)

    def prepare() -> tuple[tuple[Any, ...], dict[str, Any]]:
        world.standings[act.user] = before
        assert gate.decide(act).permitted
        return (gate, world.standings, act, (*facts, withdrawn)), {}

    benchmark.pedantic(_withdraw, setup=prepare, rounds=3000)
    assert not gate.decide(act).permitted
    world.standings[act.user] = before
    tell(benchmark, "withdrawal folded and seen by the next decision", room=ROOM, unit="us", target=10)


def _withdraw(gate: Gate, standings: dict[str, Any], act: Any, facts: Any) -> None:
    standings[act.user] = fold_user(facts)
    gate.decide(act)


def _run(ask: Callable[[Any], Any], questions: Any) -> None:
    for question in questions:
        ask(question)
