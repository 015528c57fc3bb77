# SPDX-License-Identifier: Apache-2.0
"""Keep a few of those whom a bulk act would be about, sealed, until another person looked at it."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "review_sample",
        sa.Column("review", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("user", sa.LargeBinary(length=32), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("asked", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("review", "number"),
    )
    op.create_index("ix_review_sample_user", "review_sample", ["user"])
    op.create_index("ix_review_sample_asked", "review_sample", ["asked"])


def downgrade() -> None:
    op.drop_table("review_sample")
