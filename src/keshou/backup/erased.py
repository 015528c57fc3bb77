# SPDX-License-Identifier: Apache-2.0
"""The list of erasures: a small file beside the database, so that a copy put back does not bring back the erased.

Each line is one erasure: its number, revision, the user's surrogate number, class, key id, item; ``-`` stands for
nothing. After what was written together stands ``=``, the number so far, the chain so far, and the log's signature
over both. The chain begins with 32 zero bytes; each line makes it SHA-256 over the chain before and the
line with its line feed. The first line of the file names the site. Nobody's information is in it.
"""

import fcntl
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from keshou.backup.errors import ListError
from keshou.backup.store import Erasure
from keshou.errors import UnreachableError
from keshou.ledger.errors import FormatError
from keshou.ledger.note import Signer, from_base64, to_base64

FILE = "erased.list"
_TITLE = "keshou erased 1"
_TAIL = 65_536
_NONE = "-"
_START = bytes(32)

After = Callable[[int], Iterable[tuple[int, Erasure]]]
"""Returns the erasures after a number, with theirs."""


class List(NamedTuple):
    """A list that was read whole: every erasure in order, the first being number 1, and the chain after each."""

    erasures: tuple[Erasure, ...] = ()
    chains: tuple[bytes, ...] = ()


def bring_up(path: Path, site: str, signer: Signer, after: After) -> int:
    """Add to the list what it has not yet; return how many were added. They are on the disk when this returns.

    What another process left half written is cut off first: nobody was told that it was erased.

    Raises:
        ListError: the file is not a list of this site.
        UnreachableError: it cannot be read or written.

    """
    try:
        with _held(path) as file:
            end, number, chain = _tail(file, path, site)
            lines, added = [], 0
            for number, erasure in after(number):  # noqa: B020 - what is asked for begins after the last
                line = _line(number, erasure)
                chain = _next(chain, line)
                lines.append(line)
                added += 1
            if not added and end:
                return 0
            head = b"" if end else f"{_TITLE} {site}\n".encode()
            file.truncate(end)
            file.seek(end)
            file.write(head + b"".join(lines) + _signed(site, number, chain, signer))
            file.flush()
            os.fsync(file.fileno())
            if not end:
                _sync_folder(path.parent)
            return added
    except OSError as error:
        raise UnreachableError(f"the list of erasures {path} cannot be written: {error.strerror}") from error


def last(path: Path, site: str) -> int:
    """Return the number of the last erasure on the list; 0 when there is no list.

    Raises:
        ListError: the file is not a list of this site.
        UnreachableError: it cannot be read.

    """
    try:
        with path.open("rb") as file:
            return _tail(file, path, site)[1]
    except FileNotFoundError:
        return 0
    except OSError as error:
        raise UnreachableError(f"the list of erasures {path} cannot be read: {error.strerror}") from error


def read(data: bytes, site: str, public_key: bytes) -> List:
    """Return a list whose every signature was checked; what is half written at its end is left out.

    Raises:
        ListError: it is not what the site wrote.

    """
    lines = data.split(b"\n")[:-1]
    if not lines or lines[0].decode(errors="replace") != f"{_TITLE} {site}":
        raise ListError("this is not the site's list of erasures")
    key = Ed25519PublicKey.from_public_bytes(public_key)
    erasures: list[Erasure] = []
    chains: list[bytes] = []
    whole = 0
    for line in lines[1:]:
        if line.startswith(b"= "):
            _check(line, site, len(chains), chains[-1] if chains else _START, key)
            whole = len(chains)
            continue
        number, erasure = _parse(line)
        if number != len(erasures) + 1:
            raise ListError(f"the list of erasures does not go on with number {len(erasures) + 1}")
        erasures.append(erasure)
        chains.append(_next(chains[-1] if chains else _START, line + b"\n"))
    return List(tuple(erasures[:whole]), tuple(chains[:whole]))


def chain_of(erasures: Iterable[tuple[int, Erasure]]) -> bytes:
    """Return the chain after `erasures`, which begin with number 1."""
    chain = _START
    for number, erasure in erasures:
        chain = _next(chain, _line(number, erasure))
    return chain


def agrees(found: List, number: int, chain: bytes) -> bool:
    """Say whether a list of `number` erasures with that chain is how `found` begins."""
    return number == 0 or (number <= len(found.chains) and found.chains[number - 1] == chain)


@contextmanager
def _held(path: Path) -> Iterator[BinaryIO]:
    """Open the list for this process alone, made for its owner's eyes where there is none."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(handle, "r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file


def _tail(file: BinaryIO, path: Path, site: str) -> tuple[int, int, bytes]:
    """Return where what is whole ends, the last number and the chain there; all nothing for an empty file."""
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    head = f"{_TITLE} {site}\n".encode()
    begun = file.read(len(head))
    if begun != head:
        if head.startswith(begun):
            return 0, 0, _START
        raise ListError(f"{path} is not the site's list of erasures", hint="put the site's own back")
    for start in (max(len(head), size - _TAIL), len(head)):
        file.seek(start)
        data = file.read()
        at, end = _last_signed(data)
        if end:
            _, number, chain, _ = data[at : end - 1].decode("ascii").split(" ")
            return start + end, int(number), bytes.fromhex(chain)
    return 0, 0, _START


def _last_signed(data: bytes) -> tuple[int, int]:
    """Return where the last whole line of a signature begins, and where it ends; 0 as the end when there is none."""
    end = data.rfind(b"\n") + 1
    while end:
        at = data.rfind(b"\n", 0, end - 1) + 1
        if data[at:end].startswith(b"= ") and data[at:end].count(b" ") == 3:
            return at, end
        end = at
    return 0, 0


def _line(number: int, each: Erasure) -> bytes:
    words = (str(number), str(each.revision), str(each.user), each.class_, each.kid.hex(), each.item)
    return (" ".join(word or _NONE for word in words) + "\n").encode("ascii")


def _parse(line: bytes) -> tuple[int, Erasure]:
    try:
        number, revision, user, class_, kid, item = line.decode("ascii").split(" ")
        words = ["" if word == _NONE else word for word in (class_, kid, item)]
        erasure = Erasure(int(revision), int(user), words[0], bytes.fromhex(words[1]), words[2])
    except ValueError as error:
        raise ListError("a line of the list of erasures is not one") from error
    return int(number), erasure


def _next(chain: bytes, line: bytes) -> bytes:
    return sha256(chain + line).digest()


def _message(site: str, number: int, chain: bytes) -> bytes:
    return f"{_TITLE}\n{site}\n{number}\n{chain.hex()}\n".encode()


def _signed(site: str, number: int, chain: bytes, signer: Signer) -> bytes:
    signature = to_base64(signer.sign(_message(site, number, chain)))
    return f"= {number} {chain.hex()} {signature}\n".encode()


def _check(line: bytes, site: str, number: int, chain: bytes, key: Ed25519PublicKey) -> None:
    try:
        _, told, hex_, signature = line.decode("ascii").split(" ")
        key.verify(from_base64(signature), _message(site, number, chain))
        if told != str(number) or hex_ != chain.hex():
            raise ListError("the list of erasures was altered")
    except (ValueError, FormatError, InvalidSignature) as error:
        raise ListError("the list of erasures was altered", hint="take another copy of it") from error


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
