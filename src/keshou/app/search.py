# SPDX-License-Identifier: Apache-2.0
"""Looking for users: one act for the search, one for each user it found, and only so many within an hour."""

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

import msgspec

from keshou.acts.request import Done, Job, Perform, Search
from keshou.acts.work import Pending
from keshou.declaration.findable import Part
from keshou.gate.act import Act
from keshou.gate.decision import Decision
from keshou.vault.settings import FindingSettings


class SearchFound(NamedTuple):
    """What a search came to."""

    entry: int
    """Place of the search's own entry in the log."""
    decision: Decision
    hits: int
    """How many users there are; of more than the site shows, nobody is named."""
    users: dict[str, Done]
    """By the operator's id: what became of the query of each whom this hand may see."""


class Door(Protocol):
    """What of a site a search uses."""

    def do_all(self, jobs: Sequence[Job]) -> list[Done]:
        """Bring many jobs to the door."""


class Searches:
    """The searches of one site."""

    def __init__(
        self,
        door: Door,
        settings: FindingSettings,
        bring: Callable[[Job], Pending],
        found: Callable[[Pending], list[str]],
    ) -> None:
        self._door = door
        self._settings = settings
        self._bring = bring
        self._found = found

    def find(self, act: Act, value: str, part: Part = Part.WHOLE, *, masked: bool = False) -> SearchFound:
        """Look for users whose one item of `act` equals `value`, or ends or begins so; `act` is a query about nobody.

        Each one found is then queried in an act of its own, on that item: who may not be seen is not named. With
        `masked`, masked values will do.

        Raises:
            TooManySearchesError: this hand searched too often.
            VaultError: users cannot be found by this item here.

        """
        most, per_hour = self._settings.most, self._settings.per_hour
        pending = self._bring(Search(act=act, value=value, part=part, most=most, per_hour=per_hour))
        decision = pending.draft.decision
        assert decision is not None  # noqa: S101 - a search is always decided
        count = pending.draft.header["count"]
        users = self._found(pending)
        jobs = [Perform(act=msgspec.structs.replace(act, user=user), masked=masked) for user in users]
        done = self._door.do_all(jobs) if jobs else []
        seen = {user: each for user, each in zip(users, done, strict=True) if each.decision and each.decision.permitted}
        return SearchFound(pending.place, decision, int(str(count)), seen)

    def ids(self, act: Act, value: str) -> list[str]:
        """Return whom a search finds, by the operator's ids; nobody when it is denied, or finds too many.

        No hand is refused for having searched too often, and nobody is queried: for those who use what they find in an
        act of its own.
        """
        return self._found(self._bring(Search(act=act, value=value, most=self._settings.most)))
