# SPDX-License-Identifier: Apache-2.0
"""Say of each value when it was collected: what the log tells of it, else when its user was taken in."""

import json
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

_AT_ONCE = 2000
_MOMENT = {
    "postgresql": "(convert_from(e.body, 'UTF8')::json ->> 't')::bigint",
    "sqlite": "CAST(json_extract(CAST(e.body AS TEXT), '$.t') AS INTEGER)",
}
_BACK = (
    "UPDATE vault_value SET since = COALESCE((SELECT {moment} FROM vault_user u JOIN log_entry e ON e.idx = u.since "
    'WHERE u."user" = vault_value."user"), (SELECT last_time FROM log_state))'
)
"""A user was taken in by the transaction whose first entry is at the place that `since` of the user names."""
_COLLECTED = sa.text(
    'SELECT p."user", e.idx, e.body FROM log_entry e JOIN log_payload p ON p.idx = e.idx '
    "WHERE e.idx > :after ORDER BY e.idx LIMIT :most"
)
_LATER = sa.text('UPDATE vault_value SET since = :t WHERE "user" = :user AND item = :item AND since < :t')


def upgrade() -> None:
    op.add_column("vault_value", sa.Column("since", sa.BigInteger(), nullable=False, server_default="0"))
    op.execute(_BACK.format(moment=_MOMENT[op.get_bind().dialect.name]))
    for rows in _collections(op.get_bind()):
        op.get_bind().execute(_LATER, rows)


def _collections(bind: Any) -> Iterator[list[dict[str, Any]]]:
    """Yield, some at a time and in order, which item of which user was collected when, as entries tell.

    An entry is about one user, or a payload was never of a collection: what is bulk collects nothing.
    """
    after = -1
    while found := bind.execute(_COLLECTED, {"after": after, "most": _AT_ONCE}).all():
        after = found[-1][1]
        rows = []
        for user, _, body in found:
            if b'"event":"collect"' in (raw := bytes(body)):
                told = json.loads(raw)
                if told.get("decision") == "permit":
                    rows += [{"user": user, "item": item, "t": told["t"]} for item in told.get("items", ())]
        if rows:
            yield rows


def downgrade() -> None:
    op.drop_column("vault_value", "since")
