# SPDX-License-Identifier: Apache-2.0
"""The help in Chinese: the same verbs and options, each with the words that `help_zh.toml` has for its English ones."""

import contextlib
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import typer
from rich.table import Table
from rich.text import Text
from typer import rich_utils


class _Folding(Table):
    """A table that goes on in the next line where Chinese, which has no blanks, is wider than its column."""

    def add_row(self, *cells: Any, **more: Any) -> None:
        super().add_row(*cells, **more)
        for each in self.columns:
            each.overflow = "fold"


def _together(items: Sequence[Text]) -> Text:
    """Return what stands beside an option as one text, for the same reason."""
    told = Text(" ").join(items)
    told.overflow = "fold"
    return told


_FRAME: Mapping[str, object] = {
    "Table": _Folding,
    "Columns": _together,
    "ARGUMENTS_PANEL_TITLE": "参数",
    "OPTIONS_PANEL_TITLE": "选项",
    "COMMANDS_PANEL_TITLE": "命令",
    "DEFAULT_STRING": "[默认：{}]",
    "REQUIRED_LONG_STRING": "[必需]",
}
_HELP = "显示这段说明，然后退出。"


def chinese() -> Mapping[str, str]:
    """Return what the help says in Chinese, by what it says in English."""
    return tomllib.loads(Path(__file__).with_name("help_zh.toml").read_text("utf-8"))


def asks_for_help(command: Any, args: Sequence[str]) -> bool:
    """Say whether the help may be the answer: it is asked for, or a family stands there without a verb of its."""
    for word in args:
        command = getattr(command, "commands", {}).get(word, command)
    return hasattr(command, "commands") or bool({"-h", "--help"} & set(args))


@contextlib.contextmanager
def spoken(command: Any) -> Iterator[None]:
    """Let `command`, all verbs under it and what surrounds their help speak Chinese while the block runs.

    Side effects: the words of `command` stay Chinese; it is made anew for each call.
    """
    _translate(typer.Context(command, **command.context_settings), chinese())
    before = {name: getattr(rich_utils, name) for name in _FRAME}
    _frame(_FRAME)
    try:
        yield
    finally:
        _frame(before)


def _frame(words: Mapping[str, object]) -> None:
    for name, word in words.items():
        setattr(rich_utils, name, word)


def _translate(context: typer.Context, words: Mapping[str, str]) -> None:
    command: Any = context.command
    for each in (command, *command.params):
        if getattr(each, "help", None):
            each.help = words.get(each.help, each.help)
    option = command.get_help_option(context)
    if option is not None:
        option.help = _HELP
    for inner in getattr(command, "commands", {}).values():
        _translate(typer.Context(inner, parent=context), words)
