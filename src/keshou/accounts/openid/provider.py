# SPDX-License-Identifier: Apache-2.0
"""class OpenIdProvider: sends browsers to the operator's own provider, and reads what they bring back.

Authorization code with PKCE. Source: OpenID Connect Core 1.0 3.1; RFC 7636; RFC 9207; RFC 9700.
"""

import datetime as dt
from typing import Any
from urllib.parse import urlsplit

from authlib.integrations.httpx_client import AsyncOAuth2Client  # type: ignore[import-untyped]

from keshou.accounts.openid.errors import OpenIdError, OpenIdRefusedError, ProviderError, Refusal
from keshou.accounts.openid.flow import Begun, Flow, Identity
from keshou.accounts.openid.logout import Logout, read_logout
from keshou.accounts.openid.outward import Outward, is_safe
from keshou.accounts.openid.published import Metadata, Published
from keshou.accounts.openid.settings import Match, OpenIdSettings
from keshou.accounts.openid.token import KINDS, KeyOf, identify

_LONGEST_CODE = 4096


class OpenIdProvider:
    """The operator's own provider. It touches no table, so that a slow provider holds up no transaction.

    `client_secret` is empty for a public client; `redirect_uri` is where browsers come back to.

    Raises:
        OpenIdError: the settings cannot be.

    """

    def __init__(self, settings: OpenIdSettings, client_secret: str, redirect_uri: str) -> None:
        _check(settings)
        self.settings = settings
        self._secret = client_secret
        self._redirect_uri = redirect_uri
        self._outward = Outward(settings)
        self._published = Published(settings, self._outward)

    def address(self, begun: Begun, now: dt.datetime) -> str:
        """Return where to send the browser; blocks when the provider has to be asked for its addresses.

        Raises:
            ProviderError: the provider does not answer, or not as one.

        """
        metadata = self._published.metadata(now)
        more: dict[str, Any] = {"prompt": "login", "max_age": 0} if begun.flow.fresh else {}
        if self.settings.strong_acr:
            more["acr_values"] = " ".join(self.settings.strong_acr)
        client = AsyncOAuth2Client(**self._client(metadata))
        url, _ = client.create_authorization_url(
            metadata.authorization_endpoint,
            state=begun.state,
            code_verifier=begun.flow.verifier,
            nonce=begun.flow.nonce,
            **more,
        )
        return str(url)

    def redeem(self, flow: Flow, code: str, issuer: str, now: dt.datetime) -> Identity:
        """Return whom the provider proves by the `code` a browser brought back; blocks meanwhile.

        `issuer` is the parameter ``iss`` beside the code, empty when there is none.

        Raises:
            OpenIdRefusedError: it proves nobody; `reason` says why.
            ProviderError: the provider does not answer, or not as one.

        """
        metadata = self._published.metadata(now)
        named = issuer or metadata.authorization_response_iss_parameter_supported
        if named and issuer != self.settings.issuer:
            raise OpenIdRefusedError(Refusal.ANSWERER)
        if not 0 < len(code) <= _LONGEST_CODE or not code.isprintable():
            raise OpenIdRefusedError(Refusal.CODE)
        given = self._outward.redeem(
            self._client(metadata), metadata.token_endpoint, code=code, code_verifier=flow.verifier
        )
        token = given.get("id_token")
        if not isinstance(token, str):
            raise OpenIdRefusedError(Refusal.NO_TOKEN)

        return identify(token, self._key_of(now), flow, self.settings, now)

    def logged_out(self, token: str, now: dt.datetime) -> Logout:
        """Return who signed out at the provider, as its logout token says; blocks when its keys are to be fetched.

        Raises:
            OpenIdRefusedError: it is none of the provider's, for us, now; `reason` says why.
            ProviderError: the provider does not answer, or not as one.

        """
        return read_logout(token, self._key_of(now), self.settings, now)

    def _key_of(self, now: dt.datetime) -> KeyOf:
        return lambda kid, kind: self._published.key(kid, kind, now)

    def _client(self, metadata: Metadata) -> dict[str, Any]:
        scope = "openid profile" if self.settings.match is Match.NAME else "openid"
        return {
            "client_id": self.settings.client_id,
            "client_secret": self._secret or None,
            "token_endpoint_auth_method": self._method(metadata),
            "code_challenge_method": "S256",
            "redirect_uri": self._redirect_uri,
            "scope": scope,
        }

    def _method(self, metadata: Metadata) -> str:
        """Return how we prove to the provider who asks. Source: OpenID Connect Core 1.0 9."""
        if not self._secret:
            return "none"
        for method in ("client_secret_basic", "client_secret_post"):
            if method in metadata.token_endpoint_auth_methods_supported:
                return method
        raise ProviderError("it takes no client secret")


def _check(settings: OpenIdSettings) -> None:
    if not is_safe(settings.issuer) or urlsplit(settings.issuer).query:
        raise OpenIdError("`issuer` is no address of a provider", hint="an https address, as the provider names itself")
    if not settings.client_id:
        raise OpenIdError("the provider's client has no id", hint="set `client_id` in [accounts.openid]")
    if settings.client_secret_file and settings.client_secret_variable:
        raise OpenIdError("the client's secret is in two places", hint="name a file or a variable, not both")
    if unknown := set(settings.algorithms) - set(KINDS):
        raise OpenIdError(f"{len(unknown)} of `algorithms` cannot be allowed", hint=f"choose of {', '.join(KINDS)}")
    if settings.match is Match.NAME and not settings.own_directory:
        raise OpenIdError(
            "names at a provider say who somebody is only where the operator gives them",
            hint='set `own_directory = true` when the directory is the operator\'s own, else `match = "sub"`',
        )
