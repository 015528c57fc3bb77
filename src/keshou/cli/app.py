# SPDX-License-Identifier: Apache-2.0
"""Every verb under one name, and what becomes of what goes wrong."""

import contextlib
import importlib
import itertools
import signal
import sys
import threading
import traceback
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import typer
import typer.main

from keshou.cli.spoken import asks_for_help, spoken
from keshou.cli.terminal import Call, complain, console
from keshou.cli.verb import common, new_call
from keshou.errors import ExitStatus, InputError, KeshouError

_BROKEN_PIPE, _INTERRUPTED = 141, 130
_VERSION = "--version"
_WITH_VALUE, _HELPS = frozenset({"--home", "--lang"}), frozenset({"-h", "--help"})
_HELP = "see `keshou --help` or `keshou VERB --help`"
_DASHED = f"{_HELP}; what begins with a dash and is no option comes after `--`"

FAMILIES: Mapping[str, tuple[str, ...]] = {
    "setup": ("init",),
    "tour.tour": ("tour",),
    "try_out": ("try",),
    "serve": ("serve",),
    "check": ("check",),
    "rules": ("publish", "rules"),
    "law": ("law",),
    "ask": ("ask",),
    "tables": ("import", "gate"),
    "user": ("user",),
    "consent": ("consent", "notice"),
    "office": ("staff", "ground", "suspend"),
    "review": ("review",),
    "hold": ("hold",),
    "access": ("access",),
    "export": ("export", "trace-leak", "recipient", "manifest"),
    "link": ("link",),
    "account": ("account",),
    "second_hand": (),
    "app_key": ("app-key",),
    "program": ("program",),
    "retention": ("retention",),
    "webhook": ("webhook",),
    "keys": ("keys",),
    "log": ("ledger", "verify", "tick"),
    "backup": ("backup", "check-backup", "restore"),
    "upgrade": ("upgrade",),
    "media": ("media",),
}
"""Files of this room -> the verbs and groups of verbs that each puts under the one name."""
_BESIDE = {"account": ("second_hand",)}
"""Verbs -> further files that put verbs into their group."""


def whole() -> typer.Typer:
    """Return every verb under the one name."""
    return _made(FAMILIES)


def _made(families: Iterable[str]) -> typer.Typer:
    app = typer.Typer(
        name="keshou",
        help="Hold and use users' personal information only as the law allows, and prove it.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(common)
    for family in families:
        importlib.import_module(f"keshou.cli.{family}").add_to(app)
    return app


def needed(args: Sequence[str]) -> typer.Typer:
    """Return the verbs that may be meant: one family where its verb stands there, so that others need not be read."""
    words = iter(args)
    for word in words:
        if word in _WITH_VALUE:
            next(words, None)
        elif not word.startswith("-"):
            found = [family for family, verbs in FAMILIES.items() if word in verbs]
            return _made([*found, *_BESIDE.get(word, ())] or FAMILIES)
        elif word in _HELPS:
            break
        elif word == _VERSION:
            return _made(())
    return whole()


def run(args: Sequence[str]) -> int:
    """Run one command line; return its exit status. Nothing is raised, and an interrupted act is wholly undone."""
    with _noting_interrupts() as interrupts:
        try:
            status = _obey(args)
            sys.stdout.flush()
        except BrokenPipeError:
            sys.stderr.close()
            return _BROKEN_PIPE
        except SystemExit:  # rich ends so when nobody reads any more
            return _BROKEN_PIPE
        except (KeyboardInterrupt, typer.Abort):
            return _INTERRUPTED
        except Exception as error:
            return _INTERRUPTED if interrupts else _failed(args, error)
        return int(status or ExitStatus.DONE)


def _obey(args: Sequence[str]) -> int | None:
    command = typer.main.get_command(needed(args))
    asked = asks_for_help(command, args) and _call_of(args).language == "zh"
    with spoken(command) if asked else contextlib.nullcontext():
        status: int | None = command(args=list(args), prog_name="keshou", standalone_mode=False)
    return status


@contextlib.contextmanager
def _noting_interrupts() -> Iterator[list[int]]:
    """Note every interrupt in the list that is given: tidying up after one may end in another error."""
    noted: list[int] = []

    def note(number: int, _frame: object) -> None:
        noted.append(number)
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield noted
        return
    before = signal.signal(signal.SIGINT, note)
    try:
        yield noted
    finally:
        signal.signal(signal.SIGINT, before)


def _failed(args: Sequence[str], error: Exception) -> int:
    """Say what went wrong and return the exit status that goes with it."""
    if isinstance(error, KeshouError):
        complain(_call_of(args), error)
        return int(error.status)
    return _last_net(args, error)


def _last_net(args: Sequence[str], error: Exception) -> int:
    usage = getattr(error, "format_message", None)
    if usage is not None:
        told = _safe(usage())
        if told:  # nothing, when the help itself was the answer
            complain(_call_of(args), InputError(told, hint=_DASHED if "no such option" in told else _HELP))
        return int(ExitStatus.WRONG_INPUT)
    err = console(stderr=True)
    for frame in traceback.extract_tb(error.__traceback__)[-6:]:
        err.print(f"  {Path(frame.filename).name}:{frame.lineno} {frame.name}", soft_wrap=True)
    failed = KeshouError(f"{type(error).__name__}: nothing was answered", hint="please report the lines above")
    complain(_call_of(args), failed)
    return int(ExitStatus.UNREACHABLE)


def _safe(message: str) -> str:
    """Return the parser's complaint in the house's style, without repeating stray words, which may be anybody's."""
    if "unexpected extra argument" in message:
        return "there are more words than the verb takes"
    message = message.replace(": Value error, ", ": ")
    return message[:1].lower() + message[1:].rstrip(".")


def _call_of(args: Sequence[str]) -> Call:
    """Return how to speak to who typed `args`, even when they could not be read."""
    given = [following for word, following in itertools.pairwise(args) if word == "--lang"]
    given += [word.removeprefix("--lang=") for word in args if word.startswith("--lang=")]
    lang = given[-1] if given and given[-1] in ("zh", "en") else None
    homes = [following for word, following in itertools.pairwise(args) if word == "--home"]
    return new_call(Path(homes[-1]) if homes else None, lang, as_json="--json" in args)
