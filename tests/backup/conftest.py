# SPDX-License-Identifier: Apache-2.0
"""Sites in folders of their own, on both databases."""

import importlib
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(params=["sqlite", "postgresql"])
def home(request: pytest.FixtureRequest, tmp_path: Path, clock: Any) -> Path:
    """A site's folder, closed."""
    url = "" if request.param == "sqlite" else request.getfixturevalue("postgresql_url")
    made: Path = importlib.import_module("homes").new_home(tmp_path, url, clock)
    return made
