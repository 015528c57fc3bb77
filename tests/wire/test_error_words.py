# SPDX-License-Identifier: Apache-2.0
"""Every error of the source can be told in Chinese, with the same values; no Chinese is kept that no error says."""

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from documentation import ROOT
from errors_told import Template, Told
from keshou.errors import KeshouError
from keshou.wire.error_words import HOLE, PLACE, chinese, in_words, templates

OTHERS = "others"
UNREADABLE = {
    "cli/app.py:_last_net": "the words of the command line's parser, which `others.toml` has",
    "client/errors.py:ClientError.__init__": "what the server said, in the language that it was asked in",
    "refused.py:told_of": "the name of a driver's error, kept as a cause and told to nobody",
    "errors.py:KeshouError.__init__": "the root, which is given everything",
}
"""Where a message cannot be read from the source -> why that does no harm."""
CODE = re.compile(
    r"`[^`]*`|--[a-z][a-z-]*|KESHOU_\w+|\b(?:miit2[45]|npcsc2012):[\d.]+|/(?:api|console|law|rules|me)\b[\w/{}.-]*"
    r"|\[\[?[a-z.]+\]?\]|https://[\w/.]+|\b[\w/-]+\.(?:toml|md|parquet|csv)\b",
    re.ASCII,
)
"""What stands for itself in both languages."""
TOLD: Mapping[str, str] = {english: told for held in templates().values() for english, told in held.items()}
VALUES = st.text(st.sampled_from("abcxyzABC0123456789-_./张王号"), min_size=1, max_size=12)


def places(told: str) -> list[tuple[int, bool]]:
    """Return, in the order of the text, which value the Chinese takes and whether it is words."""
    found = [(each[1], bool(each[2])) for each in PLACE.finditer(told)]
    return [(int(number) if number else at, words) for at, (number, words) in enumerate(found)]


@pytest.fixture(scope="module")
def source() -> Told:
    return Told(ROOT / "src" / "keshou")


@pytest.fixture(scope="module")
def said(source: Told) -> set[str]:
    """Return all that the source says in errors, and all that it puts into them as words."""
    found: set[Template] = set()
    left = [each for _, each, _ in source.sentences() if each is not None]
    while left:
        each = left.pop()
        if each in found:
            continue
        found.add(each)
        words = [number for number, is_words in places(TOLD.get(each.text, "")) if is_words]
        left += source.words_in(each, words)
    return {each.text for each in found}


def test_the_reader_of_the_source_reads_what_is_there(said: set[str]) -> None:
    assert len(said) > 1000
    assert "users cannot be found by `{}`" in said
    assert "tile {} of level {} is missing" in said, "what one function returns and another raises"
    assert "it is among those that leaked" in said, "what is put into the words of a class"
    assert "the export's review was refused" in said, "what a table holds"


def test_every_message_and_hint_can_be_read_from_the_source(source: Told) -> None:
    assert {str(place) for _, each, place in source.sentences() if each is None} == set(UNREADABLE)


def test_every_error_has_chinese_and_nothing_is_said_in_chinese_that_no_error_says(said: set[str]) -> None:
    ours = {english for file, held in templates().items() for english in held if file != OTHERS}
    assert sorted(said - ours) == [], "put these into a file of src/keshou/wire/errors_zh"
    assert sorted(ours - said) == [], "take these out of src/keshou/wire/errors_zh"


def test_a_sentence_stands_in_one_file() -> None:
    counted = Counter(english for held in templates().values() for english in held)
    assert [english for english, count in counted.items() if count > 1] == []


@pytest.mark.parametrize("english", [each for each in TOLD if HOLE in each or PLACE.search(TOLD[each])])
def test_the_chinese_takes_each_value_once(english: str) -> None:
    assert sorted(number for number, _ in places(TOLD[english])) == list(range(english.count(HOLE)))
    numbered = {bool(each[1]) for each in PLACE.finditer(TOLD[english])}
    assert len(numbered) == 1, "all are numbered, or none is"
    assert "{}{}" not in english
    assert re.search(r"[a-z]{2}", english.replace(HOLE, "")), "what has no words of its own fits everything"


def test_the_chinese_is_chinese_and_what_stands_for_itself_stands_there_too() -> None:
    plain = {english: told for english, told in TOLD.items() if not re.search("[\u3400-\u9fff]", told)}
    assert {english for english, told in plain.items() if english != told} == set()
    assert not [told for told in TOLD.values() if re.search(r"[\u3400-\u9fff][,;:!?()]|[,;:!?()][\u3400-\u9fff]", told)]
    differ = {
        english: told
        for english, told in TOLD.items()
        if Counter(CODE.findall(re.sub(r"'\{\}'", "", english))) != Counter(CODE.findall(PLACE.sub("{}", told)))
    }
    assert differ == {}


@given(st.data())
def test_a_template_with_values_is_told_with_those_values(data: Any) -> None:
    english = data.draw(st.sampled_from(sorted(each for each in TOLD if HOLE in each)))
    values = [data.draw(VALUES) for _ in range(english.count(HOLE))]
    first, *others = english.split(HOLE)
    error = KeshouError(first + "".join(value + each for value, each in zip(values, others, strict=True)), hint=english)
    left = [chinese().of(values[number]) if words else values[number] for number, words in places(TOLD[english])]
    expected = PLACE.sub(lambda _: left.pop(0), TOLD[english])
    assert in_words(error, "zh")[0] == expected
    assert in_words(error, "en") == (str(error), english)


@given(st.text(max_size=200), st.sampled_from(sorted(TOLD)), st.text("\n`{}: ", max_size=20))
def test_whatever_is_told_there_are_words_and_no_failure(before: str, english: str, after: str) -> None:
    for text in (before, before + english + after, english + after):
        what, hint = in_words(KeshouError(text, hint=text), "zh")
        assert what == hint
        assert bool(what) == bool(text)


def test_what_no_template_fits_and_what_is_too_long_stays_as_it_was_told() -> None:
    for text in ("something that nobody ever said", "users cannot be found by `" + "x" * 5000 + "`"):
        assert in_words(KeshouError(text, hint=text), "zh") == (text, text)


def test_values_may_have_several_lines_and_look_like_templates() -> None:
    for value in ("a\nb", "{0}", "{:words}", "\\1", "`"):
        assert in_words(KeshouError(f"users cannot be found by `{value}`"), "zh")[0] == f"不能凭`{value}`查找用户"


def test_words_within_words_are_told_too() -> None:
    told = "the log was altered at entry 7: the checkpoint of size 9 is not the log's: the signature of k is false"
    assert in_words(KeshouError(told), "zh")[0] == "日志从第7条起被改动过：大小为9的检查点不是这个日志的：k的签名是假的"
