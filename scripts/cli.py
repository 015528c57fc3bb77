# SPDX-License-Identifier: Apache-2.0
"""Print docs/reference/cli.md from the program's own help; with --write, write it."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer.main

from keshou.cli.app import app

PAGE = Path(__file__).resolve().parent.parent / "docs" / "reference" / "cli.md"
_SHARED = {"home", "as_json", "lang", "help"}
_HEAD = """\
# The command line

Drawn from the program's own help by `scripts/cli.py`; a test holds both together.

`keshou VERB`. Nothing but the answer goes to standard output; progress and errors go to standard error. Errors are one
message and a hint, and never repeat anybody's values.

| exit status | means |
|---|---|
| 0 | done, permitted, clean |
| 1 | the answer is no: denied, findings, bad rows, something open or stale |
| 2 | the call or its input is wrong; nothing was done |
| 3 | integrity broken: something stored is not what was written |
| 4 | a part that is needed cannot be reached, or an error nobody foresaw; nothing was answered |
| 130 | interrupted; nothing is half done |

Every verb takes these, before it or after it:

| option | does |
|---|---|
"""


def page() -> str:
    """Return the page."""
    root = typer.main.get_command(app)
    shared = [_row(each) for each in root.params if each.name in _SHARED]
    return _HEAD + "".join(shared) + "".join(_verbs(root, "keshou"))


def _verbs(command: Any, name: str) -> Iterator[str]:
    inner = getattr(command, "commands", None)
    if inner is None:
        yield _verb(command, name)
        return
    for key in inner:
        yield from _verbs(inner[key], f"{name} {key}")


def _verb(command: Any, name: str) -> str:
    arguments = [each for each in command.params if each.param_type_name == "argument"]
    options = [each for each in command.params if each.param_type_name == "option" and each.name not in _SHARED]
    usage = " ".join([name, *map(_usage, arguments), *(_usage(each) for each in options if each.required)])
    more = " [OPTIONS]" if any(not each.required for each in options) else ""
    text = f"\n## {name}\n\n```text\n{usage}{more}\n```\n\n{_help(command.help)}\n"
    rows = [_row(each) for each in (*arguments, *options)]
    return text + ("\n| | |\n|---|---|\n" + "".join(rows) if rows else "")


def _help(text: str) -> str:
    return text.replace("[bold]", "`").replace("[/bold]", "`").strip()


def _metavar(each: Any) -> str:
    if each.metavar:
        return str(each.metavar)
    choices = each.type_descriptor.choices
    return "|".join(str(getattr(choice, "value", choice)) for choice in choices) if choices else each.name.upper()


def _usage(each: Any) -> str:
    if each.param_type_name == "argument":
        shown = _metavar(each)
        return shown if each.required or shown.startswith("[") else f"[{shown}]"
    return f"{each.opts[-1]} {_metavar(each)}"


def _row(each: Any) -> str:
    names = ", ".join(f"`{name}`" for name in each.opts) if each.param_type_name == "option" else f"`{_metavar(each)}`"
    flag = getattr(each, "is_bool_flag", False)
    value = "" if flag or each.param_type_name == "argument" else f" `{_metavar(each)}`"
    given = getattr(each.default, "value", each.default)
    default = f" Default: `{given}`." if given and not callable(given) and not flag else ""
    needed = " Needed." if each.required and each.param_type_name == "option" else ""
    cells = (f"{names}{value}", f"{each.help or ''}{needed}{default}")
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


if __name__ == "__main__":
    if "--write" in sys.argv[1:]:
        PAGE.write_text(page(), "utf-8")
    else:
        print(page(), end="")
