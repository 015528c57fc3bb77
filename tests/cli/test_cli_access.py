# SPDX-License-Identifier: Apache-2.0
"""Reviewing access, emergencies and leaving, from the command line: what is printed, and how each verb ends."""

import datetime as dt

from cli_caller import Caller


def test_the_list_tells_who_can_reach_what_until_when(keshou: Caller) -> None:
    lines = keshou("access", "list", "--json").ok().json["reach"]
    clerk = [each for each in lines if each["staff"] == "clerk" and each["purpose"] == "registration"]
    assert {(each["post"], each["branch"], each["full"]) for each in clerk} == {("counter_clerk", "east_branch", True)}
    assert all(each["due"] for each in lines)
    assert "shop_clerk" in keshou("access", "list", "--lang", "en").ok().out


def test_confirming_is_for_who_answers_and_never_for_oneself(keshou: Caller) -> None:
    words = ("access", "confirm", "clerk", "--post", "counter_clerk")
    assert keshou(*words, "--by", "clerk").status == 2
    assert keshou(*words, "--by", "billing").status == 2
    assert keshou(*words, "--by", "manager", "--until", "2035-01-01T00:00:00+08:00").status == 2
    keshou(*words, "--by", "manager").ok()
    lines = keshou("access", "list", "--json").ok().json["reach"]
    assert {each["confirmed_by"] for each in lines if each["staff"] == "clerk"} == {"manager"}


def test_what_is_due_ends_with_one_and_names_who_confirms(keshou: Caller) -> None:
    assert keshou("access", "list", "--due").status == 0
    soon = (dt.datetime.now(dt.UTC) + dt.timedelta(days=5)).isoformat()
    keshou("access", "confirm", "clerk", "--post", "counter_clerk", "--by", "manager", "--until", soon).ok()
    waiting = keshou("access", "list", "--due", "--json")
    assert waiting.status == 1
    assert [(each["staff"], each["post"], each["posts"]) for each in waiting.json] == [
        ("clerk", "counter_clerk", ["retail_manager"])
    ]


def test_an_emergency_waits_for_its_review_by_another(keshou: Caller) -> None:
    assert keshou("access", "emergencies").status == 0
    words = ("access", "open-emergency", "--post", "network_engineer", "--case", "t-1", "--by", "care")
    assert keshou(*words, "--reason", "haste").status == 2
    name = keshou(*words, "--reason", "network_outage", "--minutes", "30", "--json").ok().json["id"]
    waiting = keshou("access", "emergencies", "--json")
    assert (waiting.status, [each["id"] for each in waiting.json]) == (1, [name])
    review = ("access", "review-emergency", name, "--found", "justified")
    assert keshou(*review, "--by", "care").status == 2
    keshou(*review, "--by", "officer").ok()
    assert keshou("access", "emergencies").status == 0


def test_who_moves_or_leaves_has_nothing_of_before(keshou: Caller) -> None:
    def posts(staff: str) -> set[str]:
        lines = keshou("access", "list", "--json").ok().json["reach"]
        return {each["post"] for each in lines if each["staff"] == staff}

    keshou("staff", "move", "care", "--post", "network_engineer", "--by", "officer").ok()
    assert posts("care") == {"network_engineer"}
    keshou("staff", "leave", "care", "--by", "officer").ok()
    assert posts("care") == set()
    assert keshou("staff", "leave", "care", "--by", "officer").status == 2
    assert keshou("staff", "appoint", "officer", "--post", "auditor", "--by", "officer").status == 2
    keshou("ledger", "verify").ok()


def test_before_rules_are_in_force_there_is_nothing_to_review(bare: Caller) -> None:
    assert bare("access", "list").status == 2
    assert bare("access", "open-emergency", "--post", "x", "--reason", "y", "--case", "z", "--by", "care").status == 2
