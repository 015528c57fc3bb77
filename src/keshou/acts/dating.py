# SPDX-License-Identifier: Apache-2.0
"""When a question is about: what is asked about the present is never judged as of before an entry that is on record."""

from collections.abc import Sequence

import msgspec

from keshou.gate.act import Act
from keshou.ledger.latest import Latest


def dated(latest: Latest | None, acts: Sequence[Act]) -> Sequence[Act]:
    """Return `acts`, asked at once, as of the present that `latest` tells; as they are when it is None.

    Where the first is not dated before the newest entry none is.

    Raises:
        ClockError: the clock is too far behind the newest entry.

    """
    if latest is None or not acts:
        return acts
    try:
        if acts[0].when >= latest.moment:
            return acts
        return [msgspec.structs.replace(act, when=latest.present(act.when)) for act in acts]
    except TypeError:
        return acts  # a time without a zone, or none: for the gate to say
