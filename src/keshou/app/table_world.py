# SPDX-License-Identifier: Apache-2.0
"""What a table or a filter is judged on: the rules, facts and users of one moment, out of one state of the database.

Nothing of it is taken from what this process happens to know of users, so that every process gives the same answers.
"""

import datetime as dt
from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

import msgspec

from keshou.acts.listing import of_its_list
from keshou.acts.user_refs import named_of
from keshou.app.site import Site
from keshou.db import Transaction
from keshou.gate.act import Act
from keshou.gate.batch import BatchGate
from keshou.gate.columns import UserColumns
from keshou.gate.standing import UserStanding

_USERS = 10_000


class World(NamedTuple):
    """The facts that a table is judged on, and the question as it is asked of each row."""

    act: Act
    """Dated, with the number of users, what the same hand did before, and what stands for its list."""
    gate: BatchGate
    columns: UserColumns
    keys: frozenset[int]
    """Surrogate keys of the users on record whom it is about."""
    revision: int
    rules: int
    """Version of the rules that decides."""


def world_of(
    site: Site, act: Act, users: Sequence[str], at: dt.datetime | None = None, *, touched: Collection[str] = ()
) -> World:
    """Return what `act`, which is about `users`, is judged on: as of now, whatever time it tells, or as of `at`.

    `touched` are items that it may come to be asked about beside those that it names. The present never lies before
    the log's last entry, so that no fact on record is later than it.
    """
    known, keys, apart = site._known, set[int](), dict[str, UserStanding]()  # noqa: SLF001 - of the same room
    with site.reading() as tx:
        head = site.ledger.head(tx)
        view = known.view(tx, head)
        when = at or site.ledger.latest.present(site.now())
        act = view.counted(tx, msgspec.structs.replace(act, when=when, count=max(1, len(users))))
        # Grounds and holds name users, and whom one names is decided alone: on what is read here, like all others.
        named = named_of(
            known.vault.blind, view.gate, msgspec.structs.replace(act, items=act.items | set(touched)), users
        )
        names = frozenset(named.values())

        def standings() -> Iterator[tuple[str, UserStanding]]:
            for user, key, standing in _read(site, tx, users, when):
                keys.add(key)
                if user in names:
                    apart[user] = standing
                yield user, standing

        columns = UserColumns.of(standings())
    gate = view.gate.over(apart, view.gate.revision)
    act = of_its_list(gate, known.vault.blind, act, users)
    rules = gate.timeline.at(when).edition.version
    return World(act, BatchGate(gate, columns, named), columns, frozenset(keys), gate.revision, rules)


def _read(
    site: Site, tx: Transaction, users: Sequence[str], when: dt.datetime
) -> Iterator[tuple[str, int, UserStanding]]:
    """Yield those of `users` who are on record, each with the surrogate key and the standing at `when`."""
    for start in range(0, len(users), _USERS):
        found = site._known.read(tx, users[start : start + _USERS], when)  # noqa: SLF001 - as above
        yield from ((user, key, standing) for user, (key, standing) in found.items())
