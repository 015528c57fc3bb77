# SPDX-License-Identifier: Apache-2.0
"""Every file of prohibitions in this folder, read, and the bit of each prohibition in a reason code.

A further file needs no change elsewhere: it is found here, and what it holds stands behind all that was there before.
"""

import pkgutil
from importlib import import_module

from keshou.gate import prohibitions
from keshou.gate.prohibitions.registry import PROHIBITIONS

_GIVEN = (
    *("unlawful_obtaining_or_sale", "unagreed_collection_or_use", "unpublished_collection_or_use"),
    *("breach_of_confidence", "unwanted_commercial_message"),
    *("act_without_published_rules", "act_without_consent", "act_without_notice", "collection_beyond_need"),
    *("use_beyond_purpose", "consent_by_deceit", "act_after_service_ended", "disclosure", "sale"),
    *("unlawful_provision", "unqualified_agent", "agent_beyond_contract", "act_without_grant"),
    *("bulk_act_without_review", "act_under_suspension"),
    *("registration_destroyed_early", "registration_used_beyond_service", "registration_disclosed"),
    *("registration_agent_unfit", "sensitive_without_express_consent", "minor_without_guardian"),
    *("provision_without_express_consent", "overseas_without_express_consent", "destruction_under_hold"),
)
"""Places that were given, from bit 0 on; a new name goes to the end, so that codes keep their meaning."""


def _read_all() -> None:
    """Import every file of the folder, so that its prohibitions are registered."""
    for each in pkgutil.iter_modules(prohibitions.__path__, f"{prohibitions.__name__}."):
        if each.name != __name__:
            import_module(each.name)


def _order(name: str) -> tuple[int, str]:
    """Return what sorts a prohibition: its given place, or behind them all by name until it has one."""
    return (_GIVEN.index(name), "") if name in _GIVEN else (len(_GIVEN), name)


_read_all()

PLACES = {name: place for place, name in enumerate(sorted(PROHIBITIONS, key=_order))}
"""Name of a prohibition -> its bit in a reason code, counted from zero."""

CALLED = {name: PROHIBITIONS[name].called for name in PLACES}
"""Name of a prohibition -> what readers call it."""

UNPLACED = tuple(name for name in PLACES if name not in _GIVEN)
"""What has no given place yet, and so would move when another comes."""
