# SPDX-License-Identifier: Apache-2.0
"""Signing in: by invitation the first time, then by password and second factor.

Whatever fails is answered alike, after the same work. A session goes to the browser as a cookie, never in a body.
"""

from litestar import Response, Router, post
from litestar.di import NamedDependency
from litestar.params import RawBody

from keshou.accounts.account import SecondStep, SignedIn
from keshou.app.site import Site
from keshou.web import signing_in
from keshou.web.api.asked import Requested, answer, read
from keshou.web.caller import count_unproven
from keshou.web.cookies import device_cookie, session_cookie
from keshou.web.described import told
from keshou.web.errors import SignInFailedError
from keshou.wire import sign_in as w


@post("/sign-in", status_code=200, sync_to_thread=True, security=[{}], operation_class=told(
    w.SignedInAnswer, body=w.SignInRequest, headers=("Set-Cookie",)
))  # fmt: skip
def sign_in(request: Requested, site: NamedDependency[Site], body: RawBody) -> Response[bytes]:
    """Sign in by password. Where a second factor is enrolled, the answer has a ticket for the second step."""
    count_unproven(request)
    asked = read(request, body, w.SignInRequest)
    found = signing_in.first_step(site, request, asked.account, asked.password)
    if isinstance(found, SecondStep):
        return answer(w.SignedInAnswer(ticket=found.ticket, ticket_until=found.until))
    return signed_in(site, found)


@post("/sign-in/second", status_code=200, sync_to_thread=True, security=[{}], operation_class=told(
    w.SignedInAnswer, body=w.SecondStepRequest, headers=("Set-Cookie",)
))  # fmt: skip
def second_step(request: Requested, site: NamedDependency[Site], body: RawBody) -> Response[bytes]:
    """Take the second step: the authenticator's code, or a recovery code."""
    count_unproven(request)
    asked = read(request, body, w.SecondStepRequest)
    return signed_in(site, signing_in.second_step(site, request, asked.ticket, asked.code))


@post("/invitations/look", status_code=200, sync_to_thread=True, security=[{}], operation_class=told(
    w.InvitedAnswer, body=w.InvitationRequest, problems=(404, 409)
))  # fmt: skip
def look(request: Requested, site: NamedDependency[Site], body: RawBody) -> Response[bytes]:
    """Say whom an invitation is for."""
    count_unproven(request)
    asked = read(request, body, w.InvitationRequest)
    account = signing_in.invited(site, asked.invitation)
    fewest = site.settings.accounts.password_characters
    return answer(
        w.InvitedAnswer(
            account=account.id, kind=account.kind, until=account.invited_until, fewest_characters=fewest
        )
    )  # fmt: skip


@post("/invitations/accept", status_code=200, sync_to_thread=True, security=[{}], operation_class=told(
    w.SignedInAnswer, body=w.AcceptRequest, problems=(404, 409), headers=("Set-Cookie",)
))  # fmt: skip
def accept(request: Requested, site: NamedDependency[Site], body: RawBody) -> Response[bytes]:
    """Accept an invitation with a password of one's own; whatever proved the account before ends."""
    count_unproven(request)
    asked = read(request, body, w.AcceptRequest)
    return signed_in(site, signing_in.accept(site, request, asked.invitation, asked.password))


def signed_in(site: Site, found: SignedIn | None) -> Response[bytes]:
    """Return the answer to whoever is signed in now.

    Raises:
        SignInFailedError: nobody is.

    """
    if found is None:
        raise SignInFailedError
    shape = w.session_shape(found.session, found.session.id)
    response = answer(w.SignedInAnswer(account=found.session.account, session=shape))
    response.set_cookie(session_cookie(site.settings, found.token))
    response.set_cookie(device_cookie(site.settings, found.device))
    return response


FACE = Router("/api/v1", route_handlers=[sign_in, second_step, look, accept], tags=["signing in"])
"""The router of signing in."""
