# SPDX-License-Identifier: Apache-2.0
"""The documentation does what it says: examples run, links lead somewhere, every page is found."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import documentation

ROOT = documentation.ROOT
PAGES = documentation.pages()
KESHOU = Path(sys.executable).with_name("keshou")


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _run(words: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    assert words[0] == "keshou", f"only keshou is run from pages, not {words[0]}"
    quiet = {"KESHOU_HOME": str(folder / "site"), "COLUMNS": "120", "NO_COLOR": "1", "TERM": "dumb"}
    environment = os.environ | quiet | {"LC_ALL": "C.UTF-8"}
    return subprocess.run(
        [KESHOU, *words[1:]], cwd=folder, env=environment, check=False, capture_output=True, text=True
    )


def _run_console(example: documentation.Example, folder: Path) -> None:
    for command in example.commands():
        outcome = _run(command.words, folder)
        said = f"line {example.line}: {' '.join(command.words)}\n{outcome.stdout}{outcome.stderr}"
        assert outcome.returncode == command.status, said
        assert not command.expected or documentation.agrees(command.expected, outcome.stdout), said


@pytest.mark.parametrize("path", PAGES, ids=_name)
def test_the_examples_of_a_page_do_what_it_says(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    examples = documentation.examples(path.read_text("utf-8"))
    if examples and not any(" init " in each.text for each in examples):
        made = _run(["keshou", "init", "site", "--sample"], tmp_path)
        assert made.returncode == 0, made.stderr
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KESHOU_HOME", str(tmp_path / "site"))
    names: dict[str, Any] = {"__name__": "__main__"}
    for example in examples:
        if example.kind == "console":
            _run_console(example, tmp_path)
        else:
            code = compile("\n" * (example.line - 1) + example.text, str(path), "exec")
            exec(code, names)  # noqa: S102 - our own pages


@pytest.mark.parametrize("path", PAGES, ids=_name)
def test_every_link_of_a_page_leads_somewhere(path: Path) -> None:
    broken = []
    for target in documentation.links(path.read_text("utf-8")):
        if target.startswith(("https://", "http://", "mailto:")):
            continue
        name, _, anchor = target.partition("#")
        aim = path.parent / name if name else path
        if not aim.exists() or (anchor and anchor not in documentation.anchors(aim.read_text("utf-8"))):
            broken.append(target)
    assert broken == []


def test_every_page_of_the_documentation_is_found_from_its_index() -> None:
    seen: set[Path] = set()
    ahead = [ROOT / "docs" / "index.md"]
    while ahead:
        path = ahead.pop().resolve()
        if path in seen or path.suffix != ".md" or not path.exists():
            continue
        seen.add(path)
        ahead += [path.parent / target.partition("#")[0] for target in documentation.links(path.read_text("utf-8"))]
    assert [_name(path) for path in PAGES if path.is_relative_to(ROOT / "docs") and path.resolve() not in seen] == []


def test_the_index_lists_the_pages_that_there_are() -> None:
    drawn = subprocess.run(
        [sys.executable, ROOT / "scripts" / "index.py"], check=True, capture_output=True, text=True, encoding="utf-8"
    ).stdout
    assert drawn == (ROOT / "docs" / "index.md").read_text("utf-8"), "mend it with: make pages"


def test_marked_blocks_and_only_those_are_examples() -> None:
    text = "# A\n\n```python\nleft_out()\n```\n\n<!-- test exit 1 -->\n```console\n$ keshou ask \\\n> --json\nno\n```\n"
    (example,) = documentation.examples(text)
    assert (example.kind, example.line, example.status) == ("console", 9, 1)
    assert example.commands() == [(["keshou", "ask", "--json"], "no", 1)]


@pytest.mark.parametrize("below", ["", "\n```python\npass\n```\n", "```toml\na = 1\n```\n", "text\n"])
def test_a_mark_with_nothing_to_run_below_it_is_a_mistake(below: str) -> None:
    with pytest.raises(ValueError, match="line 3"):
        documentation.examples(f"# A\n\n<!-- test -->\n{below}")


@pytest.mark.parametrize(
    ("expected", "printed", "same"),
    [
        ("permitted", "permitted\n", True),
        ("permitted", "denied\n", False),
        ("entry ... of 9", "entry 4 of 9  \n", True),
        ("first\n...\nlast", "first\na\nb\nlast\n", True),
        ("first\n...\nlast", "first\na\nb\n", False),
        ("a.c", "abc", False),
    ],
)
def test_what_a_page_shows_is_compared_with_what_was_printed(expected: str, printed: str, *, same: bool) -> None:
    assert documentation.agrees(expected, printed) is same


def test_links_and_anchors_are_read_outside_examples_only() -> None:
    text = "# What it Does, 恪守\n\n[here](a.md#b)\n\n```console\n$ [no](c.md)\n# nothing\n```\n"
    assert documentation.links(text) == ["a.md#b"]
    assert documentation.anchors(text) == {"what-it-does-恪守"}


def test_a_console_example_that_ends_otherwise_than_the_page_says_is_noticed(tmp_path: Path) -> None:
    (example,) = documentation.examples("<!-- test -->\n```console\n$ keshou no-such-verb\n```\n")
    with pytest.raises(AssertionError, match="no-such-verb"):
        _run_console(example, tmp_path)
