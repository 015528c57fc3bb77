# SPDX-License-Identifier: Apache-2.0
"""Users see, agree, take back, correct, copy and end on pages, without scripts; what they do is done once."""

import datetime as dt
import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from house import VALUES, Clock, act, declared, newcomer
from markupsafe import escape
from own_house import Browser, browsing, en, form_of, house
from receivers import Receiver

from keshou.acts.mask import masked
from keshou.app.site import Site
from keshou.app.user_view import user_view
from keshou.db import Database
from keshou.gate.holds import Asked, HoldLifted
from keshou.gate.standing import Profile
from keshou.law.load import load
from keshou.law.terms import ActKind
from keshou.ledger.entry import Header, decode
from keshou.ledger.verify import verify_proof

PLAN = load().items["tariff_plan"].label.en


@pytest.fixture
def site(database: Database, tmp_path: Path, clock: Clock, gateway: Receiver) -> Iterator[Site]:
    with house(database, tmp_path, clock, gateway) as site:
        yield site


@pytest.fixture
def browser(site: Site, gateway: Receiver) -> Iterator[Browser]:
    with browsing(site, gateway) as browser:
        assert browser.sign_in().status_code == 200
        yield browser


def profile(site: Site, user: str = "u1") -> Profile:
    found = user_view(site, user)
    assert found is not None
    return found.standing.profile


def size(site: Site) -> int:
    with site.reading() as tx:
        return site.ledger.head(tx).size


def entries(site: Site, start: int) -> list[Header]:
    with site.reading() as tx:
        return [decode(body) for _, body in site.ledger.entries(tx, start)]


def told(page: Any, text: object) -> bool:
    return str(text) in page.text


def test_users_see_what_is_held_and_why_masked_before_they_ask(site: Site, browser: Browser) -> None:
    before = size(site)
    page = browser.open("/me/held")
    assert page.status_code == 200
    assert page.text.count('<li class="card"') == len(VALUES)
    hidden = {item: value for item, value in VALUES.items() if masked(item, value) != value}
    assert len(hidden) > 1
    assert not any(value in page.text for value in hidden.values())
    assert all(str(escape(masked(item, value))) in page.text for item, value in VALUES.items())
    assert told(page, "Routing.")
    assert told(page, '/rules#purpose-service"')
    assert told(page, en("held.registration"))
    assert told(page, "Basis: your express consent.")
    assert told(page, en("consent.rules", version=1))
    looks = entries(site, before)
    assert {(each.event, each.who, each.decision, each.shown) for each in looks} == {
        ("query", "user", "permit", "masked")
    }
    assert sorted(item for each in looks for item in each.items) == sorted(VALUES)


def test_one_value_is_shown_on_asking_and_that_is_a_query_on_record(site: Site, browser: Browser) -> None:
    browser.open("/me/held")
    before = size(site)
    page = browser.send("/me/held", nth=1)
    asked, *rest = entries(site, before)
    assert (asked.event, asked.who, asked.decision, asked.shown) == ("query", "user", "permit", "full")
    (item,) = asked.items
    assert [each for each in VALUES if VALUES[each] in page.text and masked(each, VALUES[each]) != VALUES[each]] in (
        [], [item],
    )  # fmt: skip
    assert VALUES[item] in page.text
    assert {each.shown for each in rest} == {"masked"}


def test_everything_is_shown_as_often_as_it_is_asked_for_and_each_time_on_record(site: Site, browser: Browser) -> None:
    first = browser.open("/me/held")
    assert told(first, en("held.part_masked"))
    before = size(site)
    for times in (1, 2):
        page = browser.send("/me/held", at=first)
        assert all(value in page.text for value in VALUES.values())
        assert not told(page, en("held.part_masked"))
        assert [(each.event, each.shown) for each in entries(site, before)] == [("query", "full")] * times


def test_a_consent_is_given_and_taken_back_with_one_button_each(site: Site, browser: Browser) -> None:
    page = browser.open("/me/consents")
    assert told(page, "Service is not affected.")
    assert told(page, en("consent.beyond"))
    page = browser.send("/me/consents", nth=1, choice="agree")
    assert (page.status_code, set(profile(site).consents)) == (200, {"service", "marketing"})
    assert told(page, en("own.done"))
    assert told(page, "You agreed to “<bdi>Marketing</bdi>”")
    page = browser.send("/me/consents", nth=1, choice="withdraw")
    assert set(profile(site).consents) == {"service"}
    assert told(page, "You took back your consent to “<bdi>Marketing</bdi>”")
    assert set(profile(site, "u2").consents) == {"service"}


def test_commercial_messages_are_asked_for_and_refused(site: Site, browser: Browser) -> None:
    browser.open("/me/consents")
    browser.send("/me/messages", wanted="yes")
    assert profile(site).messages == "requested"
    browser.send("/me/messages", wanted="no")
    assert profile(site).messages == "refused"


def test_a_form_that_is_sent_twice_does_it_once_and_says_so(site: Site, browser: Browser) -> None:
    page = browser.open("/me/consents")
    browser.send("/me/consents", at=page, nth=1, choice="agree")
    before = size(site)
    again = browser.send("/me/consents", at=page, nth=1, choice="agree")
    assert told(again, en("own.again"))
    assert size(site) == before
    browser.send("/me/consents", at=page, nth=0, choice="withdraw")
    assert size(site) == before + 1
    assert set(profile(site).consents) == {"marketing"}


def test_rules_that_changed_since_the_page_was_made_are_not_agreed_to(site: Site, browser: Browser) -> None:
    page = browser.open("/me/consents")
    site.publish(declared(channels={"complaint_answer_days": 9}), by="officer")
    before = size(site)
    late = browser.send("/me/consents", at=page, nth=1, choice="agree")
    assert (late.status_code, size(site)) == (409, before)
    assert told(late, en("consent.changed"))
    page = browser.send("/me/consents", nth=1, choice="agree")
    assert page.status_code == 200
    assert "marketing" in profile(site).consents


def test_users_read_in_words_who_did_what_with_their_information(site: Site, browser: Browser) -> None:
    site.perform(act(ActKind.USE, "u1", "tariff_plan"))
    site.perform(act(ActKind.USE, "u1", "tariff_plan", by="stranger"))
    page = browser.open("/me/history")
    assert told(page, f"The post “<bdi>Clerk</bdi>” used <bdi>{PLAN}</bdi>, for “<bdi>Providing service")
    assert told(page, "and was refused")
    assert told(page, "/law/miit24#a13")
    assert told(page, "You agreed to “<bdi>Providing service</bdi>”")
    assert "clerk1" not in page.text
    other = history_of(site, browser, "u2")
    assert "and was refused" not in other.text


def history_of(site: Site, browser: Browser, user: str) -> Any:
    with browsing(site, browser.gateway) as other:
        other.sign_in(user)
        return other.open("/me/history")


def test_a_long_history_comes_by_pages(site: Site, browser: Browser) -> None:
    for _ in range(45):
        site.perform(act(ActKind.USE, "u1", "tariff_plan", by="biller"))
    page, seen = browser.open("/me/history"), []
    for _ in range(10):
        numbers = [int(each.partition(" of")[0]) for each in page.text.split("Entry ")[1:]]
        assert len(numbers) <= 20
        seen += numbers
        _, link, rest = page.text.partition('href="/me/history?before=')
        if not link:
            break
        page = browser.open("/me/history?before=" + rest.partition('"')[0])
    assert seen == sorted(set(seen), reverse=True)
    assert len(seen) >= 46
    assert told(browser.open("/me/history?before=1"), en("history.no_more"))


def test_what_is_wrong_is_corrected_and_the_log_holds_no_word_of_it(site: Site, browser: Browser) -> None:
    browser.open("/me/correct/tariff_plan")
    page = browser.send("/me/correct/tariff_plan", value=" P-20 ")
    assert told(page, f"You corrected <bdi>{PLAN}</bdi>")
    assert "P-20" not in page.text
    assert "P-20" not in str(page.url)
    browser.open("/me/held")
    assert "P-20" in browser.send("/me/held").text


def test_what_shows_a_correction_to_be_right_is_named_and_told_in_the_history(site: Site, browser: Browser) -> None:
    browser.open("/me/correct/tariff_plan")
    before = size(site)
    page = browser.send("/me/correct/tariff_plan", value="P-20", evidence="证件 7")
    assert (page.status_code, size(site)) == (400, before)
    assert told(page, en("correct.evidence_wrong"))
    assert not told(page, en("correct.wrong"))
    assert 'value="P-20"' in page.text
    page = browser.send("/me/correct/tariff_plan", at=page, value="P-20", evidence=" slip-7 ")
    assert told(page, "(on file as <bdi>slip-7</bdi>)")
    assert told(browser.open("/me/history"), "(on file as <bdi>slip-7</bdi>)")


def test_an_entry_of_the_history_is_taken_away_with_what_proves_it(site: Site, browser: Browser) -> None:
    browser.open("/me/correct/tariff_plan")
    browser.send("/me/correct/tariff_plan", value="P-20")
    place = size(site) - 1
    assert told(browser.open("/me/history"), f'href="/me/history/{place}/proof"')
    taken = browser.open(f"/me/history/{place}/proof")
    assert taken.headers["content-disposition"] == f'attachment; filename="keshou-entry-{place}.zip"'
    assert taken.headers["cache-control"] == "no-store"
    with zipfile.ZipFile(io.BytesIO(taken.content)) as archive:
        proof, entry, key = (archive.read(each) for each in archive.namelist())
    assert verify_proof(proof, entry, key.decode().strip())[0] == place
    assert browser.open("/me/history/0/proof").status_code == 404


@pytest.mark.parametrize("value", ["", "  ", "a\rb", "a\x00b", "x" * 4097])
def test_what_cannot_be_written_is_refused_and_stays_in_the_form(site: Site, browser: Browser, value: str) -> None:
    browser.open("/me/correct/tariff_plan")
    before = size(site)
    page = browser.send("/me/correct/tariff_plan", value=value)
    assert (page.status_code, size(site)) == (400, before)
    assert told(page, en("correct.wrong"))
    assert browser.open("/me/correct/no_such_item").status_code == 404


def test_a_copy_is_taken_as_a_page_and_for_programs(site: Site, browser: Browser) -> None:
    page = browser.open("/me/copy")
    readable = browser.send("/me/copy", at=page, kind="page")
    assert readable.headers["content-disposition"].startswith('attachment; filename="keshou-2026-03-02.html"')
    assert readable.headers["cache-control"] == "no-store"
    assert all(value in readable.text for value in VALUES.values())
    told_ = json.loads(browser.send("/me/copy", at=page, kind="json").text)
    assert {each["item"]: each["value"] for each in told_["information"]} == VALUES
    for kind, begins in (("pdf", b"%PDF-"), ("csv", b"PK")):
        made = browser.send("/me/copy", at=page, kind=kind)
        assert (made.status_code, made.content.startswith(begins)) == (200, True)
        assert made.headers["cache-control"] == "no-store"
    assert browser.send("/me/copy", at=page, kind="exe").status_code == 400


def test_without_fonts_a_pdf_is_refused_on_the_page_and_nothing_is_recorded(
    site: Site, browser: Browser, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(site, "settings", msgspec.structs.replace(site.settings, fonts=str(tmp_path)))
    page, before = browser.open("/me/copy"), size(site)
    refused = browser.send("/me/copy", at=page, kind="pdf")
    assert (refused.status_code, told(refused, en("copy.unmade")), size(site)) == (503, True, before)
    assert browser.send("/me/copy", at=page, kind="csv").status_code == 200


def test_what_takes_everything_asks_for_a_fresh_proof_and_goes_on_after_it(
    site: Site, browser: Browser, clock: Clock
) -> None:
    browser.open("/me/end")
    clock.moment += dt.timedelta(minutes=15)
    page = browser.send("/me/end", service="mobile", meant="yes")
    assert page.status_code == 401
    assert told(page, en("in.stale"))
    assert profile(site).in_use == {"mobile"}
    page = browser.sign_in("u1")
    assert told(page, en("own.late"))
    assert 'value="mobile" checked' in page.text
    browser.send("/me/end", service="mobile", meant="yes")
    assert profile(site).in_use == frozenset()


def test_a_service_is_ended_when_it_is_meant_and_the_rest_is_deleted_when_nothing_must_be_kept(
    site: Site, browser: Browser, clock: Clock
) -> None:
    page = browser.open("/me/end")
    assert told(browser.send("/me/end", service="mobile"), en("end.wrong"))
    page = browser.send("/me/end", at=page, service="mobile", meant="yes")
    assert told(page, "You stopped using <bdi>Mobile telephone</bdi>")
    assert told(page, en("end.erase"))
    page = browser.send("/me/erase", meant="yes")
    assert page.status_code == 403
    assert told(page, en("own.refused"))
    assert told(page, "/law/miit25#a11")
    clock.moment = clock.moment.replace(year=clock.moment.year + 3)
    # the number is gone with the service, so no code can be sent any more
    assert browser.open("/me/end").url.path == "/me/sign-in"
    browser.enter("u1", site)
    browser.open("/me/end")
    page = browser.send("/me/erase", meant="yes")
    assert told(page, en("end.erased"))
    assert user_view(site, "u1") is None
    assert browser.open("/me").url.path == "/me/sign-in"
    assert user_view(site, "u2") is not None


def test_a_service_that_was_ended_in_another_tab_is_not_ended_again(site: Site, browser: Browser) -> None:
    page = browser.open("/me/end")
    site.cancel("u1")
    before = size(site)
    late = browser.send("/me/end", at=page, service="mobile", meant="yes")
    assert (late.status_code, size(site)) == (400, before)


def test_somebody_of_whom_nothing_is_held_is_told_so_on_every_page(site: Site, browser: Browser) -> None:
    moment = site.now().replace(year=site.now().year + 3)
    site.cancel("u1")
    with site.writing() as tx:
        tx.connection.exec_driver_sql("DELETE FROM vault_value")
    for path in ("/me/held", "/me", "/me/history", "/me/end", "/me/consents", "/me/visits", "/me/copy"):
        page = browser.open(path)
        assert page.status_code == 200, path
    assert told(browser.open("/me/held"), en("own.nothing"))
    assert moment


def test_names_of_any_script_and_length_are_shown_as_text(site: Site, browser: Browser) -> None:
    hostile = "<script>window.hit=1</script>\"'&amp;{{7*7}}𠮷䶮שלום"
    for value in ("示" * 60, "示", hostile):
        site.do(newcomer(site, f"w{len(value)}", {"user_name": value}))
        with browsing(site, browser.gateway) as other:
            site.perform(act(ActKind.CORRECT, "u1", "tariff_plan"), {"tariff_plan": value})
            other.sign_in("u1")
            other.open("/me/held")
            page = other.send("/me/held")
            assert "<script" not in page.text
            assert "{{7*7}}" in page.text or value != hostile
            assert value[-1] in page.text


def test_the_pages_of_one_user_are_nobody_elses(site: Site, browser: Browser) -> None:
    browser.open("/me/consents")
    fields = form_of(browser.page.text, "/me/consents", 1) | {"choice": "agree"}
    with browsing(site, browser.gateway) as other:
        other.sign_in("u2")
        other.client.post("/me/consents", data=fields)
    assert set(profile(site, "u1").consents) == {"service"}
    assert set(profile(site, "u2").consents) == {"service", "marketing"}
    entry = size(site) - 1
    assert told(browser.open(f"/me/consents?told={entry}"), en("own.done")) is False


def test_users_read_what_is_kept_for_now_and_why_but_for_what_they_are_not_told(site: Site, browser: Browser) -> None:
    def put(name: str, **more: Any) -> None:
        asked = Asked("dispute", "d-1", users=("u1",), **more)
        site.record_site(site.holds.fact(name, asked, "clerk1"), by="clerk1")

    put("h1", silent=True)
    browser.enter("u1", site)
    for path in ("/me/held", "/me/end"):
        assert not told(browser.open(path), "a dispute is open"), path
    put("h2", cite="law:1 <i>")
    for path in ("/me/held", "/me/end"):
        page = browser.open(path)
        assert told(page, "a dispute is open"), path
        assert "<i>" not in page.text
    site.cancel("u1")
    for name in ("h1", "h2"):
        site.record_site(HoldLifted(at=site.now(), hold=name, by="judge", reason="settled"), by="judge")
    assert told(browser.open("/me/history"), "and it was destroyed")
