# SPDX-License-Identifier: Apache-2.0
"""A file that its recipient alone opens, in the age format (https://age-encryption.org/v1), by a kept library."""

import pyrage

from keshou.handover.errors import HandoverError

_HINT = "the file that `age-keygen -y` writes: one line that begins with age1"


def key_in(text: str) -> str:
    """Return the recipient's public key out of the text of a file: its one line that is no remark.

    Raises:
        HandoverError: there is none, there are several, or its check sum is wrong.

    """
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    if len(lines) != 1 or lines[0].upper().startswith("AGE-SECRET-KEY-"):
        raise HandoverError("the file does not hold one public key and nothing else", hint=_HINT)
    _recipient(lines[0])
    return lines[0]


def sealed(body: bytes, key: str) -> bytes:
    """Return `body` so that only who holds the other half of `key` opens it.

    Raises:
        HandoverError: `key` is none.

    """
    found: bytes = pyrage.encrypt(body, [_recipient(key)])
    return found


def _recipient(key: str) -> pyrage.x25519.Recipient:
    try:
        return pyrage.x25519.Recipient.from_str(key)
    except pyrage.RecipientError:
        raise HandoverError("what stands for the recipient's public key is none", hint=_HINT) from None
