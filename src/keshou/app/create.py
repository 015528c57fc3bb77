# SPDX-License-Identifier: Apache-2.0
"""Make a new site: a folder with settings, keys, a declaration to fill in, and a database."""

import datetime as dt
import secrets
import shutil
import tempfile
from importlib import resources
from pathlib import Path

from keshou.app import mark
from keshou.app.settings import DECLARATION_FILE, SETTINGS_FILE, Settings, database_url
from keshou.db import Database, Transaction
from keshou.errors import InputError
from keshou.ledger.store import Ledger
from keshou.migrations.run import upgrade
from keshou.suite import SUITES
from keshou.vault.keys import FileKeys

_ID_BYTES = 8
_SAMPLE = """
# This is the sample operator's site: every page says so, and its reader may ask the gate. Never set it on a real one.
sample = true
"""


def create(
    home: Path,
    now: dt.datetime,
    *,
    declaration: str,
    database: str = "",
    language: str = "zh",
    sample: bool = False,
    suite: str = "international",
) -> Settings:
    """Make the site `home` with `declaration` as its ``operator.toml``; return its settings.

    1. everything is made in a folder beside `home`;
    2. the tables are made, and the log begun, in the database;
    3. the folder is given its name. Whatever fails before leaves no site behind.

    `database` is an address as in the settings; empty means a SQLite file in the folder. A `sample` is marked as one.
    `suite` is the suite of cryptography.

    Raises:
        InputError: `home` exists and is not an empty folder, or the database has a site already.
        UnreachableError: the database does not answer.

    """
    if home.exists() and (not home.is_dir() or any(home.iterdir())):
        raise InputError(f"{home} is not an empty folder", hint="name a new folder, or empty that one first")
    home.parent.mkdir(parents=True, exist_ok=True)
    making = Path(tempfile.mkdtemp(prefix=f".{home.name}-", dir=home.parent))
    try:
        settings = _fill(making, now, declaration, _new(database, language, suite, sample=sample))
        if home.exists():
            home.rmdir()
        making.rename(home)
    except BaseException:
        shutil.rmtree(making, ignore_errors=True)
        raise
    return settings


def begin(tx: Transaction, settings: Settings, keys: FileKeys) -> None:
    """Begin the log in a database that has its tables, and tie the database to the site."""
    Ledger(settings.log_origin, keys.signer).create(tx)
    mark.mark(tx, settings.site)


def _new(database: str, language: str, suite: str, *, sample: bool) -> Settings:
    site = secrets.token_hex(_ID_BYTES)
    address = database or Settings(site=site).database
    return Settings(
        site=site,
        database=address,
        language="en" if language == "en" else "zh",
        suite="chinese" if suite == "chinese" else "international",
        sample=sample,
    )


def _fill(folder: Path, now: dt.datetime, declaration: str, settings: Settings) -> Settings:
    (folder / SETTINGS_FILE).write_text(_settings_text(settings), "utf-8")
    (folder / DECLARATION_FILE).write_text(declaration, "utf-8")
    keys = FileKeys.create(folder / settings.keys, settings.site, now, SUITES[settings.suite])
    base = Database(database_url(settings, folder))
    try:
        upgrade(base)
        with base.transaction() as tx:
            mark.refuse_taken(tx)
            begin(tx, settings, keys)
    finally:
        base.close()
    return settings


def _settings_text(settings: Settings) -> str:
    template = resources.files("keshou.app").joinpath("keshou.toml.in").read_text("utf-8")
    chosen = {"language": settings.language, "suite": settings.suite}
    text = template.format(site=settings.site, database=settings.database, **chosen)
    return text + _SAMPLE if settings.sample else text
