# SPDX-License-Identifier: Apache-2.0
"""A public key out of a file. Source: RFC 7517."""

import json
from pathlib import Path
from typing import Any

from keshou.errors import InputError

_LARGEST = 65_536


def read_jwk(file: Path) -> dict[str, Any]:
    """Return the JSON object in `file`; whether it is a key is for whoever registers it to say.

    Raises:
        InputError: the file cannot be read, or it holds no JSON object.

    """
    try:
        with file.open("rb") as opened:
            found = json.loads(opened.read(_LARGEST))
    except OSError:
        raise InputError(f"`{file}` cannot be read", hint="check the name") from None
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise InputError("the file holds no public key", hint="a JWK: a JSON object with `kty`")
    return found
