# SPDX-License-Identifier: Apache-2.0
"""What a program's key may be for."""

from enum import StrEnum


class Scope(StrEnum):
    """What a key lets its program ask for, beside what the gate decides (Order 24 Art. 13(3))."""

    ACT = "act"
    """Act in its own name, as far as its posts are granted."""
    EVALUATE = "evaluate"
    """Ask of anybody's acts, without doing them (a policy enforcement point)."""
    SEARCH = "search"
    """Search whose information, which acts, which staff."""
    ON_BEHALF = "on_behalf"
    """Do acts in the name of staff whom the operator's own system has signed in."""
    READ = "read"
    """Read rules, log and state that name nobody."""
