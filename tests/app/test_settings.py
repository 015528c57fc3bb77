# SPDX-License-Identifier: Apache-2.0
"""Settings come from the file, and from the environment before it; a word that is no setting is refused."""

from pathlib import Path

import pytest

from keshou.app.settings import read_settings
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
