# SPDX-License-Identifier: Apache-2.0
"""The places that have a short way past the frame, in one list."""

from collections.abc import Mapping

from litestar.datastructures import State

from keshou.web.api.short import ShortAct
from keshou.web.authzen.short import ShortEvaluation, ShortEvaluations
from keshou.web.short_way import Short


def short_ways(state: State) -> Mapping[str, Short]:
    """Return path and short way of each, over what the application keeps in its `state`."""
    kept = state.site, state.metrics, state.layouts, state.writers
    return {
        "/access/v1/evaluation": ShortEvaluation(*kept),
        "/access/v1/evaluations": ShortEvaluations(*kept),
        "/api/v1/acts": ShortAct(state.site),
    }
