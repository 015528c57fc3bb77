# SPDX-License-Identifier: Apache-2.0
"""The protocol's addresses in one router."""

from litestar import Router

from keshou.web.authzen import columns, evaluation, metadata, search

ACCESS = Router(
    "/access/v1",
    route_handlers=[evaluation.evaluation, evaluation.evaluations, search.search_subjects, search.search_actions],
)
FACE = Router("/", route_handlers=[ACCESS, columns.evaluations, metadata.metadata, metadata.metadata_of_path])
"""The router of questions, searches and metadata."""
