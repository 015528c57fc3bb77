# SPDX-License-Identifier: Apache-2.0
"""What tells whether a page is for everybody: axe, and what scripts in a page say of focus, width and headings."""

import itertools
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

NARROWEST = {"width": 320, "height": 640}
"""CSS pixels: 1280 at four times the size (WCAG 2.2, 1.4.10)."""
LARGEST = 150_000
"""Bytes that a page and all it loads may have."""
_ONLY = {"resultTypes": ["violations"]}
"""It looks for all of it, but describes only what is wrong, in half the time."""
_SPACED = (
    "* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important } "
    "html { font-size: 200% }"
)
_WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
_SEEN = """() => { const at = document.activeElement, style = getComputedStyle(at), box = at.getBoundingClientRect();
  const called = at.getAttribute('href') || at.getAttribute('name') || at.id || at.textContent.slice(0, 60);
  return {what: at.tagName + ' ' + called,
    ring: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2,
    seen: box.width > 0 && box.bottom > 0 && box.top < innerHeight} }"""
_LEVELS = "[...document.querySelectorAll('h1,h2,h3,h4')].map(each => +each.tagName[1])"
_PAST = "document.activeElement === document.body || document.activeElement === document.documentElement"


def violations(page: Page) -> list[str]:
    """Return what axe finds wrong with a page."""
    found = Axe().run(page, options=_ONLY).response["violations"]
    return [f"{each['id']}: {node['html'][:160]}" for each in found for node in each["nodes"]]


def too_wide(page: Page) -> int:
    """Return by how many pixels a page has to be scrolled sideways."""
    wide: int = page.evaluate(_WIDE)
    return max(0, wide)


def space(page: Page) -> None:
    """Set letters twice as large, with the distances that readers may ask for (WCAG 2.2, 1.4.12)."""
    page.add_style_tag(content=_SPACED)


def tab(page: Page, *, may_be_past: bool = False) -> str:
    """Go on by Tab; return what has the focus, once it was seen to be in sight and to show a ring.

    With `may_be_past`, nothing in the page may have the focus: where a field has it from the start, the last stop comes
    before the last Tab.
    """
    page.keyboard.press("Tab")
    at: dict[str, Any] = page.evaluate(_SEEN)
    if not (may_be_past and at["what"].startswith("BODY")):
        assert at["ring"], at
        assert at["seen"], at
    return str(at["what"])


def is_past_the_last_stop(page: Page) -> bool:
    """Tell whether nothing in the page has the focus."""
    past: bool = page.evaluate(_PAST)
    return past


def has_one_heading_and_no_level_left_out(page: Page) -> bool:
    """Tell whether one first heading names the page and no level of headings is skipped."""
    levels = page.evaluate(_LEVELS)
    return levels.count(1) == 1 and all(after - before <= 1 for before, after in itertools.pairwise(levels))
