# SPDX-License-Identifier: Apache-2.0
"""``keshou hold`` by hand, and what `retention` and `user cancel` say of what is held back."""

from cli_caller import Caller
from keshou.cli.sample.people import Subscriber


def test_a_hold_is_seen_where_things_end_until_somebody_else_lifts_it(keshou: Caller, people: list[Subscriber]) -> None:
    user = people[0].user_id
    words = ("--ground", "authority", "--document", "d-1", "--by", "officer", "--user", user)
    assert keshou("hold", "set", *words).status == 2, "a demand needs the provision it rests on"
    name = keshou("hold", "set", *words, "--cite", "law:1", "--json").ok().json["id"]
    (told,) = keshou("hold", "list", "--json").ok().json
    assert (told["id"], told["users"], told["state"], user in str(told)) == (name, 1, "stands", False)
    ended = keshou("user", "cancel", user, "--json").ok().json
    assert (ended["shredded"], "mobile_number" in ended["kept"]) == ([], True)
    found = keshou("retention", "--until", "2099-01-01", "--json").ok().json
    assert [(each["hold"], each["ground"], each["users"]) for each in found["held"]] == [(name, "authority", 1)]
    assert name in keshou("retention", "--until", "2099-01-01").ok().out
    assert keshou("hold", "lift", name, "--by", "officer", "--reason", "withdrawn").status == 2
    keshou("hold", "lift", name, "--by", "reviewer", "--reason", "withdrawn").ok()
    assert keshou("hold", "lift", name, "--by", "reviewer", "--reason", "withdrawn").status == 2
    assert keshou("retention", "--until", "2099-01-01", "--json").ok().json["held"] == []
    (told,) = keshou("hold", "list", "--all", "--json").ok().json
    assert (told["state"], told["lifted_by"], told["reason"]) == ("lifted", "reviewer", "withdrawn")
    assert "withdrawn" in keshou("hold", "list", "--all").ok().out
