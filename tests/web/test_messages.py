# SPDX-License-Identifier: Apache-2.0
"""Every message of every page is there in both languages, is used, and gets the values it takes."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from jinja2 import nodes

import keshou.web
from keshou.web.frame.catalog import Message, MessageError, Words, catalog, read
from keshou.web.frame.page import FRAME, environment

WEB = Path(keshou.web.__file__).parent
ROOMS = sorted(f"keshou.web.{path.parent.name}" for path in WEB.glob("*/messages.toml"))
HAN = r"[\u3400-\u9fff]"


class Use(NamedTuple):
    """One place where a message is spoken."""

    where: str
    key: object
    """None when it is not written out."""
    values: frozenset[str]


def _folder(room: str) -> Path:
    return WEB / room.rpartition(".")[2]


def _rooms(room: str) -> tuple[str, ...]:
    return (FRAME,) if room == FRAME else (FRAME, room)


def _in_templates(room: str) -> Iterator[Use]:
    made = environment(*_rooms(room))
    for path in sorted((_folder(room) / "templates").glob("*.j2")):
        for call in made.parse(path.read_text("utf-8")).find_all(nodes.Call):
            if isinstance(call.node, nodes.Name) and call.node.name == "t":
                given = call.args[0] if call.args else None
                key = given.value if isinstance(given, nodes.Const) else None
                yield Use(path.name, key, frozenset(each.key for each in call.kwargs))


def _in_code(room: str) -> Iterator[Use]:
    for path in sorted(_folder(room).glob("*.py")):
        for call in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "words":
                given = call.args[0]
                key = given.value if isinstance(given, ast.Constant) else None
                yield Use(path.name, key, frozenset(str(each.arg) for each in call.keywords))


def _uses(room: str) -> list[Use]:
    return [*_in_templates(room), *_in_code(room)]


def _messages() -> Iterator[tuple[str, str, str, str]]:
    for room in ROOMS:
        for key, message in catalog(room).items():
            for language, forms in message.forms.items():
                for text in forms.values():
                    yield room, key, language, text


def test_there_are_pages_to_judge() -> None:
    assert {FRAME, "keshou.web.public"} <= set(ROOMS)
    assert len(_uses("keshou.web.public")) > 50


@pytest.mark.parametrize("room", ROOMS)
def test_every_message_spoken_is_written_and_named_in_full(room: str) -> None:
    known = catalog(*_rooms(room))
    assert [use for use in _uses(room) if use.key not in known] == []


@pytest.mark.parametrize("room", ROOMS)
def test_every_message_written_is_spoken(room: str) -> None:
    spoken = {use.key for use in _uses(room)}
    assert sorted(catalog(room).keys() - spoken) == []


@pytest.mark.parametrize("room", ROOMS)
def test_every_message_gets_the_values_it_takes(room: str) -> None:
    known = catalog(*_rooms(room))
    wrong = [use for use in _uses(room) if use.key in known and use.values - {"n"} != _takes(known[str(use.key)])]
    assert wrong == []


def _takes(message: Message) -> set[str]:
    return message.names() - {"n"}


def test_chinese_is_punctuated_as_chinese_and_english_as_english() -> None:
    ascii_beside_han = re.compile(rf"{HAN}[,.;:!?()]|[,;:!?()]{HAN}|{HAN} {HAN}|\.\.\.|\"")
    wide = re.compile(r"[\u3000-\u303f\uff00-\uffef\u3400-\u9fff]|\"|(?<=\w)'(?=\w)")
    wrong = [
        (room, key, text)
        for room, key, language, text in _messages()
        if (ascii_beside_han if language == "zh" else wide).search(text)
    ]
    assert wrong == []


@pytest.mark.parametrize(
    "source",
    [
        'a = "only one"',
        'a = {zh = "一"}',
        'a = {zh = "一", en = ""}',
        'a = {zh = "一{n}", en = {one = "{n} a"}}',
        'a = {zh = "一{n}", en = {one = "{n} a", few = "{n} b", other = "{n} c"}}',
        'a = {zh = "一{x}", en = "one {y}"}',
    ],
)
def test_a_message_that_is_not_whole_in_both_languages_is_not_read(source: str) -> None:
    with pytest.raises(MessageError):
        read(source)


def test_values_are_escaped_numbers_written_and_plurals_chosen_by_the_language() -> None:
    messages = read('a = {zh = "{who}有{n}条", en = {one = "{who} has {n} row", other = "{who} has {n} rows"}}')
    english, chinese = Words(messages, "en"), Words(messages, "zh")
    assert english("a", who="<b>", n=1) == "&lt;b&gt; has 1 row"
    assert english("a", who="x", n=12345) == "x has 12,345 rows"
    assert chinese("a", who="x", n=1) == "x有1条"
    with pytest.raises(MessageError):
        english("b")
    with pytest.raises(MessageError):
        english("a", n=1)


@pytest.mark.parametrize("path", sorted(WEB.glob("*/templates/*.j2")), ids=lambda path: f"{path.parts[-3]}-{path.stem}")
def test_provisions_are_named_in_the_readers_language_and_not_by_their_code(path: Path) -> None:
    text = re.sub(r'provision\("[^"]+"\)', "", path.read_text("utf-8"))
    assert re.findall(r"\b(?:miit|npcsc|gbz)\w*:\d[\d.]*", text) == []
