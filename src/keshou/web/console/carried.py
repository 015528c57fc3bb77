# SPDX-License-Identifier: Apache-2.0
"""What was typed over signing in: carried through the door for whoever typed it, and never what proves anybody.

A form that comes when nobody is signed in, or when a fresh proof is needed, is shown again once that is done. It is
shown to nobody else: it carries a seal of whose it is, and what another person signs in to finds nothing typed.
"""

import base64
import datetime as dt
from collections.abc import Mapping
from typing import Final, NamedTuple
from urllib.parse import quote

from keshou.accounts.errors import AccountTamperedError
from keshou.app.site import Site
from keshou.web.console.desk import kept, typed
from keshou.web.cookies import device_of
from keshou.web.frame.page import Requested
from keshou.web.going import own_path

SIGN_IN, SECOND_FACTOR, PROOF = "/console/sign-in", "/console/second-factor", "/console/proof"
GO_ON, INVITATION, SIGN_OUT = "/console/go-on", "/console/invitation", "/console/sign-out"
_DOOR: Final = (SIGN_IN, PROOF, GO_ON, INVITATION, SIGN_OUT)
WHOSE: Final = "~whose"
"""Name among what was typed, as no field has it, of the seal that says whose it is."""
_PROVING: Final = frozenset({"password", "code", "ticket"})
"""Fields that prove somebody, wherever they stand."""
_SEALED: Final = "what was typed"
_ACCOUNT, _DEVICE = "account ", "device "
_DAY: Final = 86_400


class Carried(NamedTuple):
    """Where a form was going, and what was typed into it."""

    where: str
    fields: Mapping[str, str]


def of_request(request: Requested, account: str = "") -> Carried:
    """Return what a form that comes too soon is to carry; `account` is who sent it, empty when nobody is signed in.

    Of the door's own forms only what they carried before is kept: what else they hold proves somebody.
    """
    path, form = str(request.scope["path"]), typed(request)
    if path == SECOND_FACTOR or path.startswith(f"{SECOND_FACTOR}/"):
        return Carried(f"{SECOND_FACTOR}?to={quote(own_path(form.get('to', '')), safe='/')}", {})
    if any(path == each or path.startswith(f"{each}/") for each in _DOOR):
        return Carried(form.get("to", ""), kept(form))
    seal = _seal(request, account) if form else ""
    told = {name: value for name, value in form.items() if name not in _PROVING}
    return Carried(path, {**told, WHOSE: seal} if seal else {})


def given_back(request: Requested, form: Mapping[str, str], account: str) -> dict[str, str]:
    """Return what `form` carries of what `account` typed; nothing when somebody else did."""
    fields = kept(form)
    return fields if _is_of(request, fields.pop(WHOSE, ""), account) else {}


def _seal(request: Requested, account: str) -> str:
    """Return whose a form is: an account's, else of whoever signed in last with this browser; empty: nobody's."""
    device = device_of(request)
    whose = f"{_ACCOUNT}{account}" if account else f"{_DEVICE}{device}" if device else ""
    site: Site = request.app.state.site
    sealed = site.accounts.secrets.close(whose.encode("utf-8", "replace"), _SEALED) if whose else b""
    return base64.urlsafe_b64encode(sealed).decode()


def _is_of(request: Requested, seal: str, account: str) -> bool:
    site: Site = request.app.state.site
    try:
        whose = site.accounts.secrets.open(base64.urlsafe_b64decode(seal), _SEALED).decode()
    except (AccountTamperedError, ValueError):
        return False
    if whose.startswith(_DEVICE):
        since = site.now() - dt.timedelta(days=site.settings.accounts.device_days)
        return bool(site.accounts.secrets.device(account, whose.removeprefix(_DEVICE), int(since.timestamp()) // _DAY))
    return whose == f"{_ACCOUNT}{account}"
