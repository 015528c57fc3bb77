# SPDX-License-Identifier: Apache-2.0
"""The sample's own app, for as long as it takes to vouch for one of the sample's users: its key is kept nowhere."""

import datetime as dt
import secrets

from joserfc import jwt
from joserfc.jwk import OKPKey

from keshou.app.new_app_key import register_app_key
from keshou.app.site import Site
from keshou.cli.sample.staff import SETUP
from keshou.errors import InputError

_ALGORITHM = "Ed25519"
_HOLDS = dt.timedelta(minutes=5)
"""For how long the token holds; a visit that it began ends with the key."""
_KEY_HOLDS = dt.timedelta(hours=1)


def vouch(site: Site, user: str, url: str) -> str:
    """Return a token by which a browser comes in as `user` at the server whose address is `url`.

    Side effects: registers the public half of a new key, for every service of the rules and an hour.

    Raises:
        InputError: no rules are in force.

    """
    rules, now = site.rules(), site.now()
    if rules is None:
        raise InputError("no rules are in force", hint="`keshou try` publishes the sample's")
    first, *others = (each.id for each in rules.declaration.services)
    key = OKPKey.generate_key("Ed25519")
    with site.writing() as tx:
        register_app_key(site, tx, first, key.as_dict(private=False), now + _KEY_HOLDS, also=others, by=SETUP)
    moment = int(now.timestamp())
    claims = {
        "iss": first, "aud": url, "sub": user, "iat": moment, "exp": moment + int(_HOLDS.total_seconds()),
        "auth_time": moment, "jti": secrets.token_hex(8),
    }  # fmt: skip
    return jwt.encode({"alg": _ALGORITHM, "kid": key.thumbprint()}, claims, key, algorithms=[_ALGORITHM])
