# SPDX-License-Identifier: Apache-2.0
"""Adding an instrument needs only data; wrong data is refused with file and place."""

import datetime as dt
import re
import shutil
from importlib.resources import files
from pathlib import Path

import pytest

from keshou.law.compare import compare
from keshou.law.coverage import Status, coverage
from keshou.law.load import load, load_from
from keshou.law.model import Citation, LawError

ADDED = """
id = "sample2030"
title = {zh = "样例法", en = "Sample Law"}
short = {zh = "样例法", en = "the sample"}
issuer = {zh = "样例机关", en = "a sample body"}
number = {zh = "样例第1号", en = "Sample No. 1"}
rank = "law"
binds = ["telecom"]
adopted = 2029-10-01
published = 2029-11-01
in_force = 2030-01-01
repealed = 2031-01-01
checked_on = 2029-12-01
source_quality = {zh = "样例", en = "sample"}
unit = {zh = "条", en = "article"}

[[provisions]]
cite = "sample2030:1"
bearers = ["operator"]
modality = "prohibited"
says = {zh = "样例禁止。", en = "A sample prohibition."}
carriers = ["gate"]
how = {zh = "闸门拒绝。", en = "The gate denies."}
period = {days = 3, from = "receipt"}
prohibitions = ["sample_prohibition"]
sanctioned_by = "sample2030:2.1"
same_as = ["miit24:9.1"]

[[provisions]]
cite = "sample2030:2.1"
bearers = ["operator"]
modality = "liability"
says = {zh = "样例罚则。", en = "A sample penalty."}
carriers = ["none"]
penalty = {kinds = ["fine"], fine_from = 1, fine_to = 2}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    source = Path(str(files("keshou.law")))
    shutil.copytree(source / "instruments", tmp_path / "instruments")
    for name in ("taxonomy.toml", "house.toml"):
        shutil.copy(source / name, tmp_path / name)
    return tmp_path


def _add(folder: Path, text: str = ADDED) -> None:
    (folder / "instruments" / "sample2030.toml").write_text(text, encoding="utf-8")


def test_the_shipped_law_is_read_once() -> None:
    assert load() is load()


def test_an_added_file_is_an_added_instrument(folder: Path) -> None:
    _add(folder)
    law = load_from(folder)
    assert set(law.instruments) == set(load().instruments) | {"sample2030"}
    day = law.on(dt.date(2030, 6, 1))
    assert day.binds("sample2030")
    assert day.period("sample2030:1").days == 3
    assert day.prohibitions()["sample_prohibition"] == [Citation("sample2030", 1)]
    assert not law.on(dt.date(2029, 12, 31)).binds("sample2030")
    assert not law.on(dt.date(2031, 1, 1)).binds("sample2030")


def test_an_added_instrument_is_covered_and_compared_without_code(folder: Path) -> None:
    _add(folder)
    law = load_from(folder)
    (line,) = [each for each in coverage(law, (), ()) if each.provision.cite == "sample2030:1"]
    assert line.status is Status.GAP
    assert line.missing == ("sample_prohibition",)
    assert any(row.first and row.second for row in compare(law, "miit24", "sample2030"))


BAD = [
    ("unknown key", "unit = {zh", 'colour = "red"\nunit = {zh', r"instrument: .*colour"),
    (
        "unknown key in a provision",
        'cite = "sample2030:1"',
        'cite = "sample2030:1"\ncolour = 1',
        r"sample2030:1: .*colour",
    ),
    ("unknown carrier", '["gate"]', '["goat"]', r"sample2030:1: .*goat"),
    (
        "unknown bearer",
        'bearers = ["operator"]\nmodality = "prohibited"',
        'bearers = ["king"]\nmodality = "prohibited"',
        "king",
    ),
    ("unknown rank", 'rank = "law"', 'rank = "wish"', "wish"),
    ("unknown penalty", 'kinds = ["fine"]', 'kinds = ["frown"]', "frown"),
    ("dates out of order", "in_force = 2030-01-01", "in_force = 2029-10-15", "out of order"),
    ("no day in force", "repealed = 2031-01-01", "repealed = 2030-01-01", "no day in force"),
    ("no first day", "in_force = 2030-01-01\nrepealed = 2031-01-01\n", "", "in_force"),
    ("read before publication", "checked_on = 2029-12-01", "checked_on = 2029-10-31", "before publication"),
    ("a date that is none", "adopted = 2029-10-01", 'adopted = "soon"', "adopted"),
    ("doubled citation", "sample2030:2.1", "sample2030:1", "sample2030:1: stands twice"),
    ("dangling sanction", 'sanctioned_by = "sample2030:2.1"', 'sanctioned_by = "sample2030:3"', "leads nowhere"),
    (
        "sanction without penalty",
        'sanctioned_by = "sample2030:2.1"',
        'sanctioned_by = "miit24:8"',
        "no penalty provision",
    ),
    ("dangling same_as", '["miit24:9.1"]', '["miit24:99"]', "same_as `miit24:99` leads nowhere"),
    ("same_as within", '["miit24:9.1"]', '["sample2030:2.1"]', "same instrument"),
    ("citation of another", 'cite = "sample2030:1"', 'cite = "other:1"', "cites another instrument"),
    ("citation written oddly", 'cite = "sample2030:1"', 'cite = "sample2030:01"', "not written as citations are"),
    ("no citation", 'cite = "sample2030:1"\n', "", "provision 1: .*cite"),
    ("stolen prohibition", '["sample_prohibition"]', '["sale"]', "`sale` already belongs to|belongs to `miit24`"),
    ("prohibition badly named", '["sample_prohibition"]', '["Sample!"]', "cannot name a prohibition"),
    ("prohibition without gate", 'carriers = ["gate"]', 'carriers = ["vault"]', "need the carrier `gate`"),
    ("none beside a carrier", 'carriers = ["gate"]', 'carriers = ["gate", "none"]', "`none` stands beside"),
    ("no carrier", 'carriers = ["none"]', "carriers = []", "carriers are missing"),
    ("mixed period", "days = 3", "days = 3, months = 1", "mixes units"),
    ("negative period", "days = 3", "days = -3", "backwards"),
    ("fine upside down", "fine_from = 1", "fine_from = 3", "out of order"),
    ("fine of no kind", 'kinds = ["fine"]', 'kinds = ["warning"]', "need the kind `fine`"),
    ("one language", 'says = {zh = "样例禁止。", en = "A sample prohibition."}', 'says = {zh = "样例禁止。"}', "en"),
    ("not TOML", "[[provisions]]", "[[provisions", r"sample2030\.toml"),
    ("provisions that are no tables", ADDED[ADDED.index("[[") :], "provisions = 3", "must be tables"),
    ("guidance punished", 'rank = "law"', 'rank = "guidance"', "never sanctioned"),
    ("draft in force", 'rank = "law"', 'rank = "draft"', "in_force"),
    ("wrong id", 'id = "sample2030"', 'id = "sample2031"', "not the file's name"),
    ("ground for nobody", 'carriers = ["gate"]', 'carriers = ["gate"]\nprovides_otherwise = {for = "fun"}', "fun"),
    ("unknown source", 'carriers = ["gate"]', 'carriers = ["gate"]\nsource = "hearsay"', "hearsay"),
]


@pytest.mark.parametrize(("what", "old", "new", "says"), BAD, ids=[each[0] for each in BAD])
def test_wrong_data_is_refused_naming_file_and_place(folder: Path, what: str, old: str, new: str, says: str) -> None:
    assert old in ADDED, what
    _add(folder, ADDED.replace(old, new))
    with pytest.raises(LawError, match=says) as caught:
        load_from(folder)
    assert "sample2030.toml" in str(caught.value)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('id = "passport_number"', 'id = "resident_id_number"', "resident_id_number: stands twice"),
        ('class = "A2-1"', 'class = "Z9"', "class `Z9` is unknown"),
        ('parent = "A1"', 'parent = "Q"', "parent `Q` is unknown"),
        ('identifies = "alone"', 'identifies = "maybe"', "maybe"),
        ('gbz28828 = "judged"', 'gbz28828 = "rather"', "unknown word"),
        ('source = "placed"', 'source = "guessed"', "guessed"),
        ("registration = true", 'registration = "yes"', "registration"),
        ("[[classes]]\nid", "extra = 1\n[[classes]]\nid", "extra"),
        ('id = "user_name"', 'id = "User Name"', "lower-case word"),
        ('id = "data_card"', 'id = "mobile"', "mobile: stands twice"),
        ('operators = ["telecom"]', 'operators = ["telegraph"]', "telegraph"),
        ('operators = ["telecom"]', "operators = []", "says of no kind of operator"),
    ],
)
def test_a_wrong_taxonomy_is_refused(folder: Path, old: str, new: str, says: str) -> None:
    path = folder / "taxonomy.toml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(LawError, match=re.compile(says)) as caught:
        load_from(folder)
    assert "taxonomy.toml" in str(caught.value)


@pytest.mark.parametrize("name", ["house.toml", "taxonomy.toml"])
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(LawError, match=name):
        load_from(folder)


def test_a_folder_without_instruments_is_no_law(tmp_path: Path) -> None:
    with pytest.raises(LawError, match="instruments"):
        load_from(tmp_path)


def test_how_long_a_reading_stays_fresh_is_data(folder: Path) -> None:
    (folder / "house.toml").write_text("check_within = {months = 6}\n", encoding="utf-8")
    assert load_from(folder).house.check_within.months == 6
