# SPDX-License-Identifier: Apache-2.0
"""Say of each account whether anybody ever signed in to it; of before, whatever is left that tells so counts."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

_TELLING = ("signed_in", "accepted", "linked", "unlinked", "password_changed", "proven")
"""Events of an account that somebody had, or that a subject of the provider may have come by."""


def upgrade() -> None:
    op.add_column("account", sa.Column("signed_in", sa.Boolean(), nullable=False, server_default=sa.false()))
    account = sa.table(
        "account", sa.column("id"), sa.column("invitation"), sa.column("password"), sa.column("closed"),
        sa.column("signed_in", sa.Boolean()),
    )  # fmt: skip
    event = sa.table("account_event", sa.column("account"), sa.column("what"))
    left = [
        sa.exists().where(table.c.account == account.c.id)
        for table in (sa.table(each, sa.column("account")) for each in ("account_session", "account_passkey"))
    ]
    link = sa.table("account_openid", sa.column("account"), sa.column("waits", sa.Boolean()))
    linked = sa.exists().where(link.c.account == account.c.id, link.c.waits.is_(sa.false()))
    told = sa.exists().where(event.c.account == account.c.id, event.c.what.in_(_TELLING))
    # an invitation stays in its row until it is accepted, or the account closed
    over = account.c.invitation.is_(None) | account.c.password.is_not(None) | account.c.closed.is_not(None)
    op.execute(sa.update(account).where(sa.or_(over, linked, told, *left)).values(signed_in=sa.true()))


def downgrade() -> None:
    op.drop_column("account", "signed_in")
