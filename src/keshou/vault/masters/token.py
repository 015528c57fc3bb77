# SPDX-License-Identifier: Apache-2.0
"""A master key inside a token or hardware module, reached by PKCS#11: it is made there and never leaves it.

A key wrapped there is ``fmt 1 | alg 3 | nonce 12 | ciphertext | tag 16``: AES-256-GCM, done by the token. A master
wraps a handful of keys in its life, so random nonces of 96 bits are far from their limit.

Source: OASIS PKCS #11 v2.40, mechanism CKM_AES_GCM.
"""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, Protocol, cast

import pkcs11
from pkcs11 import Attribute, GCMParams, KeyType, Mechanism, ObjectClass, Session
from pkcs11.exceptions import PinIncorrect, PinInvalid, PinLenRange, PinLocked, PKCS11Error, UserAlreadyLoggedIn

from keshou.suite import Suite
from keshou.vault import key_file
from keshou.vault.errors import KeyFileError, KeyMissingError, SealBrokenError
from keshou.vault.masters.source import Master

NAME = "pkcs11"
_HEADER = b"\x01\x03"
_NONCE, _TAG = 12, 16
_BITS = 256
_RANDOM = 8
_SHORTEST = len(_HEADER) + _NONCE + _TAG
_TEMPLATE = {
    Attribute.TOKEN: True,
    Attribute.PRIVATE: True,
    Attribute.SENSITIVE: True,
    Attribute.EXTRACTABLE: False,
    Attribute.ENCRYPT: True,
    Attribute.DECRYPT: True,
    Attribute.WRAP: False,
    Attribute.UNWRAP: False,
    Attribute.SIGN: False,
    Attribute.VERIFY: False,
}
_turn = threading.Lock()
"""One session at a time: a process is signed in to a token once, whoever asked."""


class Token(NamedTuple):
    """How a token is reached."""

    module: Path
    """The token's own PKCS#11 library."""
    label: str
    pin: str = ""
    pin_file: Path | None = None
    """A file for its owner alone, whose first line is the PIN."""

    def __repr__(self) -> str:
        return f"Token(module={str(self.module)!r}, label={self.label!r})"

    @contextmanager
    def session(self) -> Iterator[Session]:
        """Sign in for the time of the block.

        Raises:
            KeyMissingError: the library or the token is not there, or does not answer.
            KeyFileError: the PIN is wrong, or is not given.

        """
        pin = self._pin()
        with _turn:
            try:
                token = pkcs11.lib(str(self.module)).get_token(token_label=self.label)
                opened = token.open(rw=True, user_pin=pin)
            except (PinIncorrect, PinInvalid, PinLenRange, PinLocked):
                raise KeyFileError(
                    f"the token `{self.label}` refuses the PIN", hint="mind its counter: too many tries lock it"
                ) from None
            except UserAlreadyLoggedIn:
                raise KeyMissingError(
                    f"the token `{self.label}` is in use by other code of this process", hint="try again"
                ) from None
            except (PKCS11Error, RuntimeError, OSError) as error:
                raise self.unreachable(error) from None
            with opened as session:
                yield session

    def unreachable(self, error: Exception) -> KeyMissingError:
        """Return what to say when the token does not answer; the library's own words are no value of anybody's."""
        return KeyMissingError(
            f"the token `{self.label}` cannot be reached: {type(error).__name__}",
            hint="see `[master]` in keshou.toml: `module` and `token`; and that the token is plugged in and known",
        )

    def _pin(self) -> str:
        given = self.pin
        if not given and self.pin_file is not None:
            given = key_file.read_private(self.pin_file).decode(errors="replace").partition("\n")[0].strip()
        if not given:
            raise KeyFileError(
                f"no PIN is given for the token `{self.label}`",
                hint="name a file with it in keshou.toml, `pin_file` in `[master]`, or give KESHOU_MASTER_PIN",
            )
        return given


class TokenSource:
    """Master keys made and kept in one token."""

    def __init__(self, token: Token | None) -> None:
        self._token = token

    def make(self, site: str, number: int) -> bytes:
        """Make a key in the token and return its label there."""
        label = f"keshou:{site}:master:{number}:{os.urandom(_RANDOM).hex()}"
        token = self._reachable()
        with token.session() as session:
            try:
                session.generate_key(KeyType.AES, _BITS, label=label, store=True, template=_TEMPLATE)
            except PKCS11Error as error:
                raise token.unreachable(error) from None
        return label.encode()

    def open(self, value: bytes, suite: Suite) -> Master:
        """Return the key with this label, after seeing that it is there; a token wraps by AES for every suite."""
        master = TokenMaster(self._reachable(), value.decode(errors="replace"))
        master.look()
        return master

    def destroy(self, value: bytes) -> None:
        """Destroy the key in the token, when it is still there."""
        token = self._reachable()
        with token.session() as session:
            for found in session.get_objects(
                {Attribute.CLASS: ObjectClass.SECRET_KEY, Attribute.LABEL: value.decode()}
            ):
                found.destroy()

    def _reachable(self) -> Token:
        if self._token is None:
            raise KeyFileError("no token is named", hint="set `module` and `token` of `[master]` in keshou.toml")
        return self._token


class TokenMaster:
    """A master key in a token; every use is a call to the token."""

    def __init__(self, token: Token, label: str) -> None:
        self._token = token
        self._label = label

    def look(self) -> None:
        """See that the key is there.

        Raises:
            KeyMissingError: it is not.

        """
        with self._key():
            pass

    def wrap(self, key: bytes, context: bytes) -> bytes:
        """Wrap `key` for `context` in the token."""
        nonce = os.urandom(_NONCE)
        with self._key() as secret:
            try:
                sealed = secret.encrypt(key, mechanism=Mechanism.AES_GCM, mechanism_param=_parameters(nonce, context))
            except PKCS11Error as error:
                raise self._token.unreachable(error) from None
        return _HEADER + nonce + sealed

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        """Return the key that was wrapped for `context`; whatever the token says against it is one error.

        Raises:
            SealBrokenError: it was not wrapped so, or the token does not open it.

        """
        if len(wrapped) < _SHORTEST or wrapped[:2] != _HEADER:
            raise SealBrokenError
        given = _parameters(wrapped[2 : 2 + _NONCE], context)
        with self._key() as secret:
            try:
                return secret.decrypt(wrapped[2 + _NONCE :], mechanism=Mechanism.AES_GCM, mechanism_param=given)
            except PKCS11Error:
                raise SealBrokenError from None

    @contextmanager
    def _key(self) -> Iterator["_Secret"]:
        wanted = {Attribute.CLASS: ObjectClass.SECRET_KEY, Attribute.LABEL: self._label}
        with self._token.session() as session:
            found = list(session.get_objects(wanted))
            if len(found) != 1:
                raise KeyMissingError(
                    f"the token `{self._token.label}` does not hold this site's master key",
                    hint="plug in the token it was made in, or restore that token from its own backup",
                )
            yield cast("_Secret", found[0])


class _Secret(Protocol):
    """What a secret key in a token can do."""

    def encrypt(self, data: bytes, *, mechanism: Mechanism, mechanism_param: GCMParams) -> bytes: ...

    def decrypt(self, data: bytes, *, mechanism: Mechanism, mechanism_param: GCMParams) -> bytes: ...


def _parameters(nonce: bytes, context: bytes) -> GCMParams:
    return GCMParams(nonce, _HEADER + context, _TAG * 8)
