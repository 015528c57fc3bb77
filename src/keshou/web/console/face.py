# SPDX-License-Identifier: Apache-2.0
"""The console: its door, open to whoever knocks, and its pages, for who is signed in."""

from litestar import Router
from litestar.di import Provide

from keshou.language import Text
from keshou.web.console import (
    accounts,
    acts,
    consents,
    editor,
    emergencies,
    entrance,
    exports,
    holds,
    information,
    links,
    log,
    me,
    media,
    people,
    refused,
    retention,
    reviews,
    search,
    second_hand,
    standing,
    user,
)
from keshou.web.console.desk import HOME, half_signed_in, signed_in
from keshou.web.frame.navigation import Entry
from keshou.web.frame.page import spend

ENTRIES = (Entry(HOME, Text("工作台", "Console")),)

DOOR = Router(
    "/",
    route_handlers=[
        *(entrance.sign_in_page, entrance.sign_in, entrance.second_step, entrance.provider),
        *(entrance.invitation_page, entrance.accept),
    ],
    before_request=spend,
    exception_handlers=refused.HANDLERS,
)
"""The router of what is shown to people before they are known."""
FACE = Router(
    "/",
    route_handlers=[
        *(entrance.proof_page, entrance.prove, entrance.factor_page, entrance.offer_factor, entrance.confirm_factor),
        *(entrance.sign_out, entrance.prove_there, entrance.go_on),
        *(standing.standing, me.me, me.end_others),
        *(acts.acts, acts.act_list, acts.act, information.information),
        *(people.people, people.posts, people.agents, people.access),
        *(people.appoint, people.end, people.judge, people.confirm),
        *(accounts.accounts, accounts.invite, accounts.end, second_hand.ways_in, second_hand.confirm_one),
        *(reviews.reviews, reviews.ask, reviews.preview, reviews.answer, log.log, log.sign, log.check),
        *(holds.holds, holds.set_, holds.lift, retention.retention),
        *(user.ask, user.file, search.search),
        *(links.links, links.make, links.revoke),
        *(exports.page, exports.ask, exports.make, exports.part, exports.keys),
        *(media.media, media.medium, media.register, media.change, media.back_up),
        *(emergencies.emergencies, emergencies.begin, emergencies.one, emergencies.review),
        *(consents.ask, consents.of, consents.tell),
        *(editor.editor, editor.check, editor.preview, editor.publish),
    ],
    dependencies={"caller": Provide(signed_in), "person": Provide(half_signed_in)},
    exception_handlers=refused.HANDLERS,
)
"""The router of the console's pages; they hold what is not everybody's, so they are not compressed."""
