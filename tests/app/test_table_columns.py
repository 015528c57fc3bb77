# SPDX-License-Identifier: Apache-2.0
"""No column of a table goes out of which nobody said what it holds, nor one of what is not asked about."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from house import Clock, act, newcomer, ready

from keshou.app.site import Site
from keshou.app.table_columns import Said, columns_of
from keshou.app.table_gate import Upload, Verdict, gate_table
from keshou.db import Database
from keshou.errors import InputError
from keshou.law.terms import ActKind
from keshou.ledger.entry import decode

NAMES = ("no", "phone", "tariff_plan", "id_card", "备注", "branch")
ROWS = (
    "no,phone,tariff_plan,id_card,备注,branch\nu1,15499990001,P,990101188001010018,x,east\nu2,15499990002,P,-,y,west\n"
)
KNOWN = frozenset({"mobile_number", "tariff_plan", "resident_id_number"})


@pytest.fixture
def site(database: Database, tmp_path: Path, clock: Clock) -> Iterator[Site]:
    with ready(database, tmp_path, clock) as site:
        site.do(newcomer(site, "u1"))
        yield site


def judged(site: Site, *items: str, **said: object) -> tuple[Verdict, list[str]]:
    """Return what became of the table, and the lines that were let through."""
    upload = Upload(ROWS.encode(), ".csv")
    verdict = gate_table(site, act(ActKind.USE, "", *items, by="lister"), upload, "no", said=Said(**said))  # type: ignore[arg-type]
    return verdict, upload.kept.decode().replace('"', "").splitlines()


def test_columns_that_nobody_explained_stay_and_are_told(site: Site) -> None:
    verdict, lines = judged(site)
    assert lines == ["no,tariff_plan", "u1,P"]
    assert verdict.left_out == ("phone", "id_card", "备注", "branch")
    assert verdict.act.items == {"tariff_plan"}


def test_a_column_that_is_said_to_hold_an_item_is_asked_about_like_any_other(site: Site) -> None:
    verdict, lines = judged(site, holds={"phone": "mobile_number"})
    assert lines == ["no,phone,tariff_plan", "u1,15499990001,P"]
    assert verdict.act.items == {"mobile_number", "tariff_plan"}
    verdict, lines = judged(site, "tariff_plan", holds={"phone": "mobile_number"})
    assert lines == ["no,tariff_plan", "u1,P"]
    assert "phone" in verdict.left_out
    verdict, lines = judged(site, holds={"id_card": "home_address"})
    assert (verdict.permitted, lines) == (0, ["no,tariff_plan,id_card"]), "the purpose does not need it"


def test_a_column_that_holds_nothing_of_anybody_is_written_and_the_entry_names_it(site: Site) -> None:
    verdict, lines = judged(site, plain=("branch", "备注"))
    assert lines == ["no,tariff_plan,备注,branch", "u1,P,x,east"]
    assert verdict.left_out == ("phone", "id_card")
    with site.reading() as tx:
        body = site.ledger.entry(tx, verdict.entry)
    first, second = msgspec.json.decode(bytes(decode(body).fact or b""))["plain"]
    assert second == "branch"
    assert first.startswith("?"), "what is no code may be anything"
    assert "备注".encode() not in body
    for value in ("15499990001", "990101188001010018", "east"):
        assert value.encode() not in body
    site.audit(by="clerk1")


@pytest.mark.parametrize(
    ("holds", "plain", "message"),
    [
        ({}, ("tariff_plan",), "named for a kind of information"),
        ({"tariff_plan": "mobile_number"}, (), "named for a kind of information"),
        ({"phone": "colour"}, (), "no kind of information"),
        ({"mobile": "mobile_number"}, (), "no column"),
        ({}, ("mobile",), "no column"),
        ({}, ("no",), "users' ids"),
        ({"no": "mobile_number"}, (), "users' ids"),
        ({"phone": "mobile_number"}, ("phone",), "and to hold none"),
        ({}, ("branch",) * 65, "too many"),
    ],
)
def test_what_cannot_be_said_of_a_column_is_refused(
    holds: dict[str, str], plain: tuple[str, ...], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        columns_of(NAMES, "no", (), Said(holds, plain), KNOWN)


def test_a_table_of_nothing_that_is_known_is_refused_until_it_is_said_what_it_holds() -> None:
    with pytest.raises(InputError, match="no column of the table"):
        columns_of(("no", "phone"), "no", (), Said(plain=("phone",)), KNOWN)
    found = columns_of(("no", "phone"), "no", (), Said({"phone": "mobile_number"}), KNOWN)
    assert found.items == {"mobile_number"}
    assert (found.written, found.left_out) == (("no", "phone"), ())
