# SPDX-License-Identifier: Apache-2.0
"""The documentation does what it says: examples run, links lead somewhere, every page is found."""

import contextlib
import os
import re
import shlex
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import documentation
from cli_caller import Caller

ROOT = documentation.ROOT
PAGES = documentation.pages()
RUN = documentation.to_run()
KESHOU = Path(sys.executable).with_name("keshou")
CURL = Path(__file__).with_name("bin")
"""Where a `curl` is that does as much as pages ask of it, for machines that have none."""
DEFAULT = "127.0.0.1:8400"
RUNS = ("keshou", "curl", "python", "granian")
_TRIES = 600
"""Tenths of a second that an app may take to begin."""


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


class Shell:
    """Runs the console lines of one page: each in a shell, in one folder, with what earlier lines kept."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.kept: dict[str, str] = {}
        self.address = ""
        self._server: subprocess.Popen[bytes] | None = None
        self._apps: dict[str, tuple[str, subprocess.Popen[bytes]]] = {}

    def run(self, line: str) -> subprocess.CompletedProcess[str]:
        """Run one line; `keshou serve &` goes on until `close`."""
        if plain := re.match(r"export ([A-Z_]+)=([^$(]*|\$PWD/.*)$", line):
            self.kept[plain[1]] = self.moved(plain[2]).replace("$PWD", str(self.folder))
            return subprocess.CompletedProcess([], 0, "", "")
        kept = re.match(r"(?:export )?([A-Z_]+)=\$\((.*)\)$", line)
        told = kept[2] if kept else line
        assert told.split()[0] in RUNS, f"only {', '.join(RUNS)} are run from pages, not {told.split()[0]}"
        if line == "keshou serve &":
            return self._serve()
        if app := re.match(r"granian (.* --port (\d+) .*) &$", line):
            return self._begin(app[1], app[2])
        outcome = subprocess.run(
            ["sh", "-c", self.moved(told)],
            cwd=self.folder, env=self.environment(), check=False, capture_output=True, text=True,
        )  # fmt: skip
        if kept:
            self.kept[kept[1]] = outcome.stdout.strip()
        return outcome

    def environment(self) -> dict[str, str]:
        """Return the environment that the page's lines have."""
        path = os.pathsep.join([str(CURL), str(KESHOU.parent), os.environ["PATH"]])
        quiet = {"KESHOU_HOME": str(self.folder / "site"), "COLUMNS": "120", "NO_COLOR": "1", "TERM": "dumb"}
        return (
            os.environ | quiet | {"EXAMPLES": str(ROOT / "examples")} | self.kept | {"LC_ALL": "C.UTF-8", "PATH": path}
        )

    def moved(self, text: str) -> str:
        """Return `text` with the address where the page's server is."""
        for port, (address, _) in self._apps.items():
            text = text.replace(f"127.0.0.1:{port}", address)
        return text.replace(DEFAULT, self.address) if self.address else text

    def _begin(self, told: str, port: str) -> subprocess.CompletedProcess[str]:
        """Run an app in the background, at a port that is free, until `close`."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            own = free.getsockname()[1]
        command = f"exec granian {told.replace(port, str(own))}"
        with (self.folder / "app.log").open("wb") as log:
            app = subprocess.Popen(
                ["sh", "-c", command], cwd=self.folder, env=self.environment(), stdout=log, stderr=subprocess.STDOUT
            )
        self._apps[port] = (f"127.0.0.1:{own}", app)
        for _ in range(_TRIES):
            assert app.poll() is None, (self.folder / "app.log").read_text()
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", own), timeout=1):
                return subprocess.CompletedProcess([], 0, "", "")
            time.sleep(0.1)
        raise AssertionError((self.folder / "app.log").read_text())

    def _serve(self) -> subprocess.CompletedProcess[str]:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.address = f"127.0.0.1:{free.getsockname()[1]}"
        environment = self.environment() | {"KESHOU_ADDRESS": self.address}
        with (self.folder / "server.log").open("wb") as log:
            self._server = subprocess.Popen(
                [KESHOU, "serve"], cwd=self.folder, env=environment, stdout=subprocess.PIPE, stderr=log
            )
        assert self._server.stdout is not None
        assert self.address.encode() in self._server.stdout.readline(), (self.folder / "server.log").read_text()
        return subprocess.CompletedProcess([], 0, "", "")

    def close(self) -> None:
        """Stop what runs in the background; the server must end well."""
        for _, app in self._apps.values():
            app.terminate()
            app.wait(timeout=30)
        if self._server is not None:
            self._server.terminate()
            _, _ = self._server.communicate(timeout=30)
            assert self._server.returncode == 0


class QuickShell(Shell):
    """Runs `keshou` within the test, where it begins at once: that it runs as a program, the English page shows."""

    def run(self, line: str) -> subprocess.CompletedProcess[str]:
        """Run one line; with a variable or in the background it is a program of its own."""
        words = shlex.split(line)
        if words[0] != "keshou" or "$" in line or words[-1] == "&":
            return super().run(line)
        with pytest.MonkeyPatch.context() as patch, contextlib.chdir(self.folder):
            for name, value in self.environment().items():
                patch.setenv(name, value)
            outcome = Caller(None)(*words[1:])
        return subprocess.CompletedProcess(words, outcome.status, outcome.out, outcome.err)


def _run_console(example: documentation.Example, shell: Shell) -> None:
    for command in example.commands():
        outcome = shell.run(command.line)
        said = f"line {example.line}: {command.line}\n{outcome.stdout}{outcome.stderr}"
        assert outcome.returncode == command.status, said
        assert not command.expected or documentation.agrees(shell.moved(command.expected), outcome.stdout), said


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    made = Shell(tmp_path)
    yield made
    made.close()


@pytest.fixture
def quick(tmp_path: Path) -> Iterator[Shell]:
    made = QuickShell(tmp_path)
    yield made
    made.close()


@pytest.mark.parametrize("path", RUN, ids=_name)
def test_the_examples_of_a_page_do_what_it_says(
    path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    chinese = documentation.english_of(path) is not None
    shell: Shell = request.getfixturevalue("quick" if chinese else "shell")
    examples = documentation.examples(path.read_text("utf-8"))
    if examples and not any(" init " in each.text for each in examples):
        made = shell.run(f"keshou init site --sample{' --language zh' if chinese else ''}")
        assert made.returncode == 0, made.stderr
    monkeypatch.chdir(shell.folder)
    monkeypatch.setenv("KESHOU_HOME", str(shell.folder / "site"))
    names: dict[str, Any] = {"__name__": "__main__"}
    for example in examples:
        for name, value in shell.kept.items():
            monkeypatch.setenv(name, value)
        if example.kind == "console":
            _run_console(example, shell)
        else:
            code = compile("\n" * (example.line - 1) + shell.moved(example.text), str(path), "exec")
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


def test_every_page_is_found_from_another_page_than_the_index() -> None:
    aims: set[Path] = set()
    for path in PAGES:
        if not path.is_relative_to(ROOT / "docs" / "zh") and path.name != "index.md":
            links = documentation.links(path.read_text("utf-8"))
            aims |= {(path.parent / each.partition("#")[0]).resolve() for each in links if not each.startswith("#")}
    folders = ("tutorial", "how-to", "reference", "explanation")
    pages = [path for folder in folders for path in sorted((ROOT / "docs" / folder).glob("*.md"))]
    assert [_name(path) for path in pages if path.resolve() not in aims] == []


def test_the_readme_names_every_goal_that_a_how_to_reaches() -> None:
    named = set(documentation.links((ROOT / "README.md").read_text("utf-8")))
    assert {_name(path) for path in (ROOT / "docs" / "how-to").glob("*.md")} - named == set()


def test_both_indexes_list_the_pages_that_there_are() -> None:
    drawn = subprocess.run(
        [sys.executable, ROOT / "scripts" / "index.py"], check=True, capture_output=True, text=True, encoding="utf-8"
    ).stdout
    written = [(ROOT / "docs" / name).read_text("utf-8") for name in ("index.md", "zh/index.md")]
    assert drawn == "".join(written), "mend it with: make pages"


def test_marked_blocks_and_only_those_are_examples() -> None:
    text = "# A\n\n```python\nleft_out()\n```\n\n<!-- test exit 1 -->\n```console\n$ keshou ask \\\n> --json\nno\n```\n"
    (example,) = documentation.examples(text)
    assert (example.kind, example.line, example.status) == ("console", 9, 1)
    assert example.commands() == [("keshou ask --json", "no", 1)]


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
    assert documentation.anchors(text) == ["what-it-does-恪守"]


def test_a_quick_shell_is_a_shell_as_any_other(quick: Shell) -> None:
    assert quick.run("keshou init site --sample --language zh").returncode == 0
    (good, bad) = documentation.examples(
        "<!-- test -->\n```console\n$ keshou media list\n登记册中没有介质\n```\n\n"
        "<!-- test exit 2 -->\n```console\n$ keshou media show nonesuch\n```\n"
    )
    _run_console(good, quick)
    _run_console(bad, quick)
    with pytest.raises(AssertionError, match="media list"):
        _run_console(good._replace(text="$ keshou media list\n登记册中有介质\n"), quick)
    with pytest.raises(AssertionError, match="not rm"):
        quick.run("rm -r site")


def test_a_console_example_that_ends_otherwise_than_the_page_says_is_noticed(shell: Shell) -> None:
    (example,) = documentation.examples("<!-- test -->\n```console\n$ keshou no-such-verb\n```\n")
    with pytest.raises(AssertionError, match="no-such-verb"):
        _run_console(example, shell)


def test_nothing_but_keshou_and_curl_runs_from_pages(shell: Shell) -> None:
    with pytest.raises(AssertionError, match="not rm"):
        shell.run("rm -r site")
