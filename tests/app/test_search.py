# SPDX-License-Identifier: Apache-2.0
"""Looking for users is an act: asked, recorded with how many were found, limited; what was sought is nowhere."""

import datetime as dt
import importlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa
from house import SITE, VALUES, Clock, act, newcomer, ready

from keshou.acts.audit_payload import FactsTamperedError
from keshou.acts.request import Cancel, Search
from keshou.acts.searching import TooManySearchesError
from keshou.app.search import SearchFound
from keshou.app.settings import Settings
from keshou.app.site import Site
from keshou.db import Database
from keshou.declaration.findable import Part
from keshou.gate.decision import Deny
from keshou.gate.taking.store import bulk_taking
from keshou.law.terms import ActKind
from keshou.ledger.entry import Header, decode
from keshou.migrations.run import upgrade_within
from keshou.vault.errors import VaultError
from keshou.vault.keys import FileKeys
from keshou.vault.settings import FindingSettings

NUMBERS = {"u1": "15499990001", "u2": "15488880001", "u3": "15499990002", "u4": "15499990001"}
LIMITS = FindingSettings(most=2, per_hour=5)
COUNTED = importlib.import_module("keshou.migrations.versions.0027_count_searches_with_their_entries")
BY = ({"item": "mobile_number", "last_four": True, "prefix": 7},)


@pytest.fixture
def site(database: Database, tmp_path: Path) -> Iterator[Site]:
    """A site with four users, two of whom share a number."""
    with ready(database, tmp_path, Clock(), by=BY, finding=LIMITS) as made:
        made.do_all([newcomer(made, user, VALUES | {"mobile_number": number}) for user, number in NUMBERS.items()])
        yield made


def find(
    site: Site, value: str, part: Part = Part.WHOLE, *, by: str = "clerk1", item: str = "mobile_number"
) -> SearchFound:
    return site.searches.find(act(ActKind.QUERY, "", item, by=by), value, part)


def entries(site: Site, start: int) -> list[Header]:
    with site.reading() as tx:
        return [decode(body) for _, body in site.ledger.entries(tx, start, site.ledger.head(tx).size)]


def test_whoever_is_found_is_queried_in_an_act_of_its_own_and_both_are_recorded(site: Site) -> None:
    found = find(site, "+86 154-9999-0002")
    assert (found.hits, set(found.users)) == (1, {"u3"})
    assert found.users["u3"].values == {"mobile_number": "15499990002"}
    search, query = entries(site, found.entry)
    assert (search.event, search.count, search.items, search.who) == ("search", 1, ("mobile_number",), "clerk1")
    assert (query.event, query.decision, bool(query.obj)) == ("query", "permit", True)
    assert set(find(site, "15499990001").users) == {"u1", "u4"}
    site.audit(by="clerk1")


def test_what_was_sought_is_in_no_table(site: Site, tmp_path: Path) -> None:
    find(site, "15477778888")
    find(site, "0002", Part.LAST_FOUR)
    with site.reading() as tx:
        bodies = b"".join(body for _, body in site.ledger.entries(tx, 0, site.ledger.head(tx).size))
    assert b"15477778888" not in bodies
    if not site.database.postgresql:
        assert b"15477778888" not in b"".join(path.read_bytes() for path in tmp_path.glob("keshou.db*"))


def test_a_hand_without_a_grant_learns_not_even_whether_there_is_anybody(site: Site) -> None:
    known, unknown = find(site, "15499990001", by="lister"), find(site, "15400000000", by="lister")
    for found in (known, unknown):
        assert isinstance(found.decision, Deny)
        assert (found.hits, found.users) == (0, {})
    assert [each.decision for each in entries(site, known.entry)] == ["deny", "deny"]


def test_a_search_that_is_too_wide_names_nobody_and_says_how_many_there_are(site: Site) -> None:
    found = find(site, "0001", Part.LAST_FOUR)
    assert (found.hits, found.users) == (3, {})
    assert [each.count for each in entries(site, found.entry)] == [3]
    assert set(find(site, "0002", Part.LAST_FOUR).users) == {"u3"}
    assert (find(site, "1549999", Part.PREFIX).hits, find(site, "1549999", Part.PREFIX).users) == (3, {})
    assert set(find(site, "154-8888", Part.PREFIX).users) == {"u2"}


def test_one_hand_searches_only_so_often_within_an_hour(site: Site) -> None:
    clock = site.ledger.latest.clock
    assert isinstance(clock, Clock)
    for _ in range(LIMITS.per_hour):
        find(site, "15400000000")
    size = len(entries(site, 0))
    with pytest.raises(TooManySearchesError):
        find(site, "15499990001")
    assert len(entries(site, 0)) == size
    find(site, "15499990001", by="lister")
    clock.moment += dt.timedelta(hours=1)
    assert find(site, "15499990001").hits == 2


def beside(site: Site) -> Site:
    """Open the same site once more, as another process does."""
    url = site.database.url.render_as_string(hide_password=False)
    settings = Settings(site=SITE, finding=LIMITS)
    return Site(site.home, settings, Database(url), FileKeys.open(site.home / "keys", SITE), site.now)


def test_a_hand_has_one_count_however_often_it_opens_the_site(site: Site) -> None:
    for _ in range(LIMITS.per_hour):
        with beside(site) as opened:
            find(opened, "15400000000")
    with beside(site) as opened, pytest.raises(TooManySearchesError):
        find(opened, "15499990001")
    with pytest.raises(TooManySearchesError):
        find(site, "15499990001")


def test_many_searches_at_once_from_two_processes_do_not_go_round_the_limit(site: Site) -> None:
    def tried(at: Site) -> bool:
        try:
            find(at, "15400000000")
        except TooManySearchesError:
            return False
        return True

    with beside(site) as two, ThreadPoolExecutor(8) as pool:
        found = list(pool.map(tried, [site, two] * 8))
    assert sum(found) == LIMITS.per_hour
    assert [each.event for each in entries(site, 0)].count("search") == LIMITS.per_hour


def test_searches_of_one_transaction_count_each_other(site: Site) -> None:
    asked = Search(act=act(ActKind.QUERY, "", "mobile_number"), value="15400000000", per_hour=2)
    with pytest.raises(TooManySearchesError), site.as_one() as do:
        do([asked] * 3)
    with site.as_one() as do:
        assert len(do([asked] * 2)) == 2


def test_who_is_looked_for_to_sign_in_counts_for_no_hand(site: Site) -> None:
    asked = act(ActKind.QUERY, "", "mobile_number")
    for _ in range(LIMITS.per_hour + 1):
        assert site.searches.ids(asked, "15499990002") == ["u3"]
    assert bytes(entries(site, 0)[-1].fact) == b'{"counts":0}'
    assert find(site, "15499990002").hits == 1
    site.audit(by="clerk1")


def test_denied_searches_count(site: Site) -> None:
    for _ in range(LIMITS.per_hour):
        assert isinstance(find(site, "15400000000", by="lister").decision, Deny)
    with pytest.raises(TooManySearchesError):
        find(site, "15400000000", by="lister")


@pytest.mark.parametrize("how", ["gone", "another's", "added"])
def test_whoever_edits_how_often_a_hand_searched_is_found_out(site: Site, how: str) -> None:
    entry = find(site, "15400000000").entry
    with site.database.transaction() as tx:
        if how == "gone":
            tx.execute(sa.delete(bulk_taking))
        elif how == "another's":
            tx.execute(sa.update(bulk_taking).values(who="lister"))
        else:
            tx.insert(bulk_taking, bulk_taking.columns.keys(), [(entry - 1, "clerk1", "search", 0, 1)])
    with pytest.raises(FactsTamperedError) as raised:
        site.audit(by="clerk1")
    assert raised.value.index == entry - (how == "added")


def test_searches_of_before_the_upgrade_count(site: Site) -> None:
    for _ in range(LIMITS.per_hour):
        find(site, "15400000000")
    with site.database.transaction() as tx:
        tx.execute(sa.delete(bulk_taking).where(bulk_taking.c.kind == "search"))
        tx.execute(sa.text(f"UPDATE alembic_version SET version_num = '{COUNTED.down_revision}'"))  # noqa: S608
        upgrade_within(tx, "0027")
    site.audit(by="clerk1")
    with pytest.raises(TooManySearchesError):
        find(site, "15499990001")


def test_whose_service_ended_is_named_no_more(site: Site) -> None:
    site.do(Cancel(user="u4", by="clerk1"))
    assert set(find(site, "15499990001").users) == {"u1"}


@pytest.mark.parametrize(
    ("item", "part"),
    [
        ("tariff_plan", Part.WHOLE),
        ("user_name", Part.WHOLE),
        ("resident_id_number", Part.LAST_FOUR),
        ("resident_id_number", Part.PREFIX),
    ],
)
def test_what_was_not_chosen_finds_nobody_and_leaves_no_entry(site: Site, item: str, part: Part) -> None:
    size = len(entries(site, 0))
    with pytest.raises(VaultError):
        find(site, "0001", part, item=item)
    assert len(entries(site, 0)) == size
