# SPDX-License-Identifier: Apache-2.0
"""``/me/end`` says of each thing what becomes of it: gone at once, kept by law, as a record, or for now."""

import re
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from house import START, VALUES, Clock, declared, newcomer
from own_house import Browser, browsing, house
from receivers import Receiver

from keshou.app.site import Site
from keshou.app.user_view import user_view
from keshou.db import Database
from keshou.declaration.model import Declaration, Need
from keshou.declaration.render import held, labels
from keshou.gate.facts import StaffAppointed, SuspensionLifted, SuspensionOrdered
from keshou.gate.holds import Asked
from keshou.language import Language, Text
from keshou.law.load import load
from keshou.law.terms import ActKind, RetentionClass
from keshou.web.frame.catalog import Words, catalog

COMPLAINT = "complaint_record"
HELD = VALUES | {COMPLAINT: "投诉计费，已经答复。"}
_PART = re.compile(r"<dt>(.*?)</dt><dd>(.*?)</dd>", re.S)
_NAME = re.compile(r"<bdi>(.*?)</bdi>")


def with_complaints() -> Declaration:
    """Return the small operator's rules, which keep complaints as a record too."""
    given = declared()
    service, marketing = given.purposes
    need = Need(item=COMPLAINT, why=Text("答复投诉。", "To answer."), class_=RetentionClass.RECORD)
    service = msgspec.structs.replace(service, needs=(*service.needs, need))
    return msgspec.structs.replace(given, purposes=(service, marketing))


@pytest.fixture
def site(database: Database, tmp_path: Path, clock: Clock, gateway: Receiver) -> Iterator[Site]:
    with house(database, tmp_path, clock, gateway) as site:
        site.publish(with_complaints(), by="officer")
        site.do(newcomer(site, "u3", HELD))
        yield site


@pytest.fixture(params=["zh", "en"])
def language(request: pytest.FixtureRequest) -> Language:
    found: Language = request.param
    return found


@pytest.fixture
def browser(site: Site, gateway: Receiver, language: Language) -> Iterator[Browser]:
    with browsing(site, gateway, **{"Accept-Language": language}) as browser:
        browser.enter("u3", site)
        yield browser


def parts(browser: Browser, language: Language) -> dict[str, str]:
    """Return what the page says of each part, by the key of its message."""
    words = Words(catalog("keshou.web.frame", "keshou.web.portal"), language)
    keys = {str(words(f"end.{each}")): each for each in ("gone", "kept", "records", "stopped", "now")}
    found = _PART.findall(browser.open("/me/end").text)
    return {keys[title]: told for title, told in found if title in keys}


def things(told: str, language: Language) -> set[str]:
    """Return the ids of the kinds of information that a part names."""
    names = {name: item for item, name in labels(with_complaints(), load(), language).items()}
    return {names[each] for each in _NAME.findall(told) if each in names}


def test_a_record_is_not_said_to_go_at_once_and_stands_apart_with_its_time(
    site: Site, browser: Browser, language: Language
) -> None:
    told = parts(browser, language)
    assert set(told) == {"gone", "kept", "records"}
    assert things(told["gone"], language) == {"mobile_number", "tariff_plan"}
    assert things(told["kept"], language) == {"user_name", "resident_id_number"}
    assert things(told["records"], language) == {COMPLAINT}
    service, _ = with_complaints().purposes
    assert held(service.retention, language) in told["records"]
    assert service.name.in_(language) in told["records"]
    site.cancel("u3")
    left = user_view(site, "u3")
    assert left is not None
    assert set(left.held) == {"user_name", "resident_id_number", COMPLAINT}, "what the page said"
    browser.enter("u3", site)
    told = parts(browser, language)
    assert things(told["gone"], language) == set()
    assert things(told["records"], language) == {COMPLAINT}


def test_what_the_authority_asks_not_to_destroy_is_not_said_to_go_at_once(
    site: Site, browser: Browser, language: Language
) -> None:
    stop = SuspensionOrdered(
        at=START, suspension="s1", kinds=frozenset({ActKind.DESTROY}), purposes=frozenset({"marketing"})
    )
    site.record_site(stop, by="officer")
    told = parts(browser, language)
    assert things(told["gone"], language) == set()
    assert things(told["stopped"], language) == {"mobile_number", "tariff_plan"}, "marketing needs both"
    site.record_site(SuspensionLifted(at=site.now(), suspension="s1"), by="officer")
    told = parts(browser, language)
    assert "stopped" not in told
    assert things(told["gone"], language) == {"mobile_number", "tariff_plan"}


STOP_ALL = SuspensionOrdered(at=START, suspension="s2")
STOP_DESTROYING = SuspensionOrdered(at=START, suspension="s3", kinds=frozenset({ActKind.DESTROY}))


def keep(site: Site, why: str) -> None:
    """Let the authority or a dispute keep what is held of the user."""
    if why == "a hold":
        site.record_site(StaffAppointed(at=site.now(), staff="judge", post="clerk"), by="officer")
        asked = Asked("dispute", "d-1", users=("u3",))
        site.record_site(site.holds.fact("h-1", asked, "judge"), by="judge")
    else:
        site.record_site(STOP_ALL if why == "all stops" else STOP_DESTROYING, by="officer")


def sentences(language: Language, *keys: str) -> list[str]:
    words = Words(catalog("keshou.web.frame", "keshou.web.portal"), language)
    return [max(str(words(f"end.{each}", items="\0")).split("\0"), key=len) for each in keys]


@pytest.mark.parametrize("why", ["all stops", "destroying stops", "a hold"])
def test_what_may_not_be_destroyed_is_said_to_stay_before_and_after_the_service_ends(
    site: Site, browser: Browser, language: Language, why: str
) -> None:
    keep(site, why)
    part = "now" if why == "a hold" else "stopped"
    false = sentences(language, "lede_gone", "lede_partly", "address_gone")
    lede, reach, over = sentences(language, "lede_kept", "address_kept", "lede_over")
    told = parts(browser, language)
    assert things(told["gone"], language) == set()
    assert {"mobile_number", "tariff_plan"} <= things(told[part], language)
    assert lede in browser.page.text
    assert reach in browser.page.text
    assert not [each for each in false if each in browser.page.text]
    site.cancel("u3")
    browser.enter("u3", site)
    told = parts(browser, language)
    left = user_view(site, "u3")
    assert left is not None
    assert {"mobile_number", "tariff_plan"} <= set(left.held)
    assert set.union(*(things(each, language) for each in told.values())) == set(left.held)
    assert over in browser.page.text
    assert not [each for each in (*false, lede) if each in browser.page.text]


def test_where_only_part_is_kept_just_that_part_is_said_to_stay(
    site: Site, browser: Browser, language: Language
) -> None:
    given = with_complaints()
    marketing = given.purposes[-1]
    needs = tuple(each for each in marketing.needs if each.item == "tariff_plan")
    survey = msgspec.structs.replace(marketing, id="survey", needs=needs)
    later = msgspec.structs.replace(given, purposes=(*given.purposes, survey), effective=site.now())
    site.publish(later, by="officer")
    site.record_site(SuspensionOrdered(at=START, suspension="s4", purposes=frozenset({"survey"})), by="officer")
    told = parts(browser, language)
    assert things(told["gone"], language) == {"mobile_number"}
    assert things(told["stopped"], language) == {"tariff_plan"}
    said, not_said = sentences(language, "lede_partly", "address_gone"), sentences(language, "lede_gone", "lede_kept")
    assert all(each in browser.page.text for each in said)
    assert not [each for each in not_said if each in browser.page.text]


def test_with_nothing_kept_the_page_says_that_keys_and_addresses_go(
    site: Site, browser: Browser, language: Language
) -> None:
    parts(browser, language)
    assert all(each in browser.page.text for each in sentences(language, "lede_gone", "address_gone"))
    assert not [each for each in sentences(language, "lede_kept", "address_kept") if each in browser.page.text]
