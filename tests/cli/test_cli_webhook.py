# SPDX-License-Identifier: Apache-2.0
"""Other systems that are told, from the command line: added, shown once, paused, removed; dead letters told again."""

import json

import pytest

from cli_caller import Caller
from keshou.app.site import Site
from keshou.webhooks.events import Event

URL = "https://crm.example/hook"


@pytest.fixture
def added(bare: Caller) -> str:
    return str(bare("webhook", "add", URL, "--json").ok().json["subscription"]["id"])


def let_die(keshou: Caller, count: int) -> None:
    """Leave dead letters behind."""
    with Site.open(keshou.home) as site, site.writing() as tx:
        events = [Event(f"evt_{n}_0", "keshou.consent.withdrawn", site.now(), n, {}, f"u{n}") for n in range(count)]
        site.webhooks.enqueue(tx, events, site.now())
        for each in site.webhooks.claim(tx, site.now()):
            site.webhooks.failed(tx, each, "500", site.now(), None)


def test_a_secret_is_shown_once_and_who_is_told_is_listed_without_it(bare: Caller) -> None:
    made = bare("webhook", "add", URL, "--type", "keshou.user.erased", "--name-users", "--json").ok().json
    assert made["secret"].startswith("whsec_")
    assert (made["subscription"]["types"], made["subscription"]["names_users"]) == (["keshou.user.erased"], True)
    listed = bare("webhook", "list", "--json").ok()
    assert listed.json == [made["subscription"]]
    shown = bare("webhook", "list").ok().out
    assert URL in shown
    assert made["secret"] not in listed.out + shown
    rotated = bare("webhook", "rotate", made["subscription"]["id"], "--json").ok().json
    assert rotated["secret"] != made["secret"]


@pytest.mark.parametrize("words", [
    ("http://crm.example/",), ("https://10.0.0.1/",), ("secretvalue",), (URL, "--type", "keshou.secretvalue"),
])  # fmt: skip
def test_who_cannot_be_told_is_refused_and_never_quoted(bare: Caller, words: tuple[str, ...]) -> None:
    outcome = bare("webhook", "add", *words)
    assert outcome.status == 2
    assert "secretvalue" not in outcome.err
    assert bare("webhook", "list", "--json").ok().json == []


def test_who_is_paused_is_told_nothing_until_resumed(bare: Caller, added: str) -> None:
    bare("webhook", "pause", added).ok()
    assert bare("webhook", "try", added).status != 0
    let_die(bare, 1)
    bare("webhook", "dead").ok()
    assert bare("webhook", "resume", added, "--json").ok().json["active"] is True
    assert bare("webhook", "try", added, "--json").ok().json["event"].startswith("evt_trial_")


def test_dead_letters_are_shown_and_told_again(bare: Caller, added: str) -> None:
    let_die(bare, 3)
    found = bare("webhook", "dead", "--json")
    assert found.status == 1
    assert [(each["event"], each["outcome"], each["subscription"]) for each in found.json] == [
        (f"evt_{n}_0", "500", added) for n in range(3)
    ]
    assert "u0" not in json.dumps(found.json)
    assert "evt_2_0" in bare("webhook", "dead").out
    for each in found.json:
        bare("webhook", "again", each["number"]).ok()
    assert bare("webhook", "dead", "--json").ok().json == []
    assert bare("webhook", "again", found.json[0]["number"]).status != 0


def test_who_is_removed_is_told_nothing_more(bare: Caller, added: str) -> None:
    let_die(bare, 1)
    bare("webhook", "remove", added).ok()
    assert bare("webhook", "list", "--json").ok().json == []
    bare("webhook", "dead").ok()
    assert bare("webhook", "remove", added).status != 0
