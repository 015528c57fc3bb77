# SPDX-License-Identifier: Apache-2.0
"""Other engines asked the same question: policy parsed once, data loaded once, requests made ready before the clock."""

import json
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import casbin
import cedarpy
import opa_eval
from peers.facts import facts_of
from world import World

from keshou.gate.act import Act

HERE = Path(__file__).parent
Ask = Callable[[Any], Any]
"""From a prepared request to the engine's own answer."""


class Peer:
    """One engine, ready: prepared requests, how to ask, and how to read the answer."""

    def __init__(self, requests: Sequence[Any], ask: Ask, permitted: Callable[[Any], bool]) -> None:
        self.requests, self.ask, self.permitted = requests, ask, permitted


def post_of(act: Act) -> str:
    """Return the post in which staff of this world act."""
    return act.by.rpartition("_")[0]


def minute_of(act: Act) -> int:
    """Return the minute of China's day."""
    return (act.when.hour + 8) % 24 * 60 + act.when.minute


def regorus(world: World) -> Peer:
    """Open Policy Agent's language in the regorus engine; the answer is the set of reasons."""
    engine = opa_eval.OpaEval(str(HERE / "keshou.rego"), json.dumps(facts_of(world)), "data.keshou.deny")
    requests = [
        json.dumps({
            "user": act.user,
            "purpose": act.purpose,
            "kind": act.kind,
            "items": sorted(act.items),
            "post": post_of(act),
            "where": act.where,
            "minute": minute_of(act),
        })
        for act in world.acts
    ]  # fmt: skip
    return Peer(requests, engine.evaluate_parsed, lambda reasons: not reasons)


def cedar(world: World) -> Peer:
    """Cedar with its policies and its entities parsed once; the answer names every policy that forbids."""
    policies = cedarpy.PolicySet.from_str((HERE / "keshou.cedar").read_text("utf-8"))
    entities = cedarpy.Entities.from_json_str(json.dumps(_entities(facts_of(world))))
    requests = [_cedar_request(act) for act in world.acts]
    return Peer(
        requests,
        lambda request: cedarpy.is_authorized(request, policies, entities),
        lambda answer: bool(answer.allowed),
    )


def _uid(kind: str, id_: str) -> dict[str, str]:
    return {"type": kind, "id": id_}


def _cedar_request(act: Act) -> dict[str, Any]:
    row = f"{act.purpose}/{act.kind}"
    seat = f"{post_of(act)}/{row}"
    context = {
        "row": {"__entity": _uid("Row", row)},
        "seat": {"__entity": _uid("Seat", seat)},
        "contract": {"__entity": _uid("Contract", seat)},
        "items": sorted(act.items),
        "marked": [f"{act.purpose}/{item}" for item in sorted(act.items)],
        "where": act.where,
        "minute": minute_of(act),
    }
    return {
        "principal": _uid("Post", post_of(act)),
        "action": _uid("Action", act.kind),
        "resource": _uid("User", act.user),
        "context": json.dumps(context),
    }


def _entities(facts: dict[str, Any]) -> list[dict[str, Any]]:
    found = []
    for user, each in facts["users"].items():
        less = [f"{purpose}/{item}" for purpose, items in each["less"].items() for item in items]
        found.append(_entity("User", user, {**each, "less": less}))
    for purpose, kinds in facts["rows"].items():
        for kind, row in kinds.items():
            sensitive = sorted(facts["sensitive"])
            stopped = kind in facts["suspended"].get(purpose, ())
            extra = {"purpose": purpose, "sensitive": sensitive, "suspended": stopped}
            found.append(_entity("Row", f"{purpose}/{kind}", {**row, **extra}))
    for kind_of, name in (("Seat", "seats"), ("Contract", "agents")):
        for post, of in facts[name].items():
            for purpose, kinds in (of if kind_of == "Seat" else of["rows"]).items():
                for kind, each in kinds.items():
                    attributes = each if kind_of == "Seat" else {"items": each}
                    found.append(_entity(kind_of, f"{post}/{purpose}/{kind}", attributes))
    found += [_entity("Post", post, {"agent": True, "fit": each["fit"]}) for post, each in facts["agents"].items()]
    return found


def _entity(kind: str, id_: str, attributes: dict[str, Any]) -> dict[str, Any]:
    flat = {name: sorted(value) if isinstance(value, dict) else value for name, value in attributes.items()}
    return {"uid": _uid(kind, id_), "attrs": flat, "parents": []}


def casbin_plain(world: World) -> Peer:
    """Casbin's own enforcer: a line a grant, the user's state by a function of Python."""
    return _casbin(world, casbin.Enforcer)


def casbin_fast(world: World) -> Peer:
    """Casbin's enforcer with an index by post and purpose."""
    return _casbin(world, lambda model: casbin.FastEnforcer(model, cache_key_order=[0, 1]))


def _casbin(world: World, make: Callable[[str], Any]) -> Peer:
    logging.getLogger("casbin").disabled = True
    logging.getLogger("casbin.core").disabled = True
    facts = facts_of(world)
    engine = make(str(HERE / "casbin.conf"))
    seats = {f"{post}/{purpose}/{kind}": (post, purpose, kind, seat) for post, of in facts["seats"].items()
             for purpose, kinds in of.items() for kind, seat in kinds.items()}  # fmt: skip
    engine.add_policies([[post, purpose, kind, name] for name, (post, purpose, kind, _) in seats.items()])
    for function in _functions(facts, {name: seat for name, (*_, seat) in seats.items()}):
        engine.add_function(function.__name__, function)
    engine.logger.disabled = True
    requests = [
        (post_of(act), act.purpose, str(act.kind), act.user, act.items, act.where, minute_of(act)) for act in world.acts
    ]
    return Peer(requests, lambda request: engine.enforce(*request), bool)


def _functions(facts: dict[str, Any], seats: dict[str, Any]) -> list[Callable[..., bool]]:
    """Return the functions that the matcher calls, over plain dicts and sets."""
    rows, users, agents, sensitive = facts["rows"], facts["users"], facts["agents"], facts["sensitive"].keys()

    def granted(name: str, items: frozenset[str], where: str, minute: int) -> bool:
        seat = seats[name]
        here = seat["everywhere"] or where in seat["branches"]
        return here and seat["from"] <= minute < seat["to"] and items <= seat["items"].keys()

    def lawful(purpose: str, kind: str, user: str, items: frozenset[str]) -> bool:  # noqa: PLR0911 - a reason a line
        row, of = rows[purpose][kind], users.get(user)
        if of is None or not items <= row["need"].keys() or kind in facts["suspended"].get(purpose, ()):
            return False
        if items & row["registration"].keys() and ((row["erases"] and not of["over"]) or not row["provides"]):
            return False
        if not row["uses"]:
            return True
        agreed, asks = purpose in of["consents"], not items <= row["free"].keys()
        if asks and (not agreed or items & of["less"].get(purpose, {}).keys()):
            return False
        if asks and of["limited"] and items & sensitive:
            return False
        if row["messages"] and (of["refused"] or not agreed):
            return False
        return of["noticed"] and not of["services"].keys().isdisjoint(row["services"])

    def contracted(post: str, purpose: str, kind: str, items: frozenset[str]) -> bool:
        agent = agents.get(post)
        return agent is None or (agent["fit"] and items <= agent["rows"].get(purpose, {}).get(kind, {}).keys())

    return [granted, lawful, contracted]
