# SPDX-License-Identifier: Apache-2.0
"""The first steps: what a sample site lets its reader do, that it records nothing, and that no other site has them."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from litestar.testing import TestClient
from public_house import SCRIPT, build, versions

from cli_caller import Caller
from keshou.app import clock
from keshou.app.create import create
from keshou.app.site import Site
from keshou.cli.sample.people import subscribers
from keshou.cli.setup import sample_declaration
from keshou.declaration.model import Declaration
from keshou.gate.decision import Deny
from keshou.web.find_caller import Finder
from keshou.web.public.story import AGREED, HOURS, SALE, SILENT, STORY, act_of
from keshou.web.server import application

HTML = {"Accept": "text/html", "Accept-Language": "en"}
LARGEST = 150_000
DENIED = {
    "recommend a plan to a user who did not agree to it": "miit24:9.1",
    "use the identity number for marketing": "miit24:9.3",
    "the same repairer, at three at night": "miit24:13.1.3",
    "use the cell location for customer care, beyond its purpose": "miit24:9.3",
    "sell the mobile number": "miit24:10",
    "the partner shop looks a user up, beyond its contract": "miit24:11",
    "look up somebody who is not on record": "miit24:9.1",
}
"""What of the story is denied, and an article that it meets."""


@pytest.fixture(scope="module")
def tried(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample site as `make run` makes it."""
    home = tmp_path_factory.mktemp("tried") / "site"
    Caller(None)("init", home, "--sample").ok()
    Caller(home)("try", "--users", 20).ok()
    return home


@pytest.fixture
def site(tried: Path) -> Iterator[Site]:
    with Site.open(tried) as site:
        yield site


@pytest.fixture
def client(site: Site) -> Iterator["TestClient[Any]"]:
    with opened(site) as client:
        yield client


def opened(site: Site) -> "TestClient[Any]":
    """Return a browser at a server of `site`, in this process."""
    client = TestClient(application(site, Finder(site)), raise_server_exceptions=False, base_url="http://127.0.0.1")
    client.headers.update(HTML)
    return client


def test_the_story_is_answered_as_it_is_told(site: Site) -> None:
    for each in STORY:
        held = site.state().appointments(each.by)
        decision = site.ask(act_of(each, site.now(), held[0].branch))
        assert decision.permitted is (each.told.en not in DENIED), each.told.en
        if isinstance(decision, Deny):
            assert DENIED[each.told.en] in {str(reason.cite) for reason in decision.reasons}


def test_the_users_it_tells_of_are_among_the_first_that_are_made(site: Site) -> None:
    first = {each.user_id: each for each in subscribers(10)}
    assert first[AGREED].marketing_consent == "express"
    assert (first[SILENT].service_consent, first[SILENT].marketing_consent) == ("express", None)


def test_every_page_of_a_sample_says_that_it_is_one_and_where_to_begin(client: "TestClient[Any]") -> None:
    for path in ("/", "/rules", "/contact", "/law/miit24", "/start", "/start/ask", "/nowhere"):
        page = client.get(path).text
        assert "This is a sample." in page, path
        assert 'href="/start"' in page, path
    assert "What to do next" in client.get("/").text


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_first_steps_show_the_story_with_the_gates_answers(client: "TestClient[Any]", language: str) -> None:
    answer = client.get("/start", headers={"Accept-Language": language})
    assert (answer.status_code, len(answer.content) < LARGEST) == (200, True)
    for each in STORY:
        assert each.told.in_("zh" if language == "zh" else "en") in answer.text
        assert each.link.replace("&", "&amp;") in answer.text
        assert client.get(each.link, headers={"Accept-Language": language}).status_code == 200
    assert answer.text.count("tag bad") == len(DENIED)


def test_a_question_is_answered_with_its_articles_and_nothing_is_recorded(
    client: "TestClient[Any]", site: Site
) -> None:
    with site.reading() as tx:
        before = site.ledger.head(tx)
    page = client.get(SALE.link)
    assert "Denied" in page.text
    assert 'href="/law/miit24#a10"' in page.text
    assert "nothing whatever permits sale" in page.text
    assert page.headers["cache-control"] == "no-store"
    with site.reading() as tx:
        assert site.ledger.head(tx) == before


def test_the_line_for_the_terminal_asks_the_same(client: "TestClient[Any]", site: Site, tried: Path) -> None:
    for each in STORY:
        page = re.sub("</?span[^>]*>", "", client.get(each.link).text)
        line = page.partition(f"keshou --home {tried.resolve()} ask \\\n")[2].partition("</code>")[0]
        words = line.replace("\\\n", " ").split()
        assert Caller(tried)("ask", *words).status == (1 if each.told.en in DENIED else 0), words


@pytest.mark.parametrize(
    "query",
    ["kind=eat", "kind=use&hour=12", f"kind=use&user={'a' * 65}", "kind=use" + "&item=x" * 2 + f"&item={'b' * 65}"],
)
def test_what_the_form_can_not_send_is_not_asked(client: "TestClient[Any]", query: str) -> None:
    answer = client.get(f"/start/ask?{query}")
    assert answer.status_code == 400
    assert "cannot be understood" in answer.text


def test_what_is_unknown_is_denied_and_nothing_that_is_asked_becomes_markup(client: "TestClient[Any]") -> None:
    script = SCRIPT[:60]
    asked = {"kind": "use", "user": script, "purpose": script, "by": script, "item": script}
    page = client.get("/start/ask", params=asked)
    assert "Denied" in page.text
    assert "<script>" not in page.text
    assert "<img" not in page.text
    nothing = client.get("/start/ask", params={"kind": "use"})
    assert "Choose at least one kind of information." in nothing.text


def test_the_hours_to_choose_are_those_of_the_form(client: "TestClient[Any]") -> None:
    page = client.get("/start/ask").text
    assert all(f'<option value="{hour}"' in page for hour in HOURS)


def test_a_sample_without_rules_says_how_to_publish_them(tmp_path: Path) -> None:
    create(tmp_path / "site", clock.now(), declaration=sample_declaration(), sample=True)
    with Site.open(tmp_path / "site") as site, opened(site) as client:
        page = re.sub("</?span[^>]*>", "", client.get("/start").text)
        assert f"check {tmp_path / 'site' / 'operator.toml'}" in page
        assert "publish --by officer" in page
        assert "do this now" in page
        assert "Denied" in client.get(SALE.link).text


@pytest.mark.parametrize("path", ["/start", "/start/ask", SALE.link])
def test_no_site_but_a_sample_has_these_pages(tmp_path: Path, path: str) -> None:
    with Site.open(build(tmp_path / "site", "", versions()[0])) as site, opened(site) as client:
        answer = client.get(path)
        assert answer.status_code == 404
        assert "This is a sample." not in answer.text
        assert "/start" not in client.get("/rules").text


def test_a_mark_does_not_make_another_operator_the_sample(tmp_path: Path) -> None:
    create(tmp_path / "site", clock.now(), declaration=sample_declaration(), sample=True)
    given = tomllib.loads(sample_declaration())
    given["operator"]["id"] = "somebody"
    with Site.open(tmp_path / "site") as site:
        site.publish(msgspec.convert(given, Declaration), by="officer")
        with opened(site) as client:
            assert [client.get(path).status_code for path in ("/start", SALE.link, "/rules")] == [404, 404, 200]
            assert "This is a sample." not in client.get("/rules").text
            assert 'href="/start"' not in client.get("/rules").text


def test_only_the_sample_is_marked_as_one(tmp_path: Path) -> None:
    Caller(None)("init", tmp_path / "mine").ok()
    Caller(None)("init", tmp_path / "sample", "--sample").ok()
    Caller(None)("tour", "--folder", tmp_path / "tour", "--fast").ok()
    marks = [Site.open(tmp_path / each) for each in ("mine", "sample", "tour")]
    try:
        assert [each.settings.sample for each in marks] == [False, True, True]
    finally:
        for each in marks:
            each.close()
