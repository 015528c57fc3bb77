# SPDX-License-Identifier: Apache-2.0
"""Say of all that finds users in which way and under which index key, and which chosen ways are complete."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("vault_user", sa.Column("index_key", sa.Integer(), nullable=False, server_default="0"))
    op.create_table(
        "vault_way",
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("way", sa.Text(), nullable=False),
        sa.Column("complete", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("item", "way"),
    )
    op.drop_index("vault_index_tag", table_name="vault_index")
    op.rename_table("vault_index", "vault_index_before")
    op.create_table(
        "vault_index",
        sa.Column("user", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("way", sa.Text(), nullable=False),
        sa.Column("tag", sa.LargeBinary(length=16), nullable=False),
        sa.Column("index_key", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("user", "item", "way", name="vault_index_place"),
    )
    op.execute(
        'INSERT INTO vault_index ("user", item, way, tag, index_key) '
        "SELECT \"user\", REPLACE(item, '#4', ''), CASE WHEN item LIKE '%#4' THEN '#4' ELSE '' END, tag, 0 "
        "FROM vault_index_before"
    )
    op.drop_table("vault_index_before")
    op.create_index("vault_index_tag", "vault_index", ["item", "way", "tag"])


def downgrade() -> None:
    op.drop_index("vault_index_tag", table_name="vault_index")
    op.rename_table("vault_index", "vault_index_after")
    op.create_table(
        "vault_index",
        sa.Column("user", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("tag", sa.LargeBinary(length=16), nullable=False),
        sa.PrimaryKeyConstraint("user", "item"),
    )
    op.execute(
        'INSERT INTO vault_index ("user", item, tag) '
        "SELECT \"user\", item || way, tag FROM vault_index_after WHERE way IN ('', '#4')"
    )
    op.drop_table("vault_index_after")
    op.create_index("vault_index_tag", "vault_index", ["item", "tag"])
    op.drop_table("vault_way")
    op.drop_column("vault_user", "index_key")
