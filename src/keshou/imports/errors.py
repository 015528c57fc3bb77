# SPDX-License-Identifier: Apache-2.0
"""What goes wrong with tables on their way in."""

from keshou.errors import InputError, IntegrityError


class ImportTamperedError(IntegrityError):
    """What was put down of a table is not what is read back."""

    def __init__(self) -> None:
        super().__init__("a table on its way in was altered", hint="send it again")


class UnknownImportError(InputError):
    """There is no such import, or it is another's."""

    def __init__(self) -> None:
        super().__init__("there is no such import", hint="what became of one is told for `table_days` only")
