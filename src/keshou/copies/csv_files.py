# SPDX-License-Identifier: Apache-2.0
"""A copy as CSV: one file a table, in a ZIP archive, for programs for tables.

Each file is UTF-8 with a byte order mark, without which such programs read Chinese as something else, and ends its
lines as RFC 4180 has them. A text that a program for tables would take for a sum stands behind an apostrophe.
"""

import csv
import io
import zipfile

from keshou.copies.sheet import Sheet, Table

_SUMS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What a text begins with that is taken for a sum; full width too, which some programs take for the same."""
_MARK = "\ufeff"
HEAD = "about"
_ONCE = (1980, 1, 1, 0, 0, 0)
"""A time for every file, so that the same copy is the same bytes."""


def zipped(sheet: Sheet) -> bytes:
    """Return the tables of `sheet` as a ZIP archive; what stands in its head is a table too."""
    written = io.BytesIO()
    head = Table(HEAD, sheet.title, ("", ""), [(sheet.title, ""), *sheet.head])
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for table in (head, *sheet.tables):
            name = zipfile.ZipInfo(f"{table.key}.csv", _ONCE)
            name.compress_type, name.external_attr = zipfile.ZIP_DEFLATED, 0o600 << 16
            archive.writestr(name, _MARK.encode() + _csv(table, titled=table.key != HEAD))
    return written.getvalue()


def _csv(table: Table, *, titled: bool) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    if titled:
        writer.writerow(map(harmless, table.columns))
    writer.writerows([harmless(each) for each in row] for row in table.rows)
    return text.getvalue().encode("utf-8", "replace")


def harmless(text: str) -> str:
    """Return `text` as no program for tables takes it for a sum."""
    return f"'{text}" if text.lstrip(" \u3000").startswith(_SUMS) or text.startswith(_SUMS) else text
