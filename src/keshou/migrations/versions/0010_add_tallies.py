# SPDX-License-Identifier: Apache-2.0
"""Add the tables of what is counted by day."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    state = op.create_table(
        "tally_state",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("id = 1", name="tally_state_one_row"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.bulk_insert(state, [{"id": 1, "size": 0}])
    op.create_table(
        "tally_act",
        sa.Column("day", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("day", "event", "decision"),
    )
    op.create_table(
        "tally_cite",
        sa.Column("day", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("cite", sa.Text(), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("day", "cite"),
    )
    op.create_table(
        "tally_denied",
        sa.Column("cite", sa.Text(), nullable=False),
        sa.Column("idx", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("cite", "idx"),
    )
    op.create_table(
        "tally_consent",
        sa.Column("day", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("day", "kind", "purpose"),
    )


def downgrade() -> None:
    for name in ("tally_consent", "tally_denied", "tally_cite", "tally_act", "tally_state"):
        op.drop_table(name)
