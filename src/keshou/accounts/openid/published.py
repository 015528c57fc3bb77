# SPDX-License-Identifier: Apache-2.0
"""What the provider publishes of itself: its addresses and its keys. Source: OpenID Connect Discovery 1.0; RFC 7517."""

import base64
import datetime as dt
import threading
from collections.abc import Mapping
from typing import Any

import msgspec
from joserfc import jwk
from joserfc.errors import JoseError
from joserfc.jwk import Key

from keshou.accounts.openid.errors import ProviderError
from keshou.accounts.openid.outward import Outward, is_safe
from keshou.accounts.openid.settings import OpenIdSettings

_SIGNING = frozenset({"RSA", "EC", "OKP"})
"""Kinds of public key; a shared secret among published keys is nobody's."""
_SMALLEST_RSA = 2048
_WELL_KNOWN = "/.well-known/openid-configuration"


class Metadata(msgspec.Struct, frozen=True, kw_only=True):
    """What of the provider's metadata is read. Source: OpenID Connect Discovery 1.0 3; RFC 8414 2; RFC 9207 3."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)
    authorization_response_iss_parameter_supported: bool = False


class Published:
    """Fetches what the provider publishes, and remembers it for as long as the settings say."""

    def __init__(self, settings: OpenIdSettings, outward: Outward) -> None:
        self._settings = settings
        self._outward = outward
        self._lock = threading.Lock()
        self._metadata: Metadata | None = None
        self._metadata_at = self._keys_at = dt.datetime.min.replace(tzinfo=dt.UTC)
        self._keys: list[Key] = []

    def metadata(self, now: dt.datetime) -> Metadata:
        """Return the provider's addresses; blocks when they are to be fetched.

        Raises:
            ProviderError: it does not answer, or what it publishes is another's, or not safe.

        """
        with self._lock:
            if self._metadata is None or not self._lasts(self._metadata_at, now):
                self._metadata, self._metadata_at = self._fetch_metadata(), now
            return self._metadata

    def key(self, kid: str, kind: str, now: dt.datetime) -> Key | None:
        """Return the key of that id and kind (``RSA``, ``EC``, ``OKP``); None when the provider has none.

        Without an id there must be but one of its kind. One that is not known is asked for again, now and then:
        providers change their keys.

        Raises:
            ProviderError: as `metadata`.

        """
        metadata = self.metadata(now)
        with self._lock:
            if not self._lasts(self._keys_at, now):
                self._fetch_keys(metadata, now)
            found = self._find(kid, kind)
            if found is None and now - self._keys_at >= dt.timedelta(seconds=self._settings.refetch_seconds):
                self._fetch_keys(metadata, now)
                found = self._find(kid, kind)
            return found

    def _lasts(self, since: dt.datetime, now: dt.datetime) -> bool:
        return dt.timedelta() <= now - since < dt.timedelta(minutes=self._settings.metadata_minutes)

    def _find(self, kid: str, kind: str) -> Key | None:
        fitting = [key for key in self._keys if key.key_type == kind and (not kid or key.kid == kid)]
        return fitting[0] if len(fitting) == 1 else None

    def _fetch_metadata(self) -> Metadata:
        said = self._outward.published(self._settings.issuer.rstrip("/") + _WELL_KNOWN)
        try:
            found = msgspec.convert(said, Metadata)
        except msgspec.ValidationError:
            raise ProviderError("what it publishes of itself lacks an address") from None
        if found.issuer != self._settings.issuer:
            raise ProviderError("it names itself otherwise than `issuer`")
        if not all(is_safe(url) for url in (found.authorization_endpoint, found.token_endpoint, found.jwks_uri)):
            raise ProviderError("an address of it is not https")
        return found

    def _fetch_keys(self, metadata: Metadata, now: dt.datetime) -> None:
        listed = self._outward.published(metadata.jwks_uri).get("keys")
        if not isinstance(listed, list):
            raise ProviderError("it publishes no keys")
        self._keys = [key for each in listed if (key := _signing_key(each)) is not None]
        self._keys_at = now


def _signing_key(given: Any) -> Key | None:
    """Return a published key that may sign; None for one that may not, or is not understood (RFC 7517 5)."""
    if not isinstance(given, Mapping) or given.get("kty") not in _SIGNING or given.get("use", "sig") != "sig":
        return None
    try:
        short = given["kty"] == "RSA" and _bits(given["n"]) < _SMALLEST_RSA
        return None if short else jwk.import_key({name: value for name, value in given.items() if name != "d"})
    except (JoseError, ValueError, TypeError, KeyError, AttributeError):
        return None


def _bits(number: str) -> int:
    """Return how long a number is that is written as base64url (RFC 7518 2)."""
    return int.from_bytes(base64.urlsafe_b64decode(number + "=="), "big").bit_length()
