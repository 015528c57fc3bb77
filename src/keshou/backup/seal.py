# SPDX-License-Identifier: Apache-2.0
"""An archive is sealed in the age format: to the site's own backup key, and to whomever else the operator names.

The site's key is derived from a secret of its keys (32 bytes), so that nothing more has to be kept. Sealing says
nothing of who sealed: that is what the signed manifest is for.

Source: C2SP age (age-encryption.org/v1); BIP 173 for how its keys are written.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, BinaryIO

import pyrage

from keshou.backup.errors import ArchiveError
from keshou.backup.parts import Taken
from keshou.errors import InputError

_LETTERS = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_KIND = "age-secret-key-"
_CHECK = 6


def seal(chunks: Iterator[bytes], file: BinaryIO, secret: bytes, others: Sequence[str] = ()) -> None:
    """Write `chunks` sealed into `file`, to be opened with `secret` or by any of the recipients `others`.

    Raises:
        InputError: one of `others` is no age recipient.
        OSError: `file` cannot be written.

    """
    whom = [_identity(secret).to_public(), *recipients(others)]
    with _as_raised() as guarded:
        pyrage.encrypt_io(guarded(_Pulled(chunks)), guarded(file), whom)


def recipients(texts: Sequence[str]) -> list[Any]:
    """Return age recipients, read from their text.

    Raises:
        InputError: one of them is none.

    """
    try:
        return [pyrage.x25519.Recipient.from_str(text) for text in texts]
    except pyrage.RecipientError:
        raise InputError("what stands for a recipient is no age recipient", hint="it begins with age1") from None


def unseal(file: BinaryIO, secret: bytes, taken: Taken) -> None:
    """Open `file` and hand its bytes to `taken`; each is authenticated before it is handed over.

    Raises:
        ArchiveError: it was altered or cut short, or is not sealed to this site.

    """
    try:
        with _as_raised() as guarded:
            pyrage.decrypt_io(guarded(file), guarded(taken), [_identity(secret)])
    except pyrage.DecryptError as error:
        raise ArchiveError(
            "the archive does not open with this site's backup key",
            hint="it is another site's, is no archive, or was altered",
        ) from error
    except _GarbledError as error:
        raise ArchiveError("the archive was altered or cut short", hint="take another copy") from error
    taken.finish()


class _GarbledError(Exception):
    """What was to be opened does not go together."""


class _Guarded:
    """A file, or what is like one, whose failures are remembered as they were raised."""

    def __init__(self, file: Any, failures: list[BaseException]) -> None:
        self._file, self._failures = file, failures

    def read(self, size: int = -1) -> Any:
        """Read as the file does."""
        return self._noted(lambda: self._file.read(size))

    def write(self, data: bytes) -> Any:
        """Write as the file does."""
        return self._noted(lambda: self._file.write(data))

    def flush(self) -> None:
        """Flush as the file does."""
        self._noted(self._file.flush)

    def _noted(self, step: Callable[[], Any]) -> Any:
        try:
            return step()
        except BaseException as error:
            self._failures.append(error)
            raise


@contextmanager
def _as_raised() -> Iterator[Callable[[Any], _Guarded]]:
    """Raise what went wrong with a file as it was raised, and not as the library tells it."""
    failures: list[BaseException] = []
    try:
        yield lambda file: _Guarded(file, failures)
    except BaseException as error:
        if failures:
            raise failures[0] from None
        if isinstance(error, OSError):
            raise _GarbledError from error
        raise


class _Pulled:
    """Lets chunks that come one by one be read like a file."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._waiting = bytearray()

    def read(self, size: int = -1) -> bytes:
        """Return up to `size` bytes; nothing only at the end."""
        while size < 0 or len(self._waiting) < size:
            chunk = next(self._chunks, None)
            if chunk is None:
                break
            self._waiting += chunk
        end = len(self._waiting) if size < 0 else size
        found = bytes(self._waiting[:end])
        del self._waiting[:end]
        return found


def _identity(secret: bytes) -> Any:
    return pyrage.x25519.Identity.from_str(_bech32(_KIND, secret).upper())


def _bech32(kind: str, data: bytes) -> str:
    bits = int.from_bytes(data) << -(8 * len(data)) % 5
    count = (8 * len(data) + 4) // 5
    fives = [bits >> 5 * place & 31 for place in reversed(range(count))]
    head = [ord(each) >> 5 for each in kind] + [0] + [ord(each) & 31 for each in kind]
    check = _polymod(head + fives + [0] * _CHECK) ^ 1
    fives += [check >> 5 * place & 31 for place in reversed(range(_CHECK))]
    return f"{kind}1{''.join(_LETTERS[each] for each in fives)}"


def _polymod(values: Sequence[int]) -> int:
    check = 1
    for value in values:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for place, factor in enumerate(_GENERATOR):
            check ^= factor if top >> place & 1 else 0
    return check
