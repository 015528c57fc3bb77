# SPDX-License-Identifier: Apache-2.0
"""Each prohibition against an independent statement, over every outcome of the conditions it reads."""

import itertools
import re
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from keshou.gate.answers import GROUNDS
from keshou.gate.conditions import BITS, NAMES, Conditions
from keshou.gate.prohibitions.places import CALLED, PLACES, UNPLACED
from keshou.gate.prohibitions.registry import PROHIBITIONS, prohibits
from keshou.language import Text
from keshou.law.load import load
from keshou.law.model import Citation, LawError

When = Callable[..., bool]


def acts_on(t: dict[str, bool]) -> bool:
    return t["collects"] or t["uses"]


def lawful_recipient(t: dict[str, bool]) -> bool:
    if t["higher_law"]:
        return True
    return t["recipient_declared"] and (t["consented"] or t["declared_ground"])


def law_instead(t: dict[str, bool]) -> bool:
    return t["declared_ground"] or t["higher_law"]


def in_order(t: dict[str, bool]) -> bool:
    """Say whether purpose, kind of act and items are within what the service needs, or a higher law says otherwise."""
    if not (t["purpose_known"] and t["items_known"]):
        return False
    return t["higher_law"] or (t["within_need"] and t["serves_users"] and t["kind_declared"])


LAWFUL_WHEN: dict[str, Callable[[dict[str, bool]], bool]] = {
    "unlawful_obtaining_or_sale": lambda t: (
        not t["sells"]
        and (not t["gives"] or lawful_recipient(t))
        and not (t["collects"] and t["deceived"] and not t["higher_law"])
        and all(t[known] for known in ("actor_known", "purpose_known", "items_known", "user_known"))
    ),
    "unagreed_collection_or_use": lambda t: (
        not acts_on(t)
        or t["higher_law"]
        or ((t["consented"] or t["declared_ground"]) and not t["deceived"] and t["noticed"])
    ),
    "unpublished_collection_or_use": lambda t: t["published"],
    "breach_of_confidence": lambda t: (
        not t["sells"] and (not t["discloses"] or t["higher_law"]) and (not t["gives"] or lawful_recipient(t))
    ),
    "unwanted_commercial_message": lambda t: (
        not t["sends_messages"]
        or (not t["messages_refused"] and (t["consented_expressly"] or t["messages_requested"]))
    ),
    "act_without_published_rules": lambda t: t["published"],
    "act_without_consent": lambda t: (
        t["user_known"] and (not acts_on(t) or t["consented"] or t["declared_ground"] or t["higher_law"])
    ),
    "act_without_notice": lambda t: (
        not acts_on(t) or t["higher_law"] or (t["notice_complete"] and t["noticed"])
    ),
    "collection_beyond_need": lambda t: not t["collects"] or in_order(t),
    "use_beyond_purpose": lambda t: t["collects"] or in_order(t),
    "consent_by_deceit": lambda t: not acts_on(t) or not t["deceived"] or t["higher_law"],
    "act_after_service_ended": lambda t: not acts_on(t) or t["service_in_use"] or t["higher_law"],
    "disclosure": lambda t: not t["discloses"] or t["higher_law"],
    "sale": lambda t: not t["sells"],
    "unlawful_provision": lambda t: not t["gives"] or lawful_recipient(t),
    "unqualified_agent": lambda t: not t["agent_acts"] or t["agent_fit"],
    "agent_beyond_contract": lambda t: not t["agent_acts"] or t["within_contract"],
    "act_without_grant": lambda t: t["own_hand"] or t["granted"],
    "bulk_act_without_review": lambda t: not t["bulk"] or t["reviewed"],
    "act_under_suspension": lambda t: not t["suspended"],
    "destruction_under_hold": lambda t: not (t["erases"] and t["held"]),
    "registration_destroyed_early": lambda t: (
        not (t["erases"] and t["touches_registration"]) or t["registration_over"]
    ),
    "registration_used_beyond_service": lambda t: (
        not t["touches_registration"] or t["provides_service"] or t["erases"] or t["own_hand"]
    ),
    "registration_disclosed": lambda t: (
        not t["touches_registration"]
        or (
            not t["sells"]
            and (not t["discloses"] or t["higher_law"])
            and (not t["gives"] or lawful_recipient(t))
        )
    ),
    "registration_agent_unfit": lambda t: not (t["touches_registration"] and t["agent_acts"]) or t["agent_fit"],
    "sensitive_without_express_consent": lambda t: (
        not (acts_on(t) and t["touches_sensitive"]) or t["sensitive_expressly"] or law_instead(t)
    ),
    "minor_without_guardian": lambda t: (
        not (acts_on(t) and t["touches_sensitive"] and t["capacity_limited"])
        or t["sensitive_by_guardian"]
        or law_instead(t)
    ),
    "provision_without_express_consent": lambda t: not t["gives"] or t["consented_expressly"] or law_instead(t),
    "overseas_without_express_consent": lambda t: (
        not (t["gives"] and t["recipient_overseas"])
        or t["consented_expressly"]
        or t["recipient_based"]
        or t["higher_law"]
    ),
}  # fmt: skip


class Watched(Conditions):
    """Conditions that note which of them were read."""

    def __init__(self, values: dict[str, np.ndarray]) -> None:
        self.read: set[str] = set()
        self.values = values

    def __getattribute__(self, name: str):
        if name in BITS:
            self.read.add(name)
            return self.values[name]
        return super().__getattribute__(name)


def reads(name: str) -> list[str]:
    watched = Watched({each: np.zeros(1, np.bool_) for each in NAMES})
    PROHIBITIONS[name].rule(watched)
    return sorted(watched.read)


def outcomes(names: list[str]) -> Iterator[dict[str, bool]]:
    for values in itertools.product((False, True), repeat=len(names)):
        yield dict(zip(names, values, strict=True))


@pytest.mark.parametrize("name", sorted(PROHIBITIONS))
def test_a_prohibition_says_what_its_article_says_in_every_outcome(name: str) -> None:
    names = reads(name)
    table = list(outcomes(names))
    columns = {each: np.array([row[each] for row in table]) for each in names}
    rest = {each: np.zeros(len(table), np.bool_) for each in NAMES if each not in names}
    met = PROHIBITIONS[name].rule(Watched(columns | rest))
    assert met.dtype == np.bool_
    assert met.tolist() == [not LAWFUL_WHEN[name](row) for row in table]


def test_each_prohibition_of_the_law_has_one_function_and_each_function_an_article() -> None:
    law = load()
    named = {name: each.citation for each in law.provisions() for name in each.prohibitions}
    counted = [name for each in law.provisions() for name in each.prohibitions]
    assert sorted(counted) == sorted(PROHIBITIONS), "a name stands in the law's data once and has one function"
    assert {name: each.cite for name, each in PROHIBITIONS.items()} == named


def test_a_prohibition_stands_in_the_file_of_its_instrument() -> None:
    for each in PROHIBITIONS.values():
        assert each.rule.__module__.rpartition(".")[2] == each.cite.instrument
        assert f"Source: {each.cite}" in (each.rule.__doc__ or "")


def test_a_name_is_taken_once() -> None:
    def sale(c: Conditions):
        return c.sells

    with pytest.raises(LawError, match="sale"):
        prohibits("miit24:10", missing="nothing", called=Text("出售", "sale"))(sale)
    assert PROHIBITIONS["sale"].rule is not sale


def test_every_prohibition_has_a_name_of_its_own_in_both_languages() -> None:
    names = list(CALLED.values())
    assert CALLED.keys() == PROHIBITIONS.keys()
    assert [each for each in names if not re.fullmatch("[\u4e00-\u9fff、]{2,20}", each.zh)] == []
    assert [each for each in names if not re.fullmatch("[a-z ,’]{4,60}", each.en)] == []
    assert len({each.zh for each in names}) == len({each.en for each in names}) == len(PROHIBITIONS)


def test_codes_of_prohibitions_keep_their_meaning() -> None:
    assert list(PLACES.values()) == list(range(len(PROHIBITIONS)))
    assert UNPLACED == ()
    assert PLACES["unlawful_obtaining_or_sale"] == 0
    assert PLACES["act_without_consent"] == 6
    assert PLACES["overseas_without_express_consent"] == 27
    assert PLACES["destruction_under_hold"] == 28


def test_conditions_have_a_bit_each() -> None:
    assert len(set(BITS.values())) == len(NAMES) <= 64


def test_the_codes_of_what_was_missing_speak_of_conditions_that_exist() -> None:
    assert {condition for each in PROHIBITIONS.values() for condition, _ in each.unless} <= set(NAMES)


def test_grounds_cite_provisions_that_exist() -> None:
    for _, cite, _ in GROUNDS:
        assert load().provision(Citation.parse(cite))


def test_every_condition_is_read() -> None:
    read = {name for each in PROHIBITIONS for name in reads(each)} | {name for name in NAMES if _in_grounds(name)}
    assert set(NAMES) - read - {name for each in PROHIBITIONS.values() for name, _ in each.unless} == set()


def _in_grounds(name: str) -> bool:
    watched = Watched({each: np.zeros(1, np.bool_) for each in NAMES})
    for _, _, rule in GROUNDS:
        rule(watched)
    return name in watched.read
