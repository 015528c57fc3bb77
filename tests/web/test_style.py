# SPDX-License-Identifier: Apache-2.0
"""The colours of the style are far enough apart, in light and in dark; and it asks for nothing."""

import re

import pytest

from keshou.web.frame.static import FOLDER

CSS = (FOLDER / "keshou.css").read_text("utf-8")
TEXT = 4.5
"""Least contrast of text (WCAG 2.2, 1.4.3)."""
EDGE = 3.0
"""Least contrast of edges that one must see (1.4.11)."""
PAIRS = [
    ("ink", "paper", TEXT), ("ink", "sheet", TEXT), ("quiet", "paper", TEXT), ("quiet", "wash", TEXT),
    ("mark", "paper", TEXT), ("mark", "sheet", TEXT), ("mark", "wash", TEXT), ("mark", "care-wash", TEXT),
    ("good", "good-wash", TEXT), ("care", "care-wash", TEXT), ("bad", "bad-wash", TEXT),
    ("quiet", "good-wash", TEXT), ("quiet", "bad-wash", TEXT), ("ink", "good-wash", TEXT), ("ink", "bad-wash", TEXT),
    ("edge", "paper", EDGE), ("edge", "sheet", EDGE), ("mark", "paper", EDGE),
]  # fmt: skip


def tokens(scheme: int) -> dict[str, str]:
    """Return the colours of light (0) or dark (1)."""
    block = re.findall(r":root \{(.*?)\}", CSS, re.S)[scheme]
    return dict(re.findall(r"--([\w-]+): #([0-9a-f]{6})", block))


def luminance(colour: str) -> float:
    """Return the relative luminance. Source: WCAG 2.2, definitions."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, from 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_text_and_edges_stand_out(scheme: int) -> None:
    known = tokens(scheme)
    assert [pair for pair in PAIRS if contrast(known[pair[0]], known[pair[1]]) < pair[2]] == []


def test_contrast_is_what_the_standard_says() -> None:
    assert contrast("000000", "ffffff") == pytest.approx(21)
    assert contrast("777777", "ffffff") == pytest.approx(4.48, abs=0.01)


def test_light_and_dark_have_the_same_colours_and_only_tokens_are_colours() -> None:
    assert tokens(0).keys() == tokens(1).keys()
    rules = re.sub(r":root \{.*?\}", "", CSS, flags=re.S)
    assert re.findall(r"#[0-9a-f]{3,8}\b", rules) == []


def test_the_style_asks_for_nothing_but_the_seal() -> None:
    assert re.findall(r"url\(([^)]*)\)", CSS) == ['"seal.svg"']
    assert "@import" not in CSS
    assert "http" not in CSS


def test_what_is_taken_from_others_lies_beside_its_licence() -> None:
    assert "Zero-Clause BSD" in (FOLDER / "htmx.LICENSE.txt").read_text("utf-8")
    assert {path.name for path in FOLDER.iterdir()} == {
        "keshou.css",
        "seal.svg",
        "htmx.min.js",
        "htmx.LICENSE.txt",
        "editor.js",
        "typed.js",
        "passkey.js",
    }
