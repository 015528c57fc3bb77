# SPDX-License-Identifier: Apache-2.0
"""What proofs, certificates and exported logs say, as people read it."""

import json
from collections.abc import Mapping

from keshou.cli.terminal import Call

CERTIFIED = {
    "entry": ("条目", "entry"),
    "at": ("时间", "when"),
    "keys": ("已销毁的密钥", "keys destroyed"),
    "under": ("依据", "under"),
    "removed": ("已删除的值（种类与用户数）", "values removed (kind and users)"),
}
"""What `keshou ledger certify` tells of an entry."""
_SIGNED = {
    "origin": ("日志名称", "origin"),
    "size": ("条目数", "size"),
    "root": ("树根", "root"),
    "index": ("第几条", "index"),
    "older": ("开头与较早检查点相同的条目", "begins with the older"),
    "log": ("日志名称", "log"),
    "leaf": ("条目的叶散列", "leaf hash"),
    "event": ("事项", "what was done"),
    "by": ("经手", "by"),
    "rules": ("规则版本", "version of the rules"),
    "users": ("涉及用户数", "users concerned"),
    "items": ("信息种类", "kinds of information"),
    "epochs": ("签发时尚存的密钥期", "epochs of keys that lived then"),
    "compared": ("已与条目核对", "held against the entry"),
    "listed": ("所列密钥齐全", "every key is named"),
    **CERTIFIED,
}


def signed(call: Call, data: Mapping[str, object]) -> dict[str, object]:
    """Return what was signed by what it is called in the reader's language; what holds nothing is left out."""
    return {call.words(*_SIGNED[name]): _told(call, value) for name, value in data.items() if value != ()}


def _told(call: Call, value: object) -> object:
    match value:
        case bool():
            return call.words("是", "yes") if value else call.words("否", "no")
        case tuple():
            return call.words("、", ", ").join(map(str, value))
        case dict():
            return json.dumps(value, ensure_ascii=False)
        case _:
            return value
