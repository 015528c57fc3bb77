# SPDX-License-Identifier: Apache-2.0
"""Print docs/reference/cli.md and the Chinese one from the program's own help; with --write, write them."""

import contextlib
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import typer.main

from keshou.cli.app import whole
from keshou.cli.spoken import spoken
from keshou.language import Language, Text

DOCS = Path(__file__).resolve().parent.parent / "docs"
PAGES: Mapping[Language, Path] = {
    "en": DOCS / "reference" / "cli.md",
    "zh": DOCS / "zh" / "reference" / "cli.md",
}
_SHARED = {"home", "as_json", "lang", "help"}
_HEAD = Text(
    zh="""\
# 命令行

由 `scripts/cli.py` 根据程序自己的帮助写成；有一个测试把两者对在一起。以中文答复时，`keshou --help` 说的也是这些。

`keshou VERB`。标准输出里只有答案；进度和错误写到标准错误。错误是一条消息和一条提示，用读者的语言，从不重复任何人的值；\
带 `--json` 时是一行JSON，有 `error`、`hint` 和 `status`，用英文，因为读它的是程序。

| 退出状态 | 意思 |
|---|---|
| 0 | 做好了，允许，没有问题 |
| 1 | 答案是“否”：不允许，发现了问题，有不对的行，有待办或过时的 |
| 2 | 调用或者输入不对，或者所写的文件读不出来；什么也没有做 |
| 3 | 完整性被破坏：所存的（例如数据库、密钥文件）不是所写的 |
| 4 | 所需的一部分连不上，或者没有人料到的错误；什么也没有答复 |
| 130 | 被打断；没有做了一半的 |

`keshou --version`说明是哪个版本。每条命令都有这些选项，写在它前面或后面：

| 选项 | 作用 |
|---|---|
""",
    en="""\
# The command line

Drawn from the program's own help by `scripts/cli.py`; a test holds both together.

`keshou VERB`. Nothing but the answer goes to standard output; progress and errors go to standard error. Errors are one
message and a hint, in the reader's language, and never repeat anybody's values; with `--json` they are one line of
JSON with `error`, `hint` and `status`, in English, since programs read them.

| exit status | means |
|---|---|
| 0 | done, permitted, clean |
| 1 | the answer is no: denied, findings, bad rows, something open or stale |
| 2 | the call or its input is wrong, or a file that it names cannot be read; nothing was done |
| 3 | integrity broken: something stored, such as the database or a key file, is not what was written |
| 4 | a part that is needed cannot be reached, or an error nobody foresaw; nothing was answered |
| 130 | interrupted; nothing is half done |

`keshou --version` says which version it is. Every verb takes these, before it or after it:

| option | does |
|---|---|
""",
)
_DEFAULT = Text(zh="默认：`{}`。", en=" Default: `{}`.")
_NEEDED = Text(zh="必需。", en=" Needed.")


def page(language: Language) -> str:
    """Return the page."""
    root = typer.main.get_command(whole())
    with spoken(root) if language == "zh" else contextlib.nullcontext():
        shared = [_row(each, language) for each in root.params if each.name in _SHARED]
        return _HEAD.in_(language) + "".join(shared) + "".join(_verbs(root, "keshou", language))


def _verbs(command: Any, name: str, language: Language) -> Iterator[str]:
    inner = getattr(command, "commands", None)
    if inner is None:
        yield _verb(command, name, language)
        return
    for key in inner:
        yield from _verbs(inner[key], f"{name} {key}", language)


def _verb(command: Any, name: str, language: Language) -> str:
    arguments = [each for each in command.params if each.param_type_name == "argument"]
    options = [each for each in command.params if each.param_type_name == "option" and each.name not in _SHARED]
    usage = " ".join([name, *map(_usage, arguments), *(_usage(each) for each in options if each.required)])
    more = " [OPTIONS]" if any(not each.required for each in options) else ""
    text = f"\n## {name}\n\n```text\n{usage}{more}\n```\n\n{_help(command.help)}\n"
    rows = [_row(each, language) for each in (*arguments, *options)]
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


def _row(each: Any, language: Language) -> str:
    names = ", ".join(f"`{name}`" for name in each.opts) if each.param_type_name == "option" else f"`{_metavar(each)}`"
    flag = getattr(each, "is_bool_flag", False)
    value = "" if flag or each.param_type_name == "argument" else f" `{_metavar(each)}`"
    given = getattr(each.default, "value", each.default)
    default = _DEFAULT.in_(language).format(given) if given and not callable(given) and not flag else ""
    needed = _NEEDED.in_(language) if each.required and each.param_type_name == "option" else ""
    cells = (f"{names}{value}", f"{each.help or ''}{needed}{default}")
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


if __name__ == "__main__":
    for spoken_in, path in PAGES.items():
        if "--write" in sys.argv[1:]:
            path.write_text(page(spoken_in), "utf-8")
        else:
            print(page(spoken_in), end="")
