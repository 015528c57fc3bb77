# SPDX-License-Identifier: Apache-2.0
"""What people call the grounds, ends and states of a legal hold."""

from collections.abc import Mapping

from keshou.language import Text

GROUND: Mapping[str, Text] = {
    "dispute": Text("争议尚未了结", "a dispute is open"),
    "case": Text("案件正在审理", "a case is before a court"),
    "authority": Text("主管机关要求", "an authority demands it"),
    "law": Text("其他法律、法规规定", "another law asks for it"),
}
"""Ground of a hold -> what it is called."""
ENDING: Mapping[str, Text] = {
    "settled": Text("争议了结", "the dispute is settled"),
    "closed": Text("案件审结", "the case is closed"),
    "withdrawn": Text("要求撤回", "the demand was withdrawn"),
    "mistaken": Text("不应留存", "it was never due"),
}
"""Why a hold was lifted -> what it is called."""
STATE: Mapping[str, Text] = {
    "stands": Text("有效", "stands"),
    "over": Text("到期", "over"),
    "lifted": Text("解除", "lifted"),
}
"""State of a hold -> what it is called."""
