# SPDX-License-Identifier: Apache-2.0
"""The keys that sign permits, a new one each epoch, and the published set by which others check them.

Every process of a site derives the same keys from the site's secret. The set has the keys of the epoch before, of this
one and of the next, so a set that is up to one epoch old still opens every permit that holds.

Source: RFC 7517 (key sets), RFC 7638 (thumbprints as names), RFC 8037 (Ed25519).
"""

import datetime as dt
import hashlib
from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from keshou.errors import InputError
from keshou.permits.jws import ALGORITHM, decode, encode

LABEL = "permits"
"""The label under which the site's keys give the secret."""

KEY_EPOCH = dt.timedelta(days=7)
"""For how long one key signs, unless the site says otherwise."""

_SIZE = 32
_MOST_KEYS = 64


class SigningKey(NamedTuple):
    """One epoch's key and its name."""

    kid: str
    private: Ed25519PrivateKey


class SigningKeys:
    """The keys of one site, derived from its `secret` (32 bytes) and the number of the epoch."""

    def __init__(self, secret: bytes, origin: str, epoch: dt.timedelta = KEY_EPOCH) -> None:
        if len(secret) < _SIZE or epoch <= dt.timedelta():
            raise InputError("permits need a secret of 32 bytes and a time for which a key signs")
        self._secret, self._origin, self._epoch = secret, origin, epoch
        self._known: dict[int, SigningKey] = {}

    def current(self, now: dt.datetime) -> SigningKey:
        """Return the key that signs at `now`."""
        return self._of(self._number(now))

    def jwk_set(self, now: dt.datetime) -> dict[str, Any]:
        """Return the public keys to publish at `now`: of the epoch before, of this one and of the next."""
        number = self._number(now)
        return {"keys": [_jwk(self._of(each)) for each in (number - 1, number, number + 1)]}

    def _number(self, now: dt.datetime) -> int:
        return round(now.timestamp()) // round(self._epoch.total_seconds())

    def _of(self, number: int) -> SigningKey:
        found = self._known.get(number)
        if found is None:
            context = f"keshou permit\0{self._origin}\0{number}".encode()
            seed = HKDFExpand(hashes.SHA256(), _SIZE, context).derive(self._secret)
            private = Ed25519PrivateKey.from_private_bytes(seed)
            found = SigningKey(thumbprint(private.public_key()), private)
            self._known = {each: key for each, key in self._known.items() if abs(each - number) <= 1} | {number: found}
        return found


class PublicKeys:
    """A published set, read: by it permits of `issuer` are checked."""

    def __init__(self, issuer: str, keys: Mapping[str, Ed25519PublicKey]) -> None:
        self.issuer = issuer
        self._keys = dict(keys)

    @classmethod
    def read(cls, issuer: str, document: bytes) -> "PublicKeys":
        """Read a key set; keys of other kinds in it are passed over. A key is known by its thumbprint alone.

        Raises:
            InputError: it is no key set, has no key for permits, or too many.

        """
        try:
            keys = msgspec.json.decode(document, type=_Set).keys
        except msgspec.DecodeError:
            raise InputError(
                "this is no key set", hint="fetch it from the server's address for permits' keys"
            ) from None
        ours = [
            each for each in keys if (each.kty, each.crv, each.alg, each.use) == ("OKP", "Ed25519", ALGORITHM, "sig")
        ]
        if not ours or len(ours) > _MOST_KEYS:
            raise InputError("the key set has no key for permits, or too many", hint="check the address it came from")
        read = [_public(each.x) for each in ours]
        return cls(issuer, {thumbprint(key): key for key in read})

    def of(self, kid: str) -> Ed25519PublicKey | None:
        """Return the key called `kid`; None when the set has none."""
        return self._keys.get(kid)


class _Jwk(msgspec.Struct, frozen=True):
    kty: str = ""
    crv: str = ""
    alg: str = ""
    use: str = ""
    x: str = ""


class _Set(msgspec.Struct, frozen=True):
    keys: list[_Jwk]


def thumbprint(key: Ed25519PublicKey) -> str:
    """Return the name of a key: base64url of SHA-256 over its required members. Source: RFC 7638 3."""
    members = f'{{"crv":"Ed25519","kty":"OKP","x":"{encode(key.public_bytes_raw())}"}}'
    return encode(hashlib.sha256(members.encode()).digest())


def _jwk(key: SigningKey) -> dict[str, str]:
    public = encode(key.private.public_key().public_bytes_raw())
    return {"kty": "OKP", "crv": "Ed25519", "alg": ALGORITHM, "use": "sig", "kid": key.kid, "x": public}


def _public(x: str) -> Ed25519PublicKey:
    try:
        return Ed25519PublicKey.from_public_bytes(decode(x))
    except Exception as error:  # whatever is wrong with it, it is no key
        raise InputError("the key set holds something that is no key", hint="check where it came from") from error
