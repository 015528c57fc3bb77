# SPDX-License-Identifier: Apache-2.0
"""What a version gives a post more: read slowly, moment by moment and place by place, and table by table."""

import datetime as dt
from typing import Any

import msgspec
import pytest
from declarations import BASE, ITEMS, POSTS, PURPOSES, acts, declarations
from hypothesis import given
from hypothesis import strategies as st

from keshou.declaration.gains import Gain, gained
from keshou.declaration.model import Declaration, Grant, Hours
from keshou.gate.calendar import within
from keshou.law.terms import ActKind, OperatorKind

change = msgspec.structs.replace
BRANCHES = ("", "shop", "booth")
DAYS = (dt.date(2026, 1, 1), dt.date(2026, 6, 1), dt.date(2027, 1, 1))
CLOCK = [dt.datetime(2026, 1, 1, tzinfo=dt.UTC) + dt.timedelta(minutes=30 * each) for each in range(48)]
clocks = st.sampled_from(["00:00", "08:00", "08:30", "12:00", "20:00", "23:30"])
hours = st.builds(Hours, from_=clocks, to=clocks, utc_offset=st.sampled_from(["+08:00", "-03:30"]))
granted = st.builds(
    Grant,
    post=st.sampled_from(POSTS),
    purposes=st.lists(st.sampled_from(PURPOSES), min_size=1, max_size=2).map(tuple),
    acts=acts,
    items=st.lists(st.sampled_from(ITEMS), max_size=2).map(tuple),
    full=st.booleans(),
    hours=st.none() | hours,
    branches=st.lists(st.sampled_from(["shop", "booth"]), max_size=2, unique=True).map(tuple),
    until=st.none() | st.sampled_from(DAYS),
)
POSTS_OF = tuple(change(BASE.posts[0], id=each, agent="", offices=()) for each in POSTS)


@st.composite
def worlds(draw: Any) -> tuple[Declaration, Declaration]:
    """Draw two versions, mostly of the same purposes."""
    one = draw(declarations())
    other = draw(st.sampled_from([one, draw(declarations())]))
    return tuple(
        change(each, posts=POSTS_OF, grants=tuple(draw(st.lists(granted, max_size=3)))) for each in (one, other)
    )


def slowly(declaration: Declaration, post: str) -> set[tuple[object, ...]]:
    """Ask of every purpose, item, act, place, day and half hour whether the post may, and in full."""
    found = set()
    for purpose in declaration.purposes:
        for need in purpose.needs:
            for act in need.acts or purpose.acts:
                for grant in declaration.grants:
                    if grant.post != post or purpose.id not in grant.purposes or act not in grant.acts:
                        continue
                    if grant.items and need.item not in grant.items:
                        continue
                    for place in BRANCHES:
                        for day in DAYS:
                            for when in CLOCK:
                                here = not grant.branches or place in grant.branches
                                now = grant.hours is None or within(grant.hours, when)
                                if here and now and (grant.until is None or day <= grant.until):
                                    what = (purpose.id, need.item, act, place, day, when)
                                    found |= {(*what, full) for full in {False, grant.full}}
    return found


@given(worlds())
def test_what_a_post_may_more_is_that_of_the_slow_reading(pair: tuple[Declaration, Declaration]) -> None:
    old, new = pair
    for post in POSTS:
        more = bool(slowly(new, post) - slowly(old, post))
        told = {each.what for each in gained(old, new, {post})} & {Gain.GRANTS, Gain.TERMS}
        # A grant that never holds at any minute gives nothing, though it is told as one that was not there.
        assert bool(told) == more or (told == {Gain.GRANTS} and _is_empty(new))


def _is_empty(declaration: Declaration) -> bool:
    return any(each.hours is not None and each.hours.from_ == each.hours.to for each in declaration.grants)


ANALYST, OFFICER, CLERK = "analyst", "officer", "clerk"
GRANT, SHOP = BASE.grants[0], BASE.grants[1]


def grants(*changed: Grant) -> dict[str, Any]:
    return {"grants": changed}


def post(name: str, **more: Any) -> dict[str, Any]:
    return {"posts": tuple(change(each, **more) if each.id == name else each for each in BASE.posts)}


def agent(**more: Any) -> dict[str, Any]:
    return {"agents": (change(BASE.agents[0], **more),)}


def hidden(*items: str) -> dict[str, Any]:
    return agent(stand_ins=items)


def review(**more: Any) -> dict[str, Any]:
    return {"review": change(BASE.review, **more)}


def led(name: str) -> dict[str, Any]:
    return {"departments": tuple(change(each, responsible=name) for each in BASE.departments)}


def kinds(*names: str) -> dict[str, Any]:
    return {"operator": change(BASE.operator, kinds=tuple(map(OperatorKind, names)))}


def adopts(*guidance: str) -> dict[str, Any]:
    return {"operator": change(BASE.operator, adopts=guidance)}


HEADS = {"access_review": change(BASE.access_review, heads_by=("analyst", "officer"))}
LENT = {"emergency": change(BASE.emergency, posts=("analyst", "officer"), minutes=90)}
NOTHING: set[Gain] = set()
TABLE: list[tuple[str, dict[str, Any], dict[str, Any], str, set[Gain]]] = [
    ("an act that the purpose has not", {}, grants(change(GRANT, acts=(*GRANT.acts, ActKind.COPY)), SHOP), ANALYST,
     NOTHING),
    ("a new grant", {}, grants(GRANT, SHOP, change(GRANT, post=OFFICER)), OFFICER, {Gain.GRANTS}),
    ("a grant of another post", {}, grants(GRANT, SHOP, change(GRANT, post=OFFICER)), ANALYST, NOTHING),
    ("full values", grants(change(GRANT, full=False), SHOP), {}, ANALYST, {Gain.TERMS}),
    ("masked values", {}, grants(change(GRANT, full=False), SHOP), ANALYST, NOTHING),
    ("longer hours", {}, grants(GRANT, change(SHOP, hours=Hours(from_="08:00", to="20:01"))), CLERK, {Gain.TERMS}),
    ("shorter hours", {}, grants(GRANT, change(SHOP, hours=Hours(from_="08:30", to="20:00"))), CLERK, NOTHING),
    ("any hours", {}, grants(GRANT, change(SHOP, hours=None)), CLERK, {Gain.TERMS}),
    ("another branch", {}, grants(GRANT, change(SHOP, branches=("shop", "office"))), CLERK, {Gain.TERMS}),
    ("every branch", {}, grants(GRANT, change(SHOP, branches=())), CLERK, {Gain.TERMS}),
    ("one more day", {}, grants(GRANT, change(SHOP, until=dt.date(2030, 1, 2))), CLERK, {Gain.TERMS}),
    ("without end, beyond the contract", agent(contract=change(BASE.agents[0].contract, until=dt.date(2029, 1, 1))),
     grants(GRANT, change(SHOP, until=None)), CLERK, {Gain.TERMS}),
    ("more items", {}, grants(GRANT, change(SHOP, items=())), CLERK, NOTHING),  # the agent has no more
    ("more items of the agent too", {}, grants(GRANT, change(SHOP, items=())) | agent(items=()), CLERK, {Gain.GRANTS}),
    ("two grants made one", grants(GRANT, change(SHOP, hours=Hours(from_="08:00", to="12:00")),
     change(SHOP, hours=Hours(from_="12:00", to="20:00"))), {}, CLERK, NOTHING),
    ("values for stand-ins", hidden("user_name"), {}, CLERK, {Gain.STAND_INS}),
    ("stand-ins for values", {}, hidden("user_name"), CLERK, NOTHING),
    ("an office", {}, post(OFFICER, offices=(*BASE.posts[0].offices, "audit")), OFFICER, {Gain.OFFICES}),
    ("an office fewer", {}, post(OFFICER, offices=()), OFFICER, NOTHING),
    ("an agent's post made one's own", {}, post(CLERK, agent=""), CLERK, {Gain.OFFICES}),
    ("reviewing", {}, review(reviewers=(OFFICER, ANALYST)), ANALYST, {Gain.REVIEWS}),
    ("reviewing by another", {}, review(reviewers=(OFFICER, ANALYST)), OFFICER, NOTHING),
    ("confirming heads", {}, HEADS, OFFICER, {Gain.REVIEWS}),
    ("answering for a department", {}, led(ANALYST), ANALYST, {Gain.REVIEWS}),
    ("a higher threshold", {}, review(bulk_users=11), ANALYST, {Gain.BULK}),
    ("a higher threshold for who exports nothing", {}, review(bulk_users=11), OFFICER, NOTHING),
    ("what no longer adds up", {}, review(window_hours=0), ANALYST, {Gain.BULK}),
    ("what adds up for longer", {}, review(window_hours=48), ANALYST, NOTHING),
    ("approvals that hold longer", {}, review(valid_hours=25), ANALYST, {Gain.BULK}),
    ("a kind of operator fewer", kinds("telecom", "internet"), {}, ANALYST, {Gain.KINDS}),
    ("a kind of operator fewer, for who is granted nothing", kinds("telecom", "internet"), {}, OFFICER, NOTHING),
    ("guidance given up", adopts("gbz28828"), adopts(), ANALYST, {Gain.KINDS}),
    ("guidance adopted", adopts(), adopts("gbz28828"), ANALYST, NOTHING),
    ("a kind of operator more", {}, kinds("telecom", "internet"), ANALYST, NOTHING),
    ("being lent to others", {}, LENT, OFFICER, NOTHING),
    ("a post that is gone", {}, {"posts": BASE.posts[:2]}, ANALYST, NOTHING),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "held", "told"), [each[1:] for each in TABLE], ids=[each[0] for each in TABLE])
def test_each_way_in_which_a_post_may_have_more(
    old: dict[str, Any], new: dict[str, Any], held: str, told: set[Gain]
) -> None:
    assert {each.what for each in gained(change(BASE, **old), change(BASE, **new), {held})} == told


def test_only_the_posts_asked_about_are_told_of() -> None:
    new = change(BASE, grants=(*BASE.grants, change(GRANT, post=OFFICER)))
    assert {each.post for each in gained(BASE, new, {OFFICER, ANALYST, "unknown"})} == {OFFICER}
    assert gained(BASE, new, ()) == []


@given(declarations())
def test_against_itself_a_version_gives_nothing(declaration: Declaration) -> None:
    assert gained(declaration, declaration, POSTS) == []
