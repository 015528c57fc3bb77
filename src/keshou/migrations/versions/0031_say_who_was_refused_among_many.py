# SPDX-License-Identifier: Apache-2.0
"""Say of each user of an act on many whether that one was refused, beside the payload that says it sealed."""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("log_payload", sa.Column("refused", sa.Text()))


def downgrade() -> None:
    op.drop_column("log_payload", "refused")
