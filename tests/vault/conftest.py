# SPDX-License-Identifier: Apache-2.0
"""A vault with keys of its own for every test."""

import datetime as dt
from pathlib import Path

import pytest

from keshou.vault.keys import FileKeys
from keshou.vault.store import Vault

NOW = dt.datetime(2026, 11, 22, 8, tzinfo=dt.UTC)


@pytest.fixture
def now() -> dt.datetime:
    return NOW


@pytest.fixture
def keys(tmp_path: Path) -> FileKeys:
    return FileKeys.create(tmp_path / "keys", "main", NOW)


@pytest.fixture
def vault(keys: FileKeys) -> Vault:
    return Vault(keys, "main")
