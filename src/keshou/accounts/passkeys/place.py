# SPDX-License-Identifier: Apache-2.0
"""Settings -> the host and origins that passkeys are for. Source: W3C Web Authentication Level 2, 5.1.3, 13.4.9."""

from urllib.parse import urlsplit

from keshou.accounts.passkeys.answer import Place
from keshou.accounts.passkeys.errors import PasskeyError
from keshou.accounts.passkeys.settings import PasskeySettings

_TLS, _LOCAL = "https", ("localhost", "127.0.0.1", "::1")


def place_of(settings: PasskeySettings, url: str) -> Place:
    """Return whose pages passkeys are taken from, for a server whose own address is `url`.

    Raises:
        PasskeyError: a page is not under the host that passkeys are made for, or is no origin.

    """
    own = urlsplit(url)
    host = settings.rp_id or own.hostname or ""
    for origin in (f"{own.scheme}://{own.netloc}", *settings.origins):
        page = urlsplit(origin)
        name = page.hostname or ""
        if origin != f"{page.scheme}://{page.netloc}" or (page.scheme != _TLS and name not in _LOCAL):
            raise PasskeyError("an origin is `https://HOST` and no more", hint="mend [accounts.passkeys]")
        if name != host and not name.endswith(f".{host}"):
            raise PasskeyError(
                "a page's host is not under the one that passkeys are made for", hint="mend [accounts.passkeys]"
            )
    return Place(host, f"{own.scheme}://{own.netloc}", settings.origins)
