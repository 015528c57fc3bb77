# SPDX-License-Identifier: Apache-2.0
"""The OpenAPI document is what the server does: whoever tries it by the document finds nothing amiss.

A check has time for a part on each database; `make soak` tries all of it on both, and many more forms.
"""

import itertools
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import schema_app
from places import Server, serving
from schema_try import PHASES, try_all

EXAMPLES = int(os.environ.get("KESHOU_SCHEMA_EXAMPLES", "0"))
"""Forms of each operation when all is tried; 0: a part only."""
DATABASES = ("sqlite", "postgresql")
CALLERS = (schema_app.OFFICER, schema_app.PROGRAM, schema_app.INSPECTOR, schema_app.USER)
PART = [
    ("sqlite", schema_app.OFFICER, ("examples", "coverage"), 1),
    ("postgresql", schema_app.OFFICER, ("fuzzing", "stateful"), 5),
    ("postgresql", schema_app.PROGRAM, ("fuzzing",), 2),
    ("sqlite", schema_app.INSPECTOR, ("fuzzing",), 1),
    ("sqlite", schema_app.USER, ("fuzzing",), 1),
]
ALL = [(*each, PHASES, EXAMPLES) for each in itertools.product(DATABASES, CALLERS)]


@pytest.fixture
def server(database_kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Server]:
    home = tmp_path / "site"
    schema_app.begin(home, request.getfixturevalue("postgresql_url") if database_kind == "postgresql" else "")
    with serving(home, application="schema_app:make") as server:
        yield server


@pytest.mark.timeout(0 if EXAMPLES else 600)
@pytest.mark.parametrize(("database_kind", "caller", "phases", "examples"), ALL if EXAMPLES else PART)
def test_the_server_does_what_its_document_says(
    server: Server, caller: str, phases: tuple[str, ...], examples: int
) -> None:
    tried = try_all(server.port, caller, phases=phases, examples=examples)
    assert not tried.faults, "\n\n".join(f"{key}: {told}" for key, told in tried.faults.items())
    assert len(tried.answers) == len(tried.operations), tried.operations - set(tried.answers)
    assert not [line for line in server.log() if line["level"] in ("error", "critical")]
    if caller == schema_app.OFFICER:
        went_well = [name for name, statuses in tried.answers.items() if any(each < 300 for each in statuses)]
        assert len(went_well) > len(tried.answers) / 2, sorted(set(tried.answers) - set(went_well))
