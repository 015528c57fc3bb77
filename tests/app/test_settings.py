# SPDX-License-Identifier: Apache-2.0
"""Settings come from the file, and from the environment before it; a word that is no setting is refused."""

from collections.abc import Iterator
from enum import StrEnum
from operator import attrgetter
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

import msgspec
import pytest
from msgspec import StructMeta

from keshou.app.settings import Settings, read_settings
from keshou.errors import InputError

FILE = 'site = "0123456789abcdef"\n[server]\nurl = "https://keshou.example"\nworkers = 2\n'


def _home(folder: Path, text: str = FILE) -> Path:
    (folder / "keshou.toml").write_text(text, "utf-8")
    return folder


def test_a_table_of_the_file_is_read(tmp_path: Path) -> None:
    settings = read_settings(_home(tmp_path), {})
    assert (settings.url, settings.server.workers) == ("https://keshou.example", 2)


def test_the_environment_goes_before_the_file_key_by_key(tmp_path: Path) -> None:
    settings = read_settings(_home(tmp_path), {"KESHOU_SERVER_WORKERS": "3", "KESHOU_LANGUAGE": "en"})
    assert (settings.url, settings.server.workers, settings.language) == ("https://keshou.example", 3, "en")


def test_a_server_without_an_address_of_its_own_is_known_by_where_it_listens(tmp_path: Path) -> None:
    assert read_settings(_home(tmp_path, 'site = "0123456789abcdef"\n'), {}).url == "http://127.0.0.1:8400"


@pytest.mark.parametrize("text", ['site = "0"\n[server]\nworker = 2\n', 'site = "0"\n[server]\nworkers = "many"\n'])
def test_an_unknown_or_wrong_setting_of_a_table_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(InputError, match="server"):
        read_settings(_home(tmp_path, text), {})


NEEDED = {
    "KESHOU_VISITS_MAIL_HOST": "mail.example",
    "KESHOU_VISITS_MAIL_SENDER": "codes@operator.example",
    "KESHOU_VISITS_HOOK_URL": "https://sms.example",
}
"""What the two tables that may be left out cannot do without."""


def _leaves(table: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield where each setting stands, and its type."""
    for each in msgspec.structs.fields(table):
        inner = [kind for kind in (each.type, *get_args(each.type)) if isinstance(kind, StructMeta)]
        if inner:
            yield from _leaves(inner[0], (*path, each.name))
        else:
            yield (*path, each.name), each


def _another(field: msgspec.structs.FieldInfo) -> tuple[str, object]:
    """Return what the environment says for a value that is not the default, and that value."""
    kind, default = field.type, field.default
    if get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    if get_origin(kind) is Literal:
        other = next(each for each in get_args(kind) if each != default)
        return other, other
    if get_origin(kind) is tuple:
        return "one, 二,,three", ("one", "二", "three")
    if issubclass(kind, StrEnum):
        member = next(each for each in kind if each != default)
        return member.value, member
    if kind is bool:
        return str(not default).lower(), not default
    return ("other, all of it", "other, all of it") if kind is str else (str(default + 1), default + 1)


LEAVES = dict(_leaves(Settings))


@pytest.mark.parametrize("path", list(LEAVES), ids=".".join)
def test_every_setting_can_be_given_in_the_environment(tmp_path: Path, path: tuple[str, ...]) -> None:
    said, meant = _another(LEAVES[path])
    found: Any = read_settings(_home(tmp_path), NEEDED | {"_".join(("KESHOU", *path)).upper(): said})
    assert attrgetter(".".join(path))(found) == meant


def test_no_two_settings_have_one_variable() -> None:
    names = ["_".join(path) for path in LEAVES]
    assert len(names) == len(set(names))


def test_what_the_environment_leaves_out_of_a_table_within_a_table_stays_as_the_file_has_it(tmp_path: Path) -> None:
    file = FILE + '[visits.mail]\nhost = "mail.example"\nsender = "codes@operator.example"\n'
    found = read_settings(_home(tmp_path, file), {"KESHOU_VISITS_MAIL_PORT": "465"}).visits.mail
    assert found is not None
    assert (found.host, found.port) == ("mail.example", 465)
    assert read_settings(_home(tmp_path), {"KESHOU_ACCOUNTS_OPENID_STRONG_AMR": ""}).visits.mail is None
