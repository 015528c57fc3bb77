# SPDX-License-Identifier: Apache-2.0
"""What `keshou try` tells people to send is answered as it says, by the server of that very site."""

import itertools
import json
import shlex
from pathlib import Path
from typing import Any

from litestar.testing import TestClient

from cli_caller import Caller
from keshou.app.site import Site
from keshou.ledger.entry import decode
from keshou.web.find_caller import Finder
from keshou.web.public.story import AGREED, STORY
from keshou.web.server import application


def send(client: TestClient[Any], key: str, line: str) -> Any:
    """Send what a command line of curl would."""
    words = shlex.split(line.replace("$KEY", key).replace("$(date +%s)", "1"))
    headers = dict(each.split(": ", 1) for before, each in itertools.pairwise(words) if before == "-H")
    path = words[2].split("/", 3)[3]
    return client.post(f"/{path}", content=words[words.index("-d") + 1].encode(), headers=headers)


def test_what_it_says_to_ask_is_answered_as_it_says(bare: Caller) -> None:
    told = bare("try", "--users", 20, "--json").ok().json
    site = Site.open(bare.home)
    with TestClient(application(site, Finder(site), closes=True), base_url="http://127.0.0.1") as client:
        answers = {name: send(client, told["key"], line) for name, line in told["try"].items()}
    told_wrong = {name: each.text for name, each in answers.items() if each.status_code != 200}
    assert told_wrong == {}
    assert answers["permitted"].json()["decision"] is True
    denied = answers["denied"].json()
    assert denied["decision"] is False
    assert "miit24:10" in json.dumps(denied)
    assert answers["act"].json()["decision"]["permitted"] is True


def test_said_again_it_leaves_what_is_there_and_revokes_the_key_before(bare: Caller) -> None:
    first = bare("try", "--users", 20, "--json").ok().json
    second = bare("try", "--users", 20, "--json").ok().json
    assert second["user"] == first["user"]
    site = Site.open(bare.home)
    with TestClient(application(site, Finder(site), closes=True), base_url="http://127.0.0.1") as client:
        statuses = [send(client, each["key"], second["try"]["permitted"]).status_code for each in (first, second)]
    assert statuses == [401, 200]


def test_its_story_was_lived_once_and_is_on_record(bare: Caller) -> None:
    for _ in range(2):
        bare("try", "--users", 20, "--json").ok()
        with Site.open(bare.home) as site, site.reading() as tx:
            size = site.ledger.head(tx).size
            acts = [decode(site.ledger.entry(tx, place)) for place in range(size)]
        told = [(each.who, each.decision) for each in acts if each.decision and each.who != "intake"]
        assert len(told) == len([each for each in STORY if not each.hour])
        assert {who for who, _ in told} == {"billing", "care", "analyst", "shop"}
        assert len({decision for _, decision in told}) == 2


def test_a_token_lets_a_browser_in_as_an_invented_user_and_leaves_the_key_as_it_is(bare: Caller) -> None:
    first = bare("try", "--users", 20, "--json").ok().json
    told = bare("try", "--users", 20, "--user", AGREED, "--json").ok().json
    elsewhere = bare("try", "--users", 20, "--user", AGREED, "--url", "https://else.example", "--json").ok().json
    site = Site.open(bare.home)
    with TestClient(application(site, Finder(site), closes=True), base_url="http://127.0.0.1") as client:
        tokens = [each["token"] for each in (told, elsewhere)]
        answers = [client.get("/api/v1/me", headers={"Authorization": f"Bearer {each}"}) for each in tokens]
        assert [each.status_code for each in answers] == [200, 401]
        assert {each["item"] for each in answers[0].json()["held"]} >= {"mobile_number", "tariff_plan"}
        assert send(client, first["key"], first["try"]["permitted"]).status_code == 200
    assert set(told) == {"token"}


def test_a_site_of_somebody_is_not_filled_with_invented_users(nowhere: Caller, tmp_path: Path) -> None:
    nowhere("init", "mine").ok()
    assert Caller(tmp_path / "mine")("try").status == 2
