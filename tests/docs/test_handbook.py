# SPDX-License-Identifier: Apache-2.0
"""The handbook: built from the docs as they stand, whole, for everybody, read without a server and without a script."""

import contextlib
import re
import shutil
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Literal

import pytest
from browser import chromium
from everybody import too_wide, violations
from playwright.sync_api import Browser, Page

import documentation

ROOT = documentation.ROOT
SOME = [
    "index.html", "tutorial/first-hour.html", "how-to/embed.html", "reference/api.html", "reference/findings.html",
    "explanation/pages.html", "adr/index.html", "glossary.html", "contributing.html",
]  # fmt: skip
"""Pages of every kind, with every part that pages are made of."""
FAULTY = {
    "link": ("# A\n\n[b](nowhere.md)\n", "leads nowhere"),
    "heading": ("# A\n\n[b](../index.md#no-such-heading)\n", "has no heading `no-such-heading`"),
    "picture": ("# A\n\n![seen](../pictures/none.png)\n", "leads nowhere"),
    "unseen": ("# A\n\n![](../pictures/rules-en.png)\n", "a picture without words"),
    "outside": ("# A\n\n[b](/etc/hostname)\n", "leads nowhere"),
    "handler": ("# A\n\n<b onclick='x()'>b</b>\n", "markup in a page"),
    "script": ("# A\n\n<script>x()</script>\n", "markup in a page"),
    "level": ("# A\n\n### C\n", "a level of headings is left out before `C`"),
    "untitled": ("Text\n", "begins with its one title"),
    "two-titles": ("# A\n\n# B\n", "begins with its one title"),
    "tongue": ("# A\n\n```nonesuch\nx\n```\n", "unknown language: nonesuch"),
}
"""Pages that are not whole, and what is said of each."""


@pytest.fixture(scope="module")
def build() -> Iterator[Callable[[Path, Path], int]]:
    """Give what builds the documentation under a folder into another."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "scripts" / "handbook"))
        import site_of  # noqa: PLC0415 - it lies where scripts do

        yield site_of.build


@pytest.fixture(scope="module")
def site(build: Callable[[Path, Path], int], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The handbook as it is built of these docs."""
    out = tmp_path_factory.mktemp("handbook") / "site"
    english = [path for path in (ROOT / "docs").rglob("*.md") if documentation.english_of(path) is None]
    assert build(ROOT, out) > 2 * len(english)
    return out


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@contextlib.contextmanager
def reading(
    browser: Browser, site: Path, *, scheme: Literal["light", "dark"] = "light", width: int = 1280, **more: Any
) -> Iterator[tuple[Page, list[str]]]:
    """Give a page of a reader, and every address that it asks for."""
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, **more)
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: asked.append(str(error)))
    yield page, asked
    context.close()
    assert [each for each in asked if not each.startswith(f"{site.as_uri()}/")] == []


class _Targets(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.names: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.names.add(given.get("id") or "")
        (self.links if tag == "a" else self.loaded).extend(filter(None, (given.get("href"), given.get("src"))))


def targets(path: Path) -> _Targets:
    found = _Targets()
    found.feed(path.read_text("utf-8"))
    return found


@pytest.fixture(scope="module")
def faults(build: Callable[[Path, Path], int], tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What is said of a copy of the docs in which each page of `FAULTY` is one more."""
    root = tmp_path_factory.mktemp("faulty") / "copy"
    shutil.copytree(ROOT / "docs", root / "docs")
    for each in ("CONTRIBUTING.md", "tests", "src/keshou/web/frame/static"):
        (root / each).parent.mkdir(parents=True, exist_ok=True)
        (root / each).symlink_to(ROOT / each)
    for name, (text, _) in FAULTY.items():
        (root / "docs" / "how-to" / f"{name}.md").write_text(text, "utf-8")
    with pytest.raises(Exception, match="faults in the documentation") as found:
        build(root, root.parent / "out")
    assert not (root.parent / "out").exists()
    told: list[str] = found.value.faults  # type: ignore[attr-defined]
    return told


def test_every_page_of_the_docs_is_there_in_both_trees_and_in_the_list(site: Path) -> None:
    for language in ("zh", "en"):
        listed = re.findall(r'<nav class="all".*?</nav>', (site / language / "index.html").read_text("utf-8"), re.S)[0]
        for path in (ROOT / "docs").rglob("*.md"):
            name = path.relative_to(ROOT / "docs").as_posix().removeprefix("zh/")
            page = name.replace("README", "index").replace(".md", ".html")
            assert (site / language / page).is_file(), name
            assert f'href="{page}"' in listed, name


def test_every_link_and_picture_of_the_handbook_is_there_and_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    found = {path.resolve(): targets(path) for path in site.rglob("*.html")}
    broken = []
    for path, has in found.items():
        assert [each for each in has.loaded if re.match(r"\w+:|//", each)] == [], path
        for target in [*has.links, *has.loaded]:
            if re.match(r"https?:|mailto:", target):
                continue
            name, _, anchor = target.partition("#")
            aim = (path.parent / name).resolve() if name else path
            if not aim.is_file() or (anchor and anchor not in found[aim].names):
                broken.append(f"{path.relative_to(site)}: {target}")
    assert broken == []
    style = "".join(path.read_text("utf-8") for path in (site / "static").glob("*.css"))
    assert re.findall(r"url\((?!\"seal.svg\")|@import|https?://", style) == []


def test_what_is_written_in_chinese_is_shown_so_and_what_names_the_other_language_leads_there(site: Path) -> None:
    chinese = (site / "zh" / "tutorial" / "first-hour.html").read_text("utf-8")
    assert "<h1 id=" in chinese
    assert "第一个小时</h1>" in chinese
    assert "目前只有英文" not in chinese
    assert re.findall(r"[\u3400-\u9fff，。；]\n[\u3400-\u9fff]", chinese) == [], "a space within a Chinese sentence"
    assert "目前只有英文" in (site / "zh" / "security.html").read_text("utf-8")
    assert 'href="../zh/tutorial/first-hour.html"' in (site / "en" / "index.html").read_text("utf-8")
    led = re.findall(r'href="([^"]*law\.html)', (site / "zh" / "contributing.html").read_text("utf-8"))
    assert set(led) == {"reference/law.html"}, "what is in English only leads to pages of its own tree"


def test_every_emphasis_in_chinese_is_read_as_one(site: Path) -> None:
    for path in (site / "zh").rglob("*.html"):
        text = re.sub(r"<(pre|code)\b.*?</\1>", "", path.read_text("utf-8"), flags=re.S)
        assert "**" not in text, path


def test_a_heading_is_reached_in_either_language_by_the_name_that_it_has_there(
    build: Callable[[Path, Path], int], tmp_path: Path
) -> None:
    pages = {
        "security.md": "# Only English\n\n[there](how-to/a.md#second)\n",
        "how-to/a.md": "# A\n\n## First\n\n## Second\n",
        "zh/how-to/a.md": "# 甲\n\n## 其一\n\n## 其二\n",
    }
    for name, text in pages.items():
        (tmp_path / "docs" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "docs" / name).write_text(text, "utf-8")
    (tmp_path / "src/keshou/web/frame").mkdir(parents=True)
    (tmp_path / "src/keshou/web/frame/static").symlink_to(ROOT / "src/keshou/web/frame/static")
    build(tmp_path, tmp_path / "out")
    assert 'href="how-to/a.html#second"' in (tmp_path / "out/en/security.html").read_text("utf-8")
    assert 'href="how-to/a.html#其二"' in (tmp_path / "out/zh/security.html").read_text("utf-8")


@pytest.mark.parametrize("name", FAULTY)
def test_a_page_that_is_not_whole_stops_the_build(faults: list[str], name: str) -> None:
    _, fault = FAULTY[name]
    assert [each for each in faults if each.startswith(f"docs/how-to/{name}.md: ") and fault in each]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_axe_finds_no_barrier_in_the_handbook_and_nothing_is_wider_than_a_phone(
    browser: Browser, site: Path, language: str
) -> None:
    wrong = {}
    scheme: Literal["light", "dark"] = "dark" if language == "zh" else "light"
    for width in (1280, 390):
        with reading(browser, site, scheme=scheme, width=width) as (page, _):
            for path in SOME if width == 1280 else SOME[:4]:
                page.goto(f"{(site / language / path).as_uri()}")
                if (found := violations(page)) or too_wide(page):
                    wrong[path, width] = found, too_wide(page)
    assert wrong == {}


def test_a_place_is_found_without_a_server_and_reached_by_keyboard(browser: Browser, site: Path) -> None:
    with reading(browser, site) as (page, asked):
        page.goto((site / "en" / "how-to" / "embed.html").as_uri())
        assert not [each for each in asked if each.endswith("find.js")], "the list is loaded before anybody looks"
        page.get_by_role("searchbox").fill("complaint answer days")
        page.wait_for_selector("#k-found li a")
        assert int(page.get_by_role("status").inner_text().split()[0]) > 0
        while not page.evaluate("document.activeElement.matches('#k-found a')"):
            page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.wait_for_url("**.html#*")
        page.get_by_role("searchbox").fill("zzzz")
        page.wait_for_selector("#k-found:not([hidden])")
        assert page.get_by_role("status").inner_text() == "Nothing found."
        page.keyboard.press("Escape")
        assert page.locator("#k-found").is_hidden()


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("批量操作的审查", "批量操作的审查"),
        ("批量操作审查", "批量操作的审查"),
        ("撤回同意", "撤回"),
        ("备份 恢复", "备份与恢复"),
        ("complaint_answer_days", "第一个小时"),
    ],
)
def test_chinese_is_found_as_it_is_typed_without_blanks(browser: Browser, site: Path, typed: str, first: str) -> None:
    with reading(browser, site) as (page, _):
        page.goto((site / "zh" / "index.html").as_uri())
        page.get_by_role("searchbox").fill(typed)
        page.wait_for_selector("#k-found li a")
        found = page.locator("#k-found li a").all_inner_texts()
        assert [each for each in found[:5] if first in each], found
        page.get_by_role("searchbox").fill("龘靐齉爩")
        page.wait_for_selector("#k-found:not([hidden])")
        assert page.get_by_role("status").inner_text() == "没有找到。"


def test_what_is_looked_for_is_text(browser: Browser, site: Path) -> None:
    with reading(browser, site) as (page, _):
        page.goto((site / "zh" / "index.html").as_uri())
        page.get_by_role("searchbox").fill("<img src=x onerror=window.hit=1>")
        page.wait_for_selector("#k-found:not([hidden])")
        assert page.evaluate("window.hit") is None
        assert page.get_by_role("status").inner_text() == "没有找到。"


def test_without_a_script_all_is_there_but_the_search(browser: Browser, site: Path) -> None:
    with reading(browser, site, java_script_enabled=False) as (page, _):
        page.goto((site / "index.html").as_uri())
        page.get_by_role("link", name="中文").click()
        assert page.locator(".find").is_hidden()
        page.get_by_role("navigation", name="全部页面").get_by_role("link", name="How fast it is").click()
        assert page.url == (site / "zh" / "benchmarks.html").as_uri()
        assert page.locator("html").get_attribute("lang") == "zh-CN"
        assert page.locator("main").get_attribute("lang") == "en"
        page.get_by_role("link", name="English", exact=True).click()
        assert page.url == (site / "en" / "benchmarks.html").as_uri()
