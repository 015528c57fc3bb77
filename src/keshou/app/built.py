# SPDX-License-Identifier: Apache-2.0
"""Which parts exist in this version, and so what carries each provision."""

from keshou.gate.answers import ORDER  # noqa: F401 - registers the prohibitions
from keshou.gate.prohibitions.registry import PROHIBITIONS
from keshou.law import coverage as covering
from keshou.law.law import Law
from keshou.law.terms import Carrier

BUILT = frozenset({Carrier.GATE, Carrier.DECLARATION, Carrier.VAULT, Carrier.LEDGER, Carrier.ACTS})
"""The parts that exist in this version."""


def coverage(law: Law) -> list[covering.Line]:
    """Say for each provision in question what carries it in this version."""
    return covering.coverage(law, PROHIBITIONS.keys(), BUILT)
