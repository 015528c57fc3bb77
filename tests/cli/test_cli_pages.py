# SPDX-License-Identifier: Apache-2.0
"""The pages about the command line and the settings say what there is."""

import subprocess
import sys
from typing import Any

import msgspec
import pytest
import typer.main

from documentation import ROOT
from keshou.app.settings import Settings
from keshou.cli.app import app


def verbs(command: Any, name: str = "keshou") -> list[tuple[str, Any]]:
    """Return every verb with its name in full."""
    inner = getattr(command, "commands", None)
    if inner is None:
        return [(name, command)]
    return [each for key in inner for each in verbs(inner[key], f"{name} {key}")]


VERBS = verbs(typer.main.get_command(app))


def test_the_page_of_verbs_is_the_programs_own_help() -> None:
    script = ROOT / "scripts" / "cli.py"
    drawn = subprocess.run(
        [sys.executable, script], check=True, capture_output=True, text=True, encoding="utf-8"
    ).stdout
    assert drawn == (ROOT / "docs" / "reference" / "cli.md").read_text("utf-8"), "mend it with: scripts/cli.py --write"


@pytest.mark.parametrize(("name", "command"), VERBS, ids=[name for name, _ in VERBS])
def test_every_verb_says_what_it_does_and_what_each_of_its_options_means(name: str, command: Any) -> None:
    assert command.help
    assert [each.name for each in command.params if not each.help] == []
    assert {"home", "as_json", "lang"} <= {each.name for each in command.params}


def test_every_setting_is_documented_with_its_default() -> None:
    page = (ROOT / "docs" / "reference" / "settings.md").read_text("utf-8")
    for field in msgspec.structs.fields(Settings):
        (line,) = [each for each in page.splitlines() if each.startswith(f"| `{field.name}` |")]
        if field.default not in (msgspec.NODEFAULT, ""):
            assert f"`{field.default}`" in line
