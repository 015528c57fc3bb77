# SPDX-License-Identifier: Apache-2.0
"""What was reviewed is one list: no other goes out under it, and its reviewer may look at a few of those on it."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from house import START, VALUES, Clock, act, declared, newcomer, open_site

from keshou.acts.listing import list_name
from keshou.acts.repeat import RequestTakenError
from keshou.acts.request import ActError, BulkPerform, Done, Erase, RecordSite
from keshou.acts.separation import ReviewAnsweredError, SeparationError
from keshou.app.review_preview import preview
from keshou.app.site import Site
from keshou.app.table_gate import Upload, gate_table
from keshou.db import Database
from keshou.declaration.model import Grant
from keshou.gate.decision import Deny, Permit
from keshou.gate.facts import ConsentWithdrawn, ReviewApproved, ReviewAsked, ReviewRefused, StaffAppointed
from keshou.law.terms import ActKind
from keshou.ledger.entry import decode

USERS = tuple(f"b{number}" for number in range(9))
LIST, OTHERS = USERS[:4], USERS[4:8]
ITEMS = frozenset({"tariff_plan", "mobile_number"})
SEATS = [
    ("clerk1", "clerk"), ("lister", "analyst"), ("judge", "reviewer"), ("blind", "auditor"), ("officer", "officer"),
]  # fmt: skip


@pytest.fixture
def site(database: Database, tmp_path: Path, clock: Clock) -> Iterator[Site]:
    with open_site(database, tmp_path, clock) as site:
        found = declared()
        assert found.review is not None
        auditor = msgspec.structs.replace(found.posts[-1], id="auditor")
        review = msgspec.structs.replace(found.review, reviewers=("reviewer", "auditor"))
        grant = Grant(post="reviewer", purposes=("service",), acts=(ActKind.QUERY,))
        rules = msgspec.structs.replace(
            found, posts=(*found.posts, auditor), grants=(*found.grants, grant), review=review
        )  # fmt: skip
        site.publish(rules, by="officer")
        site.record_site(*(StaffAppointed(at=START, staff=who, post=post) for who, post in SEATS), by="founder")
        site.do_all([newcomer(site, user) for user in USERS])
        yield site


def request(review: str = "v1", **changes: Any) -> ReviewAsked:
    told: dict[str, Any] = {
        "at": START, "review": review, "requester": "lister", "kind": ActKind.EXPORT, "purpose": "service",
        "items": ITEMS, "count": len(LIST),
    }  # fmt: skip
    return ReviewAsked(**(told | changes))


def ask(site: Site, users: Sequence[str] = LIST, **more: Any) -> ReviewAsked:
    site.do(RecordSite(facts=(request(),), by="lister", users=tuple(users), **more))
    return site.state().asked["v1"]


def approval(asked: ReviewAsked, **changes: Any) -> ReviewApproved:
    names = ("review", "requester", "kind", "purpose", "items", "count", "recipient", "listed")
    told = {each: getattr(asked, each) for each in names} | {"at": START, "reviewer": "judge"} | changes
    return ReviewApproved(until=START.replace(year=2027), **told)


def export(site: Site, users: Sequence[str] = LIST, review: str = "v1") -> Done:
    asked = act(ActKind.EXPORT, "", *ITEMS, by="lister", review=review)
    return site.do(BulkPerform(act=asked, users=tuple(users)))


def test_an_approval_serves_for_the_list_that_was_asked_for_and_no_other(site: Site) -> None:
    site.record_site(approval(ask(site)), by="judge")
    for other in (OTHERS, LIST[:3], (*LIST[:3], OTHERS[0]), USERS[:5]):
        denied = export(site, other)
        assert isinstance(denied.decision, Deny), other
        assert {str(each.cite) for each in denied.decision.reasons} == {"miit24:13.1.3"}
    done = export(site, (*reversed(LIST), LIST[0]))
    assert set(done.by_user) == set(LIST), "in whatever order, and however often somebody is named"


def test_who_may_not_be_exported_is_left_out_of_the_approved_list(site: Site) -> None:
    site.record_site(approval(ask(site)), by="judge")
    site.record(LIST[0], ConsentWithdrawn(at=site.now(), purpose="service"))
    assert set(export(site).by_user) == set(LIST[1:])


def test_a_review_of_no_list_serves_for_any_of_no_more_users(site: Site) -> None:
    site.record_site(request(), by="lister")
    asked = site.state().asked["v1"]
    assert asked.listed == ""
    site.record_site(approval(asked), by="judge")
    assert set(export(site, OTHERS).by_user) == set(OTHERS)


@pytest.mark.parametrize("listed", ["", "0" * 32])
def test_no_approval_lets_go_of_the_list_that_it_was_asked_for(site: Site, listed: str) -> None:
    asked = ask(site)
    with pytest.raises(ActError, match="not what was asked for"):
        site.record_site(approval(asked, listed=listed), by="judge")


@pytest.mark.parametrize("listed", ["0" * 32, "b0, b1"])
def test_what_stands_for_a_list_is_nobodys_to_write_down(site: Site, listed: str) -> None:
    with pytest.raises(ActError, match="what stands for a list"):
        site.record_site(request(listed=listed), by="lister")
    with pytest.raises(ActError, match="no review of that id"):
        site.record_site(approval(request(listed=listed)), by="judge")


def test_what_stands_for_a_list_is_another_in_each_review_and_names_nobody(site: Site) -> None:
    asked = ask(site)
    site.do(RecordSite(facts=(request("v2"),), by="lister", users=LIST))
    assert asked.listed
    assert asked.listed != site.state().asked["v2"].listed
    with site.reading() as tx:
        size = site.ledger.head(tx).size
        told = [decode(site.ledger.entry(tx, place)) for place in (size - 2, size - 1)]
    assert all(asked.listed.encode() in bytes(each.fact or b"") for each in told[:1])
    assert not [user for user in LIST for each in told if f'"{user}"'.encode() in bytes(each.fact or b"")]
    site.audit()


def test_ids_that_run_together_are_another_list() -> None:
    names = {list_name(str, "v1", users) for users in (["ab", "c"], ["a", "bc"], ["a", "b", "c"], ['a","b', "c"])}
    assert len(names) == 4


@pytest.mark.parametrize(("count", "match"), [(3, "count"), (5, "count")])
def test_a_list_of_another_size_than_the_review_says_is_refused(site: Site, count: int, match: str) -> None:
    with pytest.raises(ActError, match=match):
        site.do(RecordSite(facts=(request(count=count),), by="lister", users=LIST))


def test_only_a_review_is_bound_to_a_list(site: Site) -> None:
    fact = StaffAppointed(at=START, staff="x", post="clerk")
    with pytest.raises(ActError, match="no review"):
        site.do(RecordSite(facts=(fact,), by="officer", users=LIST))


def test_a_request_sent_again_is_of_the_same_list_or_refused(site: Site) -> None:
    ask(site, request_id="k")
    assert site.do(RecordSite(facts=(request(),), by="lister", users=LIST, request_id="k")).repeated
    with pytest.raises(RequestTakenError):
        site.do(RecordSite(facts=(request(),), by="lister", users=OTHERS, request_id="k"))


def test_questions_asked_at_once_are_of_the_list_when_they_are_about_all_of_it(site: Site) -> None:
    site.record_site(approval(ask(site)), by="judge")
    with site.reading() as tx:
        size = site.ledger.head(tx).size

    def permitted(users: Sequence[str]) -> set[bool]:
        asked = [act(ActKind.EXPORT, user, *ITEMS, by="lister", review="v1") for user in users]
        asked = [msgspec.structs.replace(each, when=site.now()) for each in asked]
        return {each.permitted for each in site.decide(asked, size)}

    for _ in range(2):  # the second time out of memory
        assert permitted(LIST) == {True}
        assert permitted(OTHERS) == {False}
        assert permitted((*LIST[:3], OTHERS[0])) == {False}


def test_a_table_is_let_through_when_it_names_the_list(site: Site) -> None:
    site.record_site(approval(ask(site)), by="judge")

    def kept(users: Sequence[str]) -> int:
        asked = msgspec.structs.replace(act(ActKind.EXPORT, "", *ITEMS, by="lister", review="v1"), when=site.now())
        rows = "".join(f"{user},x,y\n" for user in users)
        upload = Upload(f"user,tariff_plan,mobile_number\n{rows}".encode(), ".csv")
        return gate_table(site, asked, upload, "user").permitted

    assert kept(OTHERS) == 0
    assert kept((*LIST, *LIST[:2])) == len(LIST) + 2
    assert kept(LIST) == 0, "it serves once"


def test_its_reviewer_looks_at_a_few_masked_and_each_look_is_the_reviewers_act(site: Site) -> None:
    asked = ask(site)
    site.record(LIST[0], ConsentWithdrawn(at=site.now(), purpose="service"))
    found = preview(site, asked, "judge")
    assert found.denied is None
    assert len(found.looks) == len(LIST)
    seen = [each for each in found.looks if isinstance(each.decision, Permit)]
    assert len(seen) == len(LIST)
    for each in seen:
        assert set(each.values) == ITEMS
        assert VALUES["mobile_number"] not in each.values.values()
    with site.reading() as tx:
        entries = [decode(site.ledger.entry(tx, each.entry)) for each in found.looks]
    assert {(each.event, each.who, each.post, each.purpose, each.shown) for each in entries} == {
        ("query", "judge", "reviewer", "service", "masked")
    }
    site.record_site(approval(asked), by="judge")
    assert set(export(site).by_user) == set(LIST[1:])


def test_a_reviewer_who_may_query_nobody_is_told_why_and_answers_all_the_same(site: Site) -> None:
    asked = ask(site)
    found = preview(site, asked, "blind")
    assert found.looks == ()
    assert found.denied is not None
    assert isinstance(found.denied.decision, Deny)
    assert "miit24:13.1.3" in {str(each.cite) for each in found.denied.decision.reasons}
    with site.reading() as tx:
        assert decode(site.ledger.entry(tx, found.denied.entry)).decision == "deny"
    site.record_site(approval(asked, reviewer="blind"), by="blind")
    assert set(export(site).by_user) == set(LIST)


def test_nobody_else_looks_and_nobody_after_the_answer(site: Site) -> None:
    asked = ask(site)
    for who in ("lister", "clerk1", "stranger"):
        with pytest.raises(SeparationError):
            preview(site, asked, who)
    site.record_site(ReviewRefused(at=START, review="v1", reviewer="judge"), by="judge")
    with pytest.raises(ReviewAnsweredError):
        preview(site, asked, "judge")
    with site.reading() as tx:
        assert site.jobs.samples.users(tx, "v1") == []


def test_who_was_erased_is_looked_at_no_more_and_a_list_of_none_shows_nobody(site: Site, clock: Clock) -> None:
    asked = ask(site)
    site.cancel(LIST[0])
    clock.moment = START.replace(year=START.year + 3)
    assert isinstance(site.do(Erase(act=act(ActKind.DESTROY, LIST[0]))).decision, Permit)
    assert len(preview(site, asked, "judge").looks) == len(LIST) - 1
    site.record_site(request("v2"), by="lister")
    assert preview(site, site.state().asked["v2"], "judge") == ((), None)
    assert preview(site, site.state().asked["v2"], "blind") == ((), None)


def test_whom_to_look_at_is_not_kept_for_reviews_that_nobody_answers(site: Site, clock: Clock) -> None:
    asked = ask(site)
    clock.moment += (site.settings.server.export_days + 1) * (START.replace(day=3) - START)
    site.tidy()
    assert preview(site, asked, "judge") == ((), None)
