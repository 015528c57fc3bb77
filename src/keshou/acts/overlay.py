# SPDX-License-Identifier: Apache-2.0
"""Standings as one transaction would leave them, over those that everybody sees."""

from collections.abc import Mapping

from keshou.gate.standing import UserStanding


class Overlay(dict[str, UserStanding]):
    """Standings as this transaction would leave them, over those that everybody sees."""

    def __init__(self, base: Mapping[str, UserStanding]) -> None:
        super().__init__()
        self._base = base.get

    def get(self, user: str, default: UserStanding | None = None) -> UserStanding | None:  # type: ignore[override]
        """Return the user's standing here, else the one everybody sees."""
        found = dict.get(self, user)
        return found if found is not None else self._base(user, default)
