# SPDX-License-Identifier: Apache-2.0
"""The operator's own OpenID provider as the settings name it, with the client's secret from its file or variable."""

from pathlib import Path

from keshou.accounts.openid.errors import OpenIdError
from keshou.accounts.openid.provider import OpenIdProvider
from keshou.accounts.openid.settings import OpenIdSettings
from keshou.app import environment
from keshou.vault.key_file import read_private

BACK = "/sign-in/openid"
"""The path to which the provider sends browsers back; it is registered there with the server's own address."""


def provider_of(settings: OpenIdSettings, url: str, home: Path) -> OpenIdProvider | None:
    """Return the provider; None when the settings name none. The secret's file is taken from the folder `home`.

    Raises:
        OpenIdError: the settings ask for what cannot be.
        KeyFileError: the secret's file is another's, or others may read it.

    """
    if not settings.issuer:
        return None
    secret = environment.told(settings.client_secret_variable) if settings.client_secret_variable else ""
    if settings.client_secret_file:
        try:
            secret = read_private(home / settings.client_secret_file).decode().strip()
        except UnicodeDecodeError:
            raise OpenIdError("the client's secret is no text", hint="see [accounts.openid]") from None
    return OpenIdProvider(settings, secret, url + BACK)
