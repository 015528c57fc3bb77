# SPDX-License-Identifier: Apache-2.0
import datetime as dt

import msgspec
import pytest
from declarations import BASE, ITEMS, POSTS, declarations
from hypothesis import given
from hypothesis import strategies as st

from keshou.declaration.compare import NOBODY, Quadruple, compare, quadruples
from keshou.declaration.model import Contact, Need, Retention
from keshou.declaration.span import has_passed, is_longer, is_shorter
from keshou.language import Text
from keshou.law.terms import ActKind, ConsentStrength, OperatorKind, RetentionClass

change = msgspec.structs.replace


def covers(grant, purpose, item, act, post):
    about = grant.post == post and purpose in grant.purposes and act in grant.acts
    return about and (not grant.items or item in grant.items)


def literal(declaration):
    """A slow twin, written as the sentence reads: for everything there is, ask whether it is allowed."""
    found = set()
    for purpose in declaration.purposes:
        for item in ITEMS:
            for act in ActKind:
                declared = any(n.item == item and act in (n.acts or purpose.acts) for n in purpose.needs)
                may = {
                    post
                    for post in POSTS
                    if any(
                        g.post == post
                        and purpose.id in g.purposes
                        and act in g.acts
                        and (not g.items or item in g.items)
                        for g in declaration.grants
                    )
                }
                if declared:
                    found |= {(purpose.id, item, act, post) for post in may or {NOBODY}}
    return found


@given(declarations())
def test_quadruples_are_those_of_the_literal_reading(declaration):
    assert quadruples(declaration) == literal(declaration)


@given(declarations(), declarations())
def test_a_difference_is_that_of_the_sets(old, new):
    found = compare(old, new)
    assert found.newly_allowed == literal(new) - literal(old)
    assert found.no_longer_allowed == literal(old) - literal(new)
    assert found.unchanged == literal(old) & literal(new)
    assert {each.quadruple for each in found.widened} <= literal(new)


def literally_reached(old, new, quadruple):
    """The slow twin of what needs no new consent: the sentence of the rule, asked of one quadruple."""
    same = {q[:3] for q in literal(old)}
    term = {each.quadruple: set(each.reasons) - {"agent"} for each in compare(old, new).widened}
    agent = {post.id: post.agent for post in new.posts}.get(quadruple[3], "")
    was = {post.id: post.agent for post in old.posts}
    hands = {q[:3] for q in literal(old) if was.get(q[3], "") == agent}
    return quadruple[:3] in same and not term.get(Quadruple(*quadruple)) and (not agent or quadruple[:3] in hands)


@given(declarations(), declarations(), st.booleans(), st.booleans())
def test_what_needs_consent_anew_is_all_that_older_consents_do_not_reach(old, new, was, now):
    old, new = (
        change(one, posts=(change(BASE.posts[0], id="clerk", agent="shop" * by_agent),))
        for one, by_agent in ((old, was), (new, now))
    )
    found = compare(old, new)
    assert found.anew == {each for each in literal(new) if not literally_reached(old, new, each)}


@given(declarations())
def test_nothing_differs_from_itself(declaration):
    assert compare(declaration, declaration).is_empty
    assert compare(declaration, declaration).needs_consent == frozenset()


@given(declarations())
def test_against_nothing_everything_is_new(declaration):
    assert compare(None, declaration).newly_allowed == quadruples(declaration)
    assert compare(None, declaration).widened == ()


def with_purpose(**terms):
    return change(BASE, purposes=(change(BASE.purposes[0], **terms), *BASE.purposes[1:]))


def test_a_new_need_newly_allows_exactly_its_acts_to_those_granted_them():
    need = Need(item="mobile_number", why=Text("x", "x"), acts=(ActKind.USE, ActKind.PROVIDE))
    found = compare(BASE, with_purpose(needs=(*BASE.purposes[0].needs, need)))
    assert found.newly_allowed == {
        Quadruple("registration", "mobile_number", ActKind.USE, "analyst"),
        Quadruple("registration", "mobile_number", ActKind.PROVIDE, NOBODY),
    }
    assert found.no_longer_allowed == frozenset()
    assert found.needs_consent == {("registration", "mobile_number")}


def test_a_new_post_alone_needs_no_new_consent():
    grant = change(BASE.grants[0], post="officer")
    found = compare(BASE, change(BASE, grants=(*BASE.grants, grant)))
    assert {each.post for each in found.newly_allowed} == {"officer"}
    assert found.needs_consent == frozenset()


def test_a_new_agent_needs_consent_anew_and_a_new_post_of_the_same_agent_does_not():
    shop = [change(BASE.posts[0], id=name, agent="shop") for name in ("shop_1", "shop_2")]
    first, second = (change(BASE.grants[0], post=post.id) for post in shop)
    one = change(BASE, posts=(*BASE.posts, *shop), grants=(*BASE.grants, first))
    found = compare(BASE, one)
    assert {each.post for each in found.anew} == {"shop_1"}
    assert {each.reasons for each in found.widened} == {("agent",)}
    assert found.needs_consent
    assert not compare(one, change(one, grants=(*one.grants, second))).anew


def test_terms_that_widen_while_every_post_is_replaced_ask_again():
    moved = tuple(change(grant, post="officer") for grant in BASE.grants)
    found = compare(BASE, change(with_purpose(manner=Text("别的", "other")), grants=moved))
    assert {("registration", need.item) for need in BASE.purposes[0].needs} <= found.needs_consent


WIDER = {
    "purpose_name": {"name": Text("别的", "Other")},
    "manner": {"manner": Text("别的", "other")},
    "services": {"services": ("mobile", "app")},
    "beyond_service": {"provides_service": False},
    "commercial_messages": {"commercial_messages": True},
    "consent": {"consent": ConsentStrength.TACIT},
    "retention": {"retention": Retention(after="service_end", years=2, days=1)},
    "recipients": {"recipients": ("bureau", "another")},
}


@pytest.mark.parametrize("reason", WIDER)
def test_a_term_that_widened_asks_everybody_again(reason):
    found = compare(BASE, with_purpose(**WIDER[reason]))
    assert not found.newly_allowed
    assert {each.reasons for each in found.widened} == {(reason,)}
    assert {each.quadruple.purpose for each in found.widened} == {"registration"}
    assert found.needs_consent == {("registration", need.item) for need in BASE.purposes[0].needs}


def test_a_reason_or_class_that_changed_concerns_that_item_alone():
    first, *others = BASE.purposes[0].needs
    for reason, terms in (("why", {"why": Text("别", "o")}), ("class", {"class_": RetentionClass.RECORD})):
        found = compare(BASE, with_purpose(needs=(change(first, **terms), *others)))
        assert {(each.quadruple.item, each.reasons) for each in found.widened} == {(first.item, (reason,))}


def test_terms_that_narrow_ask_nobody_again():
    narrower = with_purpose(retention=Retention(after="service_end", years=1), recipients=(), services=())
    assert compare(BASE, narrower).is_empty


def test_a_ground_in_place_of_consent_asks_again_and_its_end_does_not():
    without = with_purpose(ground="")
    assert {each.reasons for each in compare(without, BASE).widened} == {("consent",)}
    assert compare(BASE, without).is_empty


def test_a_recipient_that_moved_overseas_is_another():
    moved = change(BASE, recipients=(change(BASE.recipients[0], overseas=True, country="FR"),))
    assert {each.reasons for each in compare(BASE, moved).widened} == {("recipients",)}


def length(**units):
    return Retention(after="collection", **units)


def test_lengths_compare_as_the_calendar_does():
    assert is_shorter(length(days=730), length(years=2))
    assert not is_shorter(length(months=24), length(years=2))
    assert not is_longer(length(months=24), length(years=2))
    assert is_longer(length(days=31), length(months=1))
    assert is_shorter(length(years=1), length(years=10_000))
    assert not has_passed(length(years=1), dt.date(2025, 11, 22), dt.date(2026, 11, 22))
    assert has_passed(length(years=1), dt.date(2025, 11, 21), dt.date(2026, 11, 22))


def with_agent(*stand_ins):
    shop = change(BASE.agents[0], id="shop", stand_ins=stand_ins)
    posts = (*BASE.posts, change(BASE.posts[0], id="seller", agent="shop"))
    return change(BASE, agents=(shop,), posts=posts, grants=(*BASE.grants, change(BASE.grants[0], post="seller")))


def test_an_agent_that_is_to_see_what_it_had_stand_ins_of_asks_anew_for_its_own_hands_alone():
    items = {need.item for need in BASE.purposes[0].needs}
    first = sorted(items)[0]
    found = compare(with_agent(*items), with_agent(*(items - {first})))
    assert {(each.quadruple.item, each.quadruple.post, each.reasons) for each in found.widened} == {
        (first, "seller", ("stand_ins",))
    }
    assert {(each.item, each.post) for each in found.anew} == {(first, "seller")}
    assert compare(with_agent(first), with_agent(*items)).is_empty


def test_a_recipient_that_is_to_see_what_it_had_stand_ins_of_asks_everybody_anew():
    purpose = next(each for each in BASE.purposes if each.recipients)
    item = purpose.needs[0].item
    given = [change(each, stand_ins=(item,)) for each in BASE.recipients]
    found = compare(change(BASE, recipients=tuple(given)), BASE)
    assert {(each.quadruple.purpose, each.quadruple.item, each.reasons) for each in found.widened} == {
        (purpose.id, item, ("recipient_stand_ins",))
    }
    assert found.needs_consent == {(purpose.id, item)}
    assert compare(BASE, change(BASE, recipients=tuple(given))).is_empty


def test_another_company_behind_an_agents_id_keeps_no_consent_and_the_operators_own_staff_do():
    was = with_agent()
    other = change(was, agents=(change(was.agents[0], name=Text("另一家", "Another")),))
    found = compare(was, other)
    assert {(each.quadruple.post, each.reasons) for each in found.widened} == {("seller", ("agent",))}
    assert {each.post for each in found.anew} == {"seller"}
    moved = change(was, agents=(change(was.agents[0], contact=Contact(phone="9")),))
    assert compare(was, moved).is_empty


def test_a_kind_that_the_operator_gives_up_asks_everybody_again():
    both = change(BASE, operator=change(BASE.operator, kinds=(OperatorKind.TELECOM, OperatorKind.INTERNET)))
    for lost in (OperatorKind.TELECOM, OperatorKind.INTERNET):
        left = tuple(each for each in both.operator.kinds if each is not lost)
        found = compare(both, change(both, operator=change(both.operator, kinds=left)))
        assert {each.reasons for each in found.widened} == {("kinds",)}
        assert found.anew == quadruples(both)
    assert compare(BASE, both).is_empty


def test_guidance_given_up_widens_what_every_purpose_does_and_guidance_adopted_nothing() -> None:
    held = change(BASE, operator=change(BASE.operator, adopts=("gbz28828",)))
    free = change(BASE, operator=change(BASE.operator, adopts=()))
    assert {each.reasons for each in compare(held, free).widened} == {("guidance",)}
    assert not compare(free, held).widened
