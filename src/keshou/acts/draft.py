# SPDX-License-Identifier: Apache-2.0
"""An entry in the making: what one job will leave in the log, before its place there is known."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from keshou.acts.request import Done
from keshou.gate.decision import Decision
from keshou.gate.facts import SiteFact, UserFact
from keshou.ledger.counted.store import Count, Row
from keshou.ledger.entry import SALT_SIZE, Header
from keshou.vault.sealed import Sealed, SealedRecord, Shredded


class Payload(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """What an entry holds about one user, sealed under the user's own key; only its commitment is in the log."""

    user: str
    kind: str
    items: tuple[str, ...] = ()
    facts: tuple[UserFact, ...] = ()
    version: int = 1
    refused: tuple[str, ...] | None = None
    """Of one user of an act on many: the provisions under which the user was left out of it; nothing, let through.

    None: what the entry says holds of the user.
    """


class Draft(msgspec.Struct, eq=False, gc=False):
    """One entry in the making, and what its caller will be answered."""

    header: dict[str, object]
    """Fields of the entry's header, without pseudonym and commitment; those of `base` need not be here."""
    users: Sequence[tuple[int, Payload]] = ()
    """Surrogate key and payload of each user concerned."""
    user_facts: Sequence[tuple[int, tuple[UserFact, ...]]] = ()
    site_facts: tuple[SiteFact, ...] = ()
    decision: Decision | None = None
    shown: Sequence[tuple[str, Sealed]] = ()
    """What a permitted act shows, still sealed, with the operator's id of the user."""
    stand_ins: Mapping[str, str] = {}
    """Items shown of which a stand-in is given in place of the value -> for which agent or recipient."""
    rest_full: bool = False
    """Whether the others are shown in full, though `decision` as a whole is not for full values."""
    refused: dict[str, Decision] = {}
    shredded: Sequence[Shredded] = ()
    removed: Sequence[tuple[int, str]] = ()
    """Surrogate key and item of values removed of whom a hold keeps the rest."""
    version: int = 0
    done: Done | None = None
    """Set when the request had been answered before."""
    sealed: Sequence[tuple[int, bytes]] = ()
    """Sealed payloads, once they are."""
    found: Sequence[SealedRecord] = ()
    """For each user that a search found, a payload that tells who it is; opened after the commit."""
    counts: int = 0
    """Of how many users it took or destroyed what no review covered; 1 for a search that counts."""
    place: int = -1
    """Index of its entry in the log; an answer given before has none."""
    counted: tuple[bytes, Count] | None = None
    """How many payloads are kept under it, or went with whom it erased; before it the salt of the commitment."""
    base: Header | None = None
    """A header that acts of the same question share; `header` says what differs."""

    @property
    def verdict(self) -> str:
        """``permit`` or ``deny`` as the entry will say; empty where the gate was asked nothing."""
        return str(self.header.get("decision", self.base.decision if self.base else ""))


def tell_count(draft: Draft, count: Count) -> None:
    """Have the entry commit to how many payloads are kept under it, or went with whom it erased."""
    salt = os.urandom(SALT_SIZE)
    draft.counted = salt, count
    draft.header["payloads"] = count.committed(salt)


def counts_of(drafts: Iterable[Draft]) -> list[Row]:
    """Return what is kept beside entries that commit to a count."""
    return [Row(each.place, *each.counted) for each in drafts if each.counted]


def one_by_one(draft: Draft) -> Iterator[tuple[int, int, bytes, str | None]]:
    """Yield what is kept of each user of an act on many: key, index of the entry, sealed payload, who was refused."""
    refused = {key: payload.refused for key, payload in draft.users}
    for key, sealed in draft.sealed:
        cites = refused[key]
        yield key, draft.place, sealed, None if cites is None else " ".join(cites)
