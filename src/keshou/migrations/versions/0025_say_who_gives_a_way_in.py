# SPDX-License-Identifier: Apache-2.0
"""Say who gave programs, apps and accounts their ways in, and which wait for a second hand; none of before does."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

_GIVEN = ("program_credential", "visit_key", "account_openid")


def upgrade() -> None:
    for table in _GIVEN:
        op.add_column(table, sa.Column("by", sa.Text(), nullable=False, server_default=""))
        op.add_column(table, sa.Column("waits", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("account", sa.Column("invitation_waits", sa.Text(), nullable=True))
    op.add_column("account_event", sa.Column("about", sa.Text(), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("account_event", "about")
    op.drop_column("account", "invitation_waits")
    for table in reversed(_GIVEN):
        op.drop_column(table, "waits")
        op.drop_column(table, "by")
