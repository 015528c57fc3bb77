# SPDX-License-Identifier: Apache-2.0
"""Add the tables of requests."""

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
