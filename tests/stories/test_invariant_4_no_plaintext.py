# SPDX-License-Identifier: Apache-2.0
"""Invariant 4, no plaintext outside the answer: errors on the way, the published log, the signed notes."""

import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest
from house import VALUES, act, newcomer, ready
from msgspec.structs import replace

from keshou.acts.request import BulkPerform, Perform
from keshou.app.site import Site
from keshou.db import Database
from keshou.law.terms import ActKind
from keshou.ledger.export import export
from planting import Planted

USER = "KS-PLANTED-USER-90417"
PLANTED = {**VALUES, "user_name": "公孙龙子秉甲", "tariff_plan": "PLANTED-PLAN-271828"}
SEEN = Planted([USER, *PLANTED.values()])


@pytest.fixture
def site(database: Database, tmp_path: Path) -> Iterator[Site]:
    with ready(database, tmp_path) as site:
        site.do(newcomer(site, USER, PLANTED))
        yield site


def test_no_error_on_the_way_repeats_a_value_or_a_user(site: Site, database: Database) -> None:
    use = act(ActKind.USE, USER, *PLANTED)
    correct = act(ActKind.CORRECT, USER, "user_name")
    wrong = [
        newcomer(site, USER, PLANTED),
        Perform(act=use, values=PLANTED),
        Perform(act=correct, values=PLANTED),
        Perform(act=correct, values={"user_name": PLANTED["user_name"].encode()}),  # type: ignore[dict-item]
        Perform(act=replace(use, kind=PLANTED["user_name"])),
        Perform(act=replace(use, count=2)),
        BulkPerform(act=act(ActKind.COLLECT, "", *PLANTED), users=(USER,)),
    ]
    told = [failure(site, job) for job in wrong]
    with database.transaction() as tx:
        tx.connection.exec_driver_sql("ALTER TABLE vault_value RENAME TO vault_lost")
    told.append(failure(site, newcomer(site, USER + "-2", PLANTED)))
    with database.transaction() as tx:
        tx.connection.exec_driver_sql("ALTER TABLE vault_lost RENAME TO vault_value")
    assert [SEEN.find_in(each) for each in told] == [[]] * len(told)


def failure(site: Site, job: object) -> str:
    """Return all that an error and what caused it say."""
    with pytest.raises(Exception) as caught:  # noqa: PT011 - each of them, and what it says is what is looked at
        site.do(job)  # type: ignore[arg-type]
    error: BaseException | None = caught.value
    said = ""
    while error is not None:
        said += "".join(traceback.format_exception_only(error)) + repr(getattr(error, "hint", "")) + repr(error.args)
        error = error.__cause__ or error.__context__
    return said


def test_the_published_log_and_its_notes_tell_nothing(site: Site, tmp_path: Path) -> None:
    site.perform(act(ActKind.USE, USER, *PLANTED))
    site.perform(act(ActKind.CORRECT, USER, "user_name"), {"user_name": PLANTED["user_name"]})
    site.cancel(USER)
    site.checkpoint()
    with site.reading() as tx:
        assert export(tx, site.ledger, tmp_path / "log") > 3
    assert SEEN.search_files(tmp_path / "log") == []


def test_what_may_be_logged_of_a_site_and_an_answer_is_no_value(site: Site) -> None:
    denied = site.perform(act(ActKind.SELL, USER, *PLANTED))
    assert SEEN.find_in(repr(denied) + repr(site) + repr(site.settings) + repr(site.ledger)) == []
