# SPDX-License-Identifier: Apache-2.0
"""What may be written as a value, and what is refused at the door whichever way it comes."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from house import VALUES, Clock, act, newcomer, ready

from keshou.acts.request import ActError, Perform
from keshou.app.site import Site
from keshou.db import Database
from keshou.law.terms import ActKind


@pytest.fixture
def site(database: Database, tmp_path: Path, clock: Clock) -> Iterator[Site]:
    with ready(database, tmp_path, clock) as site:
        site.do(newcomer(site, "u1"))
        yield site


def size(site: Site) -> int:
    with site.reading() as tx:
        return site.ledger.head(tx).size


@pytest.mark.parametrize(
    "value",
    [
        "", "x" * 4097, "a\x00b", "a\x1b[2Jb", "a\rb", "a\x7fb", "a\x85b", "a\ud800b", "\u202e", "孔\u202d丘\u202c",
        "1\u200b2", "1\u20662\u2069", "\ufeff12", "1\u00ad2", "1\u200d2", "\u200c12", "1\U000e00312",
    ],
    ids=ascii,
)  # fmt: skip
def test_what_steers_a_reader_or_cannot_be_stored_is_no_value(site: Site, value: str) -> None:
    before = size(site)
    with pytest.raises(ActError, match="value of `tariff_plan`") as told:
        site.do(Perform(act=act(ActKind.CORRECT, "u1", "tariff_plan"), values={"tariff_plan": value}))
    assert not value or value not in str(told.value)
    with pytest.raises(ActError, match="value of `tariff_plan`"):
        site.do(newcomer(site, "u9", VALUES | {"tariff_plan": value}))
    assert size(site) == before


@pytest.mark.parametrize(
    "value", ["x", "1 号\n\t2 楼", "x" * 4096, "می\u200cخواهم", "क्\u200dष", "𠮷", "葛\U000e0101"], ids=ascii
)
def test_lines_and_any_letters_are_kept_as_they_are(site: Site, value: str) -> None:
    site.do(Perform(act=act(ActKind.CORRECT, "u1", "tariff_plan"), values={"tariff_plan": value}))
    assert site.perform(act(ActKind.USE, "u1", "tariff_plan")).values == {"tariff_plan": value}
