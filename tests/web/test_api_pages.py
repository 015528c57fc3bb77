# SPDX-License-Identifier: Apache-2.0
"""Whatever the command line does has its operation, and the page of the API is drawn from the document."""

import re
import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

from keshou.cli.app import whole
from keshou.web.server import document, undressed

ROOT = Path(__file__).parents[2]
SCRIPT = runpy.run_path(str(ROOT / "scripts" / "api.py"))
NOT_OVER_HTTP = {
    "init",
    "tour",
    "try",
    "serve",
    "tick",
    "verify",
    "restore",
    "upgrade",
    "manifest check",
    "keys show",
    "keys retire",
    "keys rotate master",
    "keys rotate epoch",
    "keys rotate data",
    "keys rotate index",
}


def verbs(command: Any, *names: str) -> Iterator[str]:
    inner = getattr(command, "commands", None)
    if inner is None:
        yield " ".join(names)
        return
    for name in inner:
        yield from verbs(inner[name], *names, name)


def test_every_verb_of_the_command_line_has_an_operation_or_a_reason_why_not() -> None:
    told = SCRIPT["VERBS"]
    assert set(told) == set(verbs(typer.main.get_command(whole())))
    over_http = {each for verb, where in told.items() if verb not in NOT_OVER_HTTP for each in where.split("; ")}
    assert over_http - SCRIPT["UNDESCRIBED"] <= set(SCRIPT["operations"](document()))


def test_what_the_document_tells_in_words_alone_is_served() -> None:
    routes = {
        f"{method} {route.path}" for route in undressed(1_000_000).routes for method in getattr(route, "methods", ())
    }
    for each in SCRIPT["UNDESCRIBED"]:
        served = [route for route in routes if each.startswith(route.partition("{")[0]) and route.endswith(":path}")]
        assert served, each


@pytest.mark.parametrize(("language", "name"), [("en", "reference/api.md"), ("zh", "zh/reference/api.md")])
def test_the_page_is_drawn_from_the_document(language: str, name: str) -> None:
    page = (ROOT / "docs" / name).read_text("utf-8")
    assert page == SCRIPT["page"](language), "mend it with: scripts/api.py --write"


def test_the_page_has_every_word_in_chinese_and_none_that_nobody_says() -> None:
    chinese, english = SCRIPT["chinese"](), SCRIPT["english"]()
    assert set(chinese) == set(english)
    for part, said in english.items():
        assert sorted(said - set(chinese[part])) == [], f"put these into scripts/api_zh.toml, [{part}]"
        assert sorted(set(chinese[part]) - said) == [], f"take these out of scripts/api_zh.toml, [{part}]"
        assert [word for word in chinese[part].values() if not re.search("[\u4e00-\u9fff]", word)] == []


def test_the_document_says_that_a_name_used_anew_is_refused() -> None:
    """Whatever is done once refuses another request of the same name, also where it has no body."""
    operations = [each for methods in document()["paths"].values() for each in methods.values()]
    once = [
        each for each in operations if any(it.get("name") == "Idempotency-Key" for it in each.get("parameters", ()))
    ]
    assert len(once) > 20
    assert [each["operationId"] for each in once if "422" not in each["responses"]] == []
