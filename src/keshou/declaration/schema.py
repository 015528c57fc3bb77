# SPDX-License-Identifier: Apache-2.0
"""The JSON schema of ``operator.toml``, for editors that complete and check while one writes."""

from typing import Any

import msgspec

from keshou.declaration.model import Declaration


def json_schema() -> dict[str, Any]:
    """Return the schema (JSON Schema 2020-12), each table described by the model's own words."""
    schema = msgspec.json.schema(Declaration)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "operator.toml", **schema}
