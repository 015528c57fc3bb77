# SPDX-License-Identifier: Apache-2.0
"""Add the tables of passkeys and of signing in by the operator's own provider."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "account_passkey",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("used", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_account_passkey_account", "account_passkey", ["account"])
    op.create_table(
        "account_challenge",
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("digest"),
    )
    op.create_index("ix_account_challenge_until", "account_challenge", ["until"])
    op.create_table(
        "account_openid",
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("issuer", "subject"),
    )
    op.create_index("ix_account_openid_account", "account_openid", ["account"])
    op.create_table(
        "openid_flow",
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("binding", sa.LargeBinary(length=32), nullable=False),
        sa.Column("fresh", sa.Boolean(), nullable=False),
        sa.Column("begun", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("digest"),
    )
    op.create_index("ix_openid_flow_until", "openid_flow", ["until"])


def downgrade() -> None:
    op.drop_index("ix_openid_flow_until", "openid_flow")
    op.drop_table("openid_flow")
    op.drop_index("ix_account_openid_account", "account_openid")
    op.drop_table("account_openid")
    op.drop_index("ix_account_challenge_until", "account_challenge")
    op.drop_table("account_challenge")
    op.drop_index("ix_account_passkey_account", "account_passkey")
    op.drop_table("account_passkey")
