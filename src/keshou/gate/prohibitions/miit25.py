# SPDX-License-Identifier: Apache-2.0
"""The prohibitions of MIIT Order 25 of 2013."""

from keshou.gate.conditions import Condition, Conditions
from keshou.gate.prohibitions.registry import prohibits
from keshou.language import Text


@prohibits(
    "miit25:11",
    missing="retention",
    called=Text("提前销毁登记信息", "registration information destroyed early"),
)
def registration_destroyed_early(c: Conditions) -> Condition:
    """Registration information is retained during the service and for the statutory time after it.

    Source: miit25:11
    """
    return c.erases & c.touches_registration & ~c.registration_over


@prohibits(
    "miit25:12.2",
    missing="providing_service",
    called=Text("登记信息用于提供服务之外", "registration information used beyond the service"),
)
def registration_used_beyond_service(c: Conditions) -> Condition:
    """Registration information serves providing the service and nothing else.

    Source: miit25:12.2
    """
    return c.touches_registration & ~c.provides_service & ~c.erases & ~c.own_hand


@prohibits(
    "miit25:12.2",
    missing="confidentiality",
    called=Text("泄露、出售或者非法提供登记信息", "registration information disclosed, sold or unlawfully given"),
)
def registration_disclosed(c: Conditions) -> Condition:
    """Registration information is not disclosed, sold or unlawfully given to others.

    Source: miit25:12.2
    """
    agreed = c.recipient_declared & (c.consented | c.declared_ground)
    given = (c.gives & ~agreed) | c.discloses
    return c.touches_registration & (c.sells | (given & ~c.higher_law))


@prohibits(
    "miit25:14",
    missing="qualification",
    called=Text("不合格的代理人办理登记", "registration by agents that do not qualify"),
)
def registration_agent_unfit(c: Conditions) -> Condition:
    """An agent that is not fit does not register users or touch what was registered.

    Source: miit25:14
    """
    return c.touches_registration & c.agent_acts & ~c.agent_fit
