# SPDX-License-Identifier: Apache-2.0
"""Say of each value when it was collected; of those of before, when their user was taken in: no more is on record."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

_MOMENT = {
    "postgresql": "(convert_from(e.body, 'UTF8')::json ->> 't')::bigint",
    "sqlite": "CAST(json_extract(CAST(e.body AS TEXT), '$.t') AS INTEGER)",
}
_BACK = (
    "UPDATE vault_value SET since = COALESCE((SELECT {moment} FROM vault_user u JOIN log_entry e ON e.idx = u.since "
    'WHERE u."user" = vault_value."user"), (SELECT last_time FROM log_state))'
)
"""A user was taken in by the transaction whose first entry is at the place that `since` of the user names."""


def upgrade() -> None:
    op.add_column("vault_value", sa.Column("since", sa.BigInteger(), nullable=False, server_default="0"))
    op.execute(_BACK.format(moment=_MOMENT[op.get_bind().dialect.name]))


def downgrade() -> None:
    op.drop_column("vault_value", "since")
