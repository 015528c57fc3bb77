# SPDX-License-Identifier: Apache-2.0
"""Count one-time codes by what was asked for, and by where it was asked from; those of before count as they did."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("visit_code", sa.Column("counted", sa.LargeBinary(length=32), nullable=True))
    op.add_column("visit_code", sa.Column("source", sa.LargeBinary(length=32), nullable=True))
    op.execute('UPDATE visit_code SET counted = "user"')
    with op.batch_alter_table("visit_code") as table:
        table.alter_column("counted", existing_type=sa.LargeBinary(length=32), nullable=False)
    op.create_index("ix_visit_code_counted", "visit_code", ["counted"])


def downgrade() -> None:
    op.drop_index("ix_visit_code_counted", table_name="visit_code")
    op.drop_column("visit_code", "source")
    op.drop_column("visit_code", "counted")
