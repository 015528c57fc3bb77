# SPDX-License-Identifier: Apache-2.0
"""The law's data is complete, bilingual, dated, and says what the instruments say of days, years and yuan."""

import datetime as dt
import re

import pytest

from keshou.law.coverage import BOUND
from keshou.law.load import load
from keshou.law.model import Instrument, Otherwise, Period, Provision
from keshou.law.terms import ActKind, Carrier, Identifies, Modality, OperatorKind, PenaltyKind, Rank

LAW = load()
PROVISIONS = LAW.provisions()
HAN = re.compile(r"[\u3400-\u9fff]")
FINAL = [one for one in LAW.instruments.values() if one.rank is not Rank.DRAFT]

PARTS = {
    "npcsc2012:1": "1 2", "npcsc2012:2": "1 2", "npcsc2012:10": "1 2",
    "miit24:9": "1 2 3 4 5", "miit24:14": "1 2", "miit24:17": "1 2 3",
    "miit24:13.1": "1 2 3 4 5 6 7 8",
    "miit25:3": "1 2", "miit25:6": "1 2", "miit25:8": "1 2", "miit25:9": "1 2", "miit25:12": "1 2", "miit25:13": "1 2",
    "gbz28828:3.1": "1 2 3 4 5 6 7 8", "gbz28828:4.1": "1 2 3 4 5 6 7", "gbz28828:5.1": "1 2 3 4 5 6 7",
    "gbz28828:6.1": "1 2 3 4 5", "gbz28828:7.1": "1 2 3 4",
}  # fmt: skip

PERIODS = {
    "miit24:12": Period(days=15, from_="receipt"),
    "miit24:14.1": Period(at_once=True, from_="awareness"),
    "miit24:16": Period(years=1, from_="self_inspection", recurring=True),
    "miit25:11": Period(years=2, from_="service_end"),
    "miit25:13.1": Period(at_once=True, from_="awareness"),
    "miit25:15": Period(years=1, from_="self_inspection", recurring=True),
    "npcsc2012:4": Period(at_once=True, from_="awareness"),
}

BY_23 = ("9.1", "9.2", "9.3", "9.4", "10", "11", "13.1", "14.1", "14.2", "15", "16", "17.2")
BY_17 = ("6.1", "6.2", "9.1", "9.2", "10", "11", "12.1", "12.2", "13.1", "13.2", "14", "15", "16")
SANCTIONED = {
    "miit24:22": {"miit24:8", "miit24:12"},
    "miit24:23": {f"miit24:{n}" for n in BY_23} | {f"miit24:13.1.{n}" for n in range(1, 9)},
    "miit25:17": {f"miit25:{n}" for n in BY_17},
}

FINES = {"miit24:22": (None, 10_000), "miit24:23": (10_000, 30_000), "miit25:17": (10_000, 30_000)}


@pytest.mark.parametrize(("name", "last"), [("npcsc2012", 12), ("miit24", 25), ("miit25", 21), ("gbz28828", 8)])
def test_every_article_of_a_final_instrument_is_in_the_data(name: str, last: int) -> None:
    articles = {each.citation.article for each in LAW.instruments[name].provisions}
    assert articles == set(range(1, last + 1))


@pytest.mark.parametrize(("whole", "parts"), PARTS.items())
def test_every_part_of_an_article_with_parts_is_in_the_data(whole: str, parts: str) -> None:
    wanted = {f"{whole}.{part}" for part in parts.split()}
    assert {each.cite for each in LAW.within(whole)} - {whole} == wanted


def _texts(each: Provision) -> list[tuple[str, str]]:
    fields = (each.says, each.how, each.conditions, each.trigger, each.evidence_text, each.evidence_inferred)
    return [(text.zh, text.en) for text in (*fields, each.uncertain, each.differs) if text is not None]


@pytest.mark.parametrize("each", PROVISIONS, ids=lambda each: each.cite)
def test_every_text_is_chinese_in_zh_and_free_of_chinese_in_en(each: Provision) -> None:
    for zh, en in _texts(each):
        assert HAN.search(zh)
        assert en.strip()
        assert not HAN.search(re.sub(r"\([^)]*\)", "", en))


@pytest.mark.parametrize("instrument", LAW.instruments.values(), ids=lambda one: one.id)
def test_every_instrument_was_checked_and_names_itself_in_both_languages(instrument: Instrument) -> None:
    assert instrument.checked_on >= dt.date(2026, 11, 22)
    for text in (instrument.title, instrument.short, instrument.issuer, instrument.source_quality, instrument.unit):
        assert HAN.search(text.zh)
        assert text.en
        assert not HAN.search(text.en)


@pytest.mark.parametrize("each", [p for one in FINAL for p in one.provisions], ids=lambda each: each.cite)
def test_every_binding_provision_says_what_carries_it_and_how(each: Provision) -> None:
    if each.modality in {Modality.DEFINITION, Modality.LIABILITY} or BOUND.isdisjoint(each.bearers):
        return
    assert each.carriers != (Carrier.NONE,)
    assert each.how is not None
    assert each.trigger or each.evidence_text or each.evidence_inferred or each.prohibitions or each.period


@pytest.mark.parametrize(("cite", "period"), PERIODS.items())
def test_a_statutory_period_is_what_the_instrument_sets(cite: str, period: Period) -> None:
    assert LAW.on(dt.date(2014, 1, 1)).period(cite) == period


def test_no_other_order_or_decision_sets_a_number_of_days_months_or_years() -> None:
    counted = {
        each.cite
        for name in ("npcsc2012", "miit24", "miit25")
        for each in LAW.instruments[name].provisions
        if each.period and each.period.days + each.period.months + each.period.years
    }
    assert counted == {"miit24:12", "miit24:16", "miit25:11", "miit25:15"}


@pytest.mark.parametrize(("penalty", "cites"), SANCTIONED.items())
def test_a_penalty_article_names_just_its_provisions(penalty: str, cites: set[str]) -> None:
    assert {each.cite for each in PROVISIONS if each.sanctioned_by == penalty} == cites


@pytest.mark.parametrize(("cite", "bounds"), FINES.items())
def test_fines_lie_within_the_bounds_of_the_orders(cite: str, bounds: tuple[int | None, int]) -> None:
    penalty = LAW.provision(cite).penalty
    assert penalty is not None
    assert (penalty.fine_from, penalty.fine_to) == bounds
    assert penalty.fine_discretionary
    assert {PenaltyKind.CORRECTION, PenaltyKind.WARNING, PenaltyKind.FINE} <= set(penalty.kinds)
    assert (PenaltyKind.PUBLICATION in penalty.kinds) == (cite != "miit24:22")


def test_the_decision_sets_kinds_of_penalty_without_amounts() -> None:
    penalty = LAW.provision("npcsc2012:11").penalty
    assert penalty is not None
    assert penalty.fine_from is penalty.fine_to is None
    assert {PenaltyKind.LICENCE_REVOCATION, PenaltyKind.BUSINESS_BAN, PenaltyKind.CONFISCATION} <= set(penalty.kinds)


def test_principle_and_responsibility_have_no_penalty_of_their_own() -> None:
    day = LAW.on(dt.date(2014, 1, 1))
    unpunished = ("miit24:5", "miit24:6", "miit24:9.5", "miit25:5", "miit25:7", "miit25:8.1")
    assert [day.penalty_for(cite) for cite in unpunished] == [None] * 6
    assert day.penalty_for("miit24:12") == LAW.provision("miit24:22").penalty


def test_only_what_orders_something_itself_provides_otherwise() -> None:
    """True identity for purposes, helping departments for cases; never the articles that protect users."""
    found = {each.cite: each.provides_otherwise for each in LAW.provisions() if each.provides_otherwise}
    assert found == {
        "npcsc2012:6": Otherwise(for_="purpose", acts=(ActKind.COLLECT,), registration=True),
        "npcsc2012:10.1": Otherwise(for_="case"),
    }


def test_every_service_says_at_the_least_who_offers_it() -> None:
    """Order 24 Art. 4 and Order 25 Art. 3: a telephone, data cards among them, is a telecommunications operator's."""
    least = {each.id: set(each.operators) for each in LAW.services.values()}
    either = {OperatorKind.TELECOM, OperatorKind.INTERNET}
    assert {name for name, kinds in least.items() if kinds == {OperatorKind.TELECOM}} == {
        "fixed", "mobile", "data_card", "broadband",
    }  # fmt: skip
    assert {name for name, kinds in least.items() if kinds == either} == {"internet", "value_added"}
    assert {each.id for each in LAW.services.values() if each.telephone} == {"fixed", "mobile", "data_card"}


def test_guidance_is_never_sanctioned() -> None:
    for each in LAW.instruments["gbz28828"].provisions:
        assert not each.sanctioned_by
        assert each.penalty is None


@pytest.mark.parametrize("cite", ["miit25:17", "miit24:16", "miit24:23", "miit25:20", "miit25:11", "npcsc2012:1.1"])
def test_what_is_uncertain_says_so(cite: str) -> None:
    assert LAW.provision(cite).uncertain is not None


def test_only_what_the_text_demands_counts_as_evidence_of_the_text() -> None:
    demanded = {each.cite for each in LAW.instruments["miit24"].provisions if each.evidence_text}
    assert demanded == {"miit24:13.1.6", "miit24:16", "miit24:17.3"}


def test_the_taxonomy_has_its_101_items_in_known_classes() -> None:
    assert len(LAW.items) == 101
    assert {item.class_ for item in LAW.items.values()} <= set(LAW.classes)
    for label in [item.label for item in LAW.items.values()] + [group.label for group in LAW.classes.values()]:
        assert label.zh
        assert not HAN.search(label.en)


def test_a_mobile_number_is_sensitive_for_the_guideline_alone() -> None:
    mobile = LAW.items["mobile_number"]
    assert mobile.sensitive == {"gbz28828": "named", "gbt35273": "no", "pipl": "no"}
    assert mobile.is_sensitive("gbz28828")
    assert not mobile.is_sensitive("pipl")
    assert LAW.items["passport_number"].sensitive["gbz28828"] == "judged"
    assert LAW.items["service_use_time"].identifies is Identifies.SERVICE_USE


def test_what_order_25_records_is_marked_as_registration_information() -> None:
    marked = {item.id for item in LAW.items.values() if item.registration}
    recorded = {"user_name", "id_document_type", "resident_id_number", "home_address", "id_document_image"}
    assert recorded | {"delegate_identity", "handler_identity", "organisation_identity"} <= marked
    assert not {"date_of_birth", "sex", "portrait_photo", "mobile_number"} & marked
