# SPDX-License-Identifier: Apache-2.0
"""A user's own copy as a file, in the format asked for."""

import json
from pathlib import Path
from typing import Literal, NamedTuple

from keshou.app.copy_sheet import latest, sheet
from keshou.app.own_copy import OwnCopy
from keshou.app.site import Site
from keshou.copies.csv_files import zipped
from keshou.copies.pdf import printed, refuse_without_fonts
from keshou.language import Language

Format = Literal["json", "csv", "pdf"]


class CopyFile(NamedTuple):
    """One file."""

    data: bytes
    media_type: str
    suffix: str
    """Without its dot; tables in CSV come as a ZIP archive."""


def refuse_unmakeable(site: Site, format_: Format) -> None:
    """Refuse a format that could not be made, before anything is shown and recorded for it.

    Raises:
        FontError: a PDF is asked for, and no font at hand has Chinese characters.

    """
    if format_ == "pdf":
        refuse_without_fonts(_fonts(site))


def file_of(site: Site, copy: OwnCopy, format_: Format, language: Language) -> CopyFile:
    """Return `copy` as a file in `language`; a PDF has the latest rows, as many as the settings say, and tells so.

    Raises:
        FontError: as `refuse_unmakeable`.

    """
    if format_ == "pdf":
        shown = latest(sheet(site, copy, language), site.settings.pdf_rows)
        return CopyFile(printed(shown, _fonts(site)), "application/pdf", "pdf")
    if format_ == "csv":
        return CopyFile(zipped(sheet(site, copy, language)), "application/zip", "zip")
    text = json.dumps(copy.data(language, site), ensure_ascii=False, indent=2) + "\n"
    return CopyFile(text.encode(), "application/json", "json")


def _fonts(site: Site) -> Path:
    return site.home / site.settings.fonts
