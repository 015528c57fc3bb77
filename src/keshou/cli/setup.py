# SPDX-License-Identifier: Apache-2.0
"""``keshou init``: make a site."""

from importlib.resources import files
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text as Line

from keshou.app import clock
from keshou.app.create import create
from keshou.cli.sample.staff import SETUP, appointments
from keshou.cli.terminal import GOOD, STRONG, Call, pairs
from keshou.cli.verb import verb
from keshou.db import address_of
from keshou.declaration.blank import blank
from keshou.errors import InputError, UnreachableError


def add_to(app: typer.Typer) -> None:
    """Put the verb under the one name."""
    verb(app, "init")(init)


def init(
    call: Call,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A folder that does not exist or is empty.")],
    *,
    sample: Annotated[bool, typer.Option("--sample", help="With the sample operator and its staff.")] = False,
    database: Annotated[
        str, typer.Option(metavar="URL", help="sqlite:///FILE or postgresql://USER@HOST/NAME.")
    ] = "sqlite:///keshou.db",
    suite: Annotated[
        str, typer.Option(metavar="NAME", help="Cryptography: international (AES, SHA-2) or chinese (SM4, SM3).")
    ] = "international",
    language: Annotated[
        str | None, typer.Option(metavar="zh|en", help="Language of answers; else that of this call.")
    ] = None,
) -> None:
    """Make a site: settings, a declaration to fill in, keys, a database. All of it or nothing."""
    if language not in (None, "zh", "en"):
        raise InputError("an unknown language", hint="--language zh or --language en")
    chosen = call.language if language is None else ("zh" if language == "zh" else "en")
    if suite not in ("international", "chinese"):
        raise InputError("an unknown suite of cryptography", hint="--suite international or --suite chinese")
    address_of(database)
    text = sample_declaration() if sample else blank()
    try:
        settings = create(
            folder, clock.now(), declaration=text, database=database, language=chosen, sample=sample, suite=suite
        )
    except OSError as error:
        raise UnreachableError(f"`{folder}` cannot be written: {error.strerror}") from error
    if sample:
        with Call(folder, call.json, call.language).open() as site:
            site.record_site(*appointments(site.now()), by=SETUP)
    call.answer(
        {"home": str(folder), "site": settings.site, "sample": sample},
        Line(call.words(f"站点已建立：{folder}", f"the site is made: {folder}"), GOOD),
        pairs({
            "keshou.toml": call.words("设置", "settings"),
            "operator.toml": call.words("声明：收集什么、为什么、谁可用", "what you declare: what, why, who may"),
            "keys/": call.words("密钥，只有您可以读；请另行备份", "keys, readable by you alone; keep a copy elsewhere"),
        }),
        "",
        Line.assemble(call.words("下一步：", "next: "), (_next(folder, sample=sample), STRONG)),
    )  # fmt: skip


def _next(folder: Path, *, sample: bool) -> str:
    return f"keshou tour --home {folder}" if sample else f"keshou check {folder / 'operator.toml'}"


def sample_declaration() -> str:
    """Return the sample operator's declaration."""
    folder = files("keshou.cli.sample")
    return "".join(folder.joinpath(name).read_text("utf-8") for name in ("operator.toml", "takeover.toml"))
