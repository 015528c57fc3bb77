# SPDX-License-Identifier: Apache-2.0
"""The page on running the server names every count, every field of the log, and every part that may be missing."""

import re
from pathlib import Path

import msgspec
import pytest

import documentation
import keshou
from keshou.web.logs import _Line
from keshou.web.metrics import Metrics

PACKAGE = Path(keshou.__file__).parent
PAGES = ["docs/how-to/run-the-server.md", "docs/zh/how-to/run-the-server.md"]


@pytest.fixture(params=PAGES)
def named(request: pytest.FixtureRequest) -> set[str]:
    return documentation.spans((documentation.ROOT / request.param).read_text("utf-8"))


def test_every_count_is_named(named: set[str]) -> None:
    counted = {
        found for found in re.findall(r"^# TYPE (\w+) ", Metrics().text({}).decode(), re.M) if "created" not in found
    }
    shown = set(re.findall(r'"(keshou_\w+)"', (PACKAGE / "web" / "health.py").read_text("utf-8")))
    assert len(counted) > 4
    assert len(shown) > 4
    assert (counted | shown) - named == set()


def test_every_field_of_the_log_is_named(named: set[str]) -> None:
    fields = {field.name for field in msgspec.structs.fields(_Line)} | {"logger", "place", "class", "frames", "from"}
    assert fields - named == set()


def test_every_part_that_may_be_missing_is_named(named: set[str]) -> None:
    source = (PACKAGE / "app" / "readiness.py").read_text("utf-8")
    parts = set(re.findall(r'(?:yield|yield from|return) \(?"(\w+)"', source))
    assert parts >= {"database", "door", "writing", "keys"}
    assert parts - named == set()


@pytest.mark.parametrize("page", PAGES)
def test_the_examples_give_as_long_to_stop_as_the_server_takes(page: str) -> None:
    text = (documentation.ROOT / page).read_text("utf-8")
    [limit] = map(int, re.findall(r"_LEAVING_SECONDS = (\d+)", (PACKAGE / "web" / "serve.py").read_text("utf-8")))
    given = [int(each) for each in re.findall(r"(?:TimeoutStopSec=|stop_grace_period: )(\d+)", text)]
    assert len(given) == 2
    assert min(given) > limit
    assert str(limit) in text
