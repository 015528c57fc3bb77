# SPDX-License-Identifier: Apache-2.0
"""Who may ask about whom: programs with the scope `evaluate` about anybody, everybody about themselves."""

from collections.abc import Sequence

from keshou.gate.act import OWN_HAND, Act
from keshou.gate.decision import Deny
from keshou.web.errors import NotEntitledError
from keshou.wire.caller import Caller, CallerKind, Scope


def beyond(caller: Caller, act: Act) -> str:
    """Return why `caller` may not ask about `act`; empty when they may."""
    if caller.purposes is not None and act.purpose not in caller.purposes:
        return "the key is not for this purpose"
    if caller.acts is not None and act.kind not in caller.acts:
        return "the key is not for this kind of act"
    if caller.kind is CallerKind.USER:
        return "" if act.by == OWN_HAND and act.user == caller.user else "users ask about their own information only"
    if caller.kind is CallerKind.PROGRAM:
        if Scope.EVALUATE in caller.scopes or (act.by == caller.id and Scope.ACT in caller.scopes):
            return ""
        return "the key is not for asking about others"
    return "" if act.by == caller.id else "staff ask about their own acts only"


def require(caller: Caller, acts: Sequence[Act | Deny]) -> None:
    """Refuse a caller who may not ask about one of `acts`.

    Raises:
        NotEntitledError: they may not.

    """
    for act in acts:
        told = beyond(caller, act) if isinstance(act, Act) else ""
        if told:
            raise NotEntitledError(told, hint="ask whoever gives out keys for the scope `evaluate`")
