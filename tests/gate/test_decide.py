# SPDX-License-Identifier: Apache-2.0
"""What the gate promises beside its answers: revisions, times, odd input."""

import datetime as dt
from typing import Any

import msgspec
import numpy as np
import pytest
from test_cases import world
from three_gates import compiled

from keshou.errors import InputError
from keshou.gate import facts as f
from keshou.gate.act import Act
from keshou.gate.batch import BatchGate
from keshou.gate.columns import UserColumns
from keshou.gate.decide import Gate, MissingHistoryError, StaleStandingError
from keshou.gate.prohibitions.registry import PROHIBITIONS
from keshou.gate.rulebook import compile_rules
from keshou.gate.site import fold_site
from keshou.gate.standing import fold_user
from keshou.law.load import load
from keshou.law.terms import ActKind, ConsentStrength

WHEN = dt.datetime(2026, 3, 2, 2, tzinfo=dt.UTC)
USE = Act(kind=ActKind.USE, user="zhang", items=frozenset({"mobile_number"}), purpose="billing", by="an", when=WHEN)
AGREES = "zhang agrees to billing"


def gate(*facts: str) -> Gate:
    return compiled(world({"facts": [AGREES, *facts]}, "operator.toml"))


def test_a_permission_names_its_grounds_its_rules_and_its_revision() -> None:
    decision = gate().decide(USE)
    assert decision.permitted
    assert {"consent", "notice", "need", "service", "grant", "published_rules"} <= {
        each.fact for each in decision.grounds
    }
    assert (decision.rules, decision.revision, decision.full) == (1, 1, True)


def test_a_denial_names_what_was_missing() -> None:
    decision = gate("on 2026-02-01: zhang withdraws from billing").decide(msgspec.structs.replace(USE, by="bystander"))
    assert not decision.permitted
    assert {(each.prohibition, each.missing) for each in decision.reasons} == {
        ("act_without_consent", "consent"),
        ("unagreed_collection_or_use", "consent"),
        ("act_without_grant", "staff"),
        ("unlawful_obtaining_or_sale", "staff"),
    }


@pytest.mark.parametrize(
    ("change", "missing"),
    [
        ({"user": "nobody_known"}, "user"),
        ({"purpose": "gaming"}, "purpose"),
        ({"items": frozenset({"unicorn"})}, "item"),
        ({"by": "bystander"}, "staff"),
        ({"post": "officer"}, "post"),
    ],
)
def test_the_unknown_is_denied_with_what_is_unknown(change: dict[str, Any], missing: str) -> None:
    decision = gate().decide(msgspec.structs.replace(USE, **change))
    assert missing in {each.missing for each in decision.reasons}


def test_an_answer_never_comes_from_facts_older_than_asked_for() -> None:
    held = gate()
    assert held.decide(USE, at_least=1).permitted
    with pytest.raises(StaleStandingError) as caught:
        held.decide(USE, at_least=2)
    assert (caught.value.have, caught.value.need) == (1, 2)


def test_a_withdrawal_is_seen_by_the_next_question() -> None:
    held = gate()
    standings = dict(held.users)
    after = held.over(standings, 2)
    assert after.decide(USE).permitted
    standings["zhang"] = fold_user([])
    assert not after.decide(USE).permitted
    assert held.decide(USE).permitted


def test_another_gate_over_the_same_facts_shares_what_was_worked_out() -> None:
    held = gate()
    assert held.over({}, 2).timeline is held.timeline
    assert held.over({}, 2, None, held.site.extended([])).timeline is not held.timeline


def test_an_act_before_the_last_fact_is_decided_on_the_facts_of_its_time() -> None:
    held = gate("on 2026-03-20: zhang withdraws from billing")
    assert held.decide(USE).permitted
    assert not held.decide(msgspec.structs.replace(USE, when=WHEN + dt.timedelta(days=60))).permitted


def test_without_a_history_the_past_is_not_guessed() -> None:
    held = gate("on 2026-03-20: zhang withdraws from billing")
    held.history = None
    with pytest.raises(MissingHistoryError):
        held.decide(USE)


def test_no_act_is_decided_where_no_law_binds() -> None:
    with pytest.raises(InputError, match="no instrument"):
        gate().decide(msgspec.structs.replace(USE, when=dt.datetime(1999, 1, 1, tzinfo=dt.UTC)))


@pytest.mark.parametrize(
    "change",
    [
        {"items": ["mobile_number"]},
        {"items": "mobile_number"},
        {"items": frozenset({1})},
        {"user": 7},
        {"user": None},
        {"user": ["zhang"]},
        {"purpose": None},
        {"purpose": {"billing"}},
        {"by": b"an"},
        {"kind": "steal"},
        {"kind": None},
        {"kind": []},
        {"count": 0},
        {"count": -5},
        {"count": "1"},
        {"count": 1.5},
        {"when": dt.datetime(2026, 3, 2, 2)},  # noqa: DTZ001 - what is tested
        {"when": "2026-03-02"},
        {"when": None},
        {"ground": None},
        {"review": 3},
        {"recipient": 0.1},
    ],
)
def test_an_act_of_the_wrong_shape_is_never_permitted(change: dict[str, Any]) -> None:
    held = gate()
    assert held.decide(USE).permitted
    for act in (USE, msgspec.structs.replace(USE, items=frozenset({"tariff_plan"}))):
        try:
            permitted = held.decide(msgspec.structs.replace(act, **change)).permitted
        except InputError:
            permitted = False
        assert not permitted


@pytest.mark.parametrize(
    "ending", ["zhang\0", " zhang", "zhang ", "ZHANG", "zhang'--", "*", "%", "zh_ng", "ｚｈａｎｇ"]
)
def test_an_id_that_only_looks_like_another_is_unknown(ending: str) -> None:
    assert not gate().decide(msgspec.structs.replace(USE, user=ending)).permitted
    assert not gate().decide(msgspec.structs.replace(USE, by=ending.replace("zhang", "an"))).permitted
    assert not gate().decide(msgspec.structs.replace(USE, purpose=ending.replace("zhang", "billing"))).permitted


def test_an_error_in_a_prohibition_stops_the_act(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: object) -> Any:
        message = "broken"
        raise ZeroDivisionError(message)

    monkeypatch.setitem(PROHIBITIONS, "sale", PROHIBITIONS["sale"]._replace(rule=broken))
    held = gate()
    with pytest.raises(ZeroDivisionError):
        held.decide(USE)
    columns = UserColumns.of(held.users.items())
    with pytest.raises(ZeroDivisionError):
        BatchGate(held, columns).codes(USE, np.array([0]))


def test_what_one_question_left_behind_never_answers_another() -> None:
    held = gate()
    for _ in range(2):
        assert held.decide(USE).permitted
        assert not held.decide(msgspec.structs.replace(USE, kind=ActKind.SELL)).permitted
        assert not held.decide(msgspec.structs.replace(USE, items=frozenset({"mobile_number", "religion"}))).permitted
        assert not held.decide(msgspec.structs.replace(USE, recipient="broker")).permitted
        assert not held.decide(msgspec.structs.replace(USE, user="li")).permitted


def test_the_same_facts_and_time_give_the_same_answer() -> None:
    first, second = gate(), gate()
    second.decide(msgspec.structs.replace(USE, when=WHEN + dt.timedelta(days=400)))
    assert first.decide(USE) == second.decide(USE)


def test_facts_come_in_the_order_of_their_times_whatever_the_order_of_recording() -> None:
    at = [WHEN - dt.timedelta(days=days) for days in (3, 2, 1)]
    given = [
        f.ConsentGiven(at=moment, purpose="billing", version=1, strength=ConsentStrength.EXPRESS) for moment in at[::2]
    ]
    withdrawn = f.ConsentWithdrawn(at=at[1], purpose="billing")
    assert fold_user([*given, withdrawn]) == fold_user([given[0], withdrawn, given[1]])
    assert fold_user([withdrawn, given[0]]).profile.consents == {}


def test_users_of_whom_the_same_is_true_share_a_profile() -> None:
    facts = [f.NoticeShown(at=WHEN, version=1, digest="d"), f.ServiceStarted(at=WHEN, service="mobile")]
    assert fold_user(facts).profile is fold_user(list(reversed(facts))).profile


def test_an_operator_of_another_kind_is_not_bound_by_the_order_on_telephone_users() -> None:
    rulebook = compile_rules((), load())
    assert "miit25" in rulebook.edition(None, WHEN).binding
    at = world({"facts": [AGREES]}, "operator.toml")
    versions = [
        msgspec.structs.replace(
            each,
            declaration=msgspec.structs.replace(
                each.declaration,
                operator=msgspec.structs.replace(each.declaration.operator, kinds=("internet",)),
                services=tuple(msgspec.structs.replace(one, kind="internet") for one in each.declaration.services),
            ),
        )
        for each in at.published
    ]
    held = Gate(compile_rules(versions, load()), fold_site(at.site), {u: fold_user(x) for u, x in at.users.items()}, 1)
    destroy = msgspec.structs.replace(USE, kind=ActKind.DESTROY, purpose="registration", items=frozenset({"user_name"}))
    assert held.decide(destroy).permitted
    assert not gate().decide(destroy).permitted
