# SPDX-License-Identifier: Apache-2.0
"""Consents at a counter, on both databases: asked, written down once with what shows it, taken back at a press."""

import re
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from console_client import Browser, client_of, fields, tags
from console_house import at_home, build, declared
from public_house import HOSTILE

from keshou.app.own_consents import own_consents
from keshou.app.site import Site
from keshou.app.user_history import history
from keshou.cli.sample.people import subscribers
from keshou.gate.facts import ConsentGiven, ConsentWithdrawn, MessagesRequested
from keshou.ledger.entry import decode
from postgresql import Cluster

USERS = [each.user_id for each in subscribers(4)]
HERE = "/console/consents"


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def home(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, postgresql_cluster: Cluster
) -> Iterator[Path]:
    with at_home(request, tmp_path_factory, postgresql_cluster, users=4) as home:
        yield home


@pytest.fixture
def site(home: Path) -> Iterator[Site]:
    with Site.open(home) as site:
        yield site


def size(site: Site) -> int:
    """Return how many entries the log has."""
    with site.reading() as tx:
        return site.ledger.head(tx).size


def opened(browser: Browser, user: str, purpose: str = "marketing") -> str:
    """Return the page on which a user is asked."""
    page = browser.post(f"{HERE}/of", data={"user": user, "purpose": purpose})
    assert page.status_code == 200
    return str(page.text)


def agreeing(page: str, **more: str) -> dict[str, str]:
    """Return the form of a page as a clerk fills it in, everything ticked."""
    ticked = dict.fromkeys(_ticks(page), "1")
    return fields(page, HERE) | ticked | {"strength": "express", "evidence": "form-17", "where": "east_branch"} | more


def _ticks(page: str) -> list[str]:
    return [part.partition('"')[0] for part in page.split('name="')[1:] if part.startswith("item.")]


def withdrawing(page: str, **more: str) -> dict[str, str]:
    """Return the form by which a consent is taken back."""
    given = fields(page, HERE)
    return {
        "key": f"{given['key']}-back",
        "choice": "withdraw",
        "user": given["user"],
        "purpose": given["purpose"],
    } | more


def stands(site: Site, user: str, purpose: str = "marketing") -> bool:
    """Say whether the whole consent to a purpose stands."""
    found = own_consents(site, user)
    assert found is not None
    return next(each.whole for each in found.agreed if each.purpose.id == purpose)


def test_a_consent_is_written_down_once_with_what_shows_it_and_taken_back_by_one_press(site: Site) -> None:
    browser, user = client_of(site, "clerk"), USERS[0]
    page = opened(browser, user)
    form, before = agreeing(page, messages="1"), size(site)
    told = [browser.post(HERE, data=form) for _ in range(2)]
    assert [each.headers["location"] for each in told] == [f"{HERE}?told={before}"] * 2
    assert size(site) == before + 1
    with site.reading() as tx:
        header = decode(site.ledger.entry(tx, before))
    assert (header.who, header.where, header.purpose) == ("clerk", "east_branch", "marketing")
    assert b"form-17" not in msgspec.json.encode(header)  # the entry names nobody, nor what could lead to somebody
    (happened, *_) = history(site, user, most=1).happenings
    given = next(each for each in happened.facts if isinstance(each, ConsentGiven))
    assert (given.evidence, given.items) == ("form-17", frozenset())
    assert any(isinstance(each, MessagesRequested) for each in happened.facts)
    assert stands(site, user)
    shown = browser.get(told[0].headers["location"]).text
    assert "Written down: " in shown
    assert user not in shown

    back = browser.post(HERE, data=withdrawing(page, evidence="form-18"))
    assert back.status_code == 303
    assert not stands(site, user)
    (happened, *_) = history(site, user, most=1).happenings
    (taken,) = [each for each in happened.facts if isinstance(each, ConsentWithdrawn)]
    assert taken.evidence == "form-18"


def test_a_consent_to_a_part_is_to_that_part_alone(site: Site) -> None:
    browser, user = client_of(site, "clerk"), USERS[1]
    browser.post(HERE, data=withdrawing(opened(browser, user)))
    form = agreeing(opened(browser, user))
    left = next(name for name in form if name.startswith("item."))
    del form[left]
    assert browser.post(HERE, data=form).status_code == 303
    found = own_consents(site, user)
    assert found is not None
    stance = next(each for each in found.agreed if each.purpose.id == "marketing")
    assert left.removeprefix("item.") not in {*stance.items}
    assert stance.items


def test_rules_that_changed_meanwhile_are_asked_again_and_what_was_typed_is_kept(tmp_path: Path) -> None:
    with Site.open(build(tmp_path / "site", users=4)) as site:
        browser = client_of(site, "clerk")
        form = agreeing(opened(browser, USERS[2]), evidence="kept-1")
        given = declared(site.now())
        channels = msgspec.structs.replace(given.channels, complaint_answer_days=9)
        site.publish(msgspec.structs.replace(given, channels=channels, effective=site.now()), by="officer")
        before = size(site)
        answer = browser.post(HERE, data=form)
        assert answer.status_code == 409
        assert "version 2 of the rules came into force" in answer.text
        assert 'value="kept-1"' in answer.text
        assert size(site) == before
        assert browser.post(HERE, data={**form, **fields(answer.text, HERE)}).status_code == 303


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"evidence": ""}, 422),
        ({"evidence": "signed by somebody"}, 422),
        ({"user": ""}, 422),
        ({"purpose": "none"}, 422),
        ({"strength": "tacitly"}, 422),
        ({"version": "77"}, 409),
        ({"version": "x"}, 409),
        ({"choice": "maybe"}, 422),
        ({"key": ""}, 422),
    ],
)
def test_what_is_wrong_is_told_kept_and_not_written_down(site: Site, wrong: dict[str, str], status: int) -> None:
    browser = client_of(site, "clerk")
    form, before = agreeing(opened(browser, USERS[3])) | {"key": "c1"} | wrong, size(site)
    answer = browser.post(HERE, data=form)
    assert answer.status_code == status
    assert size(site) == before


def test_what_is_said_of_a_stranger_is_not_written_down_and_that_it_was_said_is(site: Site) -> None:
    browser = client_of(site, "clerk")
    form, before = agreeing(opened(browser, USERS[3])) | {"key": "c1", "user": "nobody-here"}, size(site)
    for _ in range(2):
        answer = browser.post(HERE, data=form)
        assert answer.status_code == 422
        assert "nobody-here" in answer.text
    assert size(site) == before + 1


def test_no_box_is_ticked_before_the_user_agreed(site: Site) -> None:
    page = opened(client_of(site, "clerk"), USERS[2])
    assert _ticks(page)
    assert not re.search(r"<input[^>]* checked", page)
    assert "Macro" not in page  # the place where one is has the place's name


def test_nothing_ticked_is_no_consent(site: Site) -> None:
    browser = client_of(site, "clerk")
    form = {name: each for name, each in agreeing(opened(browser, USERS[3])).items() if not name.startswith("item.")}
    answer = browser.post(HERE, data=form)
    assert (answer.status_code, "tick at least one kind" in answer.text) == (422, True)
    assert 'name="item.' in answer.text
    assert not re.search(r'name="item\.[^>]*checked', answer.text)


def test_whatever_is_typed_is_text(site: Site) -> None:
    browser = client_of(site, "clerk")
    page = browser.post(f"{HERE}/of", data={"user": HOSTILE, "purpose": "marketing"})
    assert "onerror" not in tags(page.text)
    page = browser.post(HERE, data=agreeing(opened(browser, USERS[3]), evidence=HOSTILE))
    assert page.status_code == 422
    assert "onerror" not in tags(page.text)


@pytest.mark.parametrize("account", ["inspector", "network"])
def test_who_serves_no_users_writes_nothing_down_and_is_led_nowhere(site: Site, account: str) -> None:
    if account == "network":
        client_of(site).post("/console/people/end", data={"key": "o", "staff": "network", "post": "network_manager"})
    browser = client_of(site, account)
    assert browser.get(HERE).status_code == 403
    assert browser.post(f"{HERE}/of", data={"user": USERS[3], "purpose": "marketing"}).status_code == 403
    form = {"key": "x", "choice": "withdraw", "user": USERS[3], "purpose": "marketing"}
    assert browser.post(HERE, data=form).status_code == 403
    assert HERE not in browser.get("/console").text


def test_what_another_wrote_down_is_told_to_nobody(site: Site) -> None:
    browser = client_of(site, "clerk")
    done = browser.post(HERE, data=withdrawing(opened(browser, USERS[3])))
    care = client_of(site, "care")
    assert "Written down: " in browser.get(done.headers["location"]).text
    assert "Written down: " not in care.get(done.headers["location"]).text
    assert care.get(f"{HERE}?told=999999").status_code == 200


def test_a_users_file_leads_to_the_page_without_naming_them_in_an_address(site: Site) -> None:
    browser = client_of(site)
    asked = {"user": USERS[1], "purpose": "service", "kind": "query", "post": "privacy_officer"}
    page = browser.post("/console/user", data=asked).text
    assert fields(page, f"{HERE}/of") == {"user": USERS[1]}
