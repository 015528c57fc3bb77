# SPDX-License-Identifier: Apache-2.0
"""Emergencies at the console, on both databases: begun with a reason, loud while they run, reviewed by another once."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from console_client import client_of, fields
from console_house import at_home, build

from keshou.app.site import Site
from keshou.cli.sample.people import subscribers
from keshou.ledger.entry import decode
from keshou.web.console.carried import WHOSE
from postgresql import Cluster

USER = next(iter(subscribers(3))).user_id
HERE = "/console/emergencies"
GIVEN = {"post": "care_agent", "reason": "network_outage", "case": "t-4711", "minutes": "20"}


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def home(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, postgresql_cluster: Cluster
) -> Iterator[Path]:
    with at_home(request, tmp_path_factory, postgresql_cluster, users=3) as home:
        yield home


@pytest.fixture
def site(home: Path) -> Iterator[Site]:
    with Site.open(home) as site:
        yield site


def size(site: Site) -> int:
    """Return how many entries the log has."""
    with site.reading() as tx:
        return site.ledger.head(tx).size


def test_an_emergency_is_begun_with_a_reason_loud_while_it_runs_and_reviewed_by_another_once(site: Site) -> None:
    reviewer, other = client_of(site, "reviewer"), client_of(site, "analyst")
    denied = other.post("/console/user", data={"user": USER, "purpose": "care"})
    assert denied.status_code == 403
    form = fields(other.get(HERE).text, HERE) | GIVEN
    before = size(site)
    begun = [other.post(HERE, data=form) for _ in range(2)]
    assert {each.status_code for each in begun} == {303}
    assert size(site) == before + 1
    place = begun[0].headers["location"]
    assert begun[1].headers["location"] == place
    with site.reading() as tx:
        header = decode(site.ledger.entry(tx, before))
    assert (header.event, header.who) == ("fact:emergency_opened", "analyst")

    # every page says so to whoever opened it, and to nobody else; what is lent works
    assert "An emergency is running" in other.get("/console").text
    assert "An emergency is running" not in reviewer.get("/console").text
    assert '<option value="care_agent"' in other.get("/console/user").text
    seen = other.post("/console/user", data={"user": USER, "purpose": "care", "post": "care_agent"})
    assert seen.status_code == 200
    own = other.get(place)
    assert "somebody else reviews it" in own.text
    assert f'action="{place}"' not in own.text
    assert other.post(place, data={"key": "own", "found": "justified"}).status_code == 403

    # another sees what was done, and ends it with the review; once
    assert "emergencies that nobody has reviewed: 1" in client_of(site).get("/console").text
    page = reviewer.get(place).text
    assert "running, 20 minutes left" in page
    assert re.search(r"<td[^>]*>query.*?permitted", page, re.S)
    assert USER not in page
    assert "/console/acts/" not in page
    review = fields(page, place)
    assert reviewer.post(place, data={**review, "found": "perhaps"}).status_code == 422
    assert [reviewer.post(place, data={**review, "found": "unjustified"}).status_code for _ in range(2)] == [303, 303]
    second = client_of(site, "second")
    assert second.post(place, data={"key": "late", "found": "justified"}).status_code == 412
    assert "not justified" in second.get(HERE).text
    assert "An emergency is running" not in other.get("/console").text
    ended = other.post("/console/user", data={"user": USER, "purpose": "care", "post": "care_agent"})
    assert ended.status_code == 403


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"case": "what happened to somebody"}, 422),
        ({"case": ""}, 422),
        ({"minutes": "0"}, 422),
        ({"minutes": "9999999"}, 422),
        ({"minutes": "61"}, 422),
        ({"post": "privacy_officer"}, 422),
        ({"reason": "curiosity"}, 422),
        ({"key": ""}, 422),
    ],
)
def test_what_the_rules_do_not_foresee_is_not_lent_and_nothing_is_written(
    site: Site, wrong: dict[str, str], status: int
) -> None:
    browser = client_of(site, "clerk")
    before = size(site)
    for language in ("en", "zh"):
        answer = browser.post(HERE, data={"key": "e1", **GIVEN, **wrong}, headers={"Accept-Language": language})
        assert answer.status_code == status
        assert ('<html lang="zh-CN">' in answer.text) == (language == "zh")
    assert size(site) == before


def test_what_was_typed_wrongly_is_still_there(site: Site) -> None:
    answer = client_of(site, "clerk").post(HERE, data={"key": "e2", **GIVEN, "case": "two words"})
    assert 'value="two words"' in answer.text
    assert 'value="care_agent" selected' in answer.text


@pytest.mark.parametrize("account", ["inspector", "outsider"])
def test_nothing_is_lent_to_who_holds_no_post_of_the_operators_own(site: Site, account: str) -> None:
    if account == "outsider":  # has an account and no post
        boss = client_of(site)
        boss.post("/console/people/end", data={"key": "out", "staff": "network", "post": "network_manager"})
        account = "network"
    browser = client_of(site, account)
    assert browser.get(HERE).status_code == 403
    assert browser.post(HERE, data={"key": "e3", **GIVEN}).status_code == 403
    assert HERE not in browser.get("/console").text
    assert browser.get(f"{HERE}/e-none").status_code == 403


def test_an_emergency_that_is_none_is_not_found(site: Site) -> None:
    assert client_of(site, "reviewer").get(f"{HERE}/e-none").status_code == 404


def test_beginning_asks_for_a_fresh_proof_and_loses_nothing(tmp_path: Path) -> None:
    with Site.open(build(tmp_path / "site", users=0, fresh_proof_minutes=0)) as site:
        browser = client_of(site, "clerk")
        asked = browser.post(HERE, data={"key": "e4", **GIVEN})
        assert asked.status_code == 403
        carried = fields(asked.text, "/console/proof")
        kept = {name.removeprefix("kept."): value for name, value in carried.items() if name.startswith("kept.")}
        assert kept.pop(WHOSE)
        assert kept == {"key": "e4", **GIVEN}


def test_a_page_of_acts_loses_none_between_one_and_the_next(site: Site) -> None:
    browser = client_of(site, "second")
    form = fields(browser.get(HERE).text, HERE) | GIVEN | {"case": "t-many"}
    place = browser.post(HERE, data=form).headers["location"]
    for _ in range(51):
        assert browser.post("/console/user", data={"user": USER, "purpose": "care", "post": "care_agent"}).status_code
    found, path = [], place
    while path:
        page = client_of(site, "reviewer").get(path).text
        found += re.findall(r'<th scope="row"[^>]*>(\d+)</th>', page)
        more = re.search(r'rel="next" href="([^"]+)"', page)
        path = more[1] if more else ""
    assert len(found) == len(set(found)) == 51
