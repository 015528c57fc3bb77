# SPDX-License-Identifier: Apache-2.0
"""What people call the grounds, ends and states of a legal hold."""

from collections.abc import Mapping

from keshou.app.copy_sheet import GROUNDS as GROUND
from keshou.language import Text

__all__ = ["ENDING", "GROUND", "STATE"]

ENDING: Mapping[str, Text] = {
    "settled": Text("争议了结", "the dispute is settled"),
    "closed": Text("案件审结", "the case is closed"),
    "withdrawn": Text("要求撤回", "the demand was withdrawn"),
    "mistaken": Text("本不应设定", "it was never due"),
}
"""Why a hold was lifted -> what it is called."""
STATE: Mapping[str, Text] = {
    "stands": Text("有效", "stands"),
    "over": Text("到期", "over"),
    "lifted": Text("解除", "lifted"),
}
"""State of a hold -> what it is called."""
