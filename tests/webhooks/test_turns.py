# SPDX-License-Identifier: Apache-2.0
"""Receivers share the tries of a process: whoever has the fewest under way comes next, and who fails has one."""

from keshou.webhooks.settings import WebhookSettings
from keshou.webhooks.turns import Turns

SETTINGS = WebhookSettings(at_once=8, at_once_each=3)


def begun(turns: Turns, *receivers: str) -> None:
    for each in receivers:
        turns.begin(each)


def test_a_receiver_has_no_more_under_way_than_the_settings_say() -> None:
    turns = Turns()
    begun(turns, "a", "a", "a")
    assert (turns.room("a", SETTINGS), turns.room("b", SETTINGS)) == (0, 3)
    turns.end("a", taken=True)
    assert turns.room("a", SETTINGS) == 1


def test_all_of_them_have_no_more_under_way_than_the_settings_say() -> None:
    turns = Turns()
    begun(turns, "a", "a", "a", "b", "b", "b", "c")
    assert turns.room("d", SETTINGS) == 1
    begun(turns, "d")
    assert turns.free(SETTINGS) == turns.room("d", SETTINGS) == 0
    turns.none_under_way()
    assert turns.free(SETTINGS) == 8


def test_who_failed_has_one_at_a_time_until_it_takes_something() -> None:
    turns = Turns()
    begun(turns, "a")
    turns.end("a", taken=False)
    assert turns.room("a", SETTINGS) == 1
    begun(turns, "a")
    assert turns.room("a", SETTINGS) == 0
    turns.end("a", taken=True)
    assert turns.room("a", SETTINGS) == 3


def test_what_is_free_goes_to_who_has_the_fewest_and_the_oldest_of_each_first() -> None:
    turns = Turns()
    begun(turns, "a", "a", "b", "b", "b")
    assert turns.share({"a": [1], "b": [], "c": [5, 6, 7]}, SETTINGS) == [5, 6, 1]
    assert turns.share({}, SETTINGS) == []
