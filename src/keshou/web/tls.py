# SPDX-License-Identifier: Apache-2.0
"""The certificate and key that the server speaks TLS with: tried before anything listens, and until when they serve."""

import datetime as dt
import logging
import ssl
from pathlib import Path
from typing import NoReturn

from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from keshou.errors import InputError

_SOON = dt.timedelta(days=14)
_log = logging.getLogger(__name__)


def refuse_unfit(certificate: Path, key: Path) -> None:
    """Refuse files with which no server could speak TLS.

    Raises:
        InputError: one is not what it should be, the key has a passphrase, or the two do not belong together.

    """
    chain, secret = _read(certificate), _read(key)
    if not _is_chain(chain):
        raise InputError(f"`{certificate}` is no certificate in PEM", hint=_hint(chain, b"PRIVATE KEY"))
    if b"ENCRYPTED" in secret:
        raise InputError(
            f"the key `{key}` has a passphrase, and nobody is there to be asked for it",
            hint="write it without one, for its owner alone: openssl pkey -in KEY -out NEW",
        )
    if not _is_key(secret):
        raise InputError(f"`{key}` is no key in PEM", hint=_hint(secret, b"CERTIFICATE"))
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, _nobody)
    except ssl.SSLError as error:
        raise InputError(
            f"the key `{key}` is not that of the certificate `{certificate}`, or too weak for TLS",
            hint="the certificate's own comes first in its file, and those that signed it follow",
        ) from error


def end_of(certificate: Path) -> dt.datetime:
    """Return when the server's own certificate ends, the first in its file.

    Raises:
        InputError: it is none.

    """
    data = _read(certificate)
    try:
        return x509.load_pem_x509_certificate(data).not_valid_after_utc
    except ValueError as error:
        raise InputError(f"`{certificate}` is no certificate in PEM", hint="name a PEM file") from error


def warn_of_end(end: dt.datetime, now: dt.datetime) -> None:
    """Say in the log that the certificate is over, or will be within two weeks."""
    if end <= now:
        _log.error("the certificate is over: callers turn away")
    elif end - now < _SOON:
        _log.warning("days until the certificate is over: %d", (end - now).days)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"`{path}` cannot be read: {error.strerror}", hint="name a PEM file") from error


def _is_chain(data: bytes) -> bool:
    try:
        return bool(x509.load_pem_x509_certificates(data))
    except ValueError:
        return False


def _is_key(data: bytes) -> bool:
    try:
        load_pem_private_key(data, None)
    except (ValueError, TypeError, NotImplementedError):
        return False
    return True


def _hint(data: bytes, other: bytes) -> str:
    return "the two files are swapped" if other in data else "name a PEM file"


def _nobody() -> NoReturn:
    raise AssertionError("the key was read without a passphrase before")
