# SPDX-License-Identifier: Apache-2.0
"""Permit or deny, each with its reasons."""

from typing import NamedTuple

from keshou.law.model import Citation


class Reason(NamedTuple):
    """One prohibition that an act met: its name, the provision, and what was missing."""

    prohibition: str
    """Name of the prohibition function, e.g. ``act_without_consent``."""
    cite: Citation
    missing: str
    """Code of the fact or condition whose absence (or presence) met it, e.g. ``consent``."""


class Ground(NamedTuple):
    """What a permission stands on: a provision, and the fact that meets it (e.g. ``consent``, ``retention``)."""

    cite: Citation
    fact: str


class Permit(NamedTuple):
    """The act is lawful as far as Keshou can see; `grounds` says why."""

    grounds: tuple[Ground, ...]
    rules: int
    """Version of the published rules that was applied; 0 when there was none."""
    revision: int
    """Revision of the facts that were applied."""
    full: bool = False
    """Whether full values may be shown; otherwise masked."""

    @property
    def permitted(self) -> bool:
        """True."""
        return True


class Deny(NamedTuple):
    """The act is unlawful, or not known to be lawful; `reasons` has every prohibition it met, never none."""

    reasons: tuple[Reason, ...]
    rules: int
    revision: int

    @property
    def permitted(self) -> bool:
        """False."""
        return False


Decision = Permit | Deny
