# SPDX-License-Identifier: Apache-2.0
"""What measurements share: the world, a durable PostgreSQL server of our own, and sites with users in them."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

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
