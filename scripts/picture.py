# SPDX-License-Identifier: Apache-2.0
"""Draw the tour's scene of questions as it looks in a terminal: docs/pictures/tour-LANGUAGE.svg; no font is fetched."""

import io
import re
import sys
import tempfile
from pathlib import Path

from rich.console import Console

from keshou.cli.terminal import Call
from keshou.cli.tour import people, questions, rules
from keshou.cli.tour.stage import Stage
from keshou.cli.tour.tour import new_site
from keshou.language import Language

PICTURES = Path(__file__).resolve().parent.parent / "docs" / "pictures"
_FONT = re.compile(r"\s*@font-face \{.*?\}", re.S)
_LENGTH = re.compile(r' textLength="[^"]*"(?=[^>]*>[^<]*[\u3000-\uffef])')
"""Of a text with Chinese characters, each of which it counts as one column, which squeezes them."""
_WIDTH = 100


def draw(language: Language) -> str:
    """Tell the tour as far as its questions and return the picture of that scene."""
    with tempfile.TemporaryDirectory() as folder:
        home = new_site(Call(Path(folder) / "site", json=False, language=language))
        call = Call(home, json=False, language=language)
        out = Console(record=True, file=io.StringIO(), width=_WIDTH, force_terminal=True, markup=False, highlight=False)
        with call.open() as site:
            made = home / "tour"
            made.mkdir()
            stage = Stage(call, site, made, out, fast=True)
            rules.publish(stage)
            users = people.generate(stage, 1)
            people.take_in(stage)
            people.agree(stage, users[0])
            out.export_text(clear=True)
            questions.ask(stage, users[1], users[0])
        drawn = out.export_svg(title="keshou tour", unique_id=f"tour-{language}")
        return _LENGTH.sub("", _FONT.sub("", drawn))


if __name__ == "__main__":
    PICTURES.mkdir(exist_ok=True)
    for each in ("en", "zh"):
        (PICTURES / f"tour-{each}.svg").write_text(draw("en" if each == "en" else "zh"), "utf-8")
        sys.stdout.write(f"{PICTURES / f'tour-{each}.svg'}\n")
