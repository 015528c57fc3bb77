# SPDX-License-Identifier: Apache-2.0
"""A CRM that an operator had before Keshou: its own database, its own tables, guarded now in both ways.

One customer is served on a permit, which is checked here without asking anybody. A list is served through a filter,
fetched for just that list. Either way nothing leaves that the gate did not let out.
"""

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any

from keshou.acts.mask import masked
from keshou.cli.sample.people import Subscriber, subscribers
from keshou.client.desk import PermitDesk
from keshou.law.terms import ActKind
from keshou.permits.filter import RowFilter, Table
from keshou.permits.verify import Serving

HOLDING = "crm"
"""This system's id among the holdings of the rules."""

TABLE = Table(
    name="customers",
    user_column="customer_id",
    columns={"full_name": "user_name", "phone": "mobile_number", "plan": "tariff_plan"},
)
"""What the table holds; the column `note` is not told of, so it never leaves."""

Filtering = Callable[[Sequence[str]], RowFilter]
"""Fetches the filter for the rows of these customers, e.g. ``Keshou.filter_rows`` with its question."""


def fill(connection: Any, count: int) -> list[Subscriber]:
    """Make the table with invented people; return them."""
    mark = _mark_of(connection)
    connection.execute(
        "CREATE TABLE customers (customer_id TEXT PRIMARY KEY, full_name TEXT, phone TEXT, plan TEXT, note TEXT)"
    )
    people = list(subscribers(count))
    insert = f"INSERT INTO customers VALUES ({', '.join([mark] * 5)})"  # noqa: S608 - marks alone
    for each in people:
        row = (each.user_id, each.name, each.mobile_number, each.tariff_plan, "called twice")
        connection.execute(insert, row)
    connection.commit()
    return people


def _mark_of(connection: Any) -> str:
    return "%s" if type(connection).__module__.startswith("psycopg") else "?"


class Crm:
    """The customers in a SQLite (`sqlite3`) or PostgreSQL (`psycopg`) database.

    `caller` is the program that hands permits in, by the name that Keshou knows it by.
    """

    def __init__(self, connection: Any, desk: PermitDesk, caller: str) -> None:
        self._connection = connection
        self._mark = _mark_of(connection)
        self._postgresql = self._mark != "?"
        self._desk, self._caller = desk, caller

    def fill(self, count: int) -> list[str]:
        """Make the table with invented people; return the ids of the customers."""
        return [each.user_id for each in fill(self._connection, count)]

    def phone(self, permit: str, customer: str, now: dt.datetime, purpose: str = "service") -> str:
        """Return a customer's telephone number on a permit; masked unless the permit is for full values.

        Raises:
            PermitError: the permit is not for this.

        """
        found = self._desk.admit(
            permit,
            Serving(
                audience=HOLDING,
                kind=ActKind.USE,
                users=frozenset({customer}),
                items=frozenset({"mobile_number"}),
                purpose=purpose,
                caller=self._caller,
                masked=True,
            ),
            now,
        )
        query = f"SELECT phone FROM customers WHERE customer_id = {self._mark}"  # noqa: S608 - a mark alone
        (phone,) = self._connection.execute(query, (customer,)).fetchone()
        return phone if found.full else masked("mobile_number", phone)

    def on_plan(self, plan: str, filtering: Filtering, now: dt.datetime) -> list[dict[str, Any]]:
        """Return what may be used of the customers who have `plan`.

        Their ids alone are read first; the filter is asked for them, now, so whoever withdrew a moment ago is out.
        """
        query = f"SELECT customer_id FROM customers WHERE plan = {self._mark} ORDER BY customer_id"  # noqa: S608
        customers = [customer for (customer,) in self._connection.execute(query, (plan,)).fetchall()]
        if not customers:
            return []
        chosen = filtering(customers)
        selection = chosen.postgresql(now) if self._postgresql else chosen.sqlite(now)
        return chosen.show(
            self._connection.execute(f"{selection.statement} ORDER BY 1", selection.parameters).fetchall()
        )
