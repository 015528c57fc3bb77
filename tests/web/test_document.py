# SPDX-License-Identifier: Apache-2.0
"""The OpenAPI document is whole: a reader that follows what it points to always arrives."""

import functools
from collections.abc import Iterator
from typing import Any

from keshou.web.problem import MEDIA_TYPE
from keshou.web.server import document


def pointers(found: Any) -> Iterator[str]:
    """Yield what the document points to, in references and in the mappings of discriminators."""
    if isinstance(found, dict):
        if isinstance(found.get("$ref"), str):
            yield found["$ref"]
        mapping = (
            found.get("discriminator", {}).get("mapping", {}) if isinstance(found.get("discriminator"), dict) else {}
        )
        yield from mapping.values()
        for each in found.values():
            yield from pointers(each)
    elif isinstance(found, list):
        for each in found:
            yield from pointers(each)


def test_whatever_the_document_points_to_is_there() -> None:
    whole = document()
    asked = set(pointers(whole))
    assert len(asked) > 10
    for each in asked:
        first, *steps = each.split("/")
        assert first == "#", each
        assert isinstance(functools.reduce(lambda found, step: found[step], steps, whole), dict), each


def test_a_problem_is_described_with_what_it_carries() -> None:
    shared = document()["components"]
    assert {"type", "title", "status", "detail", "reasons", "entry"} <= set(shared["schemas"]["Problem"]["properties"])
    for each in shared["responses"].values():
        assert each["content"][MEDIA_TYPE]["schema"] == {"$ref": "#/components/schemas/Problem"}
