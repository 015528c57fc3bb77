# SPDX-License-Identifier: Apache-2.0
"""A user's file in the console, on both databases: to look is an act, masked until values are asked for in full."""

import html
import re
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from console_client import Browser, client_of, fields
from console_house import at_home, build

from keshou.app.site import Site
from keshou.cli.sample.people import subscribers
from keshou.cli.setup import sample_declaration
from keshou.declaration.load import read
from keshou.declaration.model import Declaration
from keshou.ledger.entry import Header, decode
from postgresql import Cluster

_PERSON = next(iter(subscribers(12)))
USER, NUMBER = _PERSON.user_id, _PERSON.mobile_number
STRANGERS = "15499999999"


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def site(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, postgresql_cluster: Cluster
) -> Iterator[Site]:
    with at_home(request, tmp_path_factory, postgresql_cluster) as home, Site.open(home) as site:
        yield site


@pytest.fixture
def browser(site: Site) -> Iterator[Browser]:
    with client_of(site) as browser:
        yield browser


def test_a_look_at_a_user_is_recorded_and_a_denied_one_shows_nothing(browser: Browser, site: Site) -> None:
    asked = {"user": USER, "purpose": "service", "kind": "query", "post": "privacy_officer"}
    with site.reading() as tx:
        before = site.ledger.head(tx).size
    seen = browser.post("/console/user", data=asked)
    assert seen.status_code == 200
    assert USER in seen.text
    with site.reading() as tx:
        header = decode(site.ledger.entry(tx, before))
    assert (header.event, header.who, header.decision, header.shown) == ("query", "officer", "permit", "masked")
    assert f'/console/acts/{before}"' in seen.text
    assert "masked values" in seen.text
    whole = browser.post("/console/user", data={**asked, "full": "yes"})
    with site.reading() as tx:
        assert decode(site.ledger.entry(tx, before + 1)).shown == "full"
    assert "full values" in whole.text
    hidden = [html.unescape(each) for each in re.findall(r"<dd><bdi>([^<]*[*][^<]*)</bdi></dd>", seen.text)]
    assert hidden
    assert not any(each in whole.text for each in hidden)
    assert "full values" in browser.get(f"/console/acts/{before + 1}").text
    denied = browser.post("/console/user", data={**asked, "purpose": "marketing"})
    assert denied.status_code == 403
    assert "The look was denied" in denied.text
    assert "Mobile phone number" not in denied.text
    assert browser.post("/console/user", data={**asked, "user": "nobody"}).status_code == 403
    wrong = browser.post("/console/user", data={**asked, "user": ""})
    assert wrong.status_code == 422
    assert 'value="service" selected' in wrong.text


def test_every_denied_act_in_a_users_file_names_what_was_missing(browser: Browser) -> None:
    asked = {"user": USER, "purpose": "service", "post": "privacy_officer"}
    page = browser.post("/console/user", data=asked).text
    rows = re.findall(r'<span class="tag bad">denied</span>(.*?)</td>', page, re.S)
    assert rows
    assert all(re.search(r"</a>: \w", row) for row in rows)


def asked(**more: str) -> dict[str, str]:
    return {"way": "mobile_number:whole", "value": NUMBER, "purpose": "service", "post": "privacy_officer"} | more


def newest(site: Site) -> list[Header]:
    with site.reading() as tx:
        return [decode(body) for _, body in site.ledger.entries(tx, 0)][::-1]


def test_a_user_is_found_by_a_number_and_opened_and_each_step_is_on_record(browser: Browser, site: Site) -> None:
    assert 'value="mobile_number:whole"' in browser.get("/console/user").text
    found = browser.post("/console/user/search", data=asked())
    assert found.status_code == 200
    assert found.text.count(f"<h2><bdi>{USER}</bdi></h2>") == 1
    query, search = newest(site)[:2]
    assert (search.event, search.who, search.count, search.decision) == ("search", "officer", 1, "permit")
    assert (query.event, query.decision, query.items) == ("query", "permit", ("mobile_number",))
    opened = browser.post("/console/user", data=fields(found.text, "/console/user"))
    assert opened.status_code == 200
    assert USER in opened.text


def test_a_search_that_is_denied_does_not_tell_whether_there_is_anybody(browser: Browser, site: Site) -> None:
    there, nobody = (
        browser.post("/console/user/search", data=asked(purpose="marketing", value=value))
        for value in (NUMBER, STRANGERS)
    )
    assert there.status_code == nobody.status_code == 403
    assert USER not in there.text
    assert NUMBER not in there.text
    assert [each.event for each in newest(site)[:2]] == ["search", "search"]
    assert {each.decision for each in newest(site)[:2]} == {"deny"}
    seen = browser.post("/console/user/search", data=asked(value=STRANGERS))
    assert "There is nobody whom you may see." in seen.text


@pytest.mark.parametrize(
    "wrong",
    [{"way": "home_address:whole"}, {"way": ""}, {"value": ""}, {"purpose": ""}],
    ids=["a way there is not", "no way", "nothing sought", "no purpose"],
)
def test_a_search_that_was_not_filled_in_is_asked_for_again_and_not_done(
    browser: Browser, site: Site, wrong: dict[str, str]
) -> None:
    before = len(newest(site))
    page = browser.post("/console/user/search", data=asked(**wrong))
    assert page.status_code == 422
    assert "Nothing was searched." in page.text
    assert wrong.get("value") or NUMBER not in page.text
    assert len(newest(site)) == before


def test_an_hour_has_only_so_many_searches(tmp_path: Path) -> None:
    home = build(tmp_path / "site")
    with (home / "keshou.toml").open("a") as file:
        file.write("\n[finding]\nper_hour = 2\n")
    with Site.open(home) as site:
        browser = client_of(site)
        answers = [browser.post("/console/user/search", data=asked()).status_code for _ in range(3)]
    assert answers == [200, 200, 429]


def given_stand_ins(found: Declaration) -> Declaration:
    """Give the recipient of the sample operator stand-ins, of which one kind is never found by its value."""
    (party,) = found.recipients
    given = msgspec.structs.replace(party, stand_ins=("mobile_number", "tariff_plan"))
    purposes = tuple(
        msgspec.structs.replace(each, recipients=(party.id,)) if each.id == "marketing" else each
        for each in found.purposes
    )
    return msgspec.structs.replace(found, recipients=(given,), purposes=purposes)


def test_where_a_stand_in_is_wanted_the_form_says_so_and_finds_by_it_and_not_by_the_value(tmp_path: Path) -> None:
    with Site.open(build(tmp_path / "site", rules=given_stand_ins)) as site:
        (party,) = given_stand_ins(sample()).recipients
        with site.reading() as tx:
            key = site._known.vault.find_user(tx, USER)
        assert key is not None
        stand_in = site._known.vault.stand_ins.make(party.id, "tariff_plan", key)
        browser = client_of(site)
        form = browser.get("/console/user").text
        assert '<option value="tariff_plan:whole">Stand-in of Brand and tariff plan</option>' in form
        assert '<option value="mobile_number:whole">Mobile phone number</option>' in form
        assert f"such as {party.id}~…" in form
        chinese = browser.get("/console/user", headers={"Accept-Language": "zh"}).text
        assert '<option value="tariff_plan:whole">品牌与套餐的代号</option>' in chinese
        found = browser.post("/console/user/search", data=asked(way="tariff_plan:whole", value=stand_in))
        assert f"<h2><bdi>{USER}</bdi></h2>" in found.text
        by_value = browser.post("/console/user/search", data=asked(way="tariff_plan:whole", value=_PERSON.tariff_plan))
        assert USER not in by_value.text
        other = site._known.vault.stand_ins.make(party.id, "mobile_number", key)
        assert f"<h2><bdi>{USER}</bdi></h2>" in browser.post("/console/user/search", data=asked(value=other)).text


def test_where_nobody_is_given_stand_ins_the_form_speaks_of_none(browser: Browser) -> None:
    assert "tand-in" not in browser.get("/console/user").text


def sample() -> Declaration:
    found = read(sample_declaration()).declaration
    assert found is not None
    return found
