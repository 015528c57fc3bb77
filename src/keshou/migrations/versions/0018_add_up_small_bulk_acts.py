# SPDX-License-Identifier: Apache-2.0
"""Note how many users each hand exports, copies or destroys, so that many small acts add up to one bulk act.

What the log tells of acts before the upgrade is counted as well.
"""

import json

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_NAMES = ("entry", "who", "kind", "at", "users")
_KINDS = (b'"event":"export"', b'"event":"copy"', b'"event":"destroy"')


def upgrade() -> None:
    op.create_table(
        "bulk_taking",
        sa.Column("entry", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("users", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("entry"),
    )
    op.create_index("bulk_taking_hand", "bulk_taking", ["who", "kind", "at", "users"])
    _count_what_was()


def _count_what_was() -> None:
    entries, takings = (
        sa.table("log_entry", sa.column("idx"), sa.column("body")),
        sa.table("bulk_taking", *map(sa.column, _NAMES)),
    )
    found = op.get_bind().execute(sa.select(entries.c.idx, entries.c.body), execution_options={"yield_per": 10_000})
    rows = []
    for index, body in found:
        if not any(kind in bytes(body) for kind in _KINDS):
            continue
        told = json.loads(body)
        if told.get("decision") == "permit" and told.get("count", 0) and "review" not in told:
            rows.append(
                dict(zip(_NAMES, (index, told.get("who", ""), told["event"], told["t"], told["count"]), strict=True))
            )
    if rows:
        op.get_bind().execute(sa.insert(takings), rows)


def downgrade() -> None:
    op.drop_table("bulk_taking")
