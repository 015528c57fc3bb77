# SPDX-License-Identifier: Apache-2.0
"""Moments at the ends of the calendar: refused where they are told, with their place, and harmless where they lie."""

import datetime as dt
import shutil
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from api_house import Api
from console_client import client_of
from console_house import build
from house import START, Clock, newcomer
from hypothesis import given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st
from office_house import serving, with_offices

from keshou.acts.request import ActError
from keshou.app.copy_sheet import _moment
from keshou.app.expiry import free_from
from keshou.app.site import Site
from keshou.cli import asked
from keshou.db import Database
from keshou.errors import InputError
from keshou.gate import calendar
from keshou.gate.facts import MediumRegistered, StaffAppointed
from keshou.gate.holds import Asked, HoldSet
from keshou.web.frame import form

_MORE = """
[access_review]
every_days = 90
heads_by = ["auditor"]
"""
ITEMS = {"items": ["tariff_plan"]}
KEY = {"kind": "key", "scopes": ["act"]}
ROUTES: Mapping[tuple[str, str], tuple[str, str, dict[str, Any]]] = {
    ("/decisions", "at"): ("/decisions", "clerk", ITEMS | {"kind": "use", "user": "u1", "purpose": "service"}),
    ("/access/confirmations", "until"): ("/access/confirmations", "boss", {"staff": "clerk1", "post": "clerk"}),
    ("/backups", "until"): ("/backups", "boss", {}),
    ("/backups/{name}/copies", "until"): ("/backups/b-1/copies", "boss", {"place": "safe"}),
    ("/holds", "until"): ("/holds", "boss", {"ground": "case", "document": "d-1", "users": ["u1"]}),
    ("/media", "until"): (
        "/media", "boss", {"id": "m-1", "form": "paper", "place": "safe", "holder": "boss", "sealed": True},
    ),
    ("/staff/{member}/appointments", "until"): ("/staff/novice/appointments", "boss", {"post": "clerk"}),
    ("/staff/{member}/moves", "until"): ("/staff/clerk1/moves", "boss", {"post": "analyst"}),
    ("/grounds", "until"): ("/grounds", "boss", ITEMS | {
        "cite": "npcsc2012:10.1", "rank": "law", "kinds": ["provide"], "purposes": ["service"],
    }),
    ("/programs/{program}/credentials", "until"): ("/programs/crm/credentials", "keeper1", KEY),
    ("/programs/{program}/credentials/{credential}/rotate", "until"): (
        "/programs/crm/credentials/c-1/rotate", "keeper1", {"overlap_minutes": 5},
    ),
    ("/app-keys", "until"): ("/app-keys", "keeper1", {"service": "mobile", "jwk": {}}),
    ("/second-hand", "since"): ("/second-hand", "keeper1", {"way": "key", "id": "c-1", "of": "crm"}),
}  # fmt: skip
"""Route and member that is a moment -> where it is sent, by whom, and the rest of the body."""
_ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: dt.timezone(dt.timedelta(minutes=minutes)))
EVER = st.datetimes(timezones=_ZONES)
FAR = EVER.filter(lambda moment: not calendar.may_be_told(moment))
FIRST, LAST = (each.replace(tzinfo=dt.UTC) for each in (dt.datetime.min, dt.datetime.max))  # noqa: DTZ901 - it gets one
ENDS = (FIRST, LAST, calendar.EARLIEST - dt.timedelta(microseconds=1), calendar.LATEST)
"""The ends of the calendar, and the first moments beyond reckoning."""


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Api]:
    folder = tmp_path_factory.mktemp("far")
    shutil.copyfile(sqlite_template, folder / "keshou.db")
    base = closing(Database(f"sqlite:///{folder / 'keshou.db'}"))
    with base as database, with_offices(database, folder, more=_MORE) as site, serving(site) as api:
        site.do(newcomer(site, "u1"))
        yield api


def members(schema: Any, document: Any, at: str = "") -> Iterator[str]:
    """Yield the members of a body that are moments."""
    if not isinstance(schema, dict):
        return
    if "$ref" in schema:
        yield from members(document["components"]["schemas"][schema["$ref"].rpartition("/")[2]], document, at)
    if schema.get("format") == "date-time":
        yield at
    for each in (*schema.get("anyOf", ()), *schema.get("oneOf", ())):
        yield from members(each, document, at)
    for name, each in schema.get("properties", {}).items():
        yield from members(each, document, name)


def test_every_route_that_takes_a_moment_is_tried_here(api: Api) -> None:
    document = api.client.get("/api/v1/openapi.json").json()
    found = {
        (path.removeprefix("/api/v1").rstrip("/"), member)
        for path, ways in document["paths"].items()
        for told in ways.values()
        for content in told.get("requestBody", {}).get("content", {}).values()
        for member in members(content.get("schema"), document)
    }
    assert found == set(ROUTES)


@pytest.mark.parametrize("route", ROUTES)
def test_a_moment_beyond_reckoning_is_refused_with_its_place(api: Api, route: tuple[str, str]) -> None:
    path, who, body = ROUTES[route]
    member = route[1]

    @hypothesis(max_examples=20)
    @given(FAR)
    def refused(moment: dt.datetime) -> None:
        answer = api.post(path, body | {member: moment.isoformat()}, who)
        assert (answer.status_code, answer.json().get("pointers")) == (400, [f"$.{member}"]), answer.text

    for end in ENDS:
        refused.hypothesis.inner_test(end)  # type: ignore[attr-defined]
    refused()


@given(EVER)
def test_whatever_moment_lies_in_a_database_can_be_shown(moment: dt.datetime) -> None:
    for end in (moment, FIRST, LAST):
        assert form.moment(end, "zh")
        assert form.moment(end, "en")
        assert _moment(end)
        kept = HoldSet(at=START, hold="h1", ground="case", document="d-1", by="boss", until=end)
        day = free_from([kept], START.date())
        assert day is None or day >= START.date()


@given(EVER)
def test_a_moment_on_the_command_line_is_reckoned_with_or_refused(moment: dt.datetime) -> None:
    for each in (moment, *ENDS):
        try:
            assert asked.moment(each.isoformat(), START) == each
        except InputError:
            assert not calendar.may_be_told(each)


def test_days_asked_about_are_taken_for_those_there_is_reckoning_with(api: Api) -> None:
    @hypothesis(max_examples=30)
    @given(st.dates(), st.dates())
    def asked_about(since: dt.date, until: dt.date) -> None:
        for query in (f"since={since}&until={until}", f"since={since}", f"until={until}"):
            answer = api.get(f"/retention?{query}", "auditor1")
            assert answer.status_code in (200, 422), (query, answer.text)
            if answer.status_code == 200:
                assert "1970-01-01" <= answer.json()["since"] <= answer.json()["until"] <= "2999-12-31"

    for first, last in ((dt.date.min, dt.date.max), (dt.date.max, dt.date.max), (dt.date.max, dt.date.min)):
        asked_about.hypothesis.inner_test(first, last)  # type: ignore[attr-defined]
    asked_about()


def test_no_fact_with_such_a_moment_comes_through_the_door(database: Database, tmp_path: Path, clock: Clock) -> None:
    with with_offices(database, tmp_path, clock) as site:
        site.do(newcomer(site, "u1"))
        for moment in (LAST, calendar.LATEST):
            for fact in (
                StaffAppointed(at=site.now(), staff="novice", post="clerk", until=moment),
                MediumRegistered(
                    at=site.now(), medium="m1", form="paper", place="safe", holder="boss", sealed=True, until=moment
                ),
                site.holds.fact("h1", Asked("case", "d-1", until=moment, users=("u1",)), "boss"),
            ):
                with pytest.raises(ActError, match="too far back, or ahead"):
                    site.record_site(fact, by="boss")


def test_the_console_refuses_days_without_end_and_shows_far_ones(tmp_path: Path) -> None:
    with Site.open(build(tmp_path / "site", users=0)) as site:
        browser = client_of(site)
        hold = {"ground": "dispute", "document": "d-7", "users": "", "cite": "", "purpose.service": "1"}
        forms = {
            "/console/holds": hold,
            "/console/media": {"id": "m1", "form": "paper", "place": "safe", "holder": "officer", "sealed": "1"},
            "/console/backups": {"place": "safe"},
        }
        for path, given_ in forms.items():
            for number, day in enumerate(("9999-12-31", "0001-01-01", "3000-01-01", "1969-12-31")):
                answer = browser.post(path, data=given_ | {"until": day, "key": f"far-{number}"})
                assert answer.status_code in (400, 422), (path, day, answer.text[:500])
        assert browser.post("/console/holds", data=hold | {"until": "2999-12-31", "key": "k-1"}).status_code == 303
        for page in ("/console/holds", "/console/retention?until=9999-12-31", "/console/retention?until=0001-01-01"):
            assert browser.get(page).status_code == 200, page
        for day in ("9999-12-31", "0001-01-01"):
            assert browser.get(f"/console/acts/list?day={day}").status_code == 404
