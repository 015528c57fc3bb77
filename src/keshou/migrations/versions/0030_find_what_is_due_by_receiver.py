# SPDX-License-Identifier: Apache-2.0
"""Find what is due to one receiver without a look at what waits for the others, however much that is."""

from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("webhook_delivery_due", "webhook_delivery")
    op.create_index("webhook_delivery_due", "webhook_delivery", ["subscription", "state", "due_at"])


def downgrade() -> None:
    op.drop_index("webhook_delivery_due", "webhook_delivery")
    op.create_index("webhook_delivery_due", "webhook_delivery", ["state", "due_at"])
