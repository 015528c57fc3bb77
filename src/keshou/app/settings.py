# SPDX-License-Identifier: Apache-2.0
"""The dozen settings of a site: from ``keshou.toml``, each overridden by ``KESHOU_<NAME>`` in the environment."""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec

from keshou.errors import InputError, UnreachableError

SETTINGS_FILE = "keshou.toml"
DECLARATION_FILE = "operator.toml"
_PREFIX = "KESHOU_"
_SQLITE = "sqlite:///"


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a site is made of. Paths are relative to the site's folder unless absolute."""

    site: str
    """Id of the site: 16 lower-case hex digits, made once; keys and database carry it too."""
    database: str = "sqlite:///keshou.db"
    """``sqlite:///PATH`` or ``postgresql://USER@HOST/NAME``."""
    keys: str = "keys"
    """Folder of the file key source."""
    suite: Literal["international"] = "international"
    """Cryptographic suite: AES-256-GCM, SHA-256, HMAC-SHA-256."""
    origin: str = ""
    """Name of the log in its checkpoints; empty means ``keshou/SITE``."""
    language: Literal["zh", "en"] = "zh"
    """Language of answers when the reader names none."""
    address: str = "127.0.0.1:8400"
    """Host and port to serve on."""
    standings: int = 500_000
    """The most users whose standing is kept in memory."""
    batch: int = 1000
    """The most acts that commit together."""
    clock_tolerance: float = 2.0
    """Seconds by which an entry's time may lie before the entry before it."""
    checkpoint_every: float = 1.0
    """Seconds between signed checkpoints while acts go on."""

    @property
    def log_origin(self) -> str:
        """The log's name as it stands in checkpoints."""
        return self.origin or f"keshou/{self.site}"


def find_home(given: Path | None) -> Path:
    """Return the site's folder: `given`, else ``KESHOU_HOME``, else the working folder.

    Raises:
        InputError: that folder holds no ``keshou.toml``.

    """
    home = given or Path(os.environ.get(_PREFIX + "HOME", "."))
    if not (home / SETTINGS_FILE).is_file():
        raise InputError(
            f"{home} is not a site: it has no {SETTINGS_FILE}",
            hint="make one with `keshou init DIR`, or name it with --home DIR or KESHOU_HOME",
        )
    return home


def read_settings(home: Path, environ: Mapping[str, str] | None = None) -> Settings:
    """Read `home`'s settings, with what the environment overrides.

    Raises:
        InputError: the file or a variable is not of the documented form.
        UnreachableError: the file cannot be read.

    """
    path = home / SETTINGS_FILE
    try:
        raw = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: {error}", hint="mend the file; docs/reference/settings.md has every key") from error
    except OSError as error:
        raise UnreachableError(f"{path} cannot be read: {error.strerror}") from error
    raw |= _from_environment(os.environ if environ is None else environ)
    try:
        return msgspec.convert(raw, Settings, strict=False)
    except msgspec.ValidationError as error:
        raise InputError(f"{path}: {error}", hint="docs/reference/settings.md has every key") from error


def _from_environment(environ: Mapping[str, str]) -> dict[str, Any]:
    names = {field.name for field in msgspec.structs.fields(Settings)}
    given = {key.removeprefix(_PREFIX).lower(): value for key, value in environ.items() if key.startswith(_PREFIX)}
    return {name: value for name, value in given.items() if name in names}


def database_url(settings: Settings, home: Path) -> str:
    """Return the database's address, a relative SQLite path taken from `home`."""
    path = sqlite_path(settings, home)
    return settings.database if path is None else f"{_SQLITE}{path}"


def sqlite_path(settings: Settings, home: Path) -> Path | None:
    """Return the file of a SQLite database; None for a server."""
    if not settings.database.startswith(_SQLITE):
        return None
    return (home / settings.database.removeprefix(_SQLITE)).resolve()
