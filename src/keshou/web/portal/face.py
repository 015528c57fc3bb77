# SPDX-License-Identifier: Apache-2.0
"""The users' face: its pages, and where a reader finds it."""

from litestar import Router

from keshou.language import Text
from keshou.web.frame.navigation import Entry
from keshou.web.portal import consents, copies, correct, ending, happened, held, home, sign_in, visits
from keshou.web.portal.guest import TooLateError

ENTRIES = (Entry("/me", Text("我的信息", "My information")),)

FACE = Router(
    "/",
    route_handlers=[
        home.home,
        sign_in.start,
        sign_in.code,
        sign_in.redeem,
        sign_in.enter,
        sign_in.back,
        held.held,
        held.reveal,
        consents.consents,
        consents.switch,
        consents.messages,
        happened.happened,
        happened.proof,
        correct.ask,
        correct.correct,
        copies.ask,
        copies.take,
        ending.ask,
        ending.end,
        ending.erase,
        ending.back,
        visits.listed,
        visits.end,
        visits.sign_out,
        visits.back,
    ],
    exception_handlers={TooLateError: sign_in.too_late},
)
"""The router of the users' pages. They hold secrets, so they are not compressed, and each counts by who asks."""
