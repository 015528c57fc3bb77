# SPDX-License-Identifier: Apache-2.0
"""Reading the law and checking declarations, which need no site."""

from pathlib import Path

import pytest

from cli_caller import Caller
from keshou.cli.setup import sample_declaration
from keshou.law.load import load
from keshou.wire.law_words import RESPECT, SOURCE, measures

LAW = load()


def test_the_law_lists_every_instrument(nowhere: Caller) -> None:
    listed = nowhere("law", "--json").ok().json
    assert {each["id"] for each in listed} == set(LAW.instruments)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_provision_is_shown_in_the_language_asked_for(nowhere: Caller, language: str) -> None:
    shown = nowhere("law", "miit24:9.1", "--lang", language).ok().out
    assert LAW.provision("miit24:9.1").says.in_("zh" if language == "zh" else "en") in shown


def test_an_article_shows_all_of_its_paragraphs(nowhere: Caller) -> None:
    cites = [each["cite"] for each in nowhere("law", "miit24:9", "--json").ok().json]
    assert cites == [each.cite for each in LAW.within("miit24:9")]
    assert len(cites) > 1


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("cite", [each.cite for each in LAW.provisions() if each.citation.article in {9, 11, 17, 22}])
def test_a_provision_is_shown_with_all_that_the_data_tells_of_it(nowhere: Caller, cite: str, language: str) -> None:
    spoken = "zh" if language == "zh" else "en"
    each = next(one for one in LAW.provisions() if one.cite == cite)
    shown = "".join(nowhere("law", cite, "--lang", language).ok().out.split())
    texts = (each.says, each.trigger, each.conditions, each.evidence_text, each.evidence_inferred, each.how)
    told = [text.in_(spoken) for text in (*texts, each.differs, each.uncertain) if text]
    told += [measures(each.penalty, spoken)] if each.penalty else []
    told += [SOURCE[each.source].in_(spoken)] if each.source != "full" else []
    told += [each.sanctioned_by, *each.prohibitions, *each.same_as]
    assert [one for one in told if "".join(one.split()) not in shown] == []


def test_a_fine_is_told_with_its_bounds(nowhere: Caller) -> None:
    assert "可以并处10,000元以下罚款" in nowhere("law", "miit24:22", "--lang", "zh").ok().out
    assert "可以并处10,000元以上30,000元以下罚款" in nowhere("law", "miit24:23", "--lang", "zh").ok().out
    assert "fine of up to 10,000 yuan that may be added" in nowhere("law", "miit24:22", "--lang", "en").ok().out
    assert "fine of 10,000 to 30,000 yuan that may be added" in nowhere("law", "miit24:23", "--lang", "en").ok().out


def test_an_instrument_is_shown_with_its_rank_its_dates_and_how_it_was_read(nowhere: Caller) -> None:
    one = LAW.instruments["miit25"]
    shown = nowhere("law", "miit25", "--lang", "en").ok().out
    for wanted in (one.title.en, "departmental rule", one.adopted, one.published, one.in_force, one.source_quality.en):
        assert str(wanted) in shown


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_comparison_says_in_words_what_differs_and_how_well_each_side_was_read(
    nowhere: Caller, language: str
) -> None:
    """A matter that a draft seems silent on may be one that nobody read; codes of the data are no words."""
    spoken = "zh" if language == "zh" else "en"
    shown = nowhere("law", "compare", "miit25_draft", "miit25", "--lang", language).ok().out
    assert LAW.instruments["miit25_draft"].source_quality.in_(spoken) in shown
    assert RESPECT["period"].in_(spoken) in shown
    assert RESPECT["bearers"].in_(spoken) in shown
    assert "bearers" not in shown


def test_a_provision_that_is_not_there_is_wrong_input(nowhere: Caller) -> None:
    for cite in ("miit24:99", "nothing", "nothing:1"):
        outcome = nowhere("law", cite)
        assert (outcome.status, outcome.out) == (2, "")
        assert "hint" in outcome.err


def test_coverage_ends_with_one_while_something_is_open_and_names_every_status(nowhere: Caller) -> None:
    outcome = nowhere("law", "coverage", "--json")
    tally = outcome.json["tally"]
    assert outcome.status == (1 if tally["open"] or tally["gap"] else 0)
    assert sum(tally.values()) == len(outcome.json["provisions"])
    assert tally["gap"] == 0


def test_two_instruments_are_put_side_by_side(nowhere: Caller) -> None:
    rows = nowhere("law", "compare", "miit24_draft", "miit24", "--json").ok().json
    assert any(row["first"] and row["second"] for row in rows)
    assert nowhere("law", "compare", "miit24", "no_such").status == 2


def test_status_says_what_stands_today(nowhere: Caller) -> None:
    standing = {each["id"]: each["standing"] for each in nowhere("law", "status", "--json").ok().json}
    assert standing["miit24"] == "in_force"
    assert standing["miit24_draft"] == "never"


def test_the_sample_may_be_published(nowhere: Caller, tmp_path: Path) -> None:
    (tmp_path / "operator.toml").write_text(sample_declaration(), "utf-8")
    assert nowhere("check", "operator.toml", "--json").ok().json["clean"] is True


@pytest.mark.parametrize(
    ("right", "wrong", "code"),
    [
        ("schema = 1", "schema = 1\nshema = 1", "unknown_key"),
        ("complaint_answer_days = 15", "complaint_answer_days = 30", "complaint_days_long"),
        ('id = "billing"', 'id = "service"', "doubled_id"),
        ("effective = 2026-01-01T00:00:00+08:00", "effective = 2026-01-01T00:00:00", "time_without_zone"),
        ("[operator]", "[operator", "syntax"),
        ("from = 2025-02-01", "from = 2035-02-01", "contract_dates"),
    ],
)
def test_a_fault_is_found_with_its_place(nowhere: Caller, tmp_path: Path, right: str, wrong: str, code: str) -> None:
    text = sample_declaration()
    assert right in text
    (tmp_path / "operator.toml").write_text(text.replace(right, wrong, 1), "utf-8")
    outcome = nowhere("check", "operator.toml", "--json")
    found = {each["code"]: each for each in outcome.json["findings"] if each["severity"] == "error"}
    assert outcome.status == 1
    assert code in found or (code == "contract_dates" and any("contract" in each for each in found)), found
    assert all(each["line"] >= 1 for each in found.values())
    for language in ("zh", "en"):
        text_of = nowhere("check", "operator.toml", "--lang", language)
        assert text_of.status == 1
        assert "operator.toml:" in text_of.out


def test_a_declaration_that_is_not_utf_8_is_a_finding_and_no_traceback(nowhere: Caller, tmp_path: Path) -> None:
    (tmp_path / "operator.toml").write_bytes(sample_declaration().encode("gb18030"))
    outcome = nowhere("check", "operator.toml", "--json")
    assert outcome.status == 1
    assert [each["code"] for each in outcome.json["findings"]] == ["not_utf8"]


def test_a_declaration_that_is_not_there_is_wrong_input(nowhere: Caller) -> None:
    outcome = nowhere("check", "missing.toml")
    assert outcome.status in (2, 4)
    assert outcome.out == ""
    assert "Traceback" not in outcome.err
