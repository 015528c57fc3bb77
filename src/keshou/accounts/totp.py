# SPDX-License-Identifier: Apache-2.0
"""Second factors that are typed: one-time passwords of an authenticator, and recovery codes on paper.

Source: RFC 6238 (six digits, thirty seconds, HMAC-SHA-1 as every authenticator has it); OWASP ASVS 5.0 6.5.
"""

import datetime as dt
import hmac
import secrets

import pyotp

_SECRET = 32
"""Base 32 characters of a secret: 160 bits."""
_WINDOW = 1
"""Steps before and after now whose codes count too, for clocks that differ."""
_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_CODE = 25
"""Characters of a recovery code: 125 bits, so that a keyed hash is enough to store it. Source: OWASP ASVS 5.0 6.5.2."""


def new_secret() -> str:
    """Return a new secret for an authenticator, in base 32."""
    return pyotp.random_base32(_SECRET)


def address(secret: str, account: str, issuer: str) -> str:
    """Return what an authenticator reads from a picture: ``otpauth://...``."""
    return pyotp.TOTP(secret).provisioning_uri(name=account, issuer_name=issuer)


def step_of(secret: str, code: str, now: dt.datetime, after: int) -> int | None:
    """Return the step whose code is `code`; None when it is none of those that count, or not later than `after`."""
    totp = pyotp.TOTP(secret)
    here = int(now.timestamp()) // totp.interval
    found = None
    for step in range(here - _WINDOW, here + _WINDOW + 1):
        same = hmac.compare_digest(totp.generate_otp(step).encode(), code.encode())
        if same and step > after:
            found = step
    return found


def new_recovery_codes(count: int) -> list[str]:
    """Return `count` codes, each in groups of five."""
    return ["-".join(_group() for _ in range(_CODE // 5)) for _ in range(count)]


def plain(code: str) -> str:
    """Return a recovery code as it is compared: without blanks and dashes, in capitals."""
    return "".join(code.split()).replace("-", "").upper()


def _group() -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(5))
