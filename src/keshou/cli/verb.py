# SPDX-License-Identifier: Apache-2.0
"""What makes a function a verb: the options every verb has, before or after it, and its exit status."""

import functools
import inspect
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Any, Concatenate, ParamSpec, cast

import typer

from keshou import __version__
from keshou.app.reader import language_of
from keshou.cli.terminal import Call
from keshou.errors import ExitStatus, InputError
from keshou.language import Language

_LARGEST = 2**53 - 1
P = ParamSpec("P")
Procedure = Callable[Concatenate[Call, P], ExitStatus | None]

Home = Annotated[
    Path | None,
    typer.Option(
        help="The site's folder; else KESHOU_HOME, else the working folder.", metavar="DIR", show_default=False
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]
Lang = Annotated[
    str | None, typer.Option(help="Answer in Chinese (zh) or English (en).", metavar="zh|en", show_default=False)
]
_SHARED = (("home", Home, None), ("as_json", Json, False), ("lang", Lang, None))


def new_call(home: Path | None, lang: str | None, *, as_json: bool) -> Call:
    """Return the call that these options ask for.

    Raises:
        InputError: `lang` is no language of the house.

    """
    if lang not in (None, "zh", "en"):
        raise InputError("an unknown language", hint="--lang zh or --lang en")
    language: Language = language_of(home) if lang is None else ("zh" if lang == "zh" else "en")
    return Call(home, as_json, language)


def _tell_version(*, asked: bool) -> None:
    if asked:
        typer.echo(f"keshou {__version__}")
        raise typer.Exit


Version = Annotated[
    bool,
    typer.Option(
        "--version", help="Say which version this is.", is_eager=True, callback=lambda asked: _tell_version(asked=asked)
    ),
]


def common(
    ctx: typer.Context, *, home: Home = None, as_json: Json = False, lang: Lang = None, version: Version = False
) -> None:
    """Keep what stands before the verb; the same options after it go before these."""
    ctx.obj = {"home": home, "as_json": as_json, "lang": lang}


def verb(app: typer.Typer, name: str, *, panel: str | None = None) -> Callable[[Procedure[P]], Procedure[P]]:
    """Register a function as a verb. It is given the `Call` first; what it returns is the exit status."""

    def register(procedure: Procedure[P]) -> Procedure[P]:
        @functools.wraps(procedure)
        def run(ctx: typer.Context, **given: Any) -> None:
            call = _call(ctx, {key: given.pop(key) for key, _, _ in _SHARED})
            _refuse_boundless(given.values())
            status: ExitStatus | None = cast("Any", procedure)(call, **given)
            raise typer.Exit(int(status or ExitStatus.DONE))

        _sign(run, procedure)
        app.command(name, rich_help_panel=panel)(run)
        return procedure

    return register


def _refuse_boundless(given: Iterable[object]) -> None:
    """Refuse numbers that neither a database nor a reader of JSON holds.

    Raises:
        InputError: there is one.

    """
    if any(isinstance(each, int) and abs(each) > _LARGEST for each in given):
        raise InputError("a number that is too large", hint=f"no more than {_LARGEST}")


def _call(ctx: typer.Context, given: dict[str, Any]) -> Call:
    before: dict[str, Any] = ctx.find_root().obj or {}
    home, as_json, lang = (given[key] or before.get(key) for key, _, _ in _SHARED)
    return new_call(home, lang, as_json=bool(as_json))


def _sign(run: Callable[..., None], procedure: Callable[..., object]) -> None:
    """Give `run` the parameters of `procedure`, less the call and with what all verbs share."""
    kind = inspect.Parameter.KEYWORD_ONLY
    own = list(inspect.signature(procedure).parameters.values())[1:]
    shared = [inspect.Parameter(key, kind, default=default, annotation=type_) for key, type_, default in _SHARED]
    context = inspect.Parameter("ctx", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context)
    parameters = [context, *(each.replace(kind=kind) for each in own), *shared]
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {each.name: each.annotation for each in parameters}
