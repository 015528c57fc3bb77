# SPDX-License-Identifier: Apache-2.0
import datetime as dt
import tomllib
import typing
from pathlib import Path

import msgspec
import pytest
from minimal import CLEAN

from keshou.declaration.canonical import digest
from keshou.declaration.check import check
from keshou.declaration.finding import kinds
from keshou.declaration.grounds import asks_consent, is_based, reach
from keshou.declaration.load import LARGEST, read
from keshou.declaration.model import Published, Service
from keshou.law.law import Law
from keshou.law.load import load
from keshou.law.terms import ActKind

TODAY = dt.date(2026, 11, 22)
HERE = Path(__file__).parent
CASES = tomllib.loads((HERE / "cases.toml").read_text(encoding="utf-8"))["case"]
BYTES = {
    "not_utf8": (CLEAN.encode() + b"# \xff", (CLEAN.count("\n") + 1, 3)),
    "byte_order_mark": (b"\xef\xbb\xbf" + CLEAN.encode(), (1, 1)),
    "too_large": (CLEAN.encode() + b"#" * LARGEST, (1, 1)),
}
NEEDS_OTHER_LAW = {"ground_not_in_force"}


def changed(case):
    text = CLEAN
    for old, new in ((case["old"], case["new"]), *(case[key] for key in ("also", "also2") if key in case)):
        assert old in text
        text = text.replace(old, new, 1)
    if "drop" in case:
        text = "\n\n".join(part for part in text.split("\n\n") if not part.startswith(case["drop"]))
    return text


def expected_line(text, case):
    mark = case.get("marked", "#!")
    lines = [number for number, line in enumerate(text.split("\n"), 1) if mark in line]
    return lines[case.get("nth", 1) - 1]


def previous():
    declaration = read(CLEAN).declaration
    return Published(1, digest(declaration), declaration.effective, declaration, notice_complete=True)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["code"])
def test_every_fault_is_found_at_its_line_under_its_article(case):
    text = changed(case)
    found = check(
        read(text),
        load(),
        case.get("today", TODAY),
        publishing=case.get("publishing"),
        previous=previous() if case.get("previous") else None,
    )
    mine = [each for each in found if each.code == case["code"]]
    assert [each.line for each in mine][:1] == [expected_line(text, case)], found
    assert mine[0].cite == case.get("cite", "")
    assert mine[0].severity == kinds()[case["code"]].severity
    assert "{" not in mine[0].what.zh + mine[0].what.en + mine[0].mend.zh + mine[0].mend.en


@pytest.mark.parametrize("code", BYTES)
def test_a_file_that_is_not_text_is_refused_at_its_place(code):
    data, place = BYTES[code]
    (found,) = read(data).findings
    assert (found.code, (found.line, found.column)) == (code, place)


def test_a_ground_that_no_longer_stands_is_found():
    law = load()
    repealed = msgspec.structs.replace(law.instruments["npcsc2012"], repealed=TODAY)
    later = Law({**law.instruments, "npcsc2012": repealed}, law.items, law.classes, law.services, law.house)
    (found,) = check(read(CLEAN), later, TODAY)
    assert (found.code, found.cite) == ("ground_not_in_force", "miit24:9.5")


def test_a_provision_binds_nobody_before_its_day():
    text = CLEAN.replace('published_at = ["website"]', "published_at = []").replace(
        'adopts = ["gbz28828"]', "adopts = []"
    )
    assert check(read(text), load(), dt.date(2013, 8, 31)) == []
    assert [each.code for each in check(read(text), load(), dt.date(2013, 9, 1))][:1] == ["rules_published_nowhere"]


def test_every_code_is_produced_by_some_case():
    produced = {case["code"] for case in CASES} | set(BYTES) | NEEDS_OTHER_LAW
    assert produced == set(kinds())


def test_every_citation_of_a_finding_stands_in_the_law():
    for code, kind in kinds().items():
        if kind.cite:
            assert load().provision(kind.cite), code


def test_the_clean_declaration_has_no_finding():
    assert check(read(CLEAN), load(), TODAY) == []


def test_a_declaration_that_keeps_registration_exactly_two_years_in_months_is_long_enough():
    text = CLEAN.replace('after = "service_end", years = 2', 'after = "service_end", months = 24')
    assert check(read(text), load(), TODAY) == []


INTERNET = CLEAN.replace('kinds = ["telecom"]', 'kinds = ["internet"]').replace("years = 2", "days = 3")


def test_an_internet_provider_is_not_held_to_the_telephone_order():
    assert check(read(INTERNET.replace('kind = "mobile"', 'kind = "internet"')), load(), TODAY) == []


@pytest.mark.parametrize("kinds", ['["internet"]', '["network"]', '["internet", "network"]'])
def test_no_kind_takes_a_telephone_out_of_the_orders(kinds):
    text = INTERNET.replace('["internet"]', kinds).replace('published_at = ["website"]', "published_at = []")
    found = {each.code for each in check(read(text), load(), TODAY)}
    assert found >= {"operator_kind_left_out", "rules_published_nowhere", "retention_registration_short"}


def test_a_kind_that_is_left_out_is_an_error_under_no_instrument_so_that_none_filters_it_away():
    text = INTERNET.replace('["internet"]', '["network"]').replace('adopts = ["gbz28828"]', "adopts = []")
    (found,) = [each for each in check(read(text), load(), dt.date(2012, 12, 31)) if each.code != "licence_expired"]
    assert (found.code, found.severity, found.cite) == ("operator_kind_left_out", "error", "")


def test_every_kind_of_service_that_a_file_may_name_says_whose_it_is():
    known = set(typing.get_args(typing.get_type_hints(Service)["kind"]))
    assert known == set(load().services)
    assert all(each.operators for each in load().services.values())


APPROVED = 'approval = { number = "1", authority = { zh = "部门", en = "Department" }, valid_until = 2026-11-22 }'
BASES = {
    "": False, 'basis = "approval 1"': False, 'basis = "miit24:10"': False, 'basis = "npcsc2012:6"': False,
    'basis = "npcsc2012:10.1"': False, 'basis = "antifraud:31"': True, APPROVED: True,
    APPROVED.replace("-22", "-21"): False,
}  # fmt: skip


@pytest.mark.parametrize("basis", BASES)
def test_the_check_takes_for_a_basis_what_the_gate_takes(basis):
    contact = 'contact = { phone = "2" }'
    text = CLEAN.replace(contact, f'{contact}\noverseas = true\ncountry = "FR"\n{basis}')
    source = read(text.replace('consent = "express"', 'consent = "tacit"', 1))
    found = {each.code for each in check(source, load(), TODAY)}
    assert ("overseas_without_basis" not in found) == BASES[basis]
    assert is_based(source.declaration.recipients[0], load(), TODAY) == BASES[basis]
    wrong = [each for each in found if each.startswith(("recipient_basis", "recipient_approval"))]
    assert len(wrong) == (basis not in {"", APPROVED})


def test_what_a_ground_does_not_reach_still_asks_for_consent():
    registration, news = read(CLEAN).declaration.purposes
    reached = reach(registration, load(), TODAY)
    assert reached == {(each.item, ActKind.COLLECT) for each in registration.needs if each.item != "loyalty"}
    assert asks_consent(registration, load(), TODAY)
    alone = msgspec.structs.replace(registration, acts=(ActKind.COLLECT,), needs=registration.needs[:4])
    assert not asks_consent(alone, load(), TODAY)
    assert asks_consent(alone, load(), dt.date(2012, 12, 27))
    leaning = msgspec.structs.replace(news, ground="antifraud:31")
    assert reach(leaning, load(), TODAY) == frozenset()


def test_findings_come_in_the_order_of_the_file():
    text = CLEAN.replace('kinds = ["telecom"]', "kinds = []").replace("valid_hours = 24", "valid_hours = 0")
    found = check(read(text), load(), TODAY)
    assert [each.code for each in found] == ["operator_without_kind", "review_valid_hours"]
    assert [each.line for each in found] == sorted(each.line for each in found)


def test_all_faults_of_form_are_found_at_once():
    text = CLEAN.replace("bulk_users = 10", 'bulk_users = "ten"').replace('kind = "mobile"', 'kind = "pager"')
    text = text.replace("branch = true", "brunch = true").replace('id = "news"', 'id = "NEWS"')
    source = read(text)
    assert source.declaration is None
    assert sorted(each.code for each in source.findings) == [
        "malformed_id",
        "unknown_key",
        "wrong_value",
        "wrong_value",
    ]
    assert "perhaps `branch` was meant" in next(each.what.en for each in source.findings if each.code == "unknown_key")


def test_words_of_the_file_cannot_act_as_placeholders():
    text = CLEAN.replace('services = ["mobile"]', 'services = ["{0.__class__}"]', 1)
    found = [each for each in check(read(text), load(), TODAY) if each.code == "purpose_unknown_service"]
    assert "{0.__class__}" in found[0].what.en


@pytest.mark.parametrize("text", ["", "a = " + "[" * 5000, "\x00", "schema = 1\n" * 2, "[" * 100, 'a."b.c" = 1'])
def test_hostile_text_is_findings_and_never_a_crash(text):
    source = read(text)
    assert source.declaration is None
    assert source.findings


def test_the_sample_operator_has_no_finding():
    sample = Path(__file__).parents[2] / "src/keshou/cli/sample/operator.toml"
    assert check(read(sample.read_bytes()), load(), TODAY) == []


UNSTORABLE = {
    "number": ("years = 2", "years = 100000000000000000000000"),
    "time": ("2026-01-01T00:00:00+08:00", "0001-01-01T00:00:00+08:00"),
    "text": ('zh = "某公司"', 'zh = "某\\u0000公司"'),
}


@pytest.mark.parametrize("kind", UNSTORABLE)
def test_what_no_store_could_hold_is_a_finding_of_form(kind):
    source = read(CLEAN.replace(*UNSTORABLE[kind], 1))
    assert [each.code for each in source.findings] == ["wrong_value"]


@pytest.mark.parametrize(
    "narrow", ["", 'full = true\nbranches = ["shop"]', 'full = true\nhours = { from = "08:00", to = "20:00" }']
)
def test_what_is_provided_masked_or_in_some_places_or_hours_alone_is_no_finding(narrow):
    acts = 'acts = ["collect", "use", "export"]\n'
    assert f"{acts}full = true" in CLEAN
    text = CLEAN.replace(f"{acts}full = true", f'acts = ["collect", "use", "export", "provide"]\n{narrow}', 1)
    assert "provided_one_by_one" not in {each.code for each in check(read(text), load(), TODAY)}
