# SPDX-License-Identifier: Apache-2.0
"""Of what kinds an operator is, on which it hangs what binds it: as it says, and at the least as its services say."""

from collections.abc import Iterator

from keshou.declaration.model import Declaration, Service
from keshou.law.law import Law
from keshou.law.model import Instrument
from keshou.law.terms import OperatorKind


def is_bound(declaration: Declaration, instrument: Instrument, law: Law) -> bool:
    """Say whether an instrument binds the operator by its kinds."""
    return not kinds_of(declaration, law).isdisjoint(instrument.binds)


def kinds_of(declaration: Declaration, law: Law) -> frozenset[OperatorKind]:
    """Return the kinds that the operator says, and those without which it could not offer its services.

    Where a service is offered by operators of several kinds and the operator says none of them, each counts.
    """
    return frozenset(declaration.operator.kinds).union(*(kinds for _, _, kinds in left_out(declaration, law)))


def left_out(declaration: Declaration, law: Law) -> Iterator[tuple[int, Service, tuple[OperatorKind, ...]]]:
    """Yield each service, with its place, that none of the operator's kinds offers, and the kinds that do."""
    for index, service in enumerate(declaration.services):
        kind = law.services.get(service.kind)
        if kind is not None and set(kind.operators).isdisjoint(declaration.operator.kinds):
            yield index, service, kind.operators
