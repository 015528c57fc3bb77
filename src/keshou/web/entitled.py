# SPDX-License-Identifier: Apache-2.0
"""Who may ask for what, beside what the gate decides of acts: scopes of keys, offices of posts, freshness of proof."""

import datetime as dt
from collections.abc import Callable
from typing import TypeVar

from keshou.app.site import Site
from keshou.declaration.model import Office
from keshou.gate.act import OWN_HAND
from keshou.gate.offices import offices_of
from keshou.law.terms import BULK_KINDS, ActKind
from keshou.web.errors import NotEntitledError, ProofTooOldError
from keshou.wire.caller import Caller, CallerKind, Scope

_Asked = TypeVar("_Asked")
OWN_KINDS = frozenset({ActKind.QUERY, ActKind.CORRECT, ActKind.DELETE})
"""What users may do with their own information (Order 24 Art. 9(2), Decision item 8)."""
FRESH_KINDS = BULK_KINDS
"""What people do with a fresh proof alone, be it of one user: what leaves, and what is gone for good."""


def actor(caller: Caller, by: str) -> str:
    """Return who does an act that `caller` asks for; `by` is whom the request names, empty for the caller.

    Raises:
        NotEntitledError: the caller may not act, or not in that name.

    """
    if caller.kind is CallerKind.INSPECTOR or (caller.kind is not CallerKind.USER and caller.id == OWN_HAND):
        raise NotEntitledError("this caller does no acts")
    own = by in ("", caller.id)
    if caller.kind is CallerKind.PROGRAM:
        _require_scope(caller, Scope.ACT if own else Scope.ON_BEHALF)
        if by == OWN_HAND:
            raise NotEntitledError("nobody acts by a user's own hand but the user")
    elif not own:
        raise NotEntitledError("an act in another's name (miit24:13.1.3)", hint="leave out `by`: it is you")
    return caller.id if own else by


def through(caller: Caller, by: str) -> str:
    """Return the program by whose word alone `by` does an act (see `actor`); empty when the caller is `by`."""
    return caller.id if caller.kind is CallerKind.PROGRAM and by != caller.id else ""


def refuse_beyond_key(caller: Caller, purpose: str, kind: ActKind) -> None:
    """Refuse what a key is not for, whatever the posts are granted.

    Raises:
        NotEntitledError: the key is limited to other purposes or kinds of act.

    """
    if caller.purposes is not None and purpose not in caller.purposes:
        raise NotEntitledError("the key is not for this purpose", hint="ask with a key that is")
    if caller.acts is not None and kind not in caller.acts:
        raise NotEntitledError("the key is not for this kind of act", hint="ask with a key that is")


def is_within_key(caller: Caller, purpose: str, kind: ActKind) -> bool:
    """Say whether acts of that kind for that purpose are what a caller's key is for."""
    return (caller.purposes is None or purpose in caller.purposes) and (caller.acts is None or kind in caller.acts)


def refuse_limited(caller: Caller) -> None:
    """Refuse a key that is limited to some purposes or acts: what is asked for is of everything.

    Raises:
        NotEntitledError: it is.

    """
    if caller.purposes is not None or caller.acts is not None:
        raise NotEntitledError("the key is limited to acts or purposes", hint="ask with a key that is not")


def refuse_beyond_own(caller: Caller, user: str, kind: ActKind) -> None:
    """Refuse a user what is not of their own information, or not theirs to do with it.

    Raises:
        NotEntitledError: it is another's, or no query, correction or deletion.

    """
    if caller.kind is CallerKind.USER and (user != caller.user or kind not in OWN_KINDS):
        raise NotEntitledError("users query, correct and delete their own information", hint="see /api/v1/me")


def require_staff(caller: Caller) -> None:
    """Refuse whoever does not act for the operator.

    Raises:
        NotEntitledError: a user or an inspector, or a program whose key is not for acting.

    """
    if caller.kind in (CallerKind.USER, CallerKind.INSPECTOR) or caller.id == OWN_HAND:
        raise NotEntitledError("this is for the operator's people and programs")
    if caller.kind is CallerKind.PROGRAM:
        _require_scope(caller, Scope.ACT)


def refuse_beyond_agent(caller: Caller, site: Site) -> None:
    """Refuse an agent's staff who hold a post that is not of that agent, whatever they ask for.

    Raises:
        NotEntitledError: they do (Order 24 Art. 11, 13(3)).

    """
    rules = site.rules()
    posts = rules.declaration.posts if rules else ()
    theirs = {post.id for post in posts if post.agent == caller.agent}
    if any(each.post not in theirs for each in site.state().appointments(caller.id)):
        raise NotEntitledError(
            "an agent's staff hold posts of their agent alone (miit24:11)", hint="end their other posts"
        )


def require_user(caller: Caller) -> str:
    """Return the user who calls.

    Raises:
        NotEntitledError: it is nobody's user.

    """
    if caller.kind is not CallerKind.USER or not caller.user:
        raise NotEntitledError("this is for users about themselves", hint="staff ask at /api/v1/users/{user}")
    return caller.user


def require_reader(caller: Caller, *, users: bool = False) -> None:
    """Refuse whoever may not read what names nobody: rules, law, log; with `users`, users may too.

    Raises:
        NotEntitledError: a user, or a program whose key is not for reading.

    """
    if caller.kind is CallerKind.USER and not users:
        raise NotEntitledError("this is for the operator's people and programs, and inspectors")
    if caller.kind is CallerKind.PROGRAM:
        _require_scope(caller, Scope.READ)


def require(caller: Caller, site: Site, *offices: Office, fresh: bool = False) -> None:
    """Refuse whoever holds none of `offices` now, or with `fresh` has not just proven who they are.

    An office is of everything, and a key that is limited to some purposes or acts is given none.

    Raises:
        NotEntitledError: none of the caller's posts has such an office (Order 24 Art. 13(1), 13(3)), or the key is
            limited.
        ProofTooOldError: as `require_fresh`.

    """
    require_staff(caller)
    refuse_limited(caller)
    rules = site.rules()
    held = offices_of(site.state(), rules.declaration if rules else None, caller.id, site.now())
    if not held & set(offices):
        names = " or ".join(f"`{each}`" for each in offices)
        raise NotEntitledError(
            f"no post of the caller has the office {names} (miit24:13.1.1)",
            hint="`offices` of the posts in the rules say who may",
        )
    if fresh:
        require_fresh(caller, site)


def asks_alike(caller: Caller) -> bool:
    """Say whether `caller` asks about acts of their own alone, and is told nothing of users whom none could be done to.

    A question leaves no entry, so that whoever may do an act to nobody learns from it of nobody. Programs that ask for
    others learn what is missing of each user, and users what is of themselves.
    """
    return caller.kind is not CallerKind.USER and Scope.EVALUATE not in caller.scopes


def refuse_program(caller: Caller) -> None:
    """Refuse a program where another person is to look: whoever made its key may be the first.

    Raises:
        NotEntitledError: it is one (Order 24 Art. 13(3)).

    """
    if caller.kind is CallerKind.PROGRAM:
        raise NotEntitledError("a program is no second person (miit24:13.1.3)", hint="let one of the staff do it")


def audits(caller: Caller, site: Site) -> bool:
    """Say whether a post of the caller's opens the log."""
    try:
        require(caller, site, Office.AUDIT)
    except NotEntitledError:
        return False
    return True


def seen(
    caller: Caller, site: Site, every: Callable[[Site, str], list[_Asked]], purpose: Callable[[_Asked], str],
    kind: ActKind,
) -> list[_Asked]:  # fmt: skip
    """Return what `caller` may see of what was asked of the site: all to auditors, to others their own.

    A key sees what it could have asked for. `every` finds what somebody asked for, empty: what anybody did.

    Raises:
        NotEntitledError: the caller does not act for the operator.

    """
    require_staff(caller)
    found = every(site, "" if audits(caller, site) else caller.id)
    return [each for each in found if is_within_key(caller, purpose(each), kind)]


def require_log_reader(caller: Caller, site: Site) -> None:
    """Refuse whoever may not look at the log: inspectors may, keys that are for reading, and the office of audit.

    Raises:
        NotEntitledError: it is none of them (Order 24 Art. 13(1)).

    """
    if caller.kind in (CallerKind.INSPECTOR, CallerKind.PROGRAM):
        require_reader(caller)
    else:
        require(caller, site, Office.AUDIT)


def require_fresh(caller: Caller, site: Site) -> None:
    """Refuse people whose proof of who they are is not fresh; programs prove themselves with each request.

    Raises:
        ProofTooOldError: they proved themselves too long ago (Order 24 Art. 13(3)).

    """
    if caller.kind is CallerKind.PROGRAM:
        return
    limit = dt.timedelta(minutes=site.settings.server.fresh_proof_minutes)
    if caller.proven_at is None or site.now() - caller.proven_at > limit:
        raise ProofTooOldError


def require_fresh_for(kind: ActKind, caller: Caller, site: Site) -> None:
    """Refuse people whose proof is not fresh where acts of that kind ask for one, however they come.

    Raises:
        ProofTooOldError: as `require_fresh`.

    """
    if kind in FRESH_KINDS:
        require_fresh(caller, site)


def _require_scope(caller: Caller, scope: Scope) -> None:
    if scope not in caller.scopes:
        raise NotEntitledError(f"the key does not have the scope `{scope}`", hint="ask with a key that has it")
