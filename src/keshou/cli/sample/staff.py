# SPDX-License-Identifier: Apache-2.0
"""Who works at the sample operator: ids of nobody, one a post, each appointed where the post's work is done."""

import datetime as dt

from keshou.gate.facts import StaffAppointed

SETUP = "setup"
"""Who appoints them: the making of the sample itself."""
_STAFF = (
    ("officer", "privacy_officer", ""),
    ("reviewer", "reviewer", ""),
    ("second", "second_reviewer", ""),
    ("manager", "retail_manager", ""),
    ("clerk", "counter_clerk", "east_branch"),
    ("care", "care_agent", ""),
    ("analyst", "marketing_analyst", ""),
    ("billing", "billing_program", ""),
    ("network", "network_manager", ""),
    ("engineer", "network_engineer", ""),
    ("auditor", "auditor", ""),
    ("shop", "shop_clerk", "west_branch"),
    ("repairer", "field_repairer", ""),
    ("intake", "intake_program", ""),
)


def appointments(now: dt.datetime) -> tuple[StaffAppointed, ...]:
    """Return the appointments of the sample's staff, as of `now`."""
    return tuple(StaffAppointed(at=now, staff=staff, post=post, branch=branch) for staff, post, branch in _STAFF)
