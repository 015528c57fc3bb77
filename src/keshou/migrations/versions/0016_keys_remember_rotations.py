# SPDX-License-Identifier: Apache-2.0
"""Add the table of rotations of keys, which lets one that was broken off go on."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "vault_rotation",
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("begun", sa.BigInteger(), nullable=False),
        sa.Column("ended", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("level"),
    )


def downgrade() -> None:
    op.drop_table("vault_rotation")
