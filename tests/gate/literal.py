# SPDX-License-Identifier: Apache-2.0
"""The literal gate: one function an article, straight from lists of facts and declarations; slow, and read like law.

It shares nothing with the gate but the value types: no masks, no folded standings, no tables. Tests compare the two.
"""

import datetime as dt
from collections.abc import Callable

import higher_law
from dropped import serving
from question import Question, World

from keshou.gate import facts as f
from keshou.gate.act import Act
from keshou.law.terms import ActKind as K
from keshou.law.terms import ConsentStrength as S


def unlawful_obtaining_or_sale(q: Question) -> bool:
    stranger = not q.appointments() and not q.own_hand()
    unknown = q.purpose is None or not q.all_items_known() or not q.known()
    by_deceit = q.collects() and q.deceived() and not q.recorded_ground()
    return q.act.kind == K.SELL or q.gives_unlawfully() or by_deceit or stranger or unknown


def unagreed_collection_or_use(q: Question) -> bool:
    if not (q.collects() or q.uses()) or q.recorded_ground():
        return False
    return not (q.consented() or q.declared_ground()) or q.deceived() or not q.noticed()


def unpublished_collection_or_use(q: Question) -> bool:
    return q.rules is None


def breach_of_confidence(q: Question) -> bool:
    discloses = q.act.kind == K.DISCLOSE and not q.recorded_ground()
    return q.act.kind == K.SELL or discloses or q.gives_unlawfully()


def unwanted_commercial_message(q: Question) -> bool:
    if q.purpose is None or not q.purpose.commercial_messages or not q.uses():
        return False
    return q.messages() == "refused" or not (q.consented_expressly() or q.messages() == "requested")


def act_without_published_rules(q: Question) -> bool:
    return q.rules is None


def act_without_consent(q: Question) -> bool:
    if not q.known():
        return True
    return (q.collects() or q.uses()) and not (q.consented() or q.declared_ground() or q.recorded_ground())


def act_without_notice(q: Question) -> bool:
    if not (q.collects() or q.uses()) or q.recorded_ground():
        return False
    return q.rules is None or not q.rules.notice_complete or not q.noticed()


def beyond(q: Question) -> bool:
    if q.purpose is None or not q.all_items_known():
        return True
    return not q.needed_for_this() and not q.recorded_ground()


def collection_beyond_need(q: Question) -> bool:
    return q.collects() and beyond(q)


def use_beyond_purpose(q: Question) -> bool:
    return not q.collects() and beyond(q)


def consent_by_deceit(q: Question) -> bool:
    return (q.collects() or q.uses()) and q.deceived() and not q.recorded_ground()


def act_after_service_ended(q: Question) -> bool:
    return (q.collects() or q.uses()) and not q.serves_the_user() and not q.recorded_ground()


def disclosure(q: Question) -> bool:
    return q.act.kind == K.DISCLOSE and not q.recorded_ground()


def sale(q: Question) -> bool:
    return q.act.kind == K.SELL


def unlawful_provision(q: Question) -> bool:
    return q.gives_unlawfully()


def unqualified_agent(q: Question) -> bool:
    return q.agent_id() != "" and not q.agent_fit()


def agent_beyond_contract(q: Question) -> bool:
    if q.agent_id() == "":
        return False
    agent = q.agent()
    if agent is None or q.act.purpose not in agent.purposes or q.act.kind not in agent.acts:
        return True
    return not q.act.items <= {item for item in q.needed if not agent.items or item in agent.items}


def act_without_grant(q: Question) -> bool:
    return not q.own_hand() and not q.granted()


def bulk_act_without_review(q: Question) -> bool:
    provides_a_list = q.act.kind == K.PROVIDE and q.act.count >= 2
    if q.act.kind not in {K.EXPORT, K.COPY, K.DELETE, K.DESTROY} and not provides_a_list:
        return False
    if q.act.kind == K.DELETE and q.own_hand():
        return False
    review = q.declared.review if q.declared else None
    alone = review.bulk_users if review else 2
    together = review.window_users if review and review.window_users else alone
    adds_up = q.act.so_far > 0 and q.act.so_far + q.act.count >= together
    if q.act.count < alone and not adds_up:
        return False
    approved = [fact for fact in q.site if isinstance(fact, f.ReviewApproved) and fact.review == q.act.review]
    used = any(isinstance(fact, f.ReviewUsed) and fact.review == q.act.review for fact in q.site)
    if review is None or not approved or used:
        return True
    given = approved[-1]
    reviewer_posts = {post for post, _ in q.holders.posts(given.reviewer, given.at, q.site.index(given))}
    in_time = q.act.when < given.until and q.act.when < given.at + dt.timedelta(hours=review.valid_hours)
    by_another = given.requester == q.act.by and given.reviewer != given.requester
    reviewed_as = K.EXPORT if provides_a_list else q.act.kind
    fits = (given.kind, given.purpose, given.recipient) == (reviewed_as, q.act.purpose, q.act.recipient)
    covers = q.act.items <= given.items and q.act.count <= given.count and given.listed in ("", q.act.listed)
    return not (in_time and by_another and fits and covers and reviewer_posts & set(review.reviewers))


def act_under_suspension(q: Question) -> bool:
    standing: dict[str, f.SuspensionOrdered] = {}
    for fact in q.site:
        if isinstance(fact, f.SuspensionOrdered):
            standing[fact.suspension] = fact
        if isinstance(fact, f.SuspensionLifted):
            standing.pop(fact.suspension, None)
    return any(
        (not each.kinds or q.act.kind in each.kinds)
        and (not each.purposes or set(each.purposes) & serving(q.act, q.dropped, q.older))
        for each in standing.values()
    )


def destruction_under_hold(q: Question) -> bool:
    return q.act.kind in {K.DELETE, K.DESTROY} and q.held()


def registration_destroyed_early(q: Question) -> bool:
    erases = q.act.kind in {K.DELETE, K.DESTROY}
    return erases and bool(q.registration_items()) and not q.retention_over()


def registration_used_beyond_service(q: Question) -> bool:
    if not q.registration_items() or q.act.kind in {K.DELETE, K.DESTROY} or q.own_hand():
        return False
    return q.purpose is None or not q.purpose.provides_service


def registration_disclosed(q: Question) -> bool:
    discloses = q.act.kind == K.DISCLOSE and not q.recorded_ground()
    return bool(q.registration_items()) and (q.act.kind == K.SELL or discloses or q.gives_unlawfully())


def registration_agent_unfit(q: Question) -> bool:
    return bool(q.registration_items()) and unqualified_agent(q)


def sensitive_without_express_consent(q: Question) -> bool:
    if not (q.collects() or q.uses()) or q.declared_ground() or q.recorded_ground():
        return False
    return bool(q.sensitive()) and not q.expressly(q.sensitive())


def minor_without_guardian(q: Question) -> bool:
    if not (q.collects() or q.uses()) or q.declared_ground() or q.recorded_ground():
        return False
    return q.capacity_limited() and bool(q.sensitive()) and not q.agreed(q.sensitive(), S.GUARDIAN)


def provision_without_express_consent(q: Question) -> bool:
    return q.gives() and not q.consented_expressly() and not (q.declared_ground() or q.recorded_ground())


def overseas_without_express_consent(q: Question) -> bool:
    to = q.recipient()
    if not q.gives() or to is None or not to.overseas or q.recorded_ground():
        return False
    based = higher_law.based(q.law, q.day, to)
    return not based and not q.consented_expressly()


ARTICLES: dict[str, list[Callable[[Question], bool]]] = {
    "npcsc2012": [unlawful_obtaining_or_sale, unagreed_collection_or_use, unpublished_collection_or_use,
                  breach_of_confidence, unwanted_commercial_message],
    "miit24": [act_without_published_rules, act_without_consent, act_without_notice, collection_beyond_need,
               use_beyond_purpose, consent_by_deceit, act_after_service_ended, disclosure, sale, unlawful_provision,
               unqualified_agent, agent_beyond_contract, act_without_grant, bulk_act_without_review,
               act_under_suspension],
    "miit25": [registration_destroyed_early, registration_used_beyond_service, registration_disclosed,
               registration_agent_unfit],
    "gbz28828": [sensitive_without_express_consent, minor_without_guardian, provision_without_express_consent,
                 overseas_without_express_consent],
}  # fmt: skip


ADDED: dict[str, list[Callable[[Question], bool]]] = {"miit24": [destruction_under_hold]}
"""What came later; it stands last."""


def met(world: World, act: Act) -> list[str]:
    """Return the names of the prohibitions that the act meets, instrument by instrument; none: it is permitted."""
    question = Question(world, act)
    return [
        article.__name__
        for instrument, articles in (*ARTICLES.items(), *ADDED.items())
        if question.binds(instrument)
        for article in articles
        if article(question)
    ]
