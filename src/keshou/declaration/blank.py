# SPDX-License-Identifier: Apache-2.0
"""A declaration to be filled in: every table, with what belongs there in both languages."""

from importlib.resources import files


def blank() -> str:
    """Return it as text."""
    return files("keshou.declaration").joinpath("blank.toml").read_text("utf-8")
