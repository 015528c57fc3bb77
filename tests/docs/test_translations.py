# SPDX-License-Identifier: Apache-2.0
"""A page that is also written in Chinese says what its English page says, as far as anything but a reader can tell."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import documentation

ROOT = documentation.ROOT
DOCS = ROOT / "docs"
CHINESE = DOCS / "zh"
SCRIPT = "scripts/zh_pages.py"
DRAWN = {CHINESE / "reference" / name for name in ("api.md", "asvs.md", "cli.md", "findings.md", "prohibitions.md")}
"""Pages that are drawn from data in both languages, and may say more in one of them."""
PAGES = [path for path in sorted(CHINESE.rglob("*.md")) if path != CHINESE / "index.md"]
"""All but the first page, which is written for its readers alone."""
WRITTEN = [path for path in PAGES if path not in DRAWN]
_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)


def _name(path: Path) -> str:
    return path.relative_to(CHINESE).as_posix()


def _both(path: Path) -> tuple[str, str]:
    english = documentation.english_of(path)
    assert english is not None
    return path.read_text("utf-8"), english.read_text("utf-8")


def _commands(text: str) -> list[tuple[str, str, int]]:
    """Return kind, what is run and how it ends, of each example; languages left out, which are to differ."""
    found = []
    for example in documentation.examples(text):
        if example.kind == "console":
            lines = [re.sub(r"(--lang|--language) \w+ ?", "", each.line).strip() for each in example.commands()]
            found += [(example.kind, line, example.status) for line in lines]
        else:
            found.append((example.kind, example.text, example.status))
    return found


def _shown(text: str) -> list[tuple[str, str]]:
    """Return the blocks that are shown and not run."""
    run = {each.text for each in documentation.examples(text)}
    return [(kind, block) for kind, block in _BLOCK.findall(text) if block not in run]


def _shape(text: str) -> list[str]:
    """Return what the lines outside examples are: headings by level, rows, points, each where it stands."""
    lines = re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S).splitlines()
    marks = (re.match(r" *(#+ |\||[-*] |\d+\. )", line) for line in lines)
    return [mark[0] for mark in marks if mark]


def _aims(path: Path, text: str) -> list[tuple[str, int]]:
    """Return where a page's links lead: the English page, and which of its headings."""
    found = []
    for target in documentation.links(text):
        name, _, anchor = target.partition("#")
        if re.match(r"\w+:", target):
            found.append((target, -1))
            continue
        aim = (path.parent / name).resolve() if name else path
        place = documentation.anchors(aim.read_text("utf-8")).index(anchor) if anchor else -1
        found.append(((documentation.english_of(aim) or aim).relative_to(ROOT).as_posix(), place))
    return sorted(found)


@pytest.mark.parametrize("path", WRITTEN, ids=_name)
def test_a_page_in_chinese_has_the_shape_and_the_commands_of_its_english_page(path: Path) -> None:
    chinese, english = _both(path)
    assert _shape(chinese) == _shape(english)
    assert _commands(chinese) == _commands(english)
    assert _shown(chinese) == _shown(english)
    assert chinese.count("![") == english.count("![")


@pytest.mark.parametrize("path", WRITTEN, ids=_name)
def test_a_page_in_chinese_names_all_that_its_english_page_names_in_code(path: Path) -> None:
    chinese, english = _both(path)
    assert documentation.spans(chinese) ^ documentation.spans(english) == set()


@pytest.mark.parametrize("path", WRITTEN, ids=_name)
def test_a_page_in_chinese_leads_where_its_english_page_leads(path: Path) -> None:
    chinese, english = _both(path)
    source = documentation.english_of(path)
    assert source is not None
    assert _aims(path, chinese) == _aims(source, english)


@pytest.mark.parametrize("path", PAGES, ids=_name)
def test_a_page_in_chinese_leads_to_pages_in_chinese_where_there_are_any(path: Path) -> None:
    past = []
    for target in documentation.links(path.read_text("utf-8")):
        aim = (path.parent / target.partition("#")[0]).resolve()
        if aim.is_relative_to(DOCS) and (CHINESE / aim.relative_to(DOCS)).is_file():
            past.append(target)
    assert past == []


@pytest.mark.parametrize("path", [*PAGES, CHINESE / "index.md"], ids=_name)
def test_a_page_in_chinese_is_set_as_chinese_is(path: Path) -> None:
    text = re.sub(r"`[^`]+`|\]\([^)]*\)|<!--.*?-->", "", _BLOCK.sub("", path.read_text("utf-8")))
    assert re.findall(r"[\u4e00-\u9fff][,;:?!(]|[,;?!)][\u4e00-\u9fff]", text) == [], "half-width signs in a sentence"
    assert re.findall(r"[\u4e00-\u9fff] [\u4e00-\u9fff]", text) == [], "a space between characters"


def test_the_two_glossaries_have_the_same_chinese_words() -> None:
    def words(path: Path) -> list[str]:
        return re.findall(r"^\| ([^|`]*[\u4e00-\u9fff][^|`]*) \| ", path.read_text("utf-8"), re.M)

    english, chinese = words(DOCS / "glossary.md"), words(CHINESE / "glossary.md")
    assert len(english) > 80
    assert [word for word in english if word not in chinese] == []


def _pages(root: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, root / SCRIPT, *words]
    return subprocess.run(command, cwd=root, check=False, capture_output=True, text=True, encoding="utf-8")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the docs, and of the script beside them."""
    for name in ("docs", "scripts"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", "pictures"))
    return tmp_path


def test_every_page_is_there_in_chinese_and_was_looked_at_since_its_english_page_changed() -> None:
    assert _pages(ROOT).stderr == ""


def _told(root: Path) -> set[str]:
    """Return what the script tells of the docs under `root`, beyond what it tells of these docs as they stand."""
    outcome = _pages(root)
    assert outcome.returncode == (1 if outcome.stderr else 0)
    return set(outcome.stderr.splitlines()) - set(_pages(ROOT).stderr.splitlines())


def test_a_changed_english_page_is_told_until_its_chinese_page_was_looked_at(copy: Path) -> None:
    english, chinese = copy / "docs/how-to/embed.md", copy / "docs/zh/how-to/embed.md"
    before = chinese.read_text("utf-8")
    assert _told(copy) == set()
    english.write_text(english.read_text("utf-8").replace("one object", "two objects"), "utf-8")
    (line,) = _told(copy)
    assert line.startswith("docs/zh/how-to/embed.md: docs/how-to/embed.md is not as it was")
    assert _pages(copy, "--looked-at", "docs/zh/how-to/write-a-declaration.md").returncode == 0
    assert _told(copy) == {line}, "another page was looked at"
    assert _pages(copy, *line.partition("zh_pages.py ")[2].split()).returncode == 0
    assert _told(copy) == set()
    changed = zip(before.splitlines(), chinese.read_text("utf-8").splitlines(), strict=True)
    assert [old[:12] for old, new in changed if old != new] == ["<!-- english"]


def test_an_english_page_without_a_chinese_one_is_told(copy: Path) -> None:
    (copy / "docs/how-to/new.md").write_text("# New\n", "utf-8")
    (copy / "docs/zh/reference/problems.md").unlink()
    assert {line.partition(";")[0] for line in _told(copy)} == {
        "docs/zh/how-to/new.md: is not there",
        "docs/zh/reference/problems.md: is not there",
    }
