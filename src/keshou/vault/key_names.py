# SPDX-License-Identifier: Apache-2.0
"""Names of the files in a folder of keys, which numbers a folder has, and what each key is bound to."""

import os
import re
from collections.abc import Iterable
from pathlib import Path

from keshou.vault.errors import KeyMissingError
from keshou.vault.wrapping import join

EPOCHS = re.compile(r"epoch-(\d{6})\.key")
INDEXES = re.compile(r"index-(\d{6})\.key")


def epoch_name(number: int) -> str:
    """Return the name of the file that holds the key of an epoch."""
    return f"epoch-{number:06}.key"


def index_name(number: int) -> str:
    """Return the name of the file that holds a key of the blind index; 0 is the root."""
    return f"index-{number:06}.key" if number else "index.key"


def numbers_in(pattern: re.Pattern[str], folder: Path) -> list[int]:
    """Return the numbers of the files in `folder` that are named so, in order."""
    return sorted(matching(pattern, os.listdir(folder)))  # noqa: PTH208


def matching(pattern: re.Pattern[str], names: Iterable[str]) -> set[int]:
    """Return the numbers of those of `names` that are named so."""
    return {int(match[1]) for name in names if (match := pattern.fullmatch(name))}


def not_here(name: str) -> KeyMissingError:
    """Return the error that a key which the database came to is not in the site's folder of keys."""
    return KeyMissingError(
        f"the database came to a key that is not here: there is no key file `{name}`",
        hint="put it into the folder of keys from the machine where they were changed, or from where they are kept; "
        "`keshou restore` of a backup does without a key of the index that is lost",
    )


def context_of(site: str, purpose: str, number: int) -> bytes:
    """Return what a key of a folder is wrapped with beside itself, so that none is taken for another."""
    return join((b"key file", site.encode(), purpose.encode(), number.to_bytes(4)))
