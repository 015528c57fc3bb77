# SPDX-License-Identifier: Apache-2.0
"""Say of an app's key which services it is for beside the one that its tokens name."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("visit_key", sa.Column("also", sa.Text(), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("visit_key", "also")
