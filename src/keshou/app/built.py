# SPDX-License-Identifier: Apache-2.0
"""Which parts exist in this version, and so what carries each provision."""

from keshou.gate.prohibitions.places import PLACES
from keshou.law import coverage as covering
from keshou.law.law import Law


def coverage(law: Law) -> list[covering.Line]:
    """Say for each provision in question what carries it in this version."""
    return covering.coverage(law, PLACES.keys(), covering.BUILT)
