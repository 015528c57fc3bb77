# SPDX-License-Identifier: Apache-2.0
"""Asks the provider: over https (or to this very machine), within a time and a length, and nowhere else."""

import asyncio
import json
import ssl
from collections.abc import Awaitable, Mapping
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx2
from authlib.integrations.httpx_client import AsyncOAuth2Client, OAuthError  # type: ignore[import-untyped]

from keshou.accounts.openid.errors import OpenIdRefusedError, ProviderError, Refusal
from keshou.accounts.openid.settings import OpenIdSettings

T = TypeVar("T")
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_PLAIN = frozenset({"", "identity"})


def is_safe(url: str) -> bool:
    """Say whether `url` is one to ask, or to send a browser to: https, or plain http on this very machine."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return False
    if not url.isascii() or not url.isprintable() or "@" in parts.netloc or "\\" in url or parts.fragment:
        return False
    return bool(parts.hostname) and (
        parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
    )


class Outward:
    """Asks with the settings' bounds; every method blocks meanwhile."""

    def __init__(self, settings: OpenIdSettings) -> None:
        self._settings = settings
        self._trust = ssl.create_default_context()
        if settings.certificates:
            self._trust.load_verify_locations(settings.certificates)

    def published(self, url: str) -> Mapping[str, Any]:
        """Return the JSON object published at `url`.

        Raises:
            ProviderError: there is none, or it comes too late or is too long.

        """
        return asyncio.run(self._within(self._published(url)))

    def redeem(self, client: Mapping[str, Any], endpoint: str, **asked: str) -> Mapping[str, Any]:
        """Return what the token endpoint gives for a code. `client` is what authlib's client is made with.

        Raises:
            OpenIdRefusedError: it does not take the code.
            ProviderError: it does not answer, or not as a provider does.

        """
        return asyncio.run(self._within(self._redeem(client, endpoint, asked)))

    async def _published(self, url: str) -> Mapping[str, Any]:
        async with httpx2.AsyncClient(**self._bounds()) as client:
            answer = await client.get(url, headers={"accept": "application/json"})
        if answer.status_code != httpx2.codes.OK:
            raise ProviderError(f"status {answer.status_code}")
        return _object(answer.content)

    async def _redeem(self, client: Mapping[str, Any], endpoint: str, asked: Mapping[str, str]) -> Mapping[str, Any]:
        async with AsyncOAuth2Client(**client, **self._bounds()) as asking:
            try:
                given = await asking.fetch_token(endpoint, grant_type="authorization_code", **asked)
            except OAuthError:
                # What the provider says of it may be anybody's words.
                raise OpenIdRefusedError(Refusal.CODE) from None
        return given if isinstance(given, Mapping) else {}

    async def _within(self, asked: Awaitable[T]) -> T:
        try:
            async with asyncio.timeout(self._settings.answer_seconds):
                return await asked
        except (TimeoutError, httpx2.TimeoutException):
            raise ProviderError("it is too slow") from None
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
            raise ProviderError(type(error).__name__) from None
        except (ValueError, TypeError, AttributeError, RecursionError):
            raise ProviderError("what it says is not of the shape of an answer") from None

    def _bounds(self) -> dict[str, Any]:
        transport = _Bounded(self._trust, self._settings.answer_bytes)
        # No proxies or credentials from the environment, and no way on to elsewhere.
        return {
            "transport": transport,
            "trust_env": False,
            "follow_redirects": False,
            "timeout": self._settings.answer_seconds,
            "headers": {"accept-encoding": "identity"},
        }


class _Bounded(httpx2.AsyncHTTPTransport):
    """Asks safe addresses only, and gives up an answer that grows too long or is packed so that it might."""

    def __init__(self, trust: ssl.SSLContext, longest: int) -> None:
        super().__init__(verify=trust, trust_env=False)
        self._longest = longest

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        if not is_safe(str(request.url)):
            raise ProviderError("an address of it is not https")
        answer = await super().handle_async_request(request)
        if answer.headers.get("content-encoding", "").lower() not in _PLAIN:
            await answer.aclose()
            raise ProviderError("what it says is packed")
        if isinstance(answer.stream, httpx2.AsyncByteStream):
            answer.stream = _Short(answer.stream, self._longest)
        return answer


class _Short(httpx2.AsyncByteStream):
    def __init__(self, stream: httpx2.AsyncByteStream, longest: int) -> None:
        self._stream = stream
        self._left = longest

    async def __aiter__(self):  # type: ignore[no-untyped-def]
        async for chunk in self._stream:
            self._left -= len(chunk)
            if self._left < 0:
                raise ProviderError("what it says is too long")
            yield chunk

    async def aclose(self) -> None:
        await self._stream.aclose()


def _object(content: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        raise ProviderError("what it says is no JSON") from None
    if not isinstance(found, dict):
        raise ProviderError("what it says is no JSON object")
    return found
