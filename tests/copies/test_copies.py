# SPDX-License-Identifier: Apache-2.0
"""A copy as PDF and as CSV: read back by programs that are not ours, it says what it was given, as text and no more."""

import csv
import datetime as dt
import io
import zipfile
from pathlib import Path
from typing import Any

import pypdf
import pytest

from keshou.copies.csv_files import harmless, zipped
from keshou.copies.errors import FontError, SettingError
from keshou.copies.pdf import printed, refuse_without_fonts
from keshou.copies.sheet import Sheet, Table
from keshou.language import Language

FONTS = Path("/usr/share/fonts")
MADE = dt.datetime(2026, 3, 2, 20, 0, tzinfo=dt.UTC)
INERT = '#set text(red) $x$ <script>alert(1)</script> \\ ` *b* _i_ @x #import "x": y [ ] //'
LONG = "甲乙丙丁" * 15
LATIN = "Wolfeschlegelsteinhausenbergerdorff" * 2
ARABIC = "محمد ئابدۇر"


def sheet(*values: str, language: Language = "zh", rows: int = 1) -> Sheet:
    table = Table("information", "持有的信息", ("信息", "内容"), [("姓名", value) for value in values] * rows)
    empty = Table("given", "提供给过谁", ("时间",), [])
    head = [("用户编号", "u1"), ("规则版本", "3"), ("这次查询记入日志", "17、18")]
    return Sheet(
        language, "我的信息副本", "小通信", MADE, head, "没有", "第{n}页，共{total}页", [table, empty]
    )  # fmt: skip


def read(given: Sheet) -> pypdf.PdfReader:
    return pypdf.PdfReader(io.BytesIO(printed(given, FONTS)))


def text_of(found: pypdf.PdfReader) -> str:
    return "".join("\n".join(page.extract_text() for page in found.pages).split())


@pytest.mark.parametrize("value", ["孔丘", "𠮷䶮", LONG, LATIN, INERT, "O'Brien-Ångström", "😀", "鿆㐂"])
def test_a_value_stands_in_a_pdf_as_it_is(value: str) -> None:
    assert "".join(value.split()) in text_of(read(sheet(value)))


def test_what_is_written_from_right_to_left_is_shown_whole_among_chinese() -> None:
    text = text_of(read(sheet(f"王 {ARABIC} 五")))
    assert all(word in text for word in ARABIC.split())


@pytest.mark.parametrize(("language", "tag"), [("zh", "zh-CN"), ("en", "en-GB")])
def test_a_pdf_says_what_it_is_in_which_language_when_and_how_many_pages(language: Language, tag: str) -> None:
    found = read(sheet("孔丘", language=language, rows=120))
    assert (found.metadata.title, found.metadata.author) == ("我的信息副本", "小通信")
    made = str(found.metadata["/CreationDate"])
    assert made.startswith("D:202603030400"), made
    root: Any = found.trailer["/Root"]
    assert (root["/Lang"], bool(root["/MarkInfo"]["/Marked"])) == (tag, True)
    assert len(found.pages) > 1
    for n, page in enumerate(found.pages, 1):
        assert f"第{n}页，共{len(found.pages)}页" in "".join(page.extract_text().split())
    first = "".join(found.pages[0].extract_text().split())
    assert all(each in first for each in ("u1", "17、18", "小通信"))
    assert "没有" in text_of(found)


def test_every_font_that_a_pdf_uses_is_in_it_and_nothing_runs_or_leads_out() -> None:
    found = read(sheet("孔丘 " + ARABIC, "see https://example.org/x", INERT))
    for page in found.pages:
        for font in page["/Resources"]["/Font"].values():  # type: ignore[index]
            inner = font.get_object()["/DescendantFonts"][0].get_object()["/FontDescriptor"].get_object()
            assert {"/FontFile2", "/FontFile3"} & set(inner)
        assert "/Annots" not in page
    root: Any = found.trailer["/Root"]
    assert not {"/OpenAction", "/AA", "/AcroForm"} & set(root)
    assert b"/JavaScript" not in printed(sheet(INERT), FONTS)


@pytest.mark.parametrize(
    ("value", "told"), [("a\x00b", "a[U+0000]b"), ("x\u202ey", "x[U+202E]y"), ("字\U000e0001", "字[U+E0001]")]
)
def test_what_is_no_character_to_read_is_told_by_its_number(value: str, told: str) -> None:
    assert told in text_of(read(sheet(value)))


def test_what_no_font_has_is_told_by_its_number_and_the_rest_as_it_is() -> None:
    text = text_of(read(sheet("孔𠮷\U00030000丘", "བོད")))
    assert "孔𠮷[U+30000]丘" in text
    assert "[U+0F56]" in text


@pytest.mark.parametrize("value", ["1\ufe0f\u20e3", "1\u20e3", "张\u20e3"])
def test_what_can_be_set_only_apart_is_told_by_its_numbers(value: str) -> None:
    assert "[U+20E3]" in text_of(read(sheet(value, "孔丘")))
    assert "孔丘" in text_of(read(sheet(value, "孔丘")))


def test_a_refusal_of_the_typesetter_holds_nothing_of_the_copy() -> None:
    untitled = Sheet("zh", "", "小通信", MADE, [("姓名", "孔丘")], "没有", "第{n}页，共{total}页", [])
    with pytest.raises(SettingError) as caught:
        printed(untitled, FONTS)
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)


def test_the_same_copy_is_the_same_bytes() -> None:
    assert printed(sheet("孔丘"), FONTS) == printed(sheet("孔丘"), FONTS)
    assert zipped(sheet("孔丘")) == zipped(sheet("孔丘"))


def test_without_a_font_for_chinese_no_pdf_is_made_and_it_is_said_what_to_do(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "missing"):
        with pytest.raises(FontError, match="no font with Chinese characters") as caught:
            refuse_without_fonts(folder)
        assert "fonts-noto-cjk" in caught.value.hint
        with pytest.raises(FontError):
            printed(sheet("孔丘"), folder)


def tables(given: Sheet) -> dict[str, list[list[str]]]:
    with zipfile.ZipFile(io.BytesIO(zipped(given))) as archive:
        raw = {name: archive.read(name) for name in archive.namelist()}
    assert all(each.startswith(b"\xef\xbb\xbf") for each in raw.values())
    return {name: list(csv.reader(io.StringIO(each.decode("utf-8-sig")))) for name, each in raw.items()}


def test_csv_has_a_file_a_table_that_programs_for_tables_read_as_chinese() -> None:
    values = ["𠮷䶮", LONG, ARABIC, 'a"b,c', "line\nbreak", INERT]
    found = tables(sheet(*values))
    assert list(found) == ["about.csv", "information.csv", "given.csv"]
    assert found["information.csv"] == [["信息", "内容"], *(["姓名", each] for each in values)]
    assert found["given.csv"] == [["时间"]]
    assert ["用户编号", "u1"] in found["about.csv"]


@pytest.mark.parametrize("sum_", ["=1+1", "+1", "-1", "@x", "\tx", "\r=1", "＝1", "＋1", " =1", "\u3000=1"])
def test_what_a_program_for_tables_would_take_for_a_sum_is_a_text(sum_: str) -> None:
    assert harmless(sum_) == f"'{sum_}"
    assert tables(sheet(sum_))["information.csv"][1][1] == f"'{sum_}"


@pytest.mark.parametrize("plain", ["", "0101", "王=", "1-2", "a@b.example", "'=1"])
def test_other_texts_stay_as_they_are(plain: str) -> None:
    assert harmless(plain) == plain
