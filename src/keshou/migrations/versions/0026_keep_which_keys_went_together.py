# SPDX-License-Identifier: Apache-2.0
"""Keep the ids of keys that were destroyed together, where an entry names them by their root alone."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "vault_destroyed",
        sa.Column("entry", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kids", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("entry"),
    )


def downgrade() -> None:
    op.drop_table("vault_destroyed")
