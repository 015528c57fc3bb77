# SPDX-License-Identifier: Apache-2.0
"""How every verb behaves: options, languages, streams, exit statuses, keys that are wrong, a log that was altered."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import typer.main

from cli_caller import Caller
from keshou import __version__
from keshou.acts import effects
from keshou.cli import app as frame
from keshou.cli import fault_words
from keshou.cli.sample.people import Subscriber, subscribers
from keshou.cli.sample.tables import write_subscribers_csv
from keshou.db import Database
from keshou.errors import UnreachableError
from keshou.gate.answers import GROUNDS
from keshou.gate.prohibitions.registry import PROHIBITIONS
from keshou.wire import decision_words
from planting import Planted

KESHOU = [sys.executable, "-W", "error", "-m", "keshou"]
IN_THE_MIDST = 3.0
"""Seconds of a processor after which an import of many users has begun and is far from over."""


def process(*words: object, **more: object) -> subprocess.CompletedProcess[str]:
    """Run the command line as a process of its own."""
    return subprocess.run([*KESHOU, *map(str, words)], capture_output=True, text=True, check=False, **more)  # type: ignore[call-overload,no-any-return]


def test_what_all_verbs_share_may_stand_before_or_after_the_verb(keshou: Caller) -> None:
    home = keshou.folder
    before = Caller(None)("--home", home, "--json", "--lang", "zh", "rules").ok()
    after = Caller(None)("rules", "--home", home, "--json", "--lang", "zh").ok()
    assert before.json == after.json


def test_the_site_may_be_named_by_the_environment(keshou: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KESHOU_HOME", str(keshou.folder))
    assert Caller(None)("rules", "--json").ok().json["version"] == 1


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        (("zh_CN.UTF-8", None, None), "zh"),
        (("C.UTF-8", None, None), "en"),
        (("C.UTF-8", "zh", None), "zh"),
        (("zh_CN.UTF-8", "en", None), "en"),
        (("zh_CN.UTF-8", "zh", "en"), "en"),
    ],
)
def test_the_language_is_asked_for_else_the_sites_else_the_machines(
    nowhere: Caller, monkeypatch: pytest.MonkeyPatch, setting: tuple[str, str | None, str | None], expected: str
) -> None:
    locale, site, asked = setting
    monkeypatch.setenv("LC_ALL", locale)
    if site:
        nowhere("init", "site", "--language", site).ok()
        monkeypatch.setenv("KESHOU_HOME", "site")
    out = nowhere("law", "miit24:9.1", *(("--lang", asked) if asked else ())).ok().out
    assert ("没有用户同意" in out) == (expected == "zh")
    assert nowhere("law", "--lang", "fr").status == 2


def test_every_code_the_gate_and_the_intake_can_give_has_words() -> None:
    missing = {each.missing for each in PROHIBITIONS.values()}
    missing |= {code for each in PROHIBITIONS.values() for _, code in each.unless}
    assert missing == set(decision_words.MISSING)
    assert {fact for fact, _, _ in GROUNDS} == set(decision_words.STANDS_ON)
    texts = [*decision_words.MISSING.values(), *decision_words.STANDS_ON.values(), *fault_words.FAULT.values()]
    assert all(text.zh and text.en and not text.zh.isascii() and text.en.isascii() for text in texts)


def test_an_error_is_json_when_json_was_asked_for(nowhere: Caller) -> None:
    outcome = nowhere("rules", "--json")
    assert outcome.out == ""
    assert '"status": 2' in outcome.err


@pytest.mark.parametrize("words", [("no-such-verb",), ("ask",), ("law", "compare"), ("user", "show"), ("--no-such",)])
def test_a_wrong_call_ends_with_two_and_one_message(nowhere: Caller, words: tuple[str, ...]) -> None:
    outcome = nowhere(*words)
    assert (outcome.status, outcome.out) == (2, "")
    assert outcome.err.startswith("error: ")
    assert "Traceback" not in outcome.err


def test_a_family_without_a_verb_shows_its_help_and_no_empty_message(nowhere: Caller) -> None:
    outcome = nowhere("user")
    assert (outcome.status, outcome.err) == (2, "")


def test_stray_words_are_not_repeated(keshou: Caller) -> None:
    outcome = keshou("user", "show", "a", "PLANTED-SECRET", "--by", "care", "--purpose", "care")
    assert outcome.status == 2
    assert Planted(["PLANTED-SECRET"]).find_in(outcome.err) == []


def test_an_error_nobody_foresaw_prints_no_value(keshou: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        secret = "PLANTED-SECRET"
        raise ValueError(f"cannot handle {secret}")

    monkeypatch.setattr("keshou.app.site.Site.rules", fail)
    outcome = keshou("rules")
    assert (outcome.status, outcome.out) == (4, "")
    assert "ValueError" in outcome.err
    assert "test_cli_frame.py" in outcome.err
    assert Planted(["PLANTED-SECRET"]).find_in(outcome.err) == []


def test_an_interrupt_ends_with_130(nowhere: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        signal.raise_signal(signal.SIGINT)

    def tidy_up(*_: object) -> None:
        with contextlib.suppress(KeyboardInterrupt):
            interrupt()
        raise UnreachableError("the database does not answer")

    for ended in (interrupt, tidy_up):
        monkeypatch.setattr(frame, "_obey", lambda _args, ended=ended: ended())
        assert nowhere("law").status == 130


def _worked(process: int) -> float:
    """Return for how many seconds a process had a processor: how far it came does not depend on who else works."""
    fields = Path(f"/proc/{process}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_an_interrupted_import_leaves_nothing_half_done(bare: Caller) -> None:
    bare("publish", "--by", "officer").ok()
    sound = (each for each in subscribers(60_000, 5) if each.service_consent == "express" and not each.limited_capacity)
    write_subscribers_csv(Path("table.csv"), sound)
    words = [*KESHOU, "--home", str(bare.folder), "import", "table.csv", "--by", "intake"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        while _worked(running.pid) < IN_THE_MIDST:
            assert running.poll() is None, "it was over before it could be interrupted"
            time.sleep(0.05)
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=60)
    assert running.returncode == 130, err
    assert (out, "Traceback" in err) == ("", False)
    assert bare("ledger", "verify", "--json").ok().json["size"] == 2


def test_a_reader_who_goes_away_is_no_error(nowhere: Caller) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    ended = subprocess.run([*KESHOU, "law", "coverage", "--all"], stdout=writing, stderr=subprocess.PIPE, check=False)
    os.close(writing)
    assert b"Traceback" not in ended.stderr
    assert ended.stderr == b""


def test_a_process_prints_the_answer_and_nothing_else_on_standard_output(
    keshou: Caller, people: list[Subscriber]
) -> None:
    words = ("--user", people[0].user_id, "--item", "tariff_plan", "--purpose", "service", "--by", "billing", "--json")
    ended = process("--home", keshou.folder, "ask", *words)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.startswith("{")
    table = Path("people.csv")
    write_subscribers_csv(table, subscribers(5, 9))
    ended = process("import", table, "--by", "intake", "--on-error", "skip", "--home", keshou.folder, "--json")
    assert (ended.stderr, ended.stdout[0]) == ("", "{")


def test_a_terminal_is_never_steered_by_what_others_wrote(
    keshou: Caller, people: list[Subscriber], monkeypatch: pytest.MonkeyPatch
) -> None:
    user = people[0].user_id
    with monkeypatch.context() as before_the_rule:
        before_the_rule.setattr(effects, "is_value", lambda _: True)
        steering = "tariff_plan=\x1b[2J\u202e[red]x"
        keshou("user", "correct", user, steering, "--by", "officer", "--purpose", "service").ok()
    shown = keshou("user", "show", user, "--by", "officer", "--purpose", "service").ok().out
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert "[red]x" in shown


def test_a_correction_that_would_steer_a_terminal_is_refused_and_not_repeated(
    keshou: Caller, people: list[Subscriber]
) -> None:
    change = ("user", "correct", people[0].user_id, "tariff_plan=15499990001\x1b[2J")
    outcome = keshou(*change, "--by", "officer", "--purpose", "service")
    assert (outcome.status, outcome.out) == (2, "")
    assert "tariff_plan" in outcome.err
    assert "15499990001" not in outcome.err


@pytest.mark.parametrize(
    ("line", "status"),
    [("site = ", 2), ("colour = 1\n", 2), ('language = "fr"\n', 2), ('database = "sqlite:////no/such/dir/x.db"\n', 4)],
)
def test_settings_that_cannot_be_right_are_told(keshou: Caller, line: str, status: int) -> None:
    path = keshou.folder / "keshou.toml"
    name = line.partition(" ")[0]
    kept = [each for each in path.read_text("utf-8").splitlines() if not each.startswith(f"{name} =")]
    path.write_text("\n".join([line.strip(), *kept]) + "\n", "utf-8")
    outcome = keshou("rules")
    assert (outcome.status, outcome.out) == (status, ""), outcome.err
    assert "Traceback" not in outcome.err


def test_keys_that_are_missing_open_to_others_or_of_another_site_stop_everything(
    keshou: Caller, bare_template: Path
) -> None:
    keys = keshou.folder / "keys"
    master = keys / "master.key"
    master.chmod(0o644)
    assert keshou("rules").status == 2
    master.chmod(0o600)
    shutil.move(master, keshou.folder / "away")
    assert keshou("rules").status == 4
    shutil.move(keshou.folder / "away", master)
    keshou("rules").ok()
    other = keshou.folder.parent / "other"
    Caller(None)("init", other).ok()
    shutil.rmtree(keys)
    shutil.copytree(other / "keys", keys)
    outcome = keshou("rules")
    assert outcome.status in (2, 3)
    assert outcome.out == ""


def test_a_database_of_another_site_is_refused(keshou: Caller) -> None:
    other = keshou.folder.parent / "other"
    Caller(None)("init", other, "--sample").ok()
    for path in keshou.folder.glob("keshou.db*"):
        path.unlink()
    shutil.copyfile(other / "keshou.db", keshou.folder / "keshou.db")
    assert keshou("rules").status == 3


def test_an_altered_entry_is_named_and_ends_with_three(keshou: Caller) -> None:
    keshou("ledger", "verify").ok()
    database = Database(f"sqlite:///{keshou.folder / 'keshou.db'}")
    with database.transaction() as tx:
        body = bytearray(tx.connection.exec_driver_sql("SELECT body FROM log_entry WHERE idx = 5").one()[0])
        body[10] ^= 1
        tx.connection.exec_driver_sql("UPDATE log_entry SET body = ? WHERE idx = 5", (bytes(body),))
    database.close()
    outcome = keshou("ledger", "verify")
    assert (outcome.status, outcome.out) == (3, "")
    assert "entry 5" in outcome.err


def test_a_proof_and_an_export_are_checked_without_the_site(keshou: Caller, nowhere: Caller) -> None:
    vkey = keshou("ledger", "prove", "3", "-o", "p.proof", "--json").ok().json["vkey"]
    keshou("ledger", "export", "log").ok()
    shutil.rmtree(keshou.folder)
    assert nowhere("verify", "p.proof", "--vkey", vkey, "--json").ok().json["index"] == 3
    assert nowhere("verify", "log", "--vkey", vkey, "--json").ok().json["size"] > 3
    body = Path("p.proof.entry")
    body.write_bytes(body.read_bytes().replace(b"intake", b"nobody"))
    assert nowhere("verify", "p.proof", "--vkey", vkey).status == 3
    bundle = next(path for path in Path("log/tile/entries").rglob("*") if path.is_file())
    bundle.write_bytes(bundle.read_bytes()[:-1] + b"\0")
    assert nowhere("verify", "log", "--vkey", vkey).status == 3
    assert nowhere("verify", "log", "--vkey", "nonsense").status == 2
    missing = nowhere("verify", "missing", "--vkey", vkey)
    assert (missing.status, "`missing`" in missing.err) == (2, True)


def test_the_log_is_not_exported_among_a_sites_keys_nor_where_it_cannot_be_written(keshou: Caller) -> None:
    before = sorted(keshou.folder.rglob("*"))
    assert keshou("ledger", "export", keshou.folder).status == 2
    assert sorted(keshou.folder.rglob("*")) == before
    Path("file").touch()
    blocked = keshou("ledger", "export", "file/log")
    assert (blocked.status, "file/log" in blocked.err, "report" in blocked.err) == (4, True, False)


def test_a_checkpoint_is_signed_on_demand_and_by_the_tick(keshou: Caller) -> None:
    signed = keshou("ledger", "checkpoint", "--json").ok().json
    assert signed["checkpoint"].startswith("keshou/")
    assert keshou("tick", "--json").ok().json == signed
    assert keshou("ledger", "prove", "100000", "-o", "p").status in (2, 3)


def _ground_for(keshou: Caller, user: str) -> None:
    words = (
        "--rank",
        "law",
        "--cite",
        "x_law:1",
        "--until",
        "2032-01-01T00:00:00+08:00",
        "--id",
        "g1",
        "--kind",
        "use",
    )
    what = ("--purpose", "quality", "--item", "service_use_time", "--user", user)
    keshou("ground", "record", "--by", "officer", *words, *what).ok()


def test_the_same_verbs_work_on_postgresql(nowhere: Caller, postgresql_url: str, people: list[Subscriber]) -> None:
    nowhere("init", "site", "--sample", "--database", postgresql_url).ok()
    keshou = Caller(Path("site"))
    keshou("publish", "--by", "officer").ok()
    write_subscribers_csv(Path("people.csv"), people)
    assert keshou("import", "people.csv", "--by", "intake", "--json").ok().json["taken"] == len(people)
    user = people[0].user_id
    assert keshou("user", "show", user, "--by", "care", "--purpose", "care").status == 0
    keshou("consent", "give", user, "--purpose", "marketing").ok()
    Path("use.csv").write_text(f"user_id,data_volume\n{user},1\n{people[1].user_id},2\n", "utf-8")
    gate = ("gate", "use.csv", "-o", "out.csv", "--purpose", "marketing", "--by", "analyst", "--json")
    assert keshou(*gate).ok().json["permitted"] == 1
    _ground_for(keshou, people[1].user_id)
    Path("use.csv").write_text(f"user_id,service_use_time\n{user},1\n{people[1].user_id},2\n", "utf-8")
    gate = ("gate", "use.csv", "-o", "out.csv", "--purpose", "quality", "--by", "engineer", "--ground", "g1", "--json")
    assert keshou(*gate).ok().json["permitted"] == 1
    assert people[1].user_id in Path("out.csv").read_text("utf-8")
    keshou("user", "cancel", user).ok()
    assert "users' facts only from outside (--by)" in keshou("--lang", "en", "ledger", "verify").ok().out
    assert "facts and rules are what it tells\n" in keshou("--lang", "en", "ledger", "verify", "--by", "care").ok().out
    assert nowhere("init", "second", "--database", postgresql_url).status == 2
    assert not Path("second").exists()


def test_a_verb_is_read_with_its_own_family_alone_and_every_verb_is_found() -> None:
    every = set(typer.main.get_command(frame.whole()).commands)  # type: ignore[attr-defined]
    assert every == {verb for verbs in frame.FAMILIES.values() for verb in verbs}
    for family, verbs in frame.FAMILIES.items():
        for verb in verbs:
            alone = typer.main.get_command(frame.needed(["--lang", "zh", verb])).commands  # type: ignore[attr-defined]
            assert set(alone) == set(verbs), family
            assert set(getattr(alone[verb], "commands", ())) == set(_inner(verb))
    for words in ([], ["--help"], ["--json"], ["nonesuch"], ["--home"]):
        assert set(typer.main.get_command(frame.needed(words)).commands) == every  # type: ignore[attr-defined]


def _inner(verb: str) -> list[str]:
    return list(getattr(typer.main.get_command(frame.whole()).commands[verb], "commands", ()))  # type: ignore[attr-defined]


def test_a_verb_without_a_site_reads_nothing_of_sites() -> None:
    asked = "import sys; from keshou.cli.app import run; run(['law', 'status']); print([*sys.modules], file=sys.stderr)"
    told = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert "keshou.law.law" in told.stderr
    for heavy in ("keshou.app.site", "sqlalchemy", "pyarrow", "litestar"):
        assert f"'{heavy}'" not in told.stderr


def test_it_says_which_version_it_is() -> None:
    assert Caller(None)("--version").ok().out == f"keshou {__version__}\n"
    assert process("--version").stdout == f"keshou {__version__}\n"
