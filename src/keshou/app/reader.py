# SPDX-License-Identifier: Apache-2.0
"""Who reads: in which language (their own word, else the site's setting, else the machine's locale), how wide."""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path

from keshou.app.settings import SETTINGS_FILE
from keshou.language import Language

_LOCALES = ("LC_ALL", "LC_MESSAGES", "LANG")


def language_of(home: Path | None, environ: Mapping[str, str] | None = None) -> Language:
    """Return the language in which to answer when the reader named none.

    In order: ``KESHOU_LANGUAGE``; `language` in the site's settings, when there is a readable site; the first locale
    set; English.
    """
    environ = os.environ if environ is None else environ
    for given in (environ.get("KESHOU_LANGUAGE"), _of_site(home or Path(environ.get("KESHOU_HOME", ".")))):
        if given in ("zh", "en"):
            return "zh" if given == "zh" else "en"
    locale = next((environ[name] for name in _LOCALES if environ.get(name)), "")
    return "zh" if locale.lower().startswith("zh") else "en"


def names_width(environ: Mapping[str, str] | None = None) -> bool:
    """Say whether the reader named how many columns there are (``COLUMNS``)."""
    return "COLUMNS" in (os.environ if environ is None else environ)


def _of_site(home: Path) -> object:
    """Return what the site's settings say; None when there is nothing to be read: opening the site says why."""
    try:
        return tomllib.loads((home / SETTINGS_FILE).read_text("utf-8")).get("language", "zh")
    except (OSError, ValueError):
        return None
