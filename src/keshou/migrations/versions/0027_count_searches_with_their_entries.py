# SPDX-License-Identifier: Apache-2.0
"""Count each search with its entry, so that a hand has one count however many processes it searches from.

What the log tells of searches before the upgrade is counted as well, those among them that were for a user's signing
in: their entries do not say so.
"""

import json

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

_NAMES = ("entry", "who", "kind", "at", "users")
_SEARCH = "search"


def upgrade() -> None:
    entries = sa.table("log_entry", sa.column("idx"), sa.column("body"))
    found = op.get_bind().execute(sa.select(entries.c.idx, entries.c.body), execution_options={"yield_per": 10_000})
    rows = []
    for index, body in found:
        if b'"event":"search"' not in bytes(body):
            continue
        told = json.loads(body)
        if told["event"] == _SEARCH:
            rows.append(dict(zip(_NAMES, (index, told.get("who", ""), _SEARCH, told["t"], 1), strict=True)))
    if rows:
        op.get_bind().execute(sa.insert(_takings()), rows)


def downgrade() -> None:
    takings = _takings()
    op.get_bind().execute(sa.delete(takings).where(takings.c.kind == _SEARCH))


def _takings() -> sa.TableClause:
    return sa.table("bulk_taking", *map(sa.column, _NAMES))
