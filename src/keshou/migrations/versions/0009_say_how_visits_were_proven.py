# SPDX-License-Identifier: Apache-2.0
"""Say of a visit when its user was proven, and by which app's key it began."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("visit", sa.Column("proven", sa.BigInteger(), nullable=True))
    op.add_column("visit", sa.Column("app_key", sa.Text(), nullable=False, server_default=""))
    # Until now every visit began with a code, which proved its user at that moment.
    op.execute("UPDATE visit SET proven = created")


def downgrade() -> None:
    op.drop_column("visit", "app_key")
    op.drop_column("visit", "proven")
