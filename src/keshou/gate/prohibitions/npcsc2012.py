# SPDX-License-Identifier: Apache-2.0
"""The prohibitions of the NPC Standing Committee's Decision of 2012."""

from keshou.gate.conditions import Condition, Conditions
from keshou.gate.prohibitions.registry import prohibits
from keshou.language import Text

_UNKNOWN = {"purpose_known": "purpose", "items_known": "item", "user_known": "user", "actor_known": "staff"}


@prohibits(
    "npcsc2012:1.2",
    missing="lawful_basis",
    unless=_UNKNOWN,
    called=Text("非法获取、出售或者提供", "unlawful obtaining, sale or provision"),
)
def unlawful_obtaining_or_sale(c: Conditions) -> Condition:
    """Nobody sells information, gives it away unlawfully, or gets at it by deceit or as a stranger.

    Who is not known to hold a post, and whatever names an unknown purpose, item or user, has no lawful way in.
    Source: npcsc2012:1.2
    """
    stranger = ~c.actor_known | ~c.purpose_known | ~c.items_known | ~c.user_known
    by_deceit = c.collects & c.deceived & ~c.higher_law
    return c.sells | _gives_unlawfully(c) | by_deceit | stranger


@prohibits(
    "npcsc2012:2.1",
    missing="consent",
    unless={"user_known": "user"},
    called=Text("未经同意收集、使用", "collection or use without consent"),
)
def unagreed_collection_or_use(c: Conditions) -> Condition:
    """Information is collected and used with the person's consent, for a stated purpose.

    Source: npcsc2012:2.1
    """
    agreed = c.consented | c.declared_ground
    return (c.collects | c.uses) & ~c.higher_law & (~agreed | c.deceived | ~c.noticed)


@prohibits(
    "npcsc2012:2.2",
    missing="published_rules",
    called=Text("未公开规则即收集、使用", "collection or use before the rules are public"),
)
def unpublished_collection_or_use(c: Conditions) -> Condition:
    """The rules of collection and use are published before anything is done.

    Source: npcsc2012:2.2
    """
    return ~c.published


@prohibits(
    "npcsc2012:3",
    missing="confidentiality",
    called=Text("违反保密", "breach of confidence"),
)
def breach_of_confidence(c: Conditions) -> Condition:
    """Information collected in business is kept in strict confidence.

    Source: npcsc2012:3
    """
    return c.sells | (c.discloses & ~c.higher_law) | _gives_unlawfully(c)


@prohibits(
    "npcsc2012:7",
    missing="consent_to_messages",
    called=Text("发送未经同意或者请求的商业信息", "commercial messages that were not wanted"),
)
def unwanted_commercial_message(c: Conditions) -> Condition:
    """Commercial messages go to who agreed expressly or asked for them, and never to who refused.

    Source: npcsc2012:7
    """
    wanted = c.consented_expressly | c.messages_requested
    return c.sends_messages & (~wanted | c.messages_refused)


def _gives_unlawfully(c: Conditions) -> Condition:
    agreed = c.recipient_declared & (c.consented | c.declared_ground)
    return c.gives & ~agreed & ~c.higher_law
