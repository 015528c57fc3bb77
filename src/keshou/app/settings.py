# SPDX-License-Identifier: Apache-2.0
"""The dozen settings of a site: from ``keshou.toml``, each overridden by ``KESHOU_<NAME>`` in the environment."""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

import msgspec

from keshou.accounts.settings import AccountSettings
from keshou.errors import InputError, UnreachableError
from keshou.programs.settings import ProgramSettings
from keshou.vault.settings import SECRET, FindingSettings, MasterSettings
from keshou.visits.settings import VisitSettings
from keshou.webhooks.settings import WebhookSettings

SETTINGS_FILE = "keshou.toml"
DECLARATION_FILE = "operator.toml"
_PREFIX = "KESHOU_"
_SQLITE = "sqlite:///"


class ServerSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How the site is served: the table ``[server]``."""

    url: str = ""
    """The server's own address as callers know it (``https://...``, no query, no trailing slash); empty means
    ``http://ADDRESS`` on loopback."""
    workers: int = 1
    """Processes that answer."""
    tls_certificate: str = ""
    """File of the certificate chain (PEM); with `tls_key`, the server speaks TLS itself."""
    tls_key: str = ""
    """File of the certificate's key (PEM), for its owner alone."""
    trusted_proxy: str = ""
    """Address (or network) of the proxy that speaks TLS in front; empty means none."""
    body_bytes: int = 1_000_000
    """The largest body of a request, but for tables."""
    table_bytes: int = 512_000_000
    """The largest table of users that is taken in in the background."""
    tables_waiting: int = 4
    """The most tables that come or wait for their turn, a process."""
    table_days: int = 30
    """For how long it is told what became of a table."""
    export_days: int = 7
    """For how long an export asked of the server, and its sealed file, is kept to be fetched."""
    once_days: int = 30
    """For how long a request that leaves no entry in the log is known when it is sent again, by its key."""
    link_days: int = 30
    """For how long it is told of a shared link that is over what became of it."""
    tidy_minutes: float = 60.0
    """Between two times that a running server drops what is over; 0: never, `keshou tick` does it."""
    backups: str = "backups"
    """Folder, in the site's, of the backups that are asked of the server."""
    body_seconds: float = 30.0
    """For how long a caller may take to send a body."""
    metrics: Literal["loopback", "key"] = "loopback"
    """Who may read ``/metrics``: callers on this machine, or also keys with the scope `read`."""
    rate: str = "600000/minute"
    """The most requests of a signed-in caller, a process."""
    rate_unknown: str = "120/minute"
    """The most requests of a source that has proven nothing, a process; signing in is among them."""
    rate_pages: str = "600/minute"
    """The most pages that one source may ask for, a process; style and pictures are not counted."""
    reasons: bool = True
    """Whether decisions over the authorization protocol carry reasons; a request may ask for less."""
    permit_minutes: int = 5
    """For how long a permit holds."""
    fresh_proof_minutes: int = 10
    """How fresh a proof of identity must be for exports, erasure and grants."""


class RetentionSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What becomes of information whose purposes are all over: the table ``[retention]``."""

    over: Literal["wait", "service", "all"] = "wait"
    """Whether it waits for somebody's act, or goes by the clock: all but registration information, or that too."""


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a site is made of. Paths are relative to the site's folder unless absolute."""

    site: str
    """Id of the site: 16 lower-case hex digits, made once; keys and database carry it too."""
    database: str = "sqlite:///keshou.db"
    """``sqlite:///PATH`` or ``postgresql://USER@HOST/NAME``."""
    keys: str = "keys"
    """Folder of the key files."""
    suite: Literal["international", "chinese"] = "international"
    """Suite of cryptography of new keys: AES-256-GCM with SHA-256, or SM4-GCM with SM3."""
    origin: str = ""
    """Name of the log in its checkpoints; empty means ``keshou/SITE``."""
    language: Literal["zh", "en"] = "zh"
    """Language of answers when the reader names none."""
    sample: bool = False
    """Whether this is the sample operator's site, as `keshou init --sample` makes it: every page says so, and whoever
    reads may ask the gate."""
    address: str = "127.0.0.1:8400"
    """Host and port to serve on."""
    fonts: str = "/usr/share/fonts"
    """Folder of the fonts that PDFs are set in; one of them must have Chinese characters."""
    pdf_rows: Annotated[int, msgspec.Meta(ge=1)] = 1000
    """The most rows of each table that grows with time in a PDF of a user's copy: the latest ones."""
    standings: int = 500_000
    """The most users whose standing is kept in memory."""
    batch: int = 1000
    """The most acts that commit together."""
    clock_tolerance: float = 2.0
    """Seconds by which clocks may differ: the time of an entry may lie so far before the entry before it, and after
    that of a PostgreSQL server."""
    clock_leap: Annotated[float, msgspec.Meta(gt=0)] = 100.0
    """Days after the newest entry after which an entry in a SQLite file is refused, as one by a clock that is ahead."""
    checkpoint_every: float = 1.0
    """Seconds between signed checkpoints while acts go on."""
    finding: FindingSettings = FindingSettings()
    """What users are found by, beyond what is nearly unique."""
    master: MasterSettings = MasterSettings()
    """How the place of the master key is reached."""
    server: ServerSettings = ServerSettings()
    """How it is served."""
    retention: RetentionSettings = RetentionSettings()
    """What becomes of information that is over."""
    accounts: AccountSettings = AccountSettings()
    """Accounts and sessions of people."""
    programs: ProgramSettings = ProgramSettings()
    """Keys and tokens of programs."""
    visits: VisitSettings = VisitSettings()
    """How users prove who they are."""
    webhooks: WebhookSettings = WebhookSettings()
    """How other systems are told what became true."""

    @property
    def url(self) -> str:
        """The server's own address as callers know it."""
        return self.server.url or f"http://{self.address}"

    @property
    def log_origin(self) -> str:
        """The log's name as it stands in checkpoints."""
        return self.origin or f"keshou/{self.site}"


def find_home(given: Path | None) -> Path:
    """Return the site's folder: `given`, else ``KESHOU_HOME``, else the working folder.

    Raises:
        InputError: that folder holds no ``keshou.toml``.

    """
    home = given or Path(os.environ.get("KESHOU_HOME", "."))
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
        raise InputError(
            f"the settings in {path} are not TOML: {error}",
            hint="mend the file; docs/reference/settings.md has every key",
        ) from error
    except OSError as error:
        raise UnreachableError(f"{path} cannot be read: {error.strerror}") from error
    _refuse_secrets(path, raw)
    _merge(raw, _from_environment(os.environ if environ is None else environ))
    try:
        return msgspec.convert(raw, Settings, strict=False)
    except msgspec.ValidationError as error:
        raise InputError(
            f"the settings in {path} are not right: {error}", hint="docs/reference/settings.md has every key"
        ) from error


def without_file(site: str, environ: Mapping[str, str] | None = None) -> Settings:
    """Return the settings of a site whose file is not there yet: what the environment says, and defaults.

    Raises:
        InputError: a variable is not of the documented form.

    """
    given = _from_environment(os.environ if environ is None else environ)
    try:
        return msgspec.convert({**given, "site": site}, Settings, strict=False)
    except msgspec.ValidationError as error:
        raise InputError(
            f"the settings in the environment are not right: {error}", hint="docs/reference/settings.md has every key"
        ) from error


def named_database(environ: Mapping[str, str] | None = None) -> str:
    """Return the database that the environment names, which goes before every file's; empty when it names none."""
    return str(_from_environment(os.environ if environ is None else environ).get("database", ""))


def _refuse_secrets(path: Path, raw: Mapping[str, Any]) -> None:
    master = raw.get("master")
    if isinstance(master, dict) and (found := [name for name in SECRET if name in master]):
        raise InputError(
            f"{path}: `{found[0]}` of [master] may not stand in the file",
            hint=f"give it as {_PREFIX}MASTER_{found[0].upper()}, or in a file of its own for the owner alone",
        )


def _from_environment(environ: Mapping[str, str]) -> dict[str, Any]:
    """Return what the environment says: ``KESHOU_DATABASE``, and ``KESHOU_SERVER_URL`` for `url` in ``[server]``."""
    given = {key.removeprefix(_PREFIX).lower(): value for key, value in environ.items() if key.startswith(_PREFIX)}
    return _told(Settings, "", given)


def _told(table: type[msgspec.Struct], within: str, given: Mapping[str, str]) -> dict[str, Any]:
    """Return what is given of a table and of those within it; `within` is the table's own name, and an underscore."""
    found: dict[str, Any] = {}
    for field in msgspec.structs.fields(table):
        name = within + field.name
        inner = _table_of(field.type)
        if inner is not None:
            found |= {field.name: more} if (more := _told(inner, f"{name}_", given)) else {}
        elif name in given:
            found[field.name] = _words(given[name]) if get_origin(field.type) is tuple else given[name]
    return found


def _table_of(type_: Any) -> type[msgspec.Struct] | None:
    """Return the table that a setting is, whether or not it may be left out; None when it is no table."""
    for each in (type_, *get_args(type_)):
        if isinstance(each, type) and issubclass(each, msgspec.Struct):
            return each
    return None


def _words(text: str) -> list[str]:
    return [each.strip() for each in text.split(",") if each.strip()]


def _merge(raw: dict[str, Any], given: Mapping[str, Any]) -> None:
    """Let what is given go before what the file says, key by key also within tables."""
    for name, value in given.items():
        if isinstance(value, dict) and isinstance(raw.get(name), dict):
            _merge(raw[name], value)
        else:
            raw[name] = value


def database_url(settings: Settings, home: Path) -> str:
    """Return the database's address, a relative SQLite path taken from `home`."""
    path = sqlite_path(settings, home)
    return settings.database if path is None else f"{_SQLITE}{path}"


def sqlite_path(settings: Settings, home: Path) -> Path | None:
    """Return the file of a SQLite database; None for a server."""
    if not settings.database.startswith(_SQLITE):
        return None
    return (home / settings.database.removeprefix(_SQLITE)).resolve()
