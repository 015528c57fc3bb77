# SPDX-License-Identifier: Apache-2.0
"""Who does it at the terminal: where the operator's people or the authority are meant, users' own hand is nobody's."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import typer.main

from cli_caller import Caller
from keshou.cli.app import whole
from keshou.errors import InputError
from keshou.gate.act import OWN_HAND

JUDGED = {
    "ask", "export", "gate", "import", "user find", "user show", "user correct", "user export", "user cancel",
    "review preview", "link make",
}  # fmt: skip
"""Acts: the gate judges whose hand it is, and its denial is on record."""
OWN = {"consent give", "consent withdraw", "notice show"}
"""What users tell of themselves."""
AT_THE_DOOR = {"publish", "review ask", "recipient end", "link revoke"}
"""What the door refuses, as it refuses it of whoever comes another way."""


def verbs(group: Any, above: str = "") -> Iterator[tuple[str, Any]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from verbs(command, f"{above}{name} ")
        else:
            yield f"{above}{name}", command


def takes_own_hand(command: Any) -> bool:
    (by,) = [each for each in command.params if each.name == "by"]
    try:
        by.callback(typer.Context(command), by, OWN_HAND)
    except InputError:
        return False
    return True


def test_every_verb_that_names_who_does_it_refuses_users_own_hand_or_is_known_to_be_judged_elsewhere() -> None:
    with_by = {name: each for name, each in verbs(typer.main.get_command(whole())) if _has_by(each)}
    assert {name for name, each in with_by.items() if takes_own_hand(each)} == JUDGED | OWN | AT_THE_DOOR


def _has_by(command: Any) -> bool:
    return any(each.name == "by" for each in command.params)


@pytest.mark.parametrize(
    "words",
    [
        ("suspend", "order"), ("suspend", "lift", "s-none"), ("account", "invite", "mei"),
        ("staff", "leave", "mei"), ("program", "add", "crm"), ("keys", "rotate", "epoch"), ("recipient", "end", "bank"),
        ("link", "revoke", "l"),
    ],
)  # fmt: skip
def test_users_own_hand_does_nothing_of_the_operators_or_the_authoritys(keshou: Caller, words: tuple[str, ...]) -> None:
    size = keshou("ledger", "verify", "--json").ok().json["size"]
    refused = keshou(*words, "--by", OWN_HAND, "--json")
    assert refused.status == 2
    assert json.loads(refused.err)["error"] == "`user` stands for users themselves (miit24:13.1.3)"
    assert keshou("ledger", "verify", "--json").ok().json["size"] == size
