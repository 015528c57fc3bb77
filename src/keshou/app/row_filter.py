# SPDX-License-Identifier: Apache-2.0
"""A filter of the rows and columns that a purpose may use of a table outside the vault; what was judged is recorded."""

import datetime as dt
from collections.abc import Sequence

import msgspec

from keshou.acts.events import OutdatedError
from keshou.app.site import Site
from keshou.app.table_record import outcome, record
from keshou.app.table_world import World, world_of
from keshou.gate.act import Act
from keshou.permits.filter import RowFilter, Table
from keshou.permits.rows import Judged, judge

_TRIES = 5


def filter_rows(site: Site, act: Act, table: Table, users: Sequence[str], life: dt.timedelta) -> RowFilter:
    """Return what `act` may use of `table` for `life` from now on, out of the rows of `users`.

    `act` names purpose, kind and who; its own user, items and time play no part: it is judged as of now. A review that
    let anything through is used up. Make a new filter for each query: what users said since it was made is not in it.

    Raises:
        FilterError: no users are asked of, or the table says of no column what it holds.
        OutdatedError: facts kept changing while it was made.
        UnreachableError: the database does not answer; then there is no filter.

    """
    for left in reversed(range(_TRIES)):
        found, world = _judged(site, act, table, list(dict.fromkeys(users)))
        try:
            entry = record(site, outcome(found.act, len(found.users), found.denied, world, given=found.users)).entry
            break
        except OutdatedError:
            if not left:
                raise
    return RowFilter(
        table=table.name,
        schema=table.schema,
        user_column=table.user_column,
        user_type=table.user_type,
        columns=found.columns if found.users else (),
        left_out=found.left_out,
        users=found.users,
        kind=act.kind,
        purpose=act.purpose,
        by=act.by,
        rules=world.rules,
        revision=world.revision,
        entry=entry,
        until=site.now() + life,
    )


def _judged(site: Site, act: Act, table: Table, users: Sequence[str]) -> tuple[Judged, World]:
    """Judge the table on one state of the database; return what came of it, and the state."""
    plain = msgspec.structs.replace(act, user="", items=frozenset[str]())
    world = world_of(site, plain, users, touched=table.columns.values())
    return judge(world.gate, world.columns, world.act, table, users), world
