# SPDX-License-Identifier: Apache-2.0
"""Keys of the operator's apps, from the command line: registered for a service, listed, ended."""

import json
from pathlib import Path

import pytest
from joserfc.jwk import OKPKey

from cli_caller import Caller


@pytest.fixture
def public(tmp_path: Path) -> Path:
    file = tmp_path / "public.json"
    file.write_text(json.dumps(OKPKey.generate_key("Ed25519").as_dict(private=False)), "utf-8")
    return file


def test_a_key_is_registered_for_a_service_of_the_rules_listed_and_ended(keshou: Caller, public: Path) -> None:
    made = keshou("app-key", "add", "mobile", public, "--by", "network", "--json").ok().json
    assert (made["service"], made["algorithm"]) == ("mobile", "Ed25519")
    assert made["id"] in keshou("app-key", "list").ok().out
    keshou("app-key", "revoke", "--by", "network", "--", made["id"]).ok()
    assert keshou("app-key", "list", "--json").ok().json[0]["revoked"]
    assert "revoked" in keshou("app-key", "list", "--lang", "en").ok().out
    told = keshou("account", "events", "mobile", "--json").ok().json
    assert [(each["what"], each["by"], each["about"]) for each in reversed(told)] == [
        ("app_key_added", "network", made["id"]), ("app_key_ended", "network", made["id"]),
    ]  # fmt: skip


def test_who_names_a_key_that_begins_with_a_dash_is_told_how(keshou: Caller) -> None:
    told = keshou("app-key", "revoke", "-9bq")
    assert told.status == 2
    assert "after `--`" in told.err
    assert "after `--`" not in keshou("app-key", "revoke", "--by", "network", "--", "-9bq").err


def test_what_is_no_key_of_a_service_of_ours_is_refused(keshou: Caller, public: Path, tmp_path: Path) -> None:
    private = tmp_path / "private.json"
    private.write_text(json.dumps(OKPKey.generate_key("Ed25519").as_dict(private=True)), "utf-8")
    for words in (
        ("add", "telepathy", public, "--by", "network"),
        ("add", "mobile", private, "--by", "network"),
        ("add", "mobile", public, "--by", "network", "--until", "2999-01-01T00:00:00+08:00"),
        ("revoke", "nothing", "--by", "network"),
    ):
        assert keshou("app-key", *words).status == 2
    assert keshou("app-key", "add", "mobile", tmp_path / "none.json", "--by", "network").status == 2
    assert keshou("app-key", "list", "--json").ok().json == []


def test_the_clocks_drop_what_is_over_of_sessions_and_codes(keshou: Caller) -> None:
    assert keshou("tick", "--json").ok().json["checkpoint"]
