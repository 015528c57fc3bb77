# SPDX-License-Identifier: Apache-2.0
"""What Alembic runs: the transaction is the caller's."""

from alembic import context

from keshou.db import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    compare_type=True,
    transactional_ddl=True,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
