# SPDX-License-Identifier: Apache-2.0
"""``keshou check``: hold a declaration against the law like a good compiler."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text as Line

from keshou.app import clock
from keshou.cli.terminal import BAD, GOOD, QUIET, STRONG, Call, plain
from keshou.cli.verb import verb
from keshou.declaration.check import check as hold
from keshou.declaration.finding import Finding
from keshou.declaration.load import Source, read_file
from keshou.errors import ExitStatus
from keshou.law.load import load


def add_to(app: typer.Typer) -> None:
    """Put the verb under the one name."""
    verb(app, "check")(check)


def check(
    call: Call,
    file: Annotated[Path, typer.Argument(help="The declaration, usually operator.toml.")],
) -> ExitStatus:
    """Hold a declaration against the law: every finding with place, article and mending.

    Exit status 0 when it may be published, 1 when it may not.
    """
    _, findings = examine(file)
    clean = may_be_published(findings)
    call.answer({"file": str(file), "clean": clean, "findings": findings}, *shown(call, file, findings))
    return ExitStatus.DONE if clean else ExitStatus.NO


def examine(file: Path) -> tuple[Source, list[Finding]]:
    """Read a declaration and hold it against the law."""
    source = read_file(file)
    return source, list(source.findings if source.declaration is None else hold(source, load(), clock.today()))


def may_be_published(findings: Sequence[Finding]) -> bool:
    """Say whether nothing found is an error."""
    return all(each.severity != "error" for each in findings)


def shown(call: Call, file: Path, findings: Sequence[Finding], *, name: Path | None = None) -> list[Line]:
    """Return the findings as people read them; `name` is what to call the file."""
    lines = _source_lines(file)
    out = [line for each in findings for line in _finding(call, name or file, each, lines)]
    errors = sum(each.severity == "error" for each in findings)
    warnings = len(findings) - errors
    if not findings:
        return [Line(call.words("没有发现问题，可以公布。", "Nothing found; it may be published."), GOOD)]
    told = call.words(f"{errors} 处错误，{warnings} 处警告。", f"{errors} error(s), {warnings} warning(s).")
    return [*out, Line(told, BAD if errors else "")]


def _source_lines(file: Path) -> list[str]:
    try:
        return file.read_bytes().decode("utf-8", "replace").splitlines()
    except OSError:
        return []


def _finding(call: Call, file: Path, each: Finding, lines: Sequence[str]) -> list[Line]:
    error = each.severity == "error"
    name = call.words("错误", "error") if error else call.words("警告", "warning")
    made = [
        Line.assemble(
            (f"{plain(file)}:{each.line}:{each.column}: ", STRONG), (name, BAD if error else "yellow"),
            f" [{each.code}] ", (each.cite, STRONG),
        ),
        Line(f"    {plain(call.of(each.what))}"),
    ]  # fmt: skip
    if 0 < each.line <= len(lines) and lines[each.line - 1].strip():
        made.append(Line(f"    {each.line:>5} │ {plain(lines[each.line - 1].strip())[:160]}", QUIET))
    mend = call.of(each.mend)
    if mend:
        made.append(Line.assemble("    ", (call.words("改法：", "mend: "), GOOD), plain(mend)))
    return [*made, Line("")]
