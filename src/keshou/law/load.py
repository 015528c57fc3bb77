# SPDX-License-Identifier: Apache-2.0
"""Files of law -> Law, read strictly: what is not understood is an error that names file and place."""

import functools
import tomllib
from collections.abc import Iterable
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from keshou.law.law import Law
from keshou.law.model import House, Instrument, Item, ItemClass, LawError, Provision, ServiceKind
from keshou.law.soundness import check_instrument, check_links, check_services, check_taxonomy

Folder = Path | Traversable
_T = TypeVar("_T")
_HINT = "the keys are described in docs/reference/law.md"


@functools.cache
def load() -> Law:
    """Read the law that ships with the package; the same value every time.

    Raises:
        LawError: the data is wrong.

    """
    return load_from(files("keshou.law"))


def load_from(folder: Folder) -> Law:
    """Read the law from a folder: ``instruments/*.toml``, ``taxonomy.toml``, ``house.toml``.

    Raises:
        LawError: a file is missing or wrong; the message names file and place.

    """
    paths = sorted((each for each in _listing(folder / "instruments") if each.name.endswith(".toml")), key=_name)
    instruments = {one.id: one for one in map(_read_instrument, paths)}
    check_links(instruments)
    items, classes, services = _read_taxonomy(folder / "taxonomy.toml")
    house = _convert(_parse(folder / "house.toml"), House, "house.toml", "settings")
    return Law(instruments, items, classes, services, house)


def _name(path: Folder) -> str:
    return path.name


def _listing(folder: Folder) -> Iterable[Folder]:
    """Return what lies in the folder of instruments."""
    if not folder.is_dir():
        raise LawError(f"no folder `{folder.name}` with the instruments", hint=_HINT)
    return folder.iterdir()


def _read_instrument(path: Folder) -> Instrument:
    """Read one instrument's file and hold it against what a file alone can show."""
    raw = _parse(path)
    tables = _tables(raw, "provisions", path.name)
    provisions = [
        _convert(table, Provision, path.name, str(table.get("cite", f"provision {count}")))
        for count, table in enumerate(tables, 1)
    ]
    head = _convert(raw, Instrument, path.name, "instrument")
    instrument = msgspec.structs.replace(head, provisions=tuple(provisions))
    check_instrument(instrument, path.name)
    return instrument


def _read_taxonomy(path: Folder) -> tuple[dict[str, Item], dict[str, ItemClass], dict[str, ServiceKind]]:
    """Read the items of information, their classes, and the kinds of service."""
    raw = _parse(path)
    items = _listed(raw, "items", Item, path.name)
    classes = _listed(raw, "classes", ItemClass, path.name)
    services = _listed(raw, "services", ServiceKind, path.name)
    if raw:
        raise LawError(f"{path.name}: `{next(iter(raw))}` is not a key", hint=_HINT)
    check_taxonomy(items, classes, path.name)
    check_services(services, path.name)
    return {each.id: each for each in items}, {each.id: each for each in classes}, {each.id: each for each in services}


def _listed(raw: dict[str, Any], key: str, type_: type[_T], file: str) -> list[_T]:
    """Take an array of tables out of a parsed file, each as a value of the model."""
    return [
        _convert(table, type_, file, str(table.get("id", f"{key} {count}")))
        for count, table in enumerate(_tables(raw, key, file), 1)
    ]


def _tables(raw: dict[str, Any], key: str, file: str) -> list[dict[str, Any]]:
    """Take an array of tables out of a parsed file."""
    tables = raw.pop(key, None)
    if not isinstance(tables, list) or not all(isinstance(each, dict) for each in tables):
        raise LawError(f"{file}: `{key}` must be tables written [[{key}]]", hint=_HINT)
    return tables


def _parse(path: Folder) -> dict[str, Any]:
    """Parse a TOML file."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise LawError(f"{path.name} cannot be read", hint=_HINT) from error
    except tomllib.TOMLDecodeError as error:
        raise LawError(f"{path.name} is not TOML: {_lower(error)}", hint=_HINT) from error


def _convert(raw: dict[str, Any], type_: type[_T], file: str, place: str) -> _T:
    """Turn a parsed table into a value of the model; unknown keys and words are errors."""
    try:
        return msgspec.convert(raw, type_)
    except msgspec.ValidationError as error:
        raise LawError(f"{file} is not sound at {place}: {_lower(error)}", hint=_HINT) from error


def _lower(error: Exception) -> str:
    return str(error)[:1].lower() + str(error)[1:]
