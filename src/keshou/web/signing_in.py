# SPDX-License-Identifier: Apache-2.0
"""How people prove who they are, step by step, whatever face asks them: password, second step, invitation, fresh proof.

Whatever fails is told alike, after the same work. The check of a password lies outside every transaction.
"""

from keshou.accounts.account import Account, Factor, SecondStep, Session, SignedIn
from keshou.accounts.errors import InvitationWaitsError
from keshou.accounts.store import Accounts
from keshou.app.site import Site
from keshou.db import Transaction
from keshou.web.caller import Callers, Requested
from keshou.web.cookies import binding_of, device_of
from keshou.web.errors import NotFoundError, NotSignedInError, SecondFactorNeededError
from keshou.wire.caller import Caller


def first_step(site: Site, request: Requested, account: str, password: str) -> SignedIn | SecondStep | None:
    """Return what follows a password: a session, the second step, or None for a failure."""
    with site.writing() as tx:
        tried = site.accounts.start(tx, account, device_of(request), site.now())
    checked = site.accounts.check(tried, password)
    with site.writing() as tx:
        found = site.accounts.conclude(tx, tried, checked, binding_of(request), site.now())
    if isinstance(found, SignedIn):
        hold(request, found.token)
    return found


def second_step(site: Site, request: Requested, ticket: str, code: str) -> SignedIn | None:
    """Return the session that the authenticator's code or a recovery code begins; None when it is not right."""
    with site.writing() as tx:
        found = site.accounts.second(tx, ticket, code, binding_of(request), site.now())
    if found is not None:
        hold(request, found.token)
    return found


def invited(site: Site, invitation: str) -> Account:
    """Return whom an invitation is for. That it waits is told to nobody but whoever holds it.

    Raises:
        NotFoundError: it is none, or over, or accepted.
        InvitationWaitsError: a second person has to confirm it first.

    """
    with site.reading() as tx:
        account = site.accounts.holding(tx, invitation, site.now())
    if account is None:
        raise NotFoundError("the invitation is none, or over, or accepted", hint="ask for a new one")
    if account.waits:
        raise InvitationWaitsError
    return account


def accept(site: Site, request: Requested, invitation: str, password: str) -> SignedIn:
    """Accept an invitation with a password of one's own; whatever proved the account before ends.

    Raises:
        NotFoundError: it is none, or over, or accepted.
        InvitationWaitsError: a second person has to confirm it first.
        WeakPasswordError: the password is too easily guessed.

    """
    stored = site.accounts.hash(invited(site, invitation), password)
    with site.writing() as tx:
        found = site.accounts.accept(tx, invitation, stored, binding_of(request), site.now())
    hold(request, found.token)
    return found


def prove(site: Site, request: Requested, person: Caller, password: str, code: str) -> tuple[Session, str] | None:
    """Return the session with its new token when its owner proved anew who they are; None when nothing was proven.

    Source: miit24:13.1.3
    """
    now = site.now()
    with site.writing() as tx:
        tried = site.accounts.start(tx, person.id, device_of(request), now)
    checked = site.accounts.check(tried, password)
    with site.writing() as tx:
        account, session = own(tx, site.accounts, person, site)
        # whoever has a passkey or a provider and no authenticator proves themselves by that: a password is one factor
        alone = not _has_outer(tx, site, person.id)
        factors: tuple[Factor, ...] = (Factor.PASSWORD,) if checked.right and alone else ()
        if checked.right:
            site.accounts.store_anew(tx, tried, checked)
        else:
            site.accounts.conclude(tx, tried, checked, binding_of(request), now)
        if checked.right and account.has_totp:
            second = site.accounts.second_factor(tx, tried, code, now)
            factors = (Factor.PASSWORD, second) if second else ()
        proven = site.accounts.prove(tx, session, factors, now, device=tried.device) if factors else None
    if proven is not None:
        hold(request, proven[1])
    return proven


def offer_totp(site: Site, person: Caller) -> tuple[str, str]:
    """Return a secret for an authenticator and its address (``otpauth:``); it counts once it is confirmed.

    Raises:
        SecondFactorNeededError: the person showed one factor only and has another.

    """
    rules = site.rules()
    issuer = rules.declaration.operator.name.zh if rules else "Keshou"
    with site.writing() as tx:
        refuse_half(tx, site, person)
        return site.accounts.offer_totp(tx, person.id, issuer)


def confirm_totp(site: Site, request: Requested, person: Caller, code: str) -> tuple[list[str], str]:
    """Let the authenticator count from now on; return recovery codes, told this once, and the session's new token.

    Raises:
        CodeRefusedError: the code is not right.

    """
    with site.writing() as tx:
        refuse_half(tx, site, person)
        _, session = own(tx, site.accounts, person, site)
        codes = site.accounts.confirm_totp(tx, session, code, site.now())
        _, token = site.accounts.prove(tx, session, (Factor.TOTP,), site.now())
    hold(request, token)
    return codes, token


def hold(request: Requested, token: str) -> None:
    """Let the session whose token is new go on, whatever the source of `request` spends by proving nothing."""
    callers: Callers = request.app.state.callers
    callers.hold(token, binding_of(request))


def own(tx: Transaction, accounts: Accounts, person: Caller, site: Site) -> tuple[Account, Session]:
    """Return the account and session of the one who asks.

    Raises:
        NotSignedInError: it ended meanwhile.

    """
    account = accounts.account(tx, person.id)
    found = [each for each in accounts.sessions.of(tx, person.id, site.now()) if each.id == person.credential]
    if account is None or not found:
        raise NotSignedInError("the session is over")
    return account, found[0]


def refuse_half(tx: Transaction, site: Site, person: Caller) -> None:
    """Refuse whoever showed one factor only and has another: they show that one, and enrol none in its place.

    Raises:
        SecondFactorNeededError: a second factor is there, or a provider that answers for them.

    """
    account = site.accounts.account(tx, person.id)
    if person.limited and account is not None and (account.has_totp or _has_outer(tx, site, person.id)):
        raise SecondFactorNeededError(hint="sign in by what you have enrolled")


def _has_outer(tx: Transaction, site: Site, account: str) -> bool:
    """Say whether an account has a passkey, or a subject of the operator's provider that signs in to it."""
    return bool(site.passkeys.passkeys(tx, account)) or site.openid.has_subject(tx, account)
