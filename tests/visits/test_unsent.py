# SPDX-License-Identifier: Apache-2.0
"""What was typed when a visit was over comes back to the user who typed it, and to nobody else."""

import base64
import datetime as dt

import pytest
from signing_app import NOW, SECRET, URL

from keshou.visits.settings import VisitSettings
from keshou.visits.store import Visits

FIELDS = {"value": ["𠮷䶮 · שלום"], "key": ["k1", "k2"]}


@pytest.fixture
def visits() -> Visits:
    return Visits(SECRET, URL, VisitSettings())


def kept(visits: Visits, user: str = "A-1") -> str:
    return visits.unsent.close("/me/correct/user_name", FIELDS, visits.unsent.mark(user), NOW)


def test_what_was_typed_comes_back_to_whoever_typed_it(visits: Visits) -> None:
    assert visits.unsent.open(kept(visits), "A-1", NOW) == ("/me/correct/user_name", FIELDS)


def test_nobody_else_sees_it(visits: Visits) -> None:
    assert visits.unsent.open(kept(visits), "A-2", NOW) is None
    assert visits.unsent.open(kept(visits), "", NOW) is None
    other = Visits(bytes(32), URL, VisitSettings())
    assert other.unsent.open(kept(visits), "A-1", NOW) is None


def test_it_is_no_text_that_anybody_reads_on_the_way(visits: Visits) -> None:
    sealed = kept(visits)
    raw = base64.urlsafe_b64decode(sealed)
    assert sealed.isascii()
    assert "𠮷".encode() not in raw
    assert b"correct" not in raw
    assert visits.unsent.mark("A-1") not in sealed
    assert kept(visits) != sealed


def test_it_is_forgotten_when_a_visit_would_be(visits: Visits) -> None:
    assert visits.unsent.open(kept(visits), "A-1", NOW + dt.timedelta(hours=12)) is None


@pytest.mark.parametrize("sealed", ["", "x", "é", "AAAA", "A" * 100])
def test_what_was_not_sealed_here_is_nothing(visits: Visits, sealed: str) -> None:
    assert visits.unsent.open(sealed, "A-1", NOW) is None


def test_what_is_altered_is_nothing(visits: Visits) -> None:
    sealed = kept(visits)
    assert visits.unsent.open(sealed[:-8] + "AAAAAAA=", "A-1", NOW) is None


def test_what_is_too_long_is_not_given_back(visits: Visits) -> None:
    assert visits.unsent.close("/me", {"value": ["x" * 70_000]}, visits.unsent.mark("A-1"), NOW) == ""
