# SPDX-License-Identifier: Apache-2.0
"""Verbs on a site: what they do, how they end, what they never print."""

import datetime as dt
import json
import re
from pathlib import Path

import pytest

from cli_caller import Caller
from keshou.acts.stands import NothingToEndError
from keshou.cli.office import write_down
from keshou.cli.sample.people import Subscriber
from keshou.cli.terminal import Call
from keshou.gate.facts import SuspensionLifted
from keshou.law.model import CHINA
from planting import Planted

ROOT = Path(__file__).parents[2]
TOMORROW = (dt.datetime.now(CHINA) + dt.timedelta(days=1)).date()
"""A day on which the sample's staff are in their posts, and no appointment has lapsed yet."""
AT_NIGHT = f"{TOMORROW}T03:00:00+08:00"
AT_TEN = f"{TOMORROW}T10:00:00+08:00"


def ask(keshou: Caller, user: str, item: str, purpose: str, by: str, *more: object) -> tuple[int, set[str]]:
    """Ask, and return the exit status and the articles met."""
    words = ("ask", "--user", user, "--item", item, "--purpose", purpose, "--by", by, "--json", *more)
    outcome = keshou(*words)
    return outcome.status, {each["cite"] for each in outcome.json.get("reasons", ())}


def test_a_new_site_has_its_files_and_its_keys_are_the_owners_alone(nowhere: Caller, tmp_path: Path) -> None:
    nowhere("init", "mine").ok()
    home = tmp_path / "mine"
    assert {"keshou.toml", "operator.toml", "keys", "keshou.db"} <= {path.name for path in home.iterdir()}
    assert (home / "keys").stat().st_mode & 0o077 == 0
    assert all(path.stat().st_mode & 0o077 == 0 for path in (home / "keys").iterdir())
    findings = nowhere("check", home / "operator.toml", "--json").json["findings"]
    linked = re.findall(r"docs/[\w/-]+\.md", (home / "operator.toml").read_text("utf-8"))
    assert linked
    assert all((ROOT / path).is_file() for path in linked)
    assert {each["code"] for each in findings} & {"syntax", "unknown_key", "missing_key", "wrong_value"} == set()


def test_a_folder_with_something_in_it_is_not_made_a_site(bare: Caller, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter").write_text("mine", "utf-8")
    for folder in ("full", bare.folder):
        assert Caller(None)("init", folder).status == 2
    assert [path.name for path in (tmp_path / "full").iterdir()] == ["letter"]


def test_a_site_that_cannot_be_finished_leaves_nothing_behind(nowhere: Caller, tmp_path: Path) -> None:
    outcome = nowhere("init", "mine", "--database", "postgresql://nobody@127.0.0.1:1/none")
    assert outcome.status == 4
    assert list(tmp_path.iterdir()) == []
    assert nowhere("init", "mine", "--database", "mysql://x").status == 2
    (tmp_path / "file").touch()
    blocked = nowhere("init", "file/mine")
    assert (blocked.status, "file/mine" in blocked.err, "report" in blocked.err) == (4, True, False)


def test_verbs_say_where_no_site_is(nowhere: Caller) -> None:
    outcome = nowhere("rules")
    assert (outcome.status, outcome.out) == (2, "")
    assert "keshou init" in outcome.err


def test_publishing_counts_versions_and_says_what_needs_consent_anew(bare: Caller) -> None:
    assert bare("rules").status == 2
    first = bare("publish", "--by", "officer", "--json").ok().json
    assert (first["version"], first["published"]) == (1, True)
    path = bare.folder / "operator.toml"
    need = '\n[[purposes.needs]]\nitem = "cell_location"\nwhy = { zh = "推荐", en = "To recommend." }\n'
    head, _, tail = path.read_text("utf-8").partition('id = "marketing"\nname')
    body, rule, rest = tail.partition("\n# ---")
    wider = head + 'id = "marketing"\nname' + body + need + rule + rest
    path.write_text(wider.replace("effective = 2026-01-01", "effective = 2031-01-02"), "utf-8")
    second = bare("publish", "--by", "officer", "--json").ok().json
    assert second["version"] == 2
    assert second["needs_consent"] == [["marketing", "cell_location"]]
    assert "cell_location" in bare("rules", "--diff", "--version", "2").ok().out
    assert bare("publish", "--by", "officer").status == 2, "nothing changed"


def test_a_faulty_declaration_is_not_published(bare: Caller) -> None:
    path = bare.folder / "operator.toml"
    path.write_text(
        path.read_text("utf-8").replace("complaint_answer_days = 15", "complaint_answer_days = 40"), "utf-8"
    )
    outcome = bare("publish", "--by", "officer", "--json")
    assert (outcome.status, outcome.json["published"]) == (1, False)
    assert bare("rules").status == 2


def test_the_rules_are_written_as_a_page(keshou: Caller, tmp_path: Path) -> None:
    for language, word in (("zh", "收集"), ("en", "collect")):
        keshou("rules", "-o", tmp_path / "rules.html", "--lang", language).ok()
        page = (tmp_path / "rules.html").read_text("utf-8")
        assert "<html" in page
        assert word in page
    assert keshou("rules", "--version", "9").status == 2


def test_an_answer_ends_with_nought_or_one_and_cites(keshou: Caller, people: list[Subscriber]) -> None:
    user = people[0].user_id
    assert ask(keshou, user, "mobile_number", "service", "billing") == (0, set())
    status, cites = ask(keshou, user, "data_volume", "marketing", "analyst")
    assert status == 1
    assert {"miit24:9.1", "npcsc2012:7"} <= cites
    status, cites = ask(keshou, user, "mobile_number", "marketing", "analyst", "--kind", "sell")
    assert (status, "miit24:10" in cites) == (1, True)


def test_the_hour_of_a_question_counts(keshou: Caller, people: list[Subscriber]) -> None:
    more = ("--kind", "query", "--at")
    assert ask(keshou, people[0].user_id, "home_address", "repair", "repairer", *more, AT_TEN)[0] == 0
    assert "miit24:13.1.3" in ask(keshou, people[0].user_id, "home_address", "repair", "repairer", *more, AT_NIGHT)[1]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_denial_prints_each_article_with_its_text(keshou: Caller, people: list[Subscriber], language: str) -> None:
    words = ("--user", people[0].user_id, "--item", "data_volume", "--purpose", "marketing", "--by", "analyst")
    outcome = keshou("ask", *words, "--lang", language)
    assert outcome.status == 1
    assert ("不得收集或使用" if language == "zh" else "No collection or use without") in outcome.out


@pytest.mark.parametrize(
    "bad",
    [
        ("--at", "2026-11-22T10:00:00"),
        ("--at", "yesterday"),
        ("--kind", "peek"),
        ("--count", "0"),
        ("--at-least", "x"),
        ("stray",),
    ],
)
def test_a_wrong_question_is_wrong_input(keshou: Caller, people: list[Subscriber], bad: tuple[str, ...]) -> None:
    words = ("--user", people[0].user_id, "--item", "tariff_plan", "--purpose", "service", "--by", "billing")
    outcome = keshou("ask", *words, *bad)
    assert (outcome.status, outcome.out) == (2, "")
    assert "Traceback" not in outcome.err


def test_a_question_ahead_of_the_log_is_not_answered(keshou: Caller, people: list[Subscriber]) -> None:
    words = ("--user", people[0].user_id, "--item", "tariff_plan", "--purpose", "service", "--by", "billing")
    assert keshou("ask", *words, "--at-least", "1").status == 0
    assert keshou("ask", *words, "--at-least", "1000000").status == 4


def test_values_are_masked_unless_the_post_is_granted_them(keshou: Caller, people: list[Subscriber]) -> None:
    user, number = people[0].user_id, people[0].mobile_number
    shown = keshou("user", "show", user, "--by", "care", "--purpose", "care", "--json").ok()
    assert number not in shown.out
    assert shown.json["values"]["mobile_number"].endswith(number[-4:])
    full = keshou("user", "show", user, "--by", "officer", "--purpose", "service", "--json").ok()
    assert full.json["values"]["mobile_number"] == number
    denied = keshou("user", "show", user, "--by", "analyst", "--purpose", "care")
    assert (denied.status, number in denied.out) == (1, False)
    assert keshou("user", "show", user, "--by", "care", "--purpose", "care", "--kind", "sell").status == 2


def test_a_correction_may_come_on_standard_input(keshou: Caller, people: list[Subscriber]) -> None:
    user = people[0].user_id
    words = ("user", "correct", user, "--by", "officer", "--purpose", "service")
    keshou(*words, "tariff_plan=P=1").ok()
    keshou(*words, stdin="email_address=new@example.org\n").ok()
    values = keshou("user", "show", user, "--by", "officer", "--purpose", "service", "--json").ok().json["values"]
    assert (values["tariff_plan"], values["email_address"]) == ("P=1", "new@example.org")


def test_a_correction_names_what_shows_it_to_be_right(keshou: Caller, people: list[Subscriber], tmp_path: Path) -> None:
    user = people[0].user_id
    words = ("user", "correct", user, "tariff_plan=P-9", "--by", "officer", "--purpose", "service", "--evidence")
    keshou(*words, "form-17").ok()
    assert keshou(*words, "a form").status == 2
    keshou("user", "export", user, "-o", tmp_path / "copy.json").ok()
    copy = json.loads((tmp_path / "copy.json").read_text("utf-8"))
    assert [each["evidence"] for each in copy["history"] if each["type"] == "corrected"] == ["form-17"]


@pytest.mark.parametrize(
    "bad", ["secretvalue", "=secretvalue", "tariff_plan=", "tariff_plan=secretvalue|tariff_plan=2"]
)
def test_a_wrong_correction_is_told_without_its_value(keshou: Caller, people: list[Subscriber], bad: str) -> None:
    words = ("user", "correct", people[0].user_id, "--by", "officer", "--purpose", "service")
    outcome = keshou(*words, *bad.split("|"))
    assert outcome.status == 2
    assert Planted(["secretvalue"]).find_in(outcome.out + outcome.err) == []
    assert keshou(*words, stdin=b"tariff_plan=\xff\xfe").status == 2
    assert keshou(*words, stdin="").status == 2


def test_a_user_is_handed_a_copy(keshou: Caller, people: list[Subscriber], tmp_path: Path) -> None:
    keshou("user", "export", people[0].user_id, "-o", tmp_path / "copy.json").ok()
    copy = json.loads((tmp_path / "copy.json").read_text("utf-8"))
    assert {"item": "mobile_number", "value": people[0].mobile_number}.items() <= next(
        each for each in copy["information"] if each["item"] == "mobile_number"
    ).items()
    assert {"consent_given", "service_started"} <= {each["type"] for each in copy["history"]}
    assert (tmp_path / "copy.json").stat().st_mode & 0o077 == 0
    for format_, begins in (("pdf", b"%PDF-"), ("csv", b"PK")):
        keshou("user", "export", people[0].user_id, "--format", format_, "-o", tmp_path / "copy").ok()
        assert (tmp_path / "copy").read_bytes().startswith(begins)
    assert keshou("user", "export", "nobody", "-o", tmp_path / "none.json").status == 1
    assert not (tmp_path / "none.json").exists()


def test_after_the_end_only_what_must_be_kept_is_left(keshou: Caller, people: list[Subscriber]) -> None:
    user = people[0].user_id
    done = keshou("user", "cancel", user, "--json").ok().json
    assert [each["class"] for each in done["shredded"]] == ["service"]
    left = keshou("user", "show", user, "--by", "officer", "--purpose", "service", "--json").ok().json["values"]
    assert "mobile_number" not in left
    assert left["user_name"] == people[0].name
    assert "miit24:9.4" in ask(keshou, user, "tariff_plan", "service", "billing")[1]
    assert keshou("user", "cancel", user).status == 2


def test_a_service_is_ended_for_a_user_by_who_is_granted_to_look_after_it(
    keshou: Caller, people: list[Subscriber]
) -> None:
    user = people[1].user_id
    for words in (("--by", "stranger"), ("--by", "repairer"), ("--by", "clerk", "--where", "west_branch")):
        denied = keshou("user", "cancel", user, *words, "--json")
        assert (denied.status, denied.json["permitted"]) == (1, False)
        assert "miit24:13.1.3" in {each["cite"] for each in denied.json["reasons"]}
    assert keshou("user", "cancel", user, "--by", "clerk", "--where", "east_branch", "--json").ok().json["shredded"]


def test_consent_given_and_withdrawn_holds_at_once(keshou: Caller, people: list[Subscriber]) -> None:
    user = people[0].user_id
    keshou("consent", "give", user, "--purpose", "marketing").ok()
    assert ask(keshou, user, "data_volume", "marketing", "analyst")[0] == 0
    keshou("consent", "withdraw", user, "--purpose", "marketing", "--messages").ok()
    assert "npcsc2012:7" in ask(keshou, user, "data_volume", "marketing", "analyst")[1]
    assert keshou("consent", "give", user, "--purpose", "no_such").status == 2
    assert keshou("consent", "give", "nobody", "--purpose", "marketing").status == 2


def test_a_notice_is_shown_and_written_down(keshou: Caller, people: list[Subscriber]) -> None:
    assert "示例通信" in keshou("notice", "show", "--lang", "zh").ok().out
    before = keshou("notice", "show", people[0].user_id, "--json").ok().json["revision"]
    assert keshou("notice", "show", people[0].user_id, "--json").ok().json["revision"] == before + 1


def test_staff_are_appointed_and_removed(keshou: Caller, people: list[Subscriber]) -> None:
    user = people[0].user_id
    assert ask(keshou, user, "mobile_number", "service", "bot")[0] == 1
    keshou("staff", "appoint", "bot", "--post", "billing_program", "--by", "officer").ok()
    assert ask(keshou, user, "mobile_number", "service", "bot")[0] == 0
    keshou("staff", "remove", "bot", "--post", "billing_program", "--by", "officer").ok()
    assert ask(keshou, user, "mobile_number", "service", "bot")[0] == 1
    assert keshou("staff", "appoint", "bot", "--post", "no_such", "--by", "officer").status == 2


@pytest.mark.parametrize(
    "words",
    [
        ("staff", "remove", "nobody", "--post", "billing_program"),
        ("staff", "remove", "billing", "--post", "counter_clerk"),
        ("suspend", "lift", "s-none"),
        ("ground", "end", "g-none"),
    ],
)
def test_ending_what_does_not_stand_is_told_and_not_written_down(keshou: Caller, words: tuple[str, ...]) -> None:
    size = keshou("ledger", "verify", "--json").ok().json["size"]
    assert keshou(*words, "--by", "officer").status == 2
    assert keshou("ledger", "verify", "--json").ok().json["size"] == size


def test_of_two_terminals_that_end_the_same_at_once_one_does(keshou: Caller) -> None:
    name = keshou("suspend", "order", "--by", "officer", "--json").ok().json["id"]
    call = Call(keshou.home, json=True, language="en")
    with call.open() as one, call.open() as other:
        fact = SuspensionLifted(at=one.now(), suspension=name)
        assert name in {each.suspension for each in other.state().suspensions()}, "both see it stand"
        write_down(call, one, "officer", fact)
        with pytest.raises(NothingToEndError):
            write_down(call, other, "officer", fact)


def test_a_bulk_export_waits_for_a_review_by_somebody_else(keshou: Caller) -> None:
    bulk = ("ask", "--kind", "export", "--purpose", "billing", "--item", "tariff_plan", "--by", "billing", "--count")
    assert keshou(*bulk, "3000").status == 1
    words = ("--requester", "billing", "--kind", "export", "--purpose", "billing", "--item", "tariff_plan")
    keshou("review", "approve", "--by", "reviewer", *words, "--count", "3000", "--id", "r1").ok()
    assert keshou(*bulk, "3000", "--review", "r1").status == 0
    assert keshou(*bulk, "3001", "--review", "r1").status == 1
    assert keshou("review", "approve", "--by", "billing", *words, "--count", "3000").status == 2


def test_a_suspension_stops_acts_until_it_is_lifted(keshou: Caller, people: list[Subscriber]) -> None:
    user = people[0].user_id
    made = keshou("suspend", "order", "--by", "officer", "--purpose", "service", "--json").ok().json
    assert "miit24:14.2" in ask(keshou, user, "mobile_number", "service", "billing")[1]
    keshou("suspend", "lift", made["id"], "--by", "officer").ok()
    assert ask(keshou, user, "mobile_number", "service", "billing")[0] == 0


def test_who_ends_a_service_under_a_suspension_is_told_what_stays_for_now(
    keshou: Caller, people: list[Subscriber]
) -> None:
    user = people[0].user_id
    made = keshou("suspend", "order", "--by", "officer", "--kind", "destroy", "--json").ok().json
    ended = keshou("user", "cancel", user, "--json").ok().json
    assert "mobile_number" in ended["kept"]
    assert not ended["shredded"]
    keshou("suspend", "lift", made["id"], "--by", "officer").ok()
    other = keshou("user", "cancel", people[1].user_id, "--json").ok().json
    assert not other["kept"]
    assert other["shredded"]


def test_a_ground_covers_just_its_acts_and_only_higher_law_is_one(keshou: Caller, people: list[Subscriber]) -> None:
    user = people[0].user_id
    words = ("--by", "officer", "--kind", "use", "--purpose", "marketing", "--item", "data_volume", "--cite", "x_law:1")
    until = ("--until", "2032-01-01T00:00:00+08:00", "--id", "g1")
    assert keshou("ground", "record", "--rank", "departmental_rule", *words, *until).status == 2
    keshou("ground", "record", "--rank", "law", *words, *until).ok()
    assert "miit24:9.1" not in ask(keshou, user, "data_volume", "marketing", "analyst", "--ground", "g1")[1]
    keshou("ground", "end", "g1", "--by", "officer").ok()
    assert "miit24:9.1" in ask(keshou, user, "data_volume", "marketing", "analyst", "--ground", "g1")[1]


@pytest.mark.parametrize("by", ["", "孔丘仲尼 15499990001", "a b", "x" * 65])
def test_nothing_is_written_down_by_nobody_or_under_a_name(keshou: Caller, by: str) -> None:
    calls = [
        ("publish",), ("suspend", "order"), ("account", "invite", "mei"), ("program", "add", "crm"),
        ("program", "key", "crm", "--scope", "act"), ("staff", "appoint", "mei", "--post", "reviewer"),
        ("keys", "rotate", "epoch"), ("backup", "archive"), ("consent", "give", "u", "--purpose", "service"),
        ("gate", "t.csv", "-o", "o.csv", "--kind", "use", "--purpose", "service"), ("notice", "show", "u"),
        ("account", "close", "mei"),
    ]  # fmt: skip
    before = keshou("ledger", "verify", "--json").ok().json["size"]
    for words in calls:
        refused = keshou(*words, "--by", by, "--json")
        assert refused.status == 2, words
        assert json.loads(refused.err)["error"] == "an id that is not one", words
    assert keshou("ledger", "verify", "--json").ok().json["size"] == before
    assert keshou("account", "list", "--json").ok().json == []
    assert keshou("program", "list", "--json").ok().json == []


def test_a_program_gets_an_id_and_no_name(keshou: Caller) -> None:
    refused = keshou("program", "add", "孔丘仲尼", "--by", "officer", "--json")
    assert (refused.status, json.loads(refused.err)["error"]) == (2, "an id that is not one")
