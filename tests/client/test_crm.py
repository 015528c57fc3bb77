# SPDX-License-Identifier: Apache-2.0
"""An operator's own database, guarded in both ways: withdrawals hold at once, and no permit opens another's row."""

import contextlib
import sqlite3
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import psycopg
import pytest
from house import Clock, newcomer, ready
from little_server import KEY, serving

from keshou.app.site import Site
from keshou.client.desk import PermitDesk
from keshou.client.question import Question
from keshou.client.sync import Keshou
from keshou.db import Database
from keshou.gate.facts import ConsentWithdrawn
from keshou.law.terms import ActKind
from keshou.permits import errors as e
from keshou.permits.filter import RowFilter

sys.path.append(str(Path(__file__).resolve().parents[2] / "examples" / "crm"))
from crm import TABLE, Crm

COUNT = 12


class World:
    """A site with its server, and a CRM with a database of its own."""

    def __init__(self, site: Site, clock: Clock, keshou: Keshou, connection: Any) -> None:
        self.site, self.clock, self.keshou = site, clock, keshou
        desk = PermitDesk(lambda: keshou.permit_keys(site.settings.log_origin))
        self.crm = Crm(connection, desk, "crm_app")
        self.customers = self.crm.fill(COUNT)
        self.connection = connection
        site.do_all([newcomer(site, user, None, "marketing") for user in self.customers])

    def permit(self, user: str, purpose: str = "service", by: str = "clerk1") -> str:
        """Ask for a customer's telephone number."""
        question = Question(kind=ActKind.USE, user=user, items=frozenset({"mobile_number"}), purpose=purpose, by=by)
        return self.keshou.perform(question, holding="crm").permit

    def filtering(self, by: str = "lister", purpose: str = "marketing") -> Callable[[Sequence[str]], RowFilter]:
        """Return what fetches a filter."""
        question = Question(kind=ActKind.USE, items=frozenset({"mobile_number"}), purpose=purpose, by=by)
        return lambda customers: self.keshou.filter_rows(question, TABLE, customers)

    def stored(self, column: str) -> dict[str, str]:
        """Return customer -> value as the database has it."""
        return dict(self.connection.execute(f"SELECT customer_id, {column} FROM customers").fetchall())  # noqa: S608


@pytest.fixture
def world(database: Database, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[World]:
    clock = Clock()
    with contextlib.ExitStack() as stack:
        if database.postgresql:
            own: Any = stack.enter_context(psycopg.connect(request.getfixturevalue("postgresql_url")))
        else:
            own = stack.enter_context(contextlib.closing(sqlite3.connect(tmp_path / "crm.db")))
        site = stack.enter_context(ready(database, tmp_path, clock))
        keshou = stack.enter_context(Keshou(stack.enter_context(serving(site)), KEY))
        yield World(site, clock, keshou, own)


def test_a_customer_is_served_on_a_permit(world: World) -> None:
    customer = world.customers[0]
    phone = world.crm.phone(world.permit(customer), customer, world.site.now())
    assert phone == world.stored("phone")[customer]


def test_a_post_for_masked_values_is_served_masked_ones(world: World) -> None:
    customer = world.customers[0]
    phone = world.crm.phone(world.permit(customer, by="biller"), customer, world.site.now())
    whole = world.stored("phone")[customer]
    assert phone == whole[:3] + "****" + whole[-4:]


def test_a_permit_for_one_customer_does_not_open_another(world: World) -> None:
    token = world.permit(world.customers[0])
    for other in world.customers[1:]:
        with pytest.raises(e.PermitBeyondError) as caught:
            world.crm.phone(token, other, world.site.now())
        assert caught.value.beyond == ("users",)


def test_a_permit_for_one_purpose_does_not_serve_another(world: World) -> None:
    customer = world.customers[0]
    with pytest.raises(e.PermitBeyondError):
        world.crm.phone(world.permit(customer), customer, world.site.now(), purpose="marketing")


def test_after_a_withdrawal_there_is_no_permit(world: World) -> None:
    customer = world.customers[0]
    assert world.permit(customer)
    world.site.record(customer, ConsentWithdrawn(at=world.site.now(), purpose="service"))
    assert world.permit(customer) == ""
    with pytest.raises(e.PermitMalformedError):
        world.crm.phone("", customer, world.site.now())


def test_a_list_has_the_columns_the_purpose_needs_and_no_others(world: World) -> None:
    plan = next(iter(world.stored("plan").values()))
    rows = world.crm.on_plan(plan, world.filtering(), world.site.now())
    assert rows
    assert {tuple(row) for row in rows} == {("customer_id", "phone", "plan")}
    assert all(row["phone"] == world.stored("phone")[row["customer_id"]] for row in rows)


def test_a_withdrawal_is_out_of_the_next_list(world: World) -> None:
    plans = world.stored("plan")
    plan = max(set(plans.values()), key=list(plans.values()).count)
    expected = sorted(customer for customer, had in plans.items() if had == plan)
    assert [row["customer_id"] for row in world.crm.on_plan(plan, world.filtering(), world.site.now())] == expected
    world.site.record(expected[0], ConsentWithdrawn(at=world.site.now(), purpose="marketing"))
    after = world.crm.on_plan(plan, world.filtering(), world.site.now())
    assert [row["customer_id"] for row in after] == expected[1:]


def test_a_filter_kept_for_later_is_refused(world: World) -> None:
    kept = world.filtering()(world.customers)
    plan = next(iter(world.stored("plan").values()))
    with pytest.raises(e.FilterExpiredError):
        world.crm.on_plan(plan, lambda _: kept, kept.until)


def test_nobody_is_listed_for_a_post_without_a_grant(world: World) -> None:
    plan = next(iter(world.stored("plan").values()))
    assert world.crm.on_plan(plan, world.filtering(by="judge"), world.site.now()) == []


def test_customers_of_whom_keshou_knows_nothing_are_not_listed(world: World) -> None:
    mark = "%s" if world.site.database.postgresql else "?"
    row = ("stranger", "x", "0", "of-its-own", "")
    world.connection.execute(f"INSERT INTO customers VALUES ({', '.join([mark] * 5)})", row)  # noqa: S608
    assert world.crm.on_plan("of-its-own", world.filtering(), world.site.now()) == []
