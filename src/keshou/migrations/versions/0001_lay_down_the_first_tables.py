# SPDX-License-Identifier: Apache-2.0
"""Lay down the first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "declaration",
        sa.Column("version", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("effective", sa.BigInteger(), nullable=False),
        sa.Column("published_at", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("notice_zh", sa.String(length=64), nullable=False),
        sa.Column("notice_en", sa.String(length=64), nullable=False),
        sa.Column("rules_zh", sa.Text(), nullable=False),
        sa.Column("rules_en", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("version"),
    )
    op.create_table(
        "log_checkpoint",
        sa.Column("size", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("note", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("size"),
    )
    op.create_table(
        "log_edge",
        sa.Column("level", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("hashes", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("level"),
    )
    op.create_table(
        "log_entry",
        sa.Column("idx", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("leaf", sa.LargeBinary(length=32), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("idx"),
    )
    op.create_table(
        "log_payload",
        sa.Column("user", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("idx", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("user", "idx"),
    )
    op.create_table(
        "log_request",
        sa.Column("request", sa.LargeBinary(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("idx", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("request"),
    )
    op.create_table(
        "log_state",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("frontier", sa.LargeBinary(), nullable=False),
        sa.Column("last_time", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("id = 1", name="log_state_one_row"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "log_tile",
        sa.Column("level", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("n", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hashes", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("level", "n"),
    )
    op.create_table("site", sa.Column("id", sa.Text(), nullable=False), sa.PrimaryKeyConstraint("id"))
    op.create_table(
        "site_fact",
        sa.Column("revision", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("revision", "ordinal"),
    )
    op.create_table(
        "user_fact",
        sa.Column("user", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("user", "revision", "ordinal"),
    )
    with op.batch_alter_table("user_fact", schema=None) as batch_op:
        batch_op.create_index("user_fact_revision", ["revision"], unique=False)

    op.create_table(
        "vault_index",
        sa.Column("user", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("tag", sa.LargeBinary(length=16), nullable=False),
        sa.PrimaryKeyConstraint("user", "item"),
    )
    with op.batch_alter_table("vault_index", schema=None) as batch_op:
        batch_op.create_index("vault_index_tag", ["item", "tag"], unique=False)

    op.create_table(
        "vault_key",
        sa.Column("user", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("class", sa.Text(), nullable=False),
        sa.Column("kid", sa.LargeBinary(length=16), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("user", "class"),
    )
    with op.batch_alter_table("vault_key", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_vault_key_epoch"), ["epoch"], unique=False)

    op.create_table(
        "vault_shredded",
        sa.Column("user", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("class", sa.Text(), nullable=False),
        sa.Column("kid", sa.LargeBinary(length=16), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("user", "class", "kid"),
    )
    op.create_table(
        "vault_user",
        sa.Column("user", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("ref", sa.LargeBinary(length=16), nullable=True),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("user"),
        sa.UniqueConstraint("ref"),
    )
    op.create_table(
        "vault_value",
        sa.Column("user", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("class", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("user", "item"),
    )


def downgrade() -> None:
    op.drop_table("vault_value")
    op.drop_table("vault_user")
    op.drop_table("vault_shredded")
    with op.batch_alter_table("vault_key", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_vault_key_epoch"))

    op.drop_table("vault_key")
    with op.batch_alter_table("vault_index", schema=None) as batch_op:
        batch_op.drop_index("vault_index_tag")

    op.drop_table("vault_index")
    with op.batch_alter_table("user_fact", schema=None) as batch_op:
        batch_op.drop_index("user_fact_revision")

    op.drop_table("user_fact")
    op.drop_table("site_fact")
    op.drop_table("site")
    op.drop_table("log_tile")
    op.drop_table("log_state")
    op.drop_table("log_request")
    op.drop_table("log_payload")
    op.drop_table("log_entry")
    op.drop_table("log_edge")
    op.drop_table("log_checkpoint")
    op.drop_table("declaration")
