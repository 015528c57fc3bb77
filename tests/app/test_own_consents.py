# SPDX-License-Identifier: Apache-2.0
"""What users are shown of their consents is what the gate goes by: whole, in part, or none, as the rules now are."""

import tomllib
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from house import OPERATOR, Clock, act, newcomer, ready

from keshou.app.own_consents import Stance, own_consents
from keshou.app.own_facts import agreement, notice, withdrawal
from keshou.app.site import Site
from keshou.db import Database
from keshou.declaration.model import Declaration
from keshou.law.terms import ActKind, ConsentStrength


@pytest.fixture
def site(database: Database, tmp_path: Path) -> Iterator[Site]:
    with ready(database, tmp_path, Clock()) as site:
        site.do(newcomer(site, "u1"))
        yield site


def found(site: Site, purpose: str, user: str = "u1") -> Stance:
    consents = own_consents(site, user)
    assert consents is not None
    return next(each for each in consents.agreed if each.purpose.id == purpose)


def permitted(site: Site, *items: str) -> bool:
    asked = msgspec.structs.replace(act(ActKind.USE, "u1", *items), when=site.now())
    return site.ask(asked).permitted


def agree(site: Site, purpose: str, *items: str) -> None:
    facts = agreement(notice(site), purpose, items, ConsentStrength.EXPRESS, messages=False)
    site.record("u1", *facts)


def test_each_purpose_is_told_with_whether_it_was_agreed_to(site: Site) -> None:
    service, marketing = found(site, "service"), found(site, "marketing")
    assert (service.whole, service.version, service.taken_back) == (True, 1, False)
    assert service.said is not None
    assert (marketing.whole, marketing.version, marketing.said) == (False, 0, None)
    assert not marketing.items


def test_what_is_taken_back_is_told_as_taken_back_and_denied(site: Site) -> None:
    site.record("u1", *withdrawal(site, "service", [], messages=False))
    service = found(site, "service")
    assert (service.whole, service.version, service.taken_back) == (False, 0, True)
    assert not permitted(site, "tariff_plan")
    agree(site, "service")
    assert found(site, "service").whole
    assert not found(site, "service").taken_back


def test_a_consent_less_an_item_is_told_as_one_in_part(site: Site) -> None:
    site.record("u1", *withdrawal(site, "service", ["tariff_plan"], messages=False))
    service = found(site, "service")
    assert not service.whole
    assert service.items == {"user_name", "resident_id_number", "mobile_number"}
    assert permitted(site, "mobile_number")
    assert not permitted(site, "tariff_plan")


def test_rules_that_ask_for_more_are_agreed_to_anew(site: Site) -> None:
    given = tomllib.loads(OPERATOR.read_text("utf-8"))
    given["purposes"][0]["needs"][3]["why"] = {"zh": "另一个理由。", "en": "Another reason."}
    site.publish(msgspec.convert(given, Declaration), by="officer")
    service = found(site, "service")
    assert (service.whole, service.version) == (False, 1)
    assert service.items == {"user_name", "resident_id_number", "mobile_number"}
    assert not permitted(site, "tariff_plan")
    agree(site, "service")
    assert found(site, "service").whole
    assert permitted(site, "tariff_plan")


def test_of_somebody_who_is_not_on_record_there_is_nothing_to_tell(site: Site) -> None:
    assert own_consents(site, "stranger") is None
