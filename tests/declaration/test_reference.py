# SPDX-License-Identifier: Apache-2.0
import re
from pathlib import Path

import msgspec
import pytest
from minimal import CLEAN

from keshou.declaration import model
from keshou.declaration.errors import DeclarationError
from keshou.declaration.finding import kinds
from keshou.declaration.load import read, read_file
from keshou.declaration.position import Place, find_places
from keshou.declaration.reference import findings_page, schema_text

DOCS = Path(__file__).parents[2] / "docs/reference"
CHINESE = Path(__file__).parents[2] / "docs/zh/reference"


def test_the_pages_of_findings_are_those_of_the_data():
    assert (DOCS / "findings.md").read_text(encoding="utf-8") == findings_page("en")
    assert (CHINESE / "findings.md").read_text(encoding="utf-8") == findings_page("zh")


def test_the_schema_in_the_docs_is_that_of_the_model():
    assert (DOCS / "operator.schema.json").read_text(encoding="utf-8") == schema_text()


def test_every_key_of_the_file_is_in_the_reference():
    page = (DOCS / "declaration.md").read_text(encoding="utf-8")
    tables = [each for each in vars(model).values() if isinstance(each, type) and issubclass(each, model._Table)]
    keys = {field.encode_name for table in tables for field in msgspec.structs.fields(table)}
    tokens = set(re.findall(r"[a-z_]+", page))
    assert keys - tokens == set()
    assert len(tables) > 10


def test_both_languages_fill_in_the_same_words():
    holes = re.compile(r"\{(\w+?)(?:_zh|_en)?\}")
    for code, kind in kinds().items():
        assert set(holes.findall(kind.what.zh)) == set(holes.findall(kind.what.en)), code
        assert set(holes.findall(kind.mend.zh)) == set(holes.findall(kind.mend.en)), code


def test_places_are_those_of_characters_in_every_way_of_writing():
    text = '"名" = 1\na.b = { c = [\n  1,\n  { d = 2 },\n] }\n[[p]]\nx = "名" # 名\n'
    text += "[[p.q]]\ny = 1\n[[p]]\n[[p.q]]\n[[p.q]]\n  y = 3\n"
    values = find_places(text).values
    assert values["名"] == Place(1, 7)
    assert values["a.b.c[0]"] == Place(3, 3)
    assert values["a.b.c[1].d"] == Place(4, 9)
    assert values["p[0].x"] == Place(7, 5)
    assert values["p[0].q[0].y"] == Place(9, 5)
    assert values["p[1].q[1].y"] == Place(13, 7)
    assert find_places(text).value("p[1].q[1].gone.deeper") == Place(12, 1)


def test_every_value_of_a_clean_file_has_a_place():
    places = read(CLEAN).places
    assert (
        places.value("purposes[0].needs[2].item").line == CLEAN[: CLEAN.index('"resident_id_number"')].count("\n") + 1
    )
    assert places.key("operator.kinds").column == 1


def test_a_file_that_is_not_there_is_an_error_with_a_hint(tmp_path):
    with pytest.raises(DeclarationError) as caught:
        read_file(tmp_path / "none.toml")
    assert caught.value.hint
