# SPDX-License-Identifier: Apache-2.0
"""Tables of the very first days, made before the first migration was settled: brought to what it makes now.

What such a site remembered of requests is dropped with its table: it did not say what had been asked for.
"""

import sqlalchemy as sa

from keshou.db import Transaction


def settle(tx: Transaction) -> None:
    """Change tables that are from before the first migration was settled; leave all others as they are."""
    if "notice_complete" in _columns(tx, "declaration"):
        tx.connection.exec_driver_sql("ALTER TABLE declaration DROP COLUMN notice_complete")
    if "request_id" in _columns(tx, "log_request"):
        tx.connection.exec_driver_sql("DROP TABLE log_request")
        sa.Table(
            "log_request",
            sa.MetaData(),
            sa.Column("request", sa.LargeBinary, primary_key=True),
            sa.Column("body", sa.LargeBinary, nullable=False),
            sa.Column("idx", sa.BigInteger, nullable=False),
        ).create(tx.connection)


def _columns(tx: Transaction, table: str) -> set[str]:
    return {str(each["name"]) for each in sa.inspect(tx.connection).get_columns(table)}
