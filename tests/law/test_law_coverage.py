# SPDX-License-Identifier: Apache-2.0
"""Every binding provision is enforced, carried, outside, or known to be open; a gap is found."""

import msgspec
import pytest

from keshou.law.compare import Side, compare
from keshou.law.coverage import Line, Status, coverage, is_complete, is_done, line_of, tally
from keshou.law.load import load
from keshou.law.model import LawError
from keshou.law.terms import Carrier, Rank

LAW = load()
NAMES = frozenset(name for each in LAW.provisions() for name in each.prohibitions)
BUILT = frozenset({Carrier.GATE, Carrier.DECLARATION, Carrier.VAULT, Carrier.LEDGER, Carrier.ACTS})
ALL_PARTS = frozenset(Carrier) - {Carrier.OUTSIDE, Carrier.NONE}


def _lines(built: frozenset[Carrier] = BUILT) -> dict[str, Line]:
    return {line.provision.cite: line for line in coverage(LAW, NAMES, built)}


def test_the_law_has_no_gap_once_the_gate_has_every_prohibition() -> None:
    assert is_complete(_lines().values())


def test_coverage_is_done_only_when_no_part_is_waited_for() -> None:
    assert not is_done(coverage(LAW, NAMES, ALL_PARTS - {Carrier.IDENTITY}))
    assert not is_done(coverage(LAW, NAMES - {"sale"}, ALL_PARTS))
    assert is_done(coverage(LAW, NAMES, ALL_PARTS))


def test_what_a_liability_article_forbids_the_operator_is_carried_and_not_passed_over() -> None:
    """Order 25 Art. 18 punishes users, and in the same breath forbids the operator to serve them."""
    assert _lines()["miit25:18"].status is Status.OPEN


@pytest.mark.parametrize("name", sorted(NAMES))
def test_a_prohibition_the_gate_lacks_is_a_gap(name: str) -> None:
    lines = coverage(LAW, NAMES - {name}, BUILT)
    gaps = [line for line in lines if line.status is Status.GAP]
    assert not is_complete(lines)
    assert gaps
    assert all(line.missing == (name,) for line in gaps)


@pytest.mark.parametrize(
    ("cite", "status"),
    [
        ("miit24:9.1", Status.ENFORCED),
        ("miit24:13.1.6", Status.CARRIED),
        ("miit24:13.1.7", Status.OUTSIDE),
        ("miit24:12", Status.OPEN),
        ("miit24:22", Status.NONE_NEEDED),
        ("miit24:4", Status.NONE_NEEDED),
        ("miit25:10", Status.OPEN),
        ("npcsc2012:7", Status.ENFORCED),
        ("gbz28828:4.1.3", Status.ENFORCED),
    ],
)
def test_a_provision_is_carried_as_the_data_says(cite: str, status: Status) -> None:
    assert _lines()[cite].status is status


def test_what_is_open_names_the_part_it_waits_for() -> None:
    assert _lines()["miit24:12"].waits_for == (Carrier.DUTIES,)
    assert _lines()["miit24:14.1"].waits_for == (Carrier.DUTIES, Carrier.SUPERVISION)
    assert _lines()["miit25:11"].status is Status.OPEN


def test_nothing_is_open_once_every_part_is_built() -> None:
    assert tally(list(_lines(ALL_PARTS).values()))[Status.OPEN] == 0


def test_drafts_and_what_binds_only_others_are_not_in_question() -> None:
    lines = _lines()
    assert not any(LAW.instruments[each.provision.citation.instrument].rank is Rank.DRAFT for each in lines.values())
    assert "miit24:18" not in lines
    assert "npcsc2012:1.2" in lines


@pytest.mark.parametrize("change", [{"carriers": (Carrier.NONE,)}, {"carriers": ()}, {"how": None}])
def test_a_binding_provision_that_nothing_carries_is_a_gap(change: dict[str, object]) -> None:
    hollow = msgspec.structs.replace(LAW.provision("miit24:15"), **change)
    assert line_of(hollow, NAMES, ALL_PARTS).status is Status.GAP


def test_who_does_it_outside_software_is_said() -> None:
    for line in _lines().values():
        if Carrier.OUTSIDE in line.provision.carriers:
            assert line.how is not None
            assert len(line.how.zh) > 8


def test_draft_and_final_are_put_side_by_side() -> None:
    rows = compare(LAW, "miit25_draft", "miit25")
    entry = next(row for row in rows if row.first and row.first.cite == "miit25_draft:3.2")
    assert entry.side is Side.BOTH
    assert "service items" in entry.notes[0].en
    inspection = next(row for row in rows if row.first and row.first.cite == "miit25_draft:15")
    assert [each.respect for each in inspection.differences] == ["period"]
    assert any(row.side is Side.SECOND and row.second and row.second.cite == "miit25:7" for row in rows)


def test_the_draft_notice_had_the_retention_period() -> None:
    rows = compare(LAW, "miit24_draft", "miit24")
    (notice,) = [row for row in rows if row.first and row.first.cite == "miit24_draft:9.2"]
    assert notice.second is not None
    assert notice.second.cite == "miit24:9.2"
    assert notice.notes


def test_comparison_is_the_same_from_either_side() -> None:
    there = {
        (row.first and row.first.cite, row.second and row.second.cite) for row in compare(LAW, "npcsc2012", "miit24")
    }
    back = {
        (row.second and row.second.cite, row.first and row.first.cite) for row in compare(LAW, "miit24", "npcsc2012")
    }
    assert there == back
    assert ("npcsc2012:2.2", "miit24:8") in there
    assert ("npcsc2012:7", None) in there


def test_the_decision_punishes_otherwise_than_the_order() -> None:
    rows = compare(LAW, "npcsc2012", "miit24")
    (rules,) = [row for row in rows if row.second and row.second.cite == "miit24:8"]
    assert "penalty" in {each.respect for each in rules.differences}


def test_comparing_with_an_unknown_instrument_says_which_there_are() -> None:
    with pytest.raises(LawError, match="no_such") as caught:
        compare(LAW, "miit24", "no_such")
    assert "npcsc2012" in caught.value.hint
