# SPDX-License-Identifier: Apache-2.0
"""The reading room shows every provision, what carries it, and finds what a reader looks for in either language."""

import re

import pytest

from keshou.app import built
from keshou.law.coverage import Status
from keshou.law.load import load
from keshou.web.cited import cited, lines
from keshou.web.frame.catalog import Words, catalog
from keshou.web.public.reading_room import Reading, articles, counts
from keshou.wire.law_words import SOURCE, measures

LAW = load()


def reading(instrument: str = "miit24", language: str = "en") -> Reading:
    """Return an instrument as a reader of a language reads it."""
    spoken = "zh" if language == "zh" else "en"
    words = Words(catalog("keshou.web.frame", "keshou.web.public"), spoken)
    return Reading(LAW, LAW.instruments[instrument], words, spoken)


def cites(**wanted: str) -> list[str]:
    """Return the citations of the parts of Order 24 that are found."""
    return [part.cite for article in articles(reading(), **wanted) for part in article.parts]


@pytest.mark.parametrize("instrument", sorted(LAW.instruments))
@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_provision_is_shown_once_in_the_order_of_the_law(instrument: str, language: str) -> None:
    found = articles(reading(instrument, language))
    shown = [part for article in found for part in article.parts]
    assert [part.cite for part in shown] == [each.cite for each in LAW.instruments[instrument].provisions]
    assert all(part.says for part in shown)
    assert len({article.heading for article in found}) == len(found)
    assert len({part.anchor for part in shown}) == len(shown)


def test_what_carries_a_provision_is_what_the_coverage_says() -> None:
    assert {cite: line.status for cite, line in lines(LAW).items()} == {
        line.provision.cite: line.status for line in built.coverage(LAW)
    }
    for status in Status:
        expected = [
            line.provision.cite
            for line in built.coverage(LAW)
            if line.status is status and line.provision.cite.startswith("miit24:")
        ]
        assert cites(status=status.value) == expected
        assert counts(LAW, LAW.instruments["miit24"]).get(status, 0) == len(expected)


@pytest.mark.parametrize("instrument", sorted(LAW.instruments))
@pytest.mark.parametrize("language", ["zh", "en"])
def test_rules_of_the_gate_are_told_by_name_and_never_by_code(instrument: str, language: str) -> None:
    provisions = LAW.instruments[instrument].provisions
    shown = [part.rules for article in articles(reading(instrument, language)) for part in article.parts]
    assert [len(rules) for rules in shown] == [len(each.prohibitions) for each in provisions]
    names = [name for rules in shown for name in rules]
    assert [name for name in names if "_" in name] == []
    assert language == "en" or not [name for name in names if re.search("[a-z]", name)]


def test_a_rule_of_the_gate_is_found_by_its_name_in_either_language() -> None:
    assert cites(search="批量操作未经审查") == cites(search="bulk acts without review") == ["miit24:13.1.3"]


def test_a_search_finds_words_in_either_language_citations_and_rules_of_the_gate() -> None:
    assert "miit24:12" in cites(search="complaint")
    assert "miit24:12" in cites(search="投诉")
    assert cites(search="MIIT24:12") == ["miit24:12"]
    assert cites(search="act_without_consent") == ["miit24:9.1"]
    assert cites(search="投诉 no-such-word") == []
    both = set(cites(search="notice", status="enforced"))
    assert both == set(cites(search="notice")) & set(cites(status="enforced"))
    assert both


def test_a_citation_leads_to_its_place_and_is_called_as_readers_call_it() -> None:
    assert cited(LAW, "miit24:13.1.3", "en") == ("Order 24, Article 13(1)(3)", "/law/miit24#a13.1.3")
    assert cited(LAW, "miit24:9.1", "zh") == ("第24号令第9条第1款", "/law/miit24#a9.1")
    assert cited(LAW, "npcsc2012:7", "en")[1] == "/law/npcsc2012#a7"


def test_every_link_between_provisions_leads_to_one_that_is_shown() -> None:
    places = {
        f"/law/{name}#{part.anchor}"
        for name in LAW.instruments
        for article in articles(reading(name))
        for part in article.parts
    } | {f"/law/{name}#a{article.number}" for name in LAW.instruments for article in articles(reading(name))}
    for name in LAW.instruments:
        for article in articles(reading(name)):
            for part in article.parts:
                assert [to for _, found in part.links for _, to in found if to not in places] == []


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_penalty_is_shown_with_its_bounds_and_a_provision_with_how_its_text_was_read(language: str) -> None:
    spoken = "zh" if language == "zh" else "en"
    shown = {
        part.cite: dict(part.pairs)
        for name in ("miit24", "miit25")
        for article in articles(reading(name, language))
        for part in article.parts
    }
    for each in (one for one in LAW.provisions() if one.cite in shown):
        told = shown[each.cite].values()
        assert (each.penalty is not None) == any(each.penalty and measures(each.penalty, spoken) == one for one in told)
        assert (each.source != "full") == (SOURCE[each.source].in_(spoken) in told)
