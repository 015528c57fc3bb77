# SPDX-License-Identifier: Apache-2.0
"""A device that holds a passkey, in software, and a browser that speaks JSON with it."""

import base64
import json
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2 import cbor
from soft_webauthn import SoftWebauthnDevice
from webauthn.helpers import base64url_to_bytes

_FLAGS = 32
"""Where the flags stand in authenticator data, after the hash of the host's name."""
_VERIFIED = 0x04


class Device(SoftWebauthnDevice):  # type: ignore[misc]
    """Asks its owner for a finger or a code when `verifies`; else it only notices a touch."""

    def __init__(self, *, verifies: bool = True) -> None:
        super().__init__()
        self.verifies = verifies

    def register(self, options: dict[str, Any], origin: str) -> dict[str, Any]:
        """Return what a browser at `origin` posts as the answer to creation options."""
        asked = {
            **options,
            "challenge": base64url_to_bytes(options["challenge"]),
            "user": {**options["user"], "id": base64url_to_bytes(options["user"]["id"])},
            "attestation": "none",
        }
        made = self.create({"publicKey": asked}, origin)
        attested = cbor.decode(made["response"]["attestationObject"])
        attested["authData"] = self._with_flags(attested["authData"])
        response = {"attestationObject": cbor.encode(attested), "clientDataJSON": made["response"]["clientDataJSON"]}
        return _posted(made, response)

    def sign_in(self, options: dict[str, Any], origin: str) -> dict[str, Any]:
        """Return what a browser at `origin` posts as the answer to request options."""
        got = self.get({"publicKey": {**options, "challenge": base64url_to_bytes(options["challenge"])}}, origin)
        response = got["response"]
        response["authenticatorData"] = self._with_flags(response["authenticatorData"])
        return _posted(got, {**response, "signature": self._sign(response)})

    def _with_flags(self, data: bytes) -> bytes:
        flags = data[_FLAGS] | (_VERIFIED if self.verifies else 0)
        return data[:_FLAGS] + bytes([flags]) + data[_FLAGS + 1 :]

    def _sign(self, response: dict[str, Any]) -> bytes:
        digest = hashes.Hash(hashes.SHA256())
        digest.update(response["clientDataJSON"])
        signature: bytes = self.private_key.sign(
            response["authenticatorData"] + digest.finalize(), ec.ECDSA(hashes.SHA256())
        )
        return signature


def _posted(made: dict[str, Any], response: dict[str, Any]) -> dict[str, Any]:
    name = text(made["rawId"])
    posted = {"id": name, "rawId": name, "type": "public-key", "clientExtensionResults": {}}
    whole = {**posted, "response": {key: text(value) for key, value in response.items() if value is not None}}
    answer: dict[str, Any] = json.loads(json.dumps(whole))
    return answer


def text(value: bytes) -> str:
    """Return bytes as base64url without padding, as browsers write them."""
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()
