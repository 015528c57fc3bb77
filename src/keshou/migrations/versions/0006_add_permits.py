# SPDX-License-Identifier: Apache-2.0
"""Add the tables of permits."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "permit_redeemed",
        sa.Column("permit", sa.String(length=64), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("permit"),
    )
    op.create_index("permit_redeemed_until", "permit_redeemed", ["until"])


def downgrade() -> None:
    op.drop_table("permit_redeemed")
