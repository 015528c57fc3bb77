# SPDX-License-Identifier: Apache-2.0
"""Users sign in by their registered number or mail: found by an act on record, told alike to whoever asks."""

import datetime as dt
import json
import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from house import VALUES, Clock, newcomer, ready
from own_house import WHSEC, Browser, browsing, en
from receivers import Receiver, receiving

from keshou.app.site import Site
from keshou.db import Database
from keshou.gate.facts import ConsentWithdrawn, StaffRemoved
from keshou.ledger.entry import Header, decode
from keshou.visits.settings import HookSettings, VisitSettings
from planting import Planted

NUMBERS = {"u1": "15499990001", "u2": "15499990002", "u3": "15499990002"}
NOBODYS = "15499990009"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def gateway() -> Iterator[Receiver]:
    with receiving() as gateway:
        yield gateway


def opened(database: Database, folder: Path, clock: Clock, gateway: Receiver, **more: Any) -> Site:
    """Return a site with three users, two of whom share a number, that sends its codes to `gateway`."""
    file = folder / "gateway.secret"
    file.write_bytes(WHSEC)
    file.chmod(0o600)
    hook = HookSettings(url=gateway.url, secret_file=file.name)
    site = ready(database, folder, clock, visits=VisitSettings(hook=hook, by="clerk1", purpose="service", **more))
    site.do_all([newcomer(site, user, VALUES | {"mobile_number": number}) for user, number in NUMBERS.items()])
    return site


@pytest.fixture
def site(database: Database, tmp_path: Path, clock: Clock, gateway: Receiver) -> Iterator[Site]:
    with opened(database, tmp_path, clock, gateway) as site:
        yield site


@pytest.fixture
def browser(site: Site, gateway: Receiver) -> Iterator[Browser]:
    with browsing(site, gateway) as browser:
        yield browser


def asked(browser: Browser, address: str, **fields: str) -> Any:
    """Ask for a code by the form of the page; return where that led."""
    browser.open("/me/sign-in")
    return browser.send("/me/sign-in/code", address=address, **fields)


def entries(site: Site, start: int) -> list[Header]:
    with site.reading() as tx:
        return [decode(body) for _, body in site.ledger.entries(tx, start, site.ledger.head(tx).size)]


def size(site: Site) -> int:
    with site.reading() as tx:
        return site.ledger.head(tx).size


def texts(gateway: Receiver) -> list[str]:
    return [json.loads(each.body)["text"] for each in gateway.told]


@pytest.mark.parametrize("written", ["15499990001", " +86 154-9999-0001 ", "１５４９９９９０００１"])
def test_a_user_signs_in_by_their_number_however_it_is_written(browser: Browser, site: Site, written: str) -> None:
    before = size(site)
    page = asked(browser, written)
    assert page.status_code == 200
    home = browser.send("/me/sign-in", code=browser.code(1))
    assert (home.url.path, "u1" in home.text) == ("/me", True)
    search, use = entries(site, before)[:2]
    assert (search.event, search.count, search.who, search.items) == ("search", 1, "clerk1", ("mobile_number",))
    assert (use.event, use.decision, bool(use.obj)) == ("use", "permit", True)
    assert json.loads(browser.gateway.told[0].body)["to"] == NUMBERS["u1"]


def test_whoever_asks_is_told_the_same_by_text_status_and_page(browser: Browser, site: Site) -> None:
    pages = [asked(browser, each) for each in ("15499990001", NOBODYS, "15499990002", "not a number")]
    site.codes.close()
    plain = [re.sub(r'name="(ticket|address)" value="[^"]*"', "", each.text) for each in pages]
    assert {(each.status_code, text) for each, text in zip(pages, plain, strict=True)} == {(200, plain[0])}
    for page in pages:
        wrong = browser.send("/me/sign-in", at=page, code="0" * 6)
        assert wrong.status_code == 401


def test_nothing_is_looked_for_before_the_answer(site: Site) -> None:
    """What takes time (the search, the gate, the gateway) begins once the ticket was given."""
    order: list[str] = []
    find, visits = site.codes._find, site.visits.expect
    site.codes._find = lambda act, value: (order.append("search"), find(act, value))[1]  # type: ignore[method-assign]
    site.visits.expect = lambda *given: (order.append("ticket"), visits(*given))[1]  # type: ignore[method-assign]
    for number in (NUMBERS["u1"], NOBODYS, NUMBERS["u2"]):
        site.codes.ask_by(number, site.codes.channels[0], "en")
    site.codes.close()
    assert sorted(order) == ["search"] * 3 + ["ticket"] * 3
    seen = [order[: at + 1] for at in range(len(order))]
    assert all(each.count("search") <= each.count("ticket") for each in seen)


def test_users_who_share_a_number_are_told_so_by_it_alone_and_sign_in_by_their_own(
    browser: Browser, site: Site, gateway: Receiver
) -> None:
    page = asked(browser, NUMBERS["u2"])
    assert en("code.shared") in page.text
    with gateway.more:
        assert gateway.more.wait_for(lambda: len(gateway.told) >= 1, 30)
    (text,) = texts(gateway)
    assert "more than one user" in text
    assert not re.search(r"\d{6}", text)
    assert not {"u2", "u3"} & set(text.split())
    assert browser.send("/me/sign-in", at=page, code="123456").status_code == 401
    browser.open("/me/sign-in")
    browser.send("/me/sign-in/code", nth=1, user="u3")
    assert "u3" in browser.send("/me/sign-in", code=browser.code(2)).text
    used = [each for each in entries(site, 0) if each.event == "use"]
    assert len(used) == 2  # of one of both when they were told, and of the one who signed in


def test_a_number_that_is_asked_for_again_and_again_is_looked_for_no_more(
    browser: Browser, site: Site, gateway: Receiver, clock: Clock
) -> None:
    before = size(site)
    for way in range(12):
        assert asked(browser, NOBODYS if way % 2 else f"+86 {NOBODYS}").status_code == 200
    site.codes.close()
    assert [each.event for each in entries(site, before)] == ["search"] * site.settings.visits.codes_per_source
    assert gateway.told == []


def test_codes_asked_for_by_a_number_and_by_an_id_are_counted_apart(site: Site, gateway: Receiver) -> None:
    channel, most = site.codes.channels[0], site.settings.visits.codes_per_hour
    for _ in range(most + 2):
        site.codes.ask_by(NUMBERS["u1"], channel, "en")
    for _ in range(most + 2):
        site.codes.ask("u1", channel, "en")
    site.codes.close()
    assert len(gateway.told) == 2 * most


def test_who_asks_too_often_by_a_number_is_told_nothing_and_the_user_signs_in_by_their_id(browser: Browser) -> None:
    pages = [asked(browser, NUMBERS["u1"]) for _ in range(8)]
    assert {each.status_code for each in pages} == {200}
    browser.open("/me/sign-in")
    most = VisitSettings().codes_per_source
    browser.gateway.wait(most)
    browser.send("/me/sign-in/code", nth=1, user="u1")
    assert "u1" in browser.send("/me/sign-in", code=browser.code(most + 1)).text


def test_so_many_are_looked_for_within_an_hour_and_no_more(
    database: Database, tmp_path: Path, clock: Clock, gateway: Receiver
) -> None:
    with opened(database, tmp_path, clock, gateway, lookups_per_hour=3) as site:
        channel, before = site.codes.channels[0], size(site)
        for last in range(6):
            site.codes.ask_by(f"1549999000{last}", channel, "en")
        site.codes.close()
        assert [each.event for each in entries(site, before)].count("search") == 3


def test_one_source_uses_up_its_share_and_no_more(
    database: Database, tmp_path: Path, clock: Clock, gateway: Receiver
) -> None:
    with opened(database, tmp_path, clock, gateway, lookups_per_source=2) as site:
        channel, before = site.codes.channels[0], size(site)
        for last in range(5):
            site.codes.ask_by(f"1549999900{last}", channel, "en", "192.0.2.1")
        site.codes.ask_by(NUMBERS["u1"], channel, "en", "192.0.2.2")
        site.codes.close()
        assert [each.event for each in entries(site, before)].count("search") == 3
        assert len(gateway.told) == 1


@pytest.mark.parametrize("nobodys", ["not a number", "12", "15499990001 or another", "+"])
def test_what_can_be_nobodys_number_is_not_looked_for(site: Site, nobodys: str) -> None:
    before = size(site)
    assert site.codes.ask_by(nobodys, site.codes.channels[0], "en")
    site.codes.close()
    assert entries(site, before) == []


def test_one_whom_the_gate_denies_does_not_keep_the_others_from_a_word(site: Site, gateway: Receiver) -> None:
    site.record("u2", ConsentWithdrawn(at=site.now(), purpose="service"))
    site.codes.ask_by(NUMBERS["u3"], site.codes.channels[0], "en")
    site.codes.close()
    (text,) = texts(gateway)
    assert "more than one user" in text


def test_who_may_not_look_finds_nobody_and_it_is_on_record(site: Site, gateway: Receiver) -> None:
    site.record_site(StaffRemoved(at=site.now(), staff="clerk1", post="clerk"), by="officer")
    before = size(site)
    site.codes.ask_by(NUMBERS["u1"], site.codes.channels[0], "en")
    site.codes.close()
    (search,) = entries(site, before)
    assert (search.event, search.decision, search.count) == ("search", "deny", 0)
    assert gateway.told == []


def test_a_ticket_that_is_over_before_its_user_is_found_is_redeemed_by_nothing(site: Site, clock: Clock) -> None:
    with site.writing() as tx:
        ticket, _ = site.visits.expect(tx, "sms\0x", site.now())
    clock.moment += dt.timedelta(minutes=site.settings.visits.code_minutes)
    with site.writing() as tx:
        assert site.visits.meant_for(tx, ticket, "u1", site.now()) is None


@pytest.mark.parametrize("address", ["", " ", "x" * 321, "a\u0007b", "u1@example.invalid"])
def test_an_address_that_codes_cannot_go_to_is_asked_again_and_kept(browser: Browser, address: str) -> None:
    page = asked(browser, address)
    assert page.status_code == 400
    assert en("in.who") in page.text


def test_what_is_typed_as_an_address_is_text(browser: Browser) -> None:
    page = asked(browser, "<script>x</script>")
    assert "<script>x" not in page.text


def test_over_the_api_it_is_one_or_the_other(browser: Browser, site: Site) -> None:
    def ask(**body: str) -> Any:
        return browser.client.post("/api/v1/visits/codes", json={"channel": "sms", **body})

    assert ask(user="u1", address=NUMBERS["u1"]).status_code == ask().status_code == 422
    given = ask(address=NUMBERS["u1"])
    assert given.status_code == 200
    begun = browser.client.post("/api/v1/visits", json={"ticket": given.json()["ticket"], "code": browser.code(1)})
    assert begun.status_code == 200
    assert ask(address=NOBODYS).json().keys() == given.json().keys()


def test_no_number_that_is_typed_is_written_anywhere(
    browser: Browser, site: Site, database: Database, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    typed = "15477778888"
    with ExitStack() as stack:
        stack.callback(site.codes.close)
        asked(browser, typed)
    with site.reading() as tx:
        bodies = b"".join(body for _, body in site.ledger.entries(tx, 0, site.ledger.head(tx).size))
    planted, told = Planted([typed]), capfd.readouterr()
    assert planted.find_in(bodies) == []
    assert planted.search_files(tmp_path) == []
    assert planted.search_database(database) == []
    assert planted.find_in(f"{told.out}{told.err}{browser.page.url}") == []
