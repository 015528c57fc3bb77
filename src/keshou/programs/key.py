# SPDX-License-Identifier: Apache-2.0
"""The text of a key: recognisable, of full strength, and checked for slips before anybody looks it up."""

import re
import secrets
import zlib
from typing import NamedTuple

KEY, SECRET = "ks", "kc"
"""What keys and client secrets begin with, so that scanners find those that leaked."""
_TEXT = re.compile(r"(ks|kc)_([0-9a-f]{16})([0-9a-f]{64})([0-9a-f]{8})")


class Made(NamedTuple):
    """A new key: its id, which may be shown, and its text, which is shown once."""

    id: str
    text: str


def make(prefix: str) -> Made:
    """Make a key of 256 random bits: prefix, id, randomness, checksum; all in hex."""
    name, body = secrets.token_hex(8), secrets.token_hex(32)
    return Made(name, f"{prefix}_{name}{body}{_check(prefix, name, body)}")


def id_of(prefix: str, text: str) -> str | None:
    """Return the id in a key's text; None when it is no such text."""
    found = _TEXT.fullmatch(text)
    if found is None or found[1] != prefix or _check(prefix, found[2], found[3]) != found[4]:
        return None
    return found[2]


def _check(prefix: str, name: str, body: str) -> str:
    return f"{zlib.crc32(f'{prefix}_{name}{body}'.encode()):08x}"
