# SPDX-License-Identifier: Apache-2.0
"""Add which session the provider began as which of its own, and which logouts it told."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "openid_session",
        sa.Column("session", sa.Text(), nullable=False),
        sa.Column("sid", sa.LargeBinary(length=32), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("session"),
    )
    op.create_index("ix_openid_session_sid", "openid_session", ["sid"])
    op.create_table(
        "openid_logout",
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("digest"),
    )


def downgrade() -> None:
    op.drop_table("openid_logout")
    op.drop_index("ix_openid_session_sid", "openid_session")
    op.drop_table("openid_session")
