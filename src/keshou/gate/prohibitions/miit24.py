# SPDX-License-Identifier: Apache-2.0
"""The prohibitions of MIIT Order 24 of 2013."""

from keshou.gate.conditions import Condition, Conditions
from keshou.gate.prohibitions.registry import prohibits
from keshou.language import Text

_UNKNOWN = {"purpose_known": "purpose", "items_known": "item", "serves_users": "service", "kind_declared": "kind"}


@prohibits(
    "miit24:8",
    missing="published_rules",
    called=Text("没有公布规则", "acts without published rules"),
)
def act_without_published_rules(c: Conditions) -> Condition:
    """Nothing is done before rules of collection and use are published and in force.

    Source: miit24:8
    """
    return ~c.published


@prohibits(
    "miit24:9.1",
    missing="consent",
    unless={"user_known": "user"},
    called=Text("未经同意", "acts without consent"),
)
def act_without_consent(c: Conditions) -> Condition:
    """Nothing is collected or used without the user's consent; about an unknown user nothing is done at all.

    Source: miit24:9.1, miit24:9.5
    """
    agreed = c.consented | c.declared_ground | c.higher_law
    return ((c.collects | c.uses) & ~agreed) | ~c.user_known


@prohibits(
    "miit24:9.2",
    missing="notice",
    unless={"notice_complete": "complete_notice"},
    called=Text("未明确告知", "acts without notice"),
)
def act_without_notice(c: Conditions) -> Condition:
    """Nothing is collected or used before the user was told clearly of purpose, manner, scope and channels.

    Source: miit24:9.2, miit24:9.5
    """
    told = c.notice_complete & c.noticed
    return (c.collects | c.uses) & ~told & ~c.higher_law


@prohibits(
    "miit24:9.3",
    missing="need",
    unless=_UNKNOWN,
    called=Text("超出所需收集", "collection beyond need"),
)
def collection_beyond_need(c: Conditions) -> Condition:
    """Only what the service needs is collected.

    Source: miit24:9.3, miit24:9.5
    """
    needed = c.within_need & c.serves_users & c.kind_declared
    return c.collects & ((~needed & ~c.higher_law) | ~c.purpose_known | ~c.items_known)


@prohibits(
    "miit24:9.3",
    missing="need",
    unless=_UNKNOWN,
    called=Text("超出目的使用", "use beyond the purpose"),
)
def use_beyond_purpose(c: Conditions) -> Condition:
    """Information serves only the purpose it was collected for, which is to provide the service.

    Source: miit24:9.3, miit24:9.5
    """
    needed = c.within_need & c.serves_users & c.kind_declared
    return ~c.collects & ((~needed & ~c.higher_law) | ~c.purpose_known | ~c.items_known)


@prohibits(
    "miit24:9.3",
    missing="consent_freely_given",
    called=Text("以欺骗、误导或者强迫取得同意", "consent by deceit or coercion"),
)
def consent_by_deceit(c: Conditions) -> Condition:
    """Nothing is collected or used on a consent had by deceit, misleading or coercion.

    Source: miit24:9.3, miit24:9.5
    """
    return (c.collects | c.uses) & c.deceived & ~c.higher_law


@prohibits(
    "miit24:9.4",
    missing="service",
    unless={"user_known": "user"},
    called=Text("服务终止后继续收集、使用", "acts after the service ended"),
)
def act_after_service_ended(c: Conditions) -> Condition:
    """Collection and use stop when the user stops using the service, and do not begin before it.

    Source: miit24:9.4, miit24:9.5
    """
    return (c.collects | c.uses) & ~c.service_in_use & ~c.higher_law


@prohibits(
    "miit24:10",
    missing="confidentiality",
    called=Text("泄露", "disclosure"),
)
def disclosure(c: Conditions) -> Condition:
    """Information is not disclosed, unless a higher law says that it must be.

    Source: miit24:10
    """
    return c.discloses & ~c.higher_law


@prohibits(
    "miit24:10",
    missing="nothing_permits_sale",
    called=Text("出售", "sale"),
)
def sale(c: Conditions) -> Condition:
    """Information is never sold; nothing relieves.

    Source: miit24:10
    """
    return c.sells


@prohibits(
    "miit24:10",
    missing="consent",
    unless={"recipient_declared": "recipient"},
    called=Text("非法向他人提供", "unlawful provision to others"),
)
def unlawful_provision(c: Conditions) -> Condition:
    """Information goes only to a recipient that the purpose declares and the user agreed to, or under higher law.

    Source: miit24:10
    """
    agreed = c.recipient_declared & (c.consented | c.declared_ground)
    return c.gives & ~agreed & ~c.higher_law


@prohibits(
    "miit24:10",
    missing="hold",
    called=Text("法定留存期间销毁", "destruction under a legal hold"),
)
def destruction_under_hold(c: Conditions) -> Condition:
    """What is kept for a dispute, a case, an authority or under another law is not destroyed meanwhile.

    Source: miit24:10
    """
    return c.erases & c.held


@prohibits(
    "miit24:11",
    missing="qualification",
    called=Text("代理人不合格", "agents that do not qualify"),
)
def unqualified_agent(c: Conditions) -> Condition:
    """An agent that is not fit to protect information does nothing with it.

    Source: miit24:11
    """
    return c.agent_acts & ~c.agent_fit


@prohibits(
    "miit24:11",
    missing="contract",
    called=Text("代理人超出合同", "agents beyond their contract"),
)
def agent_beyond_contract(c: Conditions) -> Condition:
    """An agent does what its contract covers and no more.

    Source: miit24:11
    """
    return c.agent_acts & ~c.within_contract


@prohibits(
    "miit24:13.1.3",
    missing="grant",
    unless={"actor_known": "staff", "post_clear": "post"},
    called=Text("没有权限", "acts without a grant"),
)
def act_without_grant(c: Conditions) -> Condition:
    """Staff and agents do what their post is granted, where and when it is granted.

    Source: miit24:13.1.3
    """
    return ~c.granted & ~c.own_hand


@prohibits(
    "miit24:13.1.3",
    missing="review",
    called=Text("批量操作未经审查", "bulk acts without review"),
)
def bulk_act_without_review(c: Conditions) -> Condition:
    """Bulk export, copying and destruction, deletion by others than the user among it, are reviewed by another first.

    Source: miit24:13.1.3
    """
    return c.bulk & ~c.reviewed


@prohibits(
    "miit24:14.2",
    missing="suspension",
    called=Text("暂停期间的行为", "acts under a suspension"),
)
def act_under_suspension(c: Conditions) -> Condition:
    """What the authority asked to suspend is not done.

    Source: miit24:14.2
    """
    return c.suspended
