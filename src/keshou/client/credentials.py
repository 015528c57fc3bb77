# SPDX-License-Identifier: Apache-2.0
"""What proves that a program is the one it says: an API key, or OAuth client credentials by secret or private key.

Source: RFC 6749 4.4 (client credentials), RFC 7523 2.2 (private-key JWT).
"""

import threading
from urllib.parse import urlencode

import msgspec
from authlib.oauth2.rfc7523 import private_key_jwt_sign  # type: ignore[import-untyped]
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey

from keshou.client.errors import AnswerError
from keshou.client.exchange import Got, Send, Steps, answered
from keshou.errors import InputError

TOKEN_PATH = "/oauth/token"  # noqa: S105 - an address
_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_ASSERTION_SECONDS = 60
"""For how long an assertion holds: it is used at once."""


class ApiKey:
    """A key that was shown once when it was made; the end of a line behind it, as files have it, is none of it.

    Raises:
        InputError: it has what no key has.

    """

    def __init__(self, key: str) -> None:
        self._key = _visible(key)

    def token(self) -> Steps[str]:
        """Return the key."""
        yield from ()
        return self._key

    def renew(self, token: str) -> bool:
        """There is no other."""
        return False

    def __repr__(self) -> str:
        return "ApiKey(...)"


class ClientSecret:
    """A client id with its secret: access tokens are fetched with them and kept until they do not hold any more.

    Raises:
        InputError: the id or the secret has what none has.

    """

    def __init__(self, client: str, secret: str, *, path: str = TOKEN_PATH) -> None:
        self._secret = _visible(secret)
        self._begin(client, path)

    def _begin(self, client: str, path: str) -> None:
        self._client, self._path = _visible(client), path
        self._token = ""
        self._lock = threading.Lock()

    def token(self) -> Steps[str]:
        """Return the token kept, else fetch one."""
        if not self._token:
            form = {"grant_type": "client_credentials", **self._proof()}
            headers = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}
            came = yield Send("POST", self._path, headers, urlencode(form).encode())
            self._token = _token_in(answered(came))
        return self._token

    def renew(self, token: str) -> bool:
        """Drop `token`, unless another was fetched meanwhile."""
        with self._lock:
            if self._token == token:
                self._token = ""
        return True

    def _proof(self) -> dict[str, str]:
        return {"client_id": self._client, "client_secret": self._secret}

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._client!r}, ...)"


class PrivateKey(ClientSecret):
    """A client id with a private key, which never leaves: a signed assertion proves it (RFC 7523).

    `key` is in PEM, `audience` the full address of the token endpoint as the server knows it.

    Raises:
        InputError: the key is none of the algorithm's.

    """

    def __init__(self, client: str, key: str, *, audience: str, alg: str = "ES256", path: str = TOKEN_PATH) -> None:
        self._begin(client, path)
        self._audience, self._alg = audience, alg
        self._key = _private(key, alg)

    def _proof(self) -> dict[str, str]:
        signed = private_key_jwt_sign(
            self._key, self._client, self._audience, alg=self._alg, expires_in=_ASSERTION_SECONDS
        )
        return {"client_id": self._client, "client_assertion_type": _ASSERTION, "client_assertion": signed}


Credentials = ApiKey | ClientSecret | PrivateKey


def _visible(text: str) -> str:
    """Return a key, id or secret without the end of its line.

    Raises:
        InputError: what is left is not of visible ASCII characters alone, as each of them is.

    """
    found = text.strip("\r\n") if isinstance(text, str) else ""
    if not found or not all("!" <= each <= "~" for each in found):
        raise InputError(
            "a key, id or secret has what none has, or is empty", hint="give it as it was shown when it was made"
        )
    return found


class _Token(msgspec.Struct):
    access_token: str
    token_type: str


def _private(pem: str, alg: str) -> ECKey | RSAKey | OKPKey:
    kinds: dict[str, type[ECKey | RSAKey | OKPKey]] = {"ES256": ECKey, "RS256": RSAKey, "Ed25519": OKPKey}
    if alg not in kinds:
        raise InputError("programs prove themselves with no such algorithm", hint=f"one of {', '.join(kinds)}")
    try:
        return kinds[alg].import_key(pem)
    except (JoseError, ValueError) as error:
        raise InputError(f"the program's private key is no key for {alg}", hint="give it in PEM") from error


def _token_in(got: Got) -> str:
    try:
        found = msgspec.json.decode(got.body, type=_Token)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise AnswerError from None
    if found.token_type.lower() != "bearer" or not found.access_token:
        raise AnswerError
    return found.access_token
