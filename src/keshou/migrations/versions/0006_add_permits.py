# SPDX-License-Identifier: Apache-2.0
"""Add the tables of permits."""

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
