# SPDX-License-Identifier: Apache-2.0
"""Values -> pictures (SVG) with a title and a description; colours come by class from the one style.

Nothing is told by a picture alone: whoever shows one puts the table of its values behind it.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from markupsafe import Markup

_WIDTH, _HEIGHT = 720, 200
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 8, 12, 26
_GAP = 0.25
"""Share of a column's place that stays empty."""
_STEPS: Final = (1, 2, 3, 4, 5, 6, 8)


class Column(NamedTuple):
    """One column: what it is called, and its parts from the bottom up."""

    name: str
    parts: tuple[int, ...]
    told: str
    """What a pointer that rests on it is told."""


class Picture(NamedTuple):
    """What every picture says of itself."""

    id: str
    """Of its own in the page."""
    title: str
    text: str
    """What it shows, in a sentence or two."""


def columns(picture: Picture, given: Sequence[Column], looks: Sequence[str]) -> Markup:
    """Return columns side by side on a scale from zero; `looks` are the classes of the parts from the bottom up."""
    most = _rounded(max((sum(each.parts) for each in given), default=0))
    drawn = [*_scale(most), *_columns(given, looks, most), *_names(given)]
    return _svg(picture, _WIDTH, _HEIGHT, drawn)


def _rounded(value: int) -> int:
    """Return the least round number that is not below `value`."""
    scale = 1
    while True:
        for step in _STEPS:
            if step * scale >= value:
                return step * scale
        scale *= 10


def _scale(most: int) -> list[Markup]:
    middle = [most // 2] if most % 2 == 0 else []
    lines = []
    for value in (0, *middle, most):
        y = _y(value, most)
        line = Markup('<path class="rule" d="M{} {}H{}"/>').format(_LEFT, _f(y), _WIDTH - _RIGHT)
        text = Markup('<text class="scale" x="{}" y="{}">{}</text>').format(_LEFT - 6, _f(y + 4), f"{value:,}")
        lines += [line, text]
    return lines


def _columns(given: Sequence[Column], looks: Sequence[str], most: int) -> list[Markup]:
    place = (_WIDTH - _LEFT - _RIGHT) / max(1, len(given))
    drawn = []
    for at, column in enumerate(given):
        x, height = _LEFT + (at + _GAP / 2) * place, 0
        parts = []
        for part, look in zip(column.parts, looks, strict=True):
            if part:
                top, bottom = _y(height + part, most), _y(height, most)
                parts.append(
                    Markup('<rect class="{}" x="{}" y="{}" width="{}" height="{}"/>').format(
                        look, _f(x), _f(top), _f(place * (1 - _GAP)), _f(bottom - top)
                    )
                )
            height += part
        if parts:
            drawn.append(Markup("<g><title>{}</title>{}</g>").format(column.told, Markup("").join(parts)))
    return drawn


def _names(given: Sequence[Column]) -> list[Markup]:
    """Name the first column, the last, and some between, as far apart as they can be read."""
    if not given:
        return []
    place = (_WIDTH - _LEFT - _RIGHT) / len(given)
    every = max(1, -(-len(given) // 6))
    drawn = []
    for at, column in enumerate(given):
        if at % every == 0:
            x = _LEFT + (at + 0.5) * place
            drawn.append(Markup('<text class="name" x="{}" y="{}">{}</text>').format(_f(x), _HEIGHT - 6, column.name))
    return drawn


def _y(value: float, most: int) -> float:
    return _HEIGHT - _BOTTOM - (_HEIGHT - _TOP - _BOTTOM) * value / most


def _f(value: float) -> str:
    return f"{value:.1f}".rstrip("0").rstrip(".")


def _svg(picture: Picture, width: int, height: int, drawn: Sequence[Markup]) -> Markup:
    return Markup(
        '<svg class="chart" viewBox="0 0 {} {}" role="img" aria-labelledby="{}-t {}-d">'
        '<title id="{}-t">{}</title><desc id="{}-d">{}</desc>{}</svg>'
    ).format(
        width, height, picture.id, picture.id, picture.id, picture.title, picture.id, picture.text,
        Markup("").join(drawn),
    )  # fmt: skip


class Node(NamedTuple):
    """Something that a flow goes through."""

    key: str
    name: str


class Ribbon(NamedTuple):
    """A flow from a node of one rank to a node of the next."""

    start: str
    end: str
    look: str
    told: str


_ROW, _FLOW_WIDTH, _HEAD = 26, 760, 30


def flow(picture: Picture, heads: Sequence[str], ranks: Sequence[Sequence[Node]], ribbons: Sequence[Ribbon]) -> Markup:
    """Return nodes in three ranks from left to right, and what flows between them, under a head for each rank.

    `ribbons` name nodes by key; keys are different in all ranks.
    """
    rows = max((len(rank) for rank in ranks), default=1)
    height = _HEAD + rows * _ROW + 10
    places = _places(ranks, rows)
    drawn = [_head(name, rank) for rank, name in enumerate(heads)]
    drawn += [_ribbon(each, places) for each in ribbons]
    for rank, nodes in enumerate(ranks):
        drawn += [_node(each, rank, places[each.key][1]) for each in nodes]
    return _svg(picture, _FLOW_WIDTH, height, drawn)


def _places(ranks: Sequence[Sequence[Node]], rows: int) -> dict[str, tuple[int, float]]:
    found = {}
    for rank, nodes in enumerate(ranks):
        step = rows / max(1, len(nodes))
        for at, each in enumerate(nodes):
            found[each.key] = (rank, _HEAD + (at + 0.5) * step * _ROW)
    return found


def _left(rank: int) -> int:
    return (8, 278, 548)[rank]


def _head(name: str, rank: int) -> Markup:
    return Markup('<text class="head" x="{}" y="16">{}</text>').format(_left(rank) + 4, name)


def _ribbon(each: Ribbon, places: dict[str, tuple[int, float]]) -> Markup:
    (rank, y), (_, z) = places[each.start], places[each.end]
    x, w = _left(rank) + 204, _left(rank + 1)
    middle = (x + w) // 2
    path = f"M{x} {_f(y)}C{middle} {_f(y)} {middle} {_f(z)} {w} {_f(z)}"
    return Markup('<path class="ribbon {}" d="{}"><title>{}</title></path>').format(each.look, path, each.told)


def _node(each: Node, rank: int, y: float) -> Markup:
    x, name = _left(rank), _short(each.name)
    box = Markup('<rect class="node" x="{}" y="{}" width="204" height="20" rx="4"/>').format(x, _f(y - 10))
    text = Markup('<text x="{}" y="{}">{}</text>').format(x + 8, _f(y + 4.5), name)
    whole = Markup("<title>{}</title>").format(each.name) if name != each.name else Markup("")
    return Markup("<g>{}{}{}</g>").format(whole, box, text)


_MOST_LETTERS = 33
"""Half-width letters that fit into a node."""


def _short(name: str) -> str:
    width, kept = 0.0, ""
    for letter in name:
        width += 2 if ord(letter) > 0x2E7F else 1
        if width > _MOST_LETTERS:
            return f"{kept}…"
        kept += letter
    return kept
