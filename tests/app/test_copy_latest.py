# SPDX-License-Identifier: Apache-2.0
"""A PDF of a long history has its latest rows and says where the rest is; the other formats have all."""

import csv
import io
import zipfile
from pathlib import Path

import pypdf
import pytest
from house import VALUES, Clock, act, newcomer, ready

from keshou.app.copy_file import file_of
from keshou.app.copy_sheet import latest, sheet
from keshou.app.own_copy import own_copy
from keshou.db import Database
from keshou.language import Language
from keshou.law.terms import ActKind

MOST = 3


@pytest.mark.parametrize(("language", "says"), [("zh", "最近的3行，共{}行"), ("en", "latest3of{}rows")])
def test_a_pdf_of_a_long_history_has_its_latest_rows_and_says_how_many_there_are(
    database: Database, tmp_path: Path, clock: Clock, language: Language, says: str
) -> None:
    with ready(database, tmp_path, clock, pdf_rows=MOST) as site:
        site.do(newcomer(site, "u1"))
        for _ in range(5):
            site.perform(act(ActKind.USE, "u1", "tariff_plan"))
        copy = own_copy(site, "u1", by="user")
        whole = sheet(site, copy, language)
        cut = {each.key: each for each in latest(whole, MOST).tables}
        text = "".join(
            page.extract_text() for page in pypdf.PdfReader(io.BytesIO(file_of(site, copy, "pdf", language).data)).pages
        )
        archive = zipfile.ZipFile(io.BytesIO(file_of(site, copy, "csv", language).data))
        told = list(csv.reader(io.StringIO(archive.read("acts.csv").decode("utf-8-sig"))))
    acts = next(each.rows for each in whole.tables if each.key == "acts")
    assert len(acts) > 2 * MOST
    assert [row[-1] for row in cut["acts"].rows] == [str(each.entry) for each in copy.acts[-MOST:]]
    assert says.format(len(acts)) in "".join(text.split())
    assert all(value in text for value in VALUES.values()), "what is held is in it whole"
    assert len(told) == 1 + len(acts)
