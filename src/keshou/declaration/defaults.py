# SPDX-License-Identifier: Apache-2.0
"""What holds where a declaration is silent: read from ``defaults.toml``, never written in code."""

import functools
import tomllib
from importlib.resources import files

import msgspec

from keshou.declaration.model import Declaration


class _Review(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    window_hours: int
    hour_users: int
    """How many users one hand serves in an hour at most, one after the other."""


class Defaults(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the file says, table by table."""

    review: _Review


@functools.cache
def defaults() -> Defaults:
    """Read the file."""
    text = files("keshou.declaration").joinpath("defaults.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), Defaults)


def window_hours(declaration: Declaration | None) -> int:
    """Return within how many hours acts of one hand add up; 0: they do not. Source: miit24:13.1.3."""
    declared = declaration.review if declaration else None
    if declared is None or declared.window_hours is None:
        return defaults().review.window_hours
    return declared.window_hours
