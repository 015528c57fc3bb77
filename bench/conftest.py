# SPDX-License-Identifier: Apache-2.0
"""What measurements share: the world, a durable PostgreSQL server of our own, and sites with users in them."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from floors import floors
from world import World, make_world

from postgresql import Cluster


@pytest.fixture(scope="session")
def world() -> World:
    """Return the sample operator with its users, its staff and the questions asked of every engine."""
    return make_world()


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """Give one PostgreSQL server with fsync on."""
    with Cluster(durable=True) as server:
        yield server


def pytest_benchmark_update_machine_info(machine_info: dict[str, Any]) -> None:
    """Tell with every run what its machine can do at all: absolute figures of two machines compare by that alone."""
    machine_info["floors"] = floors()
