# SPDX-License-Identifier: Apache-2.0
"""Say, where every writer looks, which epoch and which index key the database has come to."""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

_EPOCH = (
    "SELECT MAX(n) FROM (SELECT 1 AS n UNION ALL SELECT MAX(epoch) FROM vault_key "
    "UNION ALL SELECT epoch FROM vault_rotation WHERE level IN ('epoch', 'data')) AS found"
)
_INDEX = (
    "SELECT MAX(n) FROM (SELECT 0 AS n UNION ALL SELECT MAX(index_key) FROM vault_user "
    "UNION ALL SELECT MAX(index_key) FROM vault_index "
    "UNION ALL SELECT epoch FROM vault_rotation WHERE level = 'index') AS found"
)


def upgrade() -> None:
    op.add_column("log_state", sa.Column("epoch", sa.Integer(), nullable=False, server_default="1"))
    op.add_column("log_state", sa.Column("index_key", sa.Integer(), nullable=False, server_default="0"))
    op.execute(f"UPDATE log_state SET epoch = ({_EPOCH}), index_key = ({_INDEX})")  # noqa: S608 - no input


def downgrade() -> None:
    op.drop_column("log_state", "index_key")
    op.drop_column("log_state", "epoch")
