# SPDX-License-Identifier: Apache-2.0
"""Who sits at the browser: a user in a visit, or nobody any more; and how forms are read.

A form that comes after its visit was over is not lost: it is sealed, put into the page that asks the user to sign in,
and shown to them again once they did. It is in no address and stored nowhere.
"""

from typing import Final, Literal, NamedTuple
from urllib.parse import parse_qs

import anyio.to_thread
import msgspec

from keshou.app.site import Site
from keshou.app.user_history import is_whole
from keshou.web.caller import part_of
from keshou.web.entitled import require_fresh
from keshou.web.errors import MalformedError, NotSignedInError, ProofTooOldError, TooLargeError
from keshou.web.frame.page import Requested
from keshou.wire.caller import Caller, CallerKind

Form = dict[str, list[str]]
"""What a form sent: name -> values."""
Why = Literal["over", "stale", "other", "part"]
"""Why somebody is asked to sign in.

No visit; one that was proven too long ago; somebody else's session; or a visit by an app that is for some services
only, for what is of all that is held.
"""
_TYPE: Final = "application/x-www-form-urlencoded"
_LARGEST: Final = 65_536
_MOST_FIELDS: Final = 100


class TooLateError(NotSignedInError):
    """A page or form of a user's, and no visit of a user (any more) that it could be of."""

    def __init__(self, why: Why, form: Form | None = None, user: str = "") -> None:
        super().__init__("no user is signed in", hint="sign in at /me/sign-in")
        self.why = why
        self.form = form
        """What was sent; None when a page was only asked for."""
        self.user = user
        """Whose visit it is that was proven too long ago."""
        self.stopped = Stopped()


class Stopped(NamedTuple):
    """Which codes are sent to nobody for now, since the authority asked that it stop (Order 24 Art. 14)."""

    by_user: bool = False
    """To users by their numbers with the operator; then none at all."""
    by_address: bool = False
    """To whoever says where to: whose that is has to be looked for."""


def stopped_codes(site: Site) -> Stopped:
    """Return which codes are stopped as things stand."""
    return Stopped(site.codes.are_stopped(by_address=False), site.codes.are_stopped(by_address=True))


def read_form(request: Requested, body: bytes) -> Form:
    """Return what a form sent.

    Raises:
        MalformedError: it is no form, or not UTF-8.
        TooLargeError: it is larger than any form here.

    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _TYPE:
        raise MalformedError
    if len(body) > _LARGEST:
        raise TooLargeError("the form is too large", hint="write less")
    try:
        text = body.decode("ascii")
        return parse_qs(text, keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise MalformedError from None


def one(form: Form, name: str) -> str:
    """Return the value of a field; empty when it was not sent.

    Raises:
        MalformedError: it was sent more than once.

    """
    values = form.get(name, [""])
    if len(values) != 1:
        raise MalformedError
    return values[0]


async def visitor(
    request: Requested, site: Site, form: Form | None = None, *, fresh: bool = False, whole: bool = False
) -> Caller:
    """Return the user in whose visit a page or form is asked for; with `fresh`, proven just now.

    A visit by an app that is for some services only is of those (`part_of`); with `whole`, it is of too little.

    Raises:
        TooLateError: it is no user's, not for all that is held, or not proven as freshly as it must be.
        ForgedRequestError: another site's page sent it.
        TooManyRequestsError: too many were asked for.

    """
    try:
        return await _visitor(request, site, form, fresh=fresh, whole=whole)
    except TooLateError as error:
        if form is not None:  # the page that asks to sign in is made at once, where nothing may be waited for
            error.stopped = await anyio.to_thread.run_sync(stopped_codes, site)
        raise


async def _visitor(request: Requested, site: Site, form: Form | None, *, fresh: bool, whole: bool) -> Caller:
    try:
        caller: Caller = await request.app.state.callers.of(request)
    except NotSignedInError:
        raise TooLateError("over", form) from None
    if caller.kind is not CallerKind.USER or not caller.user:
        raise TooLateError("other", form)
    caller = await seen_as(site, caller)
    if whole and caller.services is not None:
        raise TooLateError("part", form, caller.user)
    if fresh:
        try:
            require_fresh(caller, site)
        except ProofTooOldError:
            raise TooLateError("stale", form, caller.user) from None
    return caller


async def seen_as(site: Site, caller: Caller) -> Caller:
    """Return the user of a visit: of part of the services, unless the app that began it serves all there ever were."""
    if caller.services is not None and await anyio.to_thread.run_sync(is_whole, site, part_of(caller)):
        return msgspec.structs.replace(caller, services=None, purposes=None)
    return caller
