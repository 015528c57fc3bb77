# SPDX-License-Identifier: Apache-2.0
"""The pages about the command line and the settings say what there is."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
import pytest
import typer.main

from cli_caller import Caller
from documentation import ROOT
from keshou.app.settings import Settings
from keshou.cli.app import whole
from keshou.cli.spoken import chinese
from keshou.visits.settings import HookSettings, MailSettings


def verbs(command: Any, name: str = "keshou") -> list[tuple[str, Any]]:
    """Return every verb with its name in full."""
    inner = getattr(command, "commands", None)
    if inner is None:
        return [(name, command)]
    return [each for key in inner for each in verbs(inner[key], f"{name} {key}")]


VERBS = verbs(typer.main.get_command(whole()))


def test_the_pages_of_verbs_are_the_programs_own_help() -> None:
    script = ROOT / "scripts" / "cli.py"
    drawn = subprocess.run(
        [sys.executable, script], check=True, capture_output=True, text=True, encoding="utf-8"
    ).stdout
    written = [(ROOT / "docs" / name).read_text("utf-8") for name in ("reference/cli.md", "zh/reference/cli.md")]
    assert drawn == "".join(written), "mend it with: scripts/cli.py --write"


def said(command: Any) -> set[str]:
    """Return every text of the help of a command and of all under it."""
    own = {each.help for each in (command, *command.params) if getattr(each, "help", None)}
    return own.union(*(said(each) for each in getattr(command, "commands", {}).values()))


def test_the_help_has_every_word_in_chinese_and_none_that_nobody_says() -> None:
    spoken_in_english = said(typer.main.get_command(whole()))
    assert sorted(spoken_in_english - set(chinese())) == [], "put these into src/keshou/cli/help_zh.toml"
    assert sorted(set(chinese()) - spoken_in_english) == [], "take these out of src/keshou/cli/help_zh.toml"
    assert [english for english, word in chinese().items() if not re.search("[\u4e00-\u9fff]", word)] == []


@pytest.mark.parametrize("words", [[], ["--help"], ["staff"], ["staff", "appoint", "--help"], ["law", "show", "-h"]])
def test_the_help_is_in_the_language_of_its_reader_and_whole(words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")

    def told(language: str) -> str:
        monkeypatch.setenv("KESHOU_LANGUAGE", language)
        return Caller(None)(*words).out

    zh, en, again = told("zh"), told("en"), told("zh")
    assert zh == again
    assert not re.search("[\u4e00-\u9fff]", en)
    assert Caller(None)("--lang", "zh", *words, "--help").out.strip() == zh.strip()
    assert "…" not in zh, "a sentence is cut off"
    assert ("选项" in zh, "Options" in en) == (True, True)
    assert not re.search("Show this message|Commands|Arguments", zh)
    assert set(re.findall(r"--[a-z]+|-h", zh)) == set(re.findall(r"--[a-z]+|-h", en))


@pytest.mark.parametrize(("name", "command"), VERBS, ids=[name for name, _ in VERBS])
def test_every_verb_says_what_it_does_and_what_each_of_its_options_means(name: str, command: Any) -> None:
    assert command.help
    assert [each.name for each in command.params if not each.help] == []
    assert {"home", "as_json", "lang"} <= {each.name for each in command.params}


def test_every_setting_is_documented_with_its_default_and_no_other_is() -> None:
    first, *others = (ROOT / "docs" / "reference" / "settings.md").read_text("utf-8").split("\n## ")
    sections = {each.partition("\n")[0].strip("`[]"): each for each in others}
    tables = [each for each in msgspec.structs.fields(Settings) if isinstance(each.default, msgspec.Struct)]
    _compare(first.partition("| key |")[2], [each for each in msgspec.structs.fields(Settings) if each not in tables])
    for table in tables:
        fields = msgspec.structs.fields(table.default)
        inner = [each for each in fields if isinstance(each.default, msgspec.Struct)]
        _compare(sections[table.name], [each for each in fields if each not in inner])
        for each in inner:
            _compare(sections[f"{table.name}.{each.name}"], msgspec.structs.fields(each.default))
    for name, left_out in (("visits.mail", MailSettings), ("visits.hook", HookSettings)):
        _compare(sections[name], msgspec.structs.fields(left_out))
    listed = first.partition("The tables ")[2].partition(" are further below")[0]
    assert re.findall(r"`(\w+)`", listed) == [each.name for each in tables]


@pytest.mark.parametrize("page", ["docs/reference/settings.md", "docs/zh/reference/settings.md"])
def test_what_is_told_below_a_table_is_about_settings_of_that_table(page: str) -> None:
    below = 0
    for section in (ROOT / page).read_text("utf-8").split("\n## "):
        table, *parts = section.split("\n### ")
        keys = {each.split("`")[1] for each in table.splitlines() if each.startswith("| `")}
        for part in parts:
            below += 1
            assert keys & set(re.findall(r"`(\w+)`", part)), part.partition("\n")[0]
    assert below > 0


@pytest.mark.parametrize("page", ["docs/reference/settings.md", "docs/zh/reference/settings.md"])
def test_every_variable_that_is_read_beside_the_settings_stands_on_the_page(page: str) -> None:
    alone = (ROOT / page).read_text("utf-8").rpartition("\n## ")[2]
    told = {name for line in alone.splitlines() if line.startswith("|") for name in re.findall(r"`([A-Z_]+)`", line)}
    read = set[str]()
    for path in sorted((ROOT / "src").rglob("*.py")):
        text = path.read_text("utf-8")
        if "environ" in text:
            read |= {name for name in _constants(text) if re.fullmatch(_VARIABLE, name)}
    assert {"KESHOU_HOME", "KESHOU_OTLP_ENDPOINT", "LC_ALL", "COLUMNS"} <= read, "nothing was looked at"
    assert sorted(read - told - _as_settings(Settings, "KESHOU")) == []


_VARIABLE = r"(KESHOU|OTEL|PROMETHEUS|LC)_[A-Z_]*[A-Z]|LANG|COLUMNS"


def _constants(text: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def _as_settings(table: Any, within: str) -> set[str]:
    """Return the variables by which the settings of a table can be given; those of tables within it too."""
    found = set[str]()
    for each in msgspec.structs.fields(table):
        name = f"{within}_{each.name.upper()}"
        found |= _as_settings(type(each.default), name) if isinstance(each.default, msgspec.Struct) else {name}
    return found


def _compare(section: str, fields: Sequence[msgspec.structs.FieldInfo]) -> None:
    lines = {each.split("`")[1]: each for each in section.splitlines() if each.startswith("| `")}
    assert set(lines) == {each.name for each in fields}
    for each in fields:
        if each.default not in (msgspec.NODEFAULT, ""):
            shown = each.default if isinstance(each.default, str) else msgspec.json.encode(each.default).decode()
            assert f"| `{shown}` |" in lines[each.name], each.name
