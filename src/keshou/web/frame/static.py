# SPDX-License-Identifier: Apache-2.0
"""Style, script and pictures, under a path that names the digest of them all: kept for a year, new when one changes."""

import hashlib
from pathlib import Path
from typing import Final

from litestar.config.compression import CompressionConfig
from litestar.datastructures import CacheControlHeader
from litestar.middleware import DefineMiddleware
from litestar.middleware.compression import CompressionMiddleware
from litestar.static_files import create_static_files_router

FOLDER: Final = Path(__file__).with_name("static")
_YEAR = 31_536_000
_LONGEST_NAME = 16

COMPRESSED: Final = DefineMiddleware(CompressionMiddleware, config=CompressionConfig(backend="gzip"))
"""For what holds no secret: beside text that others choose, compression tells what a secret is (BREACH)."""


def _digest() -> str:
    found = hashlib.sha256()
    for path in sorted(FOLDER.iterdir()):
        found.update(path.name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return found.hexdigest()[:_LONGEST_NAME]


PATH: Final = f"/static/{_digest()}"


def address(name: str) -> str:
    """Return the path of a static file.

    Raises:
        FileNotFoundError: there is no such file.

    """
    if not (FOLDER / name).is_file():
        raise FileNotFoundError(name)
    return f"{PATH}/{name}"


FACE = create_static_files_router(
    path=PATH,
    directories=[FOLDER],
    cache_control=CacheControlHeader(public=True, max_age=_YEAR, immutable=True),
    middleware=[COMPRESSED],
)
"""The router of static files."""
