# SPDX-License-Identifier: Apache-2.0
"""Add the moment up to which it was told what lapsed."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "webhook_moment",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("told_until", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("id = 1", name="webhook_moment_one_row"),
        sa.PrimaryKeyConstraint("id"),
    )


def downgrade() -> None:
    op.drop_table("webhook_moment")
