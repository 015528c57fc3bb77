# SPDX-License-Identifier: Apache-2.0
"""The public face: its pages, and where a reader can go among them."""

from litestar import Router

from keshou.language import Text
from keshou.web.frame.navigation import Entry
from keshou.web.frame.page import spend
from keshou.web.frame.static import COMPRESSED
from keshou.web.public import asking, contact, first_steps, home, law, rules

ENTRIES = (
    Entry("/rules", Text("规则", "Rules")),
    Entry("/rules/versions", Text("各版改动", "Changes")),
    Entry("/contact", Text("联系投诉", "Contact")),
    Entry("/law", Text("法规", "The law")),
)
SAMPLE_ENTRIES = (Entry("/start", Text("第一步", "First steps")),)
"""Where one can go on a sample site, before all else."""

FACE = Router(
    "/",
    route_handlers=[
        home.home,
        rules.current,
        rules.versions,
        rules.changed,
        rules.version,
        rules.published,
        contact.contact,
        law.room,
        law.instrument,
        first_steps.start,
        asking.ask,
    ],
    before_request=spend,
    middleware=[COMPRESSED],
)
"""The router of the public pages; they hold no secret, so they are compressed."""
