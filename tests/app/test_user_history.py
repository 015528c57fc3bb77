# SPDX-License-Identifier: Apache-2.0
"""Users are told every act on their own information: who did it, when, and what came true; and of nobody else's."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from house import Clock, act, newcomer, ready

from keshou.acts.audit_payload import FactsTamperedError
from keshou.acts.request import BulkPerform, Erase
from keshou.app.own_facts import wish
from keshou.app.site import Site
from keshou.app.user_history import happening, history
from keshou.app.user_view import acts_about
from keshou.db import Database
from keshou.gate.facts import (
    ConsentGiven,
    ConsentWithdrawn,
    MessagesRefused,
    NoticeShown,
    ReviewApproved,
    ServiceStarted,
)
from keshou.law.terms import ActKind


@pytest.fixture
def site(database: Database, tmp_path: Path) -> Iterator[Site]:
    with ready(database, tmp_path, Clock()) as site:
        site.do_all([newcomer(site, "u1"), newcomer(site, "u2")])
        yield site


def use(site: Site, user: str = "u1", by: str = "clerk1") -> int:
    return site.perform(act(ActKind.USE, user, "tariff_plan", by=by)).entry


def test_what_was_done_is_told_newest_first_with_the_post_of_whoever_did_it(site: Site) -> None:
    used = use(site)
    denied = site.perform(act(ActKind.USE, "u1", "tariff_plan", by="nobody")).entry
    told = site.record("u1", wish(site, wanted=False))
    found = history(site, "u1", most=10)
    assert [each.entry for each in found.happenings][:3] == [told - 1, denied, used]
    assert [each.header.decision for each in found.happenings[:3]] == ["", "deny", "permit"]
    assert [each.post for each in found.happenings[:3]] == ["", "", "clerk"]
    assert [type(each) for each in found.happenings[0].facts] == [MessagesRefused]
    assert [type(each) for each in found.happenings[3].facts] == [NoticeShown, ConsentGiven, ServiceStarted]
    assert found.versions[1].version == 1


def test_nothing_is_told_of_anybody_else(site: Site) -> None:
    before = [each.entry for each in history(site, "u2", most=10).happenings]
    entry = use(site)
    assert [each.entry for each in history(site, "u2", most=10).happenings] == before
    assert happening(site, "u2", entry) is None
    assert happening(site, "u1", entry + 1) is None
    found = happening(site, "u1", entry)
    assert found is not None
    assert found.header.event == "use"
    assert history(site, "stranger", most=10).happenings == []


def test_a_long_account_is_told_page_by_page_without_gap_or_repeat(site: Site) -> None:
    made = [use(site, by="biller") for _ in range(25)]
    seen: list[int] = []
    before = 0
    for _ in range(4):
        page = history(site, "u1", most=10, before=before)
        seen += [each.entry for each in page.happenings]
        use(site)
        before = page.older
        if not before:
            break
    assert seen[:25] == list(reversed(made))
    assert len(seen) == len(set(seen)) == 26


def test_a_bulk_act_is_told_to_each_user_of_it(site: Site) -> None:
    now = site.now()
    review = ReviewApproved(
        at=now, review="r1", requester="lister", reviewer="judge", kind=ActKind.EXPORT, purpose="service",
        items=frozenset({"tariff_plan"}), count=5, until=now.replace(year=now.year + 1),
    )  # fmt: skip
    site.record_site(review, by="judge")
    bulk = act(ActKind.EXPORT, "", "tariff_plan", by="lister", review="r1")
    done = site.do(BulkPerform(act=bulk, users=("u1", "u2", "u3")))
    for user in ("u1", "u2"):
        newest = history(site, user, most=1).happenings[0]
        assert (newest.entry, newest.header.event, newest.header.count) == (done.entry, "export", 2)


def test_of_somebody_erased_nothing_is_told_any_more(site: Site) -> None:
    site.cancel("u1")
    moment = site.now().replace(year=site.now().year + 3)
    site.now = lambda: moment
    done = site.do(Erase(act=act(ActKind.DESTROY, "u1", "user_name")))
    assert done.decision is not None
    assert done.decision.permitted
    assert history(site, "u1", most=10).happenings == []


def test_who_was_refused_within_a_bulk_act_is_told_so_and_nothing_else(site: Site) -> None:
    site.record("u2", ConsentWithdrawn(at=site.now(), purpose="service"))
    done = site.do(BulkPerform(act=act(ActKind.EXPORT, "", "tariff_plan", by="lister"), users=("u1", "u2")))
    assert set(done.refused) == {"u2"}
    through, refused = (history(site, user, most=1).happenings[0] for user in ("u1", "u2"))
    assert (through.entry, through.permitted) == (refused.entry, True) == (done.entry, True)
    assert refused.permitted is False
    assert "miit24:9.1" in refused.cites
    of_staff = acts_about(site, "u2", 1)[0][1]
    assert (of_staff.decision, of_staff.cites) == ("deny", refused.cites)
    assert acts_about(site, "u1", 1)[0][1].decision == "permit"


def test_an_older_bulk_act_that_does_not_say_who_was_refused_tells_nobody_that_it_was_done(site: Site) -> None:
    site.record("u2", ConsentWithdrawn(at=site.now(), purpose="service"))
    site.do(BulkPerform(act=act(ActKind.EXPORT, "", "tariff_plan", by="lister"), users=("u1", "u2")))
    with site.database.transaction() as tx:
        tx.change("UPDATE log_payload SET refused = NULL", ())
    assert [history(site, each, most=1).happenings[0].permitted for each in ("u1", "u2")] == [None, None]


def test_who_was_refused_cannot_be_altered_unseen(site: Site) -> None:
    site.record("u2", ConsentWithdrawn(at=site.now(), purpose="service"))
    done = site.do(BulkPerform(act=act(ActKind.EXPORT, "", "tariff_plan", by="lister"), users=("u1", "u2")))
    site.audit(by="clerk1")
    with site.database.transaction() as tx:
        tx.change("UPDATE log_payload SET refused = '' WHERE refused <> ''", ())
    with pytest.raises(FactsTamperedError, match="refused") as raised:
        site.audit(by="clerk1")
    assert raised.value.index == done.entry
