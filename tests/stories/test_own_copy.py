# SPDX-License-Identifier: Apache-2.0
"""A user's copy is whole in every format: what is held, what for, agreed, who received it, and all that was done."""

import csv
import datetime as dt
import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pypdf
import pytest
from house import START, VALUES, Clock, act, newcomer, open_site
from test_shared_links import rules

from keshou.acts.request import Perform
from keshou.app.copy_file import file_of, refuse_unmakeable
from keshou.app.copy_sheet import TITLES, sheet
from keshou.app.fact_words import FACTS
from keshou.app.own_copy import own_copy
from keshou.app.site import Site
from keshou.copies.errors import FontError
from keshou.db import Database
from keshou.gate.every_fact import AnyUserFact
from keshou.gate.facts import ConsentWithdrawn, StaffAppointed
from keshou.gate.holds import Asked
from keshou.law.terms import ActKind


@pytest.fixture
def site(database: Database, tmp_path: Path) -> Iterator[Site]:
    with open_site(database, tmp_path, Clock()) as site:
        site.publish(rules(), by="officer")
        seats = [("clerk1", "clerk"), ("lister", "analyst"), ("judge", "reviewer")]
        site.record_site(*(StaffAppointed(at=START, staff=who, post=post) for who, post in seats), by="officer")
        site.do_all([newcomer(site, "u1", None, "marketing"), newcomer(site, "u2")])
        site.do(Perform(act=act(ActKind.USE, "u1", "tariff_plan")))
        site.do(Perform(act=act(ActKind.PROVIDE, "u1", "tariff_plan", recipient="bank")))
        site.do(Perform(act=act(ActKind.USE, "u1", "tariff_plan", purpose="marketing")))
        site.record("u1", ConsentWithdrawn(at=site.now(), purpose="marketing"))
        site.record_site(site.holds.fact("h1", Asked("dispute", "d-1", users=("u1",)), "clerk1"), by="clerk1")
        site.record_site(site.holds.fact("h2", Asked("case", "d-2", users=("u1",), silent=True), "clerk1"), by="clerk1")
        yield site


def test_every_format_says_the_same_and_all_of_it(site: Site) -> None:
    copy = own_copy(site, "u1", by="user")
    assert copy.information == VALUES
    given = [each for each in copy.acts if each.recipient]
    assert [(each.act, each.recipient, each.permitted) for each in given] == [("provide", "bank", True)]
    assert [each.permitted for each in copy.acts if each.purpose == "marketing"] == [False]
    assert {each.entry for each in copy.acts} >= set(copy.entries), "the copy tells of its own queries"
    assert [each.ground for each in copy.kept] == ["dispute"], "and not of what the user is not told"
    told = sheet(site, copy, "zh")
    assert all(each.rows for each in told.tables)
    assert [each.key for each in told.tables] == list(TITLES)
    found = json.loads(file_of(site, copy, "json", "zh").data)
    assert {each["value"] for each in found["information"]} == set(VALUES.values())
    assert len(found["acts"]) == len(copy.acts)
    with zipfile.ZipFile(io.BytesIO(file_of(site, copy, "csv", "zh").data)) as archive:
        for table in told.tables:
            rows = list(csv.reader(io.StringIO(archive.read(f"{table.key}.csv").decode("utf-8-sig"))))
            assert len(rows) == len(table.rows) + 1
    pages = pypdf.PdfReader(io.BytesIO(file_of(site, copy, "pdf", "zh").data)).pages
    text = "".join("".join(page.extract_text() for page in pages).split())
    cells = {"".join(cell.split()) for table in told.tables for row in table.rows for cell in row}
    assert [each for each in cells if each not in text] == []
    assert all(str(entry) in text for entry in copy.entries)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_copy_is_in_one_language_and_another_users_is_not_in_it(site: Site, language: str) -> None:
    copy = own_copy(site, "u1", by="user")
    told = sheet(site, copy, language)  # type: ignore[arg-type]
    assert told.tables[0].title == TITLES["information"][0].in_(language)  # type: ignore[arg-type]
    assert "u2" not in str(told)
    assert "clerk1" not in str(told), "staff are told by their post"


def test_without_fonts_nothing_is_recorded_and_other_formats_go_on(database: Database, tmp_path: Path) -> None:
    (tmp_path / "fonts").mkdir()
    with open_site(database, tmp_path, Clock(), fonts="fonts") as site:
        with pytest.raises(FontError):
            refuse_unmakeable(site, "pdf")
        refuse_unmakeable(site, "csv")


def test_every_kind_of_fact_has_a_name_in_a_copy() -> None:
    assert {each.__struct_config__.tag for each in AnyUserFact.__args__} <= FACTS.keys()


def test_a_long_history_is_whole(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("keshou.app.own_copy._AT_ONCE", 2)
    copy = own_copy(site, "u1", by="user")
    assert [each.entry for each in copy.acts] == sorted({each.entry for each in copy.acts})
    assert len(copy.acts) > 3
    assert copy.acts[0].act == "collect"
    assert copy.acts[0].at >= START - dt.timedelta(seconds=1)
