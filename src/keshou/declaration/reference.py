# SPDX-License-Identifier: Apache-2.0
"""Pages of the reference that are made from the data: every kind of finding, and the schema of the file."""

from itertools import groupby

import msgspec

from keshou.declaration.finding import Kind, kinds
from keshou.declaration.schema import json_schema

_HEAD = """\
# Findings of `keshou check`

<!-- Made from findings.toml by keshou.declaration.reference.findings_page(); a test compares. -->

An *error* is against the law, or not well-formed; a *warning* is uncertain or advice. A finding applies only while the
instrument it cites binds the operator: by its kind, by the day, and for guidance by adoption. Words in braces are
filled in.
"""


def findings_page() -> str:
    """Return ``docs/reference/findings.md``."""
    every = sorted(kinds().items(), key=lambda pair: (list(_SUBJECTS).index(pair[1].subject), pair[0]))
    parts = [_HEAD]
    for subject, group in groupby(every, key=lambda pair: pair[1].subject):
        parts.append(f"\n## {_SUBJECTS[subject]}\n")
        parts.extend(_entry(code, kind) for code, kind in group)
    return "".join(parts)


_SUBJECTS = {
    "file": "The file",
    "operator": "Operator",
    "purposes": "Purposes",
    "items": "Items",
    "recipients": "Recipients",
    "agents": "Agents",
    "grants": "Grants",
    "posts": "Departments and posts",
    "channels": "Channels",
    "retention": "Retention and registration",
    "review": "Review",
    "access": "Review of access, and emergencies",
    "holdings": "Holdings",
}


def _entry(code: str, kind: Kind) -> str:
    cite = f", `{kind.cite}`" if kind.cite else ""
    return (
        f"\n### `{code}`\n\n{kind.severity}{cite}\n\n- {kind.what.en} {kind.mend.en}\n- {kind.what.zh}{kind.mend.zh}\n"
    )


def schema_text() -> str:
    """Return ``docs/reference/operator.schema.json``."""
    return msgspec.json.format(msgspec.json.encode(json_schema()), indent=2).decode() + "\n"
