# SPDX-License-Identifier: Apache-2.0
"""What is kept as a code is read in words, in both languages; programs and the vault keep the code."""

import io
import json
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from callers import TestClient, bearer, served
from house import OPERATOR, VALUES, Clock, declared, newcomer
from own_house import Browser, browsing, house
from receivers import Receiver

from keshou.app.site import Site
from keshou.app.value_words import CODES, worded
from keshou.cli.sample.people import subscribers
from keshou.db import Database
from keshou.language import Language
from keshou.law.load import load
from keshou.wire.caller import Caller, CallerKind

KIND = "id_document_type"
HELD = {"u3": "CN_HUKOU", "u4": "of the operator's own"}
WORDS: dict[Language, str] = {"zh": "户口簿", "en": "Household register"}


@pytest.fixture
def site(database: Database, tmp_path: Path, clock: Clock, gateway: Receiver) -> Iterator[Site]:
    """Give a site whose rules keep the type of document of two users more."""
    purposes = tomllib.loads(OPERATOR.read_text("utf-8"))["purposes"]
    purposes[0]["needs"].append({"item": KIND, "why": {"zh": "登记。", "en": "Entry."}, "class": "registration"})
    with house(database, tmp_path, clock, gateway) as site:
        site.publish(msgspec.structs.replace(declared(purposes=purposes), effective=clock()), by="officer")
        site.do_all([newcomer(site, user, {**VALUES, KIND: type_}) for user, type_ in HELD.items()])
        yield site


@pytest.fixture
def browser(site: Site, gateway: Receiver) -> Iterator[Browser]:
    with browsing(site, gateway) as browser:
        yield browser


@pytest.mark.parametrize("language", WORDS)
def test_users_read_which_document_is_registered_and_not_its_code(
    site: Site, browser: Browser, language: Language
) -> None:
    browser.enter("u3", site)
    browser.client.headers["Accept-Language"] = language
    pages = [browser.open("/me/held").text, browser.send("/me/held").text]
    page = browser.open("/me/copy")
    pages.append(browser.send("/me/copy", at=page, kind="page").text)
    with zipfile.ZipFile(io.BytesIO(browser.send("/me/copy", at=page, kind="csv").content)) as tables:
        pages.append("".join(tables.read(each).decode() for each in tables.namelist()))
    assert [(WORDS[language] in each, "CN_HUKOU" in each) for each in pages] == [(True, False)] * 4
    told = json.loads(browser.send("/me/copy", at=page, kind="json").text)
    assert {each["item"]: each["value"] for each in told["information"]}[KIND] == "CN_HUKOU"


def test_what_is_no_known_code_is_shown_as_it_is_kept(site: Site, browser: Browser) -> None:
    browser.enter("u4", site)
    assert "of the operator&#39;s own" in browser.open("/me/held").text


def test_staff_read_it_in_words_too(site: Site) -> None:
    clerk = {"clerk1": Caller(id="clerk1", kind=CallerKind.STAFF, credential="s-1", proven_at=site.now())}
    asked = {"user": "u3", "purpose": "service", "post": "clerk", "kind": "query"}
    with TestClient(served(site, clerk), base_url="http://127.0.0.1") as client:
        headers = bearer("clerk1") | {"Accept-Language": "zh"}
        page = client.post("/console/user", data=asked, headers=headers)
    assert (page.status_code, WORDS["zh"] in page.text, "CN_HUKOU" in page.text) == (200, True, False)


def test_only_the_value_that_is_a_code_is_worded() -> None:
    assert worded({"user_name": "OTHER", KIND: "OTHER"}, "en") == {
        "user_name": "OTHER", KIND: "Another valid identity document",
    }  # fmt: skip


def test_every_code_of_the_sample_has_words_and_belongs_to_information_of_the_law() -> None:
    assert {each.document_type for each in subscribers(500)} <= set(CODES[KIND])
    assert set(CODES) <= set(load().items)
    assert all(text.zh and text.en for codes in CODES.values() for text in codes.values())
