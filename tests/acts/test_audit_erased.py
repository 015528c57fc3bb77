# SPDX-License-Identifier: Apache-2.0
"""An erasure explains what went with its user, and nothing else that is missing."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from house import act, newcomer, ready
from lived import LITTLE, found, held, live, tamper

from keshou.acts.audit_payload import FactsTamperedError
from keshou.acts.request import BulkPerform, Erase, Perform
from keshou.app.site import Site
from keshou.db import Database
from keshou.law.terms import ActKind
from keshou.ledger.counted.store import Count, Counted
from keshou.ledger.entry import decode


@pytest.fixture
def site(database: Database, tmp_path: Path) -> Iterator[Site]:
    with ready(database, tmp_path) as site:
        yield site


SAME_COUNT = "INSERT INTO log_count SELECT {0}, salt, one, many FROM log_count WHERE idx = {erase}"
MORE = (
    'INSERT INTO log_payload ("user", idx, sealed) '
    'SELECT 9, idx, sealed FROM log_payload WHERE idx = {0} AND "user" = 1'
)
ERASED_TOO = {
    "a withdrawal made the erased user's, its payload gone": (
        "admit u3", 'UPDATE user_fact SET "user" = 3 WHERE revision = {withdraw} + 1',
        "DELETE FROM log_payload WHERE idx = {withdraw}",
    ),
    "what tells a user of a denied act gone": ("admit u3", "DELETE FROM log_payload WHERE idx = {denied}"),
    "an admission's facts and payload gone": (
        "admit u1", "DELETE FROM user_fact {row}", "DELETE FROM log_payload WHERE idx = {0}"
    ),
    "what tells a user of an act on many gone": ("few", 'DELETE FROM log_payload WHERE idx = {0} AND "user" = 1'),
    "the same where the erased user was among them": (
        "unreviewed", 'DELETE FROM log_payload WHERE idx = {0} AND "user" = 1'
    ),
    "one more put under an act on many": ("few", MORE),
    "how many an act on many has deleted": ("few", "DELETE FROM log_count WHERE idx = {0}"),
    "how many an act on many has lowered": ("few", "UPDATE log_count SET many = many - 1 WHERE idx = {0}"),
    "how many went with the erased raised": ("erase", "UPDATE log_count SET one = one + 1 WHERE idx = {0}"),
    "how many went added to another entry": ("use", SAME_COUNT),
    "a number after the log": (99, SAME_COUNT),
}  # fmt: skip
"""What an erasure could be made to explain: it says how much of what is missing was of whom it erased."""


@pytest.mark.parametrize("opened", [False, True], ids=["from outside", "opened"])
@pytest.mark.parametrize("case", ERASED_TOO)
def test_nothing_else_goes_with_a_user_who_was_erased(site: Site, case: str, opened: bool) -> None:
    found(site, ERASED_TOO[case], opened=opened)


def test_what_went_with_an_erased_user_does_not_come_back(site: Site) -> None:
    places = live(site)
    back = 'INSERT INTO log_payload ("user", idx, sealed) SELECT 3, {}, sealed FROM log_payload WHERE idx = {}'
    tamper(site, back.format(places["admit u3"], places["use"]))
    with pytest.raises(FactsTamperedError) as told:
        held(site, opened=False)
    assert told.value.index == places["erase"]


def test_whoever_reads_the_log_does_not_learn_how_many_payloads_there_were(site: Site) -> None:
    places = live(site)
    with site.reading() as tx:
        told = [decode(site.ledger.entry(tx, places[each])).payloads for each in ("few", "unreviewed", "erase")]
        assert len({*told}) == 3
        assert all(len(each) == 43 for each in told), "a commitment, not a number"
        rows = {row.entry: row for row in Counted().rows(tx)}
    assert [rows[places[each]].number for each in ("few", "unreviewed")] == [Count(many=2), Count(many=3)]
    assert rows[places["erase"]].number == Count(one=1, many=2), "admitted once, and twice on a list"


def test_what_is_erased_in_the_very_transaction_that_told_of_it_is_counted(site: Site) -> None:
    places = live(site)
    with site.as_one() as do:
        listed = act(ActKind.EXPORT, "", "tariff_plan", by="lister")
        asked = [act(ActKind.USE, "u1", "tariff_plan"), act(ActKind.SELL, "u1", "tariff_plan")]
        do([newcomer(site, "u9", LITTLE), *(Perform(act=each) for each in asked)])
        do([
            Perform(act=act(ActKind.USE, "u9", "tariff_plan")), BulkPerform(act=listed, users=("u1", "u9")),
            Erase(act=act(ActKind.DESTROY, "u9", "mobile_number")),
        ])  # fmt: skip
    found = held(site, opened=True)
    assert (found.entries, found.untold) == (len(places) + 6, 0)
    with site.reading() as tx:
        assert [row.number for row in Counted().rows(tx)][-1] == Count(one=2, many=1)


def test_a_log_from_before_erasures_were_counted_raises_no_alarm_and_says_of_how_many_it_cannot_tell(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as before:
        before.setattr("keshou.acts.work.tell_count", lambda _draft, _count: None)
        places = live(site)
    assert held(site, opened=True).untold == 3, "one entry about the erased alone, and two lists that they were on"
    site.do(newcomer(site, "u4", LITTLE))
    late = site.perform(act(ActKind.USE, "u4", "tariff_plan")).entry
    site.do(Erase(act=act(ActKind.DESTROY, "u4", "mobile_number")))
    assert held(site, opened=True).untold == 3, "those whom this version erases are counted"
    tamper(site, f"DELETE FROM log_payload WHERE idx = {places['denied']}")  # noqa: S608 - a number of ours
    assert held(site, opened=True).untold == 4, "from before it cannot be told, and that is said"
    tamper(site, f"DELETE FROM log_payload WHERE idx = {places['use']}")  # noqa: S608 - a number of ours
    with pytest.raises(FactsTamperedError) as told:
        held(site, opened=True)
    assert places["use"] == told.value.index < late
