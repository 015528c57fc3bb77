# SPDX-License-Identifier: Apache-2.0
"""A visit by an app for some services shows and does what is of those, and leaks none of the rest."""

import html
import itertools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import signing_app
from house import START, VALUES, Clock, act, declared, newcomer, open_site
from joserfc.jwk import OKPKey
from own_house import Browser, browsing, en
from receivers import receiving

from keshou.acts.request import Perform
from keshou.app.new_app_key import register_app_key
from keshou.app.own_facts import agreement, notice
from keshou.app.site import Site
from keshou.app.user_view import user_view
from keshou.db import Database
from keshou.declaration.model import Declaration
from keshou.gate.facts import ServiceStarted, StaffAppointed
from keshou.language import Text
from keshou.law.terms import ActKind, ConsentStrength
from keshou.ledger.entry import decode

LINES = "lines"
SECRET = ("Mobile service of its own", VALUES["mobile_number"], VALUES["user_name"], "marketing")
"""What is of the other service alone: no page may say it."""
PAGES = ["/me", "/me/held", "/me/consents", "/me/history", "/me/copy", "/me/end", "/me/visits"]
_numbers = itertools.count()


def rules() -> Declaration:
    """Return rules by which broadband has one purpose of its own, which needs the plan alone."""
    given = declared()
    service = next(each for each in given.purposes if each.id == "service")
    mobile = msgspec.structs.replace(service, services=("mobile",), name=Text("移动自用", SECRET[0]))
    needs = tuple(each for each in service.needs if each.item == "tariff_plan")
    lines = msgspec.structs.replace(
        service, id=LINES, services=("broadband",), needs=needs, name=Text("宽带自用", "Lines")
    )
    others = (each for each in given.purposes if each.id != "service")
    return msgspec.structs.replace(given, purposes=(mobile, lines, *others))


@pytest.fixture
def key() -> OKPKey:
    return OKPKey.generate_key("Ed25519")


@pytest.fixture
def site(database: Database, tmp_path: Path, key: OKPKey) -> Iterator[Site]:
    """Give a site with a user of two services, of whom each service has something the other has not."""
    with open_site(database, tmp_path, Clock()) as site:
        site.publish(rules(), by="officer")
        site.record_site(StaffAppointed(at=START, staff="clerk1", post="clerk"), by="officer")
        site.do(newcomer(site, "u1", None, "marketing"))
        agreed = agreement(notice(site), LINES, (), ConsentStrength.EXPRESS, messages=False)
        site.record("u1", *agreed, ServiceStarted(at=site.now(), service="broadband"))
        for _ in range(25):
            site.do(Perform(act=act(ActKind.USE, "u1", "tariff_plan")))
        with site.writing() as tx:
            register_app_key(site, tx, "broadband", key.as_dict(private=False), None, by="keeper")
        yield site


def token(site: Site, key: OKPKey) -> str:
    """Return what the app of one service says of the user now."""
    moment = int(site.now().timestamp())
    said = {
        "iss": "broadband", "aud": site.settings.url, "sub": "u1", "iat": moment, "exp": moment + 300,
        "jti": f"p{next(_numbers)}", "auth_time": moment,
    }  # fmt: skip
    return signing_app.signed(key, "Ed25519", said)


@pytest.fixture
def browser(site: Site, key: OKPKey) -> Iterator[Browser]:
    """Give a browser in which the user came by the app of one service, proven just now."""
    with receiving() as gateway, browsing(site, gateway) as browser:
        page = browser.client.post("/me/enter", data={"token": token(site, key), "to": "/me"})
        assert (page.status_code, page.url.path) == (200, "/me")
        yield browser


def size(site: Site) -> int:
    with site.reading() as tx:
        return site.ledger.head(tx).size


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_page_shows_the_part_says_that_there_is_more_and_nothing_of_it(
    browser: Browser, path: str, language: str
) -> None:
    page = browser.open(path, **{"Accept-Language": language})
    assert page.url.path == path
    assert f'<a href="/me/sign-in?to={path}">' in page.text
    hidden = (*SECRET, "移动自用", "mobile_number", "user_name", "resident_id_number")
    assert [each for each in hidden if each in page.text] == []


def test_what_is_held_agreed_and_in_use_of_the_part_is_there(browser: Browser) -> None:
    assert en("home.items", n=1) in browser.open("/me").text
    held = browser.open("/me/held").text
    assert held.count('<li class="card"') == 1
    assert "Lines" in held
    shown = browser.send("/me/held")
    assert VALUES["tariff_plan"] in shown.text
    assert VALUES["mobile_number"] not in shown.text
    consents = browser.open("/me/consents").text
    assert 'id="k-lines"' in consents
    assert consents.count('<li class="card"') == 1
    assert 'name="service" value="broadband"' in browser.open("/me/end").text
    assert 'value="mobile"' not in browser.open("/me/end").text


def test_the_history_is_of_the_part_alone_over_every_page_and_what_came_with_another_act_is_told_bare(
    browser: Browser,
) -> None:
    told, path = [], "/me/history"
    while path:
        page = browser.open(path).text
        told.append(page)
        more = page.partition('href="/me/history?before=')[2].partition('"')[0]
        path = f"/me/history?before={more}" if more else ""
        assert len(told) < 10
    text = "".join(told)
    assert "You agreed to “<bdi>Lines</bdi>”" in text
    assert text.count("You were shown version 1 of the rules") == 2
    assert not [each for each in SECRET if each in text]
    assert text.count('<time datetime="') == 2  # each use was for the other service's purpose


def test_an_entry_of_the_other_service_is_told_to_nobody_by_its_place(browser: Browser, site: Site) -> None:
    for entry in range(size(site)):
        page = browser.open(f"/me/consents?told={entry}").text
        assert [each for each in SECRET if each in page] == []


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/me/consents", {"purpose": "marketing", "choice": "withdraw", "version": "1"}),
        ("/me/consents", {"purpose": "service", "choice": "withdraw", "version": "1"}),
        ("/me/consents", {"purpose": "marketing", "choice": "agree", "version": "1"}),
        ("/me/messages", {"wanted": "yes"}),
        ("/me/correct/mobile_number", {"value": "15499990009"}),
        ("/me/end", {"service": "mobile", "meant": "yes"}),
        ("/me/erase", {"meant": "yes"}),
    ],
)
def test_nothing_of_the_other_service_is_done(browser: Browser, site: Site, path: str, fields: dict[str, str]) -> None:
    page, before = browser.open("/me/end"), size(site)
    carried = {"key": "k1", "mark": page.text.partition('name="mark" value="')[2].partition('"')[0]}
    answer = browser.client.post(path, data=carried | fields)
    assert answer.status_code in (400, 401, 404)
    assert size(site) == before


def test_nothing_is_looked_at_that_is_not_of_the_part(browser: Browser, site: Site) -> None:
    browser.open("/me/held")
    before = size(site)
    page = browser.send("/me/held", item="mobile_number")
    assert VALUES["mobile_number"] not in page.text
    with site.reading() as tx:
        looks = [decode(body) for _, body in site.ledger.entries(tx, before, size(site))]
    assert {(each.purpose, each.items) for each in looks} == {(LINES, ("tariff_plan",))}


def test_what_is_of_the_part_is_done(browser: Browser, site: Site) -> None:
    browser.open("/me/correct/tariff_plan")
    assert browser.send("/me/correct/tariff_plan", value="P-20").status_code == 200
    browser.open("/me/consents")
    assert browser.send("/me/consents", purpose=LINES, choice="withdraw").status_code == 200
    browser.open("/me/copy")
    copy: Any = browser.send("/me/copy", kind="json").json()
    assert (set(copy["purposes"]), set(copy["unagreed"])) == (set(), {LINES}), "consent was just taken back"
    assert not [each for each in SECRET if each in msgspec.json.encode(copy).decode()]
    browser.open("/me/end")
    ended = browser.send("/me/end", service="broadband", meant="yes")
    assert ended.status_code == 200
    assert en("end.part") in ended.text
    view = user_view(site, "u1")
    assert view is not None
    assert view.standing.profile.in_use == {"mobile"}


@pytest.mark.parametrize("path", ["/me/end", "/me/correct/mobile_number", "/me/correct/tariff_plan"])
def test_a_form_that_came_too_late_is_shown_again_within_the_part(
    browser: Browser, site: Site, key: OKPKey, path: str
) -> None:
    mark = re.search(r'name="mark" value="([^"]+)"', browser.open("/me/end").text)
    assert mark is not None
    kept = site.visits.unsent.close(path, {"value": ["P-20"]}, html.unescape(mark[1]), site.now())
    assert kept
    page = browser.client.post("/me/enter", data={"token": token(site, key), "to": "/me", "kept": kept})
    assert page.status_code == (404 if "mobile" in path else 200)
    hidden = (*SECRET, "mobile_number", "Mobile phone number", "Name of user", 'value="mobile"')
    assert [each for each in hidden if each in page.text.replace("/me/correct/mobile_number", "")] == []


def test_an_app_for_all_services_of_today_shows_nothing_of_one_that_was_given_up(browser: Browser, site: Site) -> None:
    given = rules()
    left = msgspec.structs.replace(
        given,
        services=tuple(each for each in given.services if each.id == "broadband"),
        purposes=tuple(each for each in given.purposes if set(each.services) == {"broadband"}),
    )
    site.publish(left, by="officer")
    now = site.rules()
    assert now is not None
    assert {each.id for each in now.declaration.services} == {"broadband"}
    for path in PAGES:
        page = browser.open(path)
        assert page.url.path == path
        assert [each for each in SECRET if each in page.text] == []


def test_a_code_afterwards_shows_the_rest(browser: Browser, site: Site) -> None:
    browser.enter("u1", site)
    page = browser.open("/me/consents").text
    assert SECRET[0] in page
    assert "/me/sign-in?to=" not in page
