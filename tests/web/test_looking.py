# SPDX-License-Identifier: Apache-2.0
"""Whatever is only looked at: it changes nothing, says what it is, and lets who is signed in leave."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import sqlalchemy
from api_house import Api
from house import START, newcomer
from litestar.routes import HTTPRoute
from office_house import CALLERS, serving, with_offices

from keshou.accounts.account import AccountKind
from keshou.app.new_account import invite
from keshou.app.site import Site
from keshou.db import Database

PAGE = {"Accept": "text/html", "Accept-Language": "en"}
ON_RECORD = {"/me/held"}
"""What is looked at there is an act of query, masked or not, and stands in the log (miit24:13.1.6)."""
DOORS = {"/console/sign-in", "/console/invitation", "/me/sign-in"}
"""Where people come in."""
OF_THE_PATH = {
    "place": "1", "version": "1", "number": "1", "item": "tariff_plan", "user": "u1", "account": "clara",
    "program": "till", "cited": "miit24:9.1",
}  # fmt: skip
AT = {"/law/{name}": "/law/miit24", "/api/v1/log/tile/{path}": "/api/v1/log/tile/0/000.p/1"}


@pytest.fixture
def api(database: Database, tmp_path: Path) -> Iterator[Api]:
    with with_offices(database, tmp_path) as site, serving(site, me=visitor()) as api:
        fill(site, api)
        yield api


def visitor() -> Any:
    return msgspec.structs.replace(CALLERS["user"], proven_at=START)


def fill(site: Site, api: Api) -> None:
    """Let there be something of most kinds."""
    site.do_all([newcomer(site, "u1"), newcomer(site, "u2")])
    with site.writing() as tx:
        invite(site, tx, "clara", AccountKind.STAFF, by="keeper1")
    made = [
        api.post("/programs", {"id": "till"}, "keeper1"),
        api.post("/acts", {"kind": "use", "user": "u1", "items": ["tariff_plan"], "purpose": "service"}),
        api.post("/acts", {"kind": "sell", "user": "u1", "items": ["tariff_plan"], "purpose": "service"}),
    ]
    assert [each.status_code for each in made] == [200, 200, 403]
    site.checkpoint()


def places(api: Api) -> list[str]:
    """Return an address of everything that answers to GET."""
    found = []
    for route in api.client.app.routes:
        if isinstance(route, HTTPRoute) and "GET" in route.methods:
            path = AT.get(route.path_format, route.path_format)
            found.append(re.sub(r"{(\w+)}", lambda name: OF_THE_PATH.get(name[1], "x1"), path))
    return sorted(set(found))


def rows(site: Site) -> dict[str, list[str]]:
    """Return all that the database holds, table by table, but for counts, which are made out of the log as needed."""
    with site.reading() as tx:
        names = sqlalchemy.inspect(tx.connection).get_table_names()
        return {
            name: sorted(map(repr, tx.connection.execute(sqlalchemy.text(f'SELECT * FROM "{name}"')).fetchall()))  # noqa: S608
            for name in names
            if not name.startswith("tally_")
        }


def test_what_is_only_looked_at_changes_nothing(api: Api) -> None:
    site, there, answered = api.client.app.state.site, places(api), set()
    assert len(there) > 100
    before = rows(site)
    assert sum(map(bool, before.values())) > 10, "the site is filled"
    for path in there:
        for who in ("", "crm", "boss", "auditor1", "keeper1", "me"):
            for headers in (PAGE, {"Accept": "application/json"}):
                shown = {"Authorization": f"Bearer {who}"} if who else {}
                answer = api.client.get(path, headers=headers | shown, follow_redirects=False)
                answered |= {path} if answer.status_code == 200 else set()
        after = rows(site)
        changed = {name for name in before | after if before.get(name) != after.get(name)}
        assert bool(changed) == (path in ON_RECORD), (path, changed)
        if changed:
            site.checkpoint()  # so that nobody signs what is on record now while the next is looked at
            after = rows(site)
        before = after
    assert len(answered) > len(there) * 2 // 3, sorted(set(there) - answered)


def test_every_answer_says_what_it_is_and_how_its_letters_are_written(api: Api) -> None:
    kinds = set()
    for path in places(api):
        for who in ("boss", "me"):
            for headers in (PAGE, {"Accept": "application/json"}):
                answer = api.client.get(
                    path, headers=headers | {"Authorization": f"Bearer {who}"}, follow_redirects=False
                )
                if not answer.content:
                    continue
                kind, _, encoding = answer.headers["content-type"].partition(";")
                kinds.add(kind)
                if kind.startswith("text/") or kind.endswith("+xml"):
                    assert encoding.strip().lower() == "charset=utf-8", path
                    answer.content.decode("utf-8")
                elif kind.endswith("json"):
                    msgspec.json.decode(answer.content)
    assert {"text/html", "application/json", "application/problem+json"} <= kinds


@pytest.mark.parametrize(
    ("who", "under", "out"), [("boss", "/console", "/console/sign-out"), ("me", "/me", "/me/sign-out")]
)
def test_every_page_of_who_is_signed_in_lets_them_sign_out(api: Api, who: str, under: str, out: str) -> None:
    seen = []
    for path in places(api):
        if path not in DOORS and (path == under or path.startswith(f"{under}/")):
            answer = api.client.get(path, headers=PAGE | {"Authorization": f"Bearer {who}"}, follow_redirects=False)
            if answer.status_code == 200 and answer.headers["content-type"].startswith("text/html"):
                seen.append(path)
                assert f'action="{out}"' in answer.text, path
    assert len(seen) > 5
