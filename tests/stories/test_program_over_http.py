# SPDX-License-Identifier: Apache-2.0
"""A program from its first key to its last: scoped, rotated with overlap, run out, revoked; and by access tokens."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from served import Person, Served, articles, problem

from keshou.db import Database
from keshou.gate.facts import ServiceStarted, StaffLeft

WANG = "A-1"
USE = ("use", WANG, "mobile_number")


@pytest.fixture
def world(database: Database, tmp_path: Path) -> Iterator[Served]:
    with Served.of_the_sample(database, tmp_path, "2026-03-02") as world:
        agreed = [world.consent(each) for each in ("registration", "service")]
        facts = [world.notice(), *agreed, ServiceStarted(at=world.now, service="mobile")]
        world.take_in(WANG, {"user_name": "王充仲任", "mobile_number": "15499990001"}, facts)
        yield world


@pytest.fixture
def keeper(world: Served) -> Person:
    keeper = world.first()
    keeper.done("/programs", {"id": "app7"})
    return keeper


def made(keeper: Person, **told: Any) -> Any:
    return keeper.done("/programs/app7/credentials", {"kind": "key", "scopes": ["act"]} | told)


def until(world: Served, **time: float) -> str:
    return (world.now + dt.timedelta(**time)).isoformat()


def test_a_program_from_its_first_key_to_its_last(world: Served, keeper: Person) -> None:
    first = made(keeper, until=until(world, days=30), purposes=["service"], acts=["use"])
    app = world.program(first["secret"])
    since = len(world.entries())
    assert "miit24:13.1.3" in articles(app.does(*USE, purpose="service"))
    world.appoint("app7", "billing_program")
    assert app.does(*USE, purpose="service").json()["values"] == {"mobile_number": "15499990001"}
    for refused in (
        app.does(*USE, purpose="billing"), app.does("export", WANG, "mobile_number", purpose="service"),
        app.does(*USE, purpose="service", by="clerk"), app.get("/log/entries"),
        app.post("/programs/app7/credentials", {"kind": "key", "scopes": ["act"], "until": until(world, days=1)}),
    ):  # fmt: skip
        assert (refused.status_code, problem(refused)) == (403, "not-entitled")

    place = f"/programs/app7/credentials/{first['credential']['id']}"
    second = keeper.done(f"{place}/rotate", {"until": until(world, days=60), "overlap_minutes": 60})
    anew = world.program(second["secret"])
    assert [each.does(*USE, purpose="service").status_code for each in (app, anew)] == [200, 200]
    assert problem(anew.does(*USE, purpose="billing")) == "not-entitled"
    world.passes(minutes=61)
    assert [each.does(*USE, purpose="service").status_code for each in (app, anew)] == [401, 200]

    world.on("2026-05-10")
    assert problem(anew.does(*USE, purpose="service")) == "not-signed-in"
    assert keeper.signs_in().status_code == 200
    third = made(keeper, until=until(world, days=5))
    last = world.program(third["secret"])
    assert problem(last.does(*USE, purpose="service")) == "not-signed-in"
    auditor = world.first("auditor")
    (waits,) = auditor.get("/second-hand").json()
    auditor.done("/second-hand", {each: waits[each] for each in ("way", "id", "of", "since")})
    assert last.does(*USE, purpose="service").status_code == 200
    keeper.done(f"/programs/app7/credentials/{third['credential']['id']}/revoke")
    assert last.does(*USE, purpose="service").status_code == 401
    assert {first["secret"], second["secret"], third["secret"]} & set(
        keeper.get("/programs/app7/credentials").text.split('"')
    ) == set()

    assert [each for each in world.did(since) if each[0] == "app7"] == [("app7", "use", "deny")] + [
        ("app7", "use", "permit")
    ] * 5
    assert world.is_proven(auditor) == len(world.entries())


def test_a_program_trades_its_secret_for_tokens_until_it_is_closed(world: Served, keeper: Person) -> None:
    secret = made(keeper, kind="secret", until=until(world, days=30))["secret"]
    world.appoint("app7", "billing_program")
    since = len(world.entries())

    def trade(secret: str = secret) -> Any:
        form = {"grant_type": "client_credentials", "client_id": "app7", "client_secret": secret}
        return keeper.client.post("/oauth/token", data=form)

    assert world.program(secret).does(*USE, purpose="service").status_code == 401
    held = world.program(trade().json()["access_token"])
    assert held.does(*USE, purpose="service").status_code == 200
    world.passes(minutes=11)
    assert held.does(*USE, purpose="service").status_code == 401
    held = world.program(trade().json()["access_token"])
    world.happens(StaffLeft(at=world.now, staff="app7"))
    assert "miit24:13.1.3" in articles(held.does(*USE, purpose="service"))
    world.appoint("app7", "billing_program")
    assert held.does(*USE, purpose="service").status_code == 200
    assert keeper.signs_in().status_code == 200
    keeper.done("/programs/app7/close")
    assert held.does(*USE, purpose="service").status_code == 401
    assert (trade().status_code, trade().json()["error"]) == (401, "invalid_client")
    assert trade("x" * 40).json() == trade().json()

    assert [each for each in world.did(since) if each[0] == "app7"] == [
        ("app7", "use", "permit"), ("app7", "use", "deny"), ("app7", "use", "permit"),
    ]  # fmt: skip
    assert world.is_proven(world.first("auditor")) == len(world.entries())
