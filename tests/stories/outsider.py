# SPDX-License-Identifier: Apache-2.0
"""What an outsider writes from the public formats alone, to check a published log: none of our code, no database."""

import base64
import hashlib
import sys
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def main(folder: Path, vkey: str) -> None:
    """Check the folder; say how many entries it holds, or end with an error."""
    origin, size, root, text, signatures = read_note((folder / "checkpoint").read_text("utf-8"))
    check_signature(vkey, origin, text, signatures)
    entries = [entry for path in bundles(folder, size) for entry in unbundle(path.read_bytes())]
    if len(entries) < size:
        sys.exit(f"{size} entries were signed and {len(entries)} are here")
    if tree([hashlib.sha256(b"\0" + entry).digest() for entry in entries[:size]]) != root:
        sys.exit("the entries do not give the signed root")
    sys.stdout.write(f"{size}\n")


def read_note(note: str) -> tuple[str, int, bytes, bytes, list[tuple[str, bytes]]]:
    """Take a signed note apart: origin, size, root, signed text, signatures by name."""
    text, _, below = note.partition("\n\n")
    origin, size, root, *_ = text.split("\n")
    lines = [line.removeprefix("\u2014 ").split(" ") for line in below.splitlines()]
    signed = [(name, base64.b64decode(value)) for name, value in lines]
    return origin, int(size), base64.b64decode(root), (text + "\n").encode(), signed


def check_signature(vkey: str, origin: str, text: bytes, signatures: list[tuple[str, bytes]]) -> None:
    """Hold the note against the verifier key that came from elsewhere."""
    name, number, key = vkey.split("+", 2)
    raw = base64.b64decode(key)
    if name != origin or raw[:1] != b"\x01":
        sys.exit("this key is not of that log")
    value = next(value for signer, value in signatures if signer == name and value[:4] == bytes.fromhex(number))
    Ed25519PublicKey.from_public_bytes(raw[1:]).verify(value[4:], text)


def bundles(folder: Path, size: int) -> list[Path]:
    """Return the files of entries that cover `size`, 256 a file, the last one partial."""
    full, rest = divmod(size, 256)
    entries = folder / "tile" / "entries"
    whole = [entries / named(number) for number in range(full)]
    return whole + ([entries / f"{named(full)}.p" / str(rest)] if rest else [])


def named(number: int) -> str:
    """Write a number as paths do: groups of three digits, all but the last marked."""
    last, rest = f"{number % 1000:03}", number // 1000
    while rest:
        last, rest = f"x{rest % 1000:03}/{last}", rest // 1000
    return last


def unbundle(data: bytes) -> list[bytes]:
    """Split a file into entries, each after its length in two bytes."""
    found, place = [], 0
    while place < len(data):
        length = int.from_bytes(data[place : place + 2], "big")
        found.append(data[place + 2 : place + 2 + length])
        place += 2 + length
    return found


def tree(leaves: list[bytes]) -> bytes:
    """Return the root over leaf hashes, split at the largest power of two below their number."""
    if len(leaves) == 1:
        return leaves[0]
    half = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(b"\1" + tree(leaves[:half]) + tree(leaves[half:])).digest()


main(Path(sys.argv[1]), sys.argv[2])
if any(name.partition(".")[0] == "keshou" for name in sys.modules):
    sys.exit("an outsider has none of our code")
