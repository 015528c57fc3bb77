# SPDX-License-Identifier: Apache-2.0
"""What the guidance GB/Z 28828-2012 forbids an operator that adopted it."""

from keshou.gate.conditions import Condition, Conditions
from keshou.gate.prohibitions.registry import prohibits
from keshou.language import Text


@prohibits(
    "gbz28828:4.1.3",
    missing="express_consent",
    called=Text("未经明示同意处理敏感信息", "sensitive information without express consent"),
)
def sensitive_without_express_consent(c: Conditions) -> Condition:
    """Sensitive information is collected and used on express consent.

    Source: gbz28828:4.1.3
    """
    return (c.collects | c.uses) & c.touches_sensitive & ~c.sensitive_expressly & ~(c.declared_ground | c.higher_law)


@prohibits(
    "gbz28828:4.1.7",
    missing="guardian_consent",
    called=Text("未经监护人同意处理敏感信息", "sensitive information without a guardian’s consent"),
)
def minor_without_guardian(c: Conditions) -> Condition:
    """Sensitive information of a user of limited capacity is collected and used on the guardian's consent.

    Source: gbz28828:4.1.7
    """
    sensitive = (c.collects | c.uses) & c.capacity_limited & c.touches_sensitive
    return sensitive & ~c.sensitive_by_guardian & ~(c.declared_ground | c.higher_law)


@prohibits(
    "gbz28828:5.1.4",
    missing="express_consent",
    called=Text("未经明示同意提供给他人", "provision to others without express consent"),
)
def provision_without_express_consent(c: Conditions) -> Condition:
    """Information goes to others on express consent.

    Source: gbz28828:5.1.4
    """
    return c.gives & ~c.consented_expressly & ~(c.declared_ground | c.higher_law)


@prohibits(
    "gbz28828:6.1.5",
    missing="express_consent",
    called=Text("未经明示同意提供到境外", "provision abroad without express consent"),
)
def overseas_without_express_consent(c: Conditions) -> Condition:
    """Information goes abroad on express consent, or where a law or an approval provides for it.

    Source: gbz28828:6.1.5
    """
    return c.gives & c.recipient_overseas & ~c.consented_expressly & ~(c.recipient_based | c.higher_law)
