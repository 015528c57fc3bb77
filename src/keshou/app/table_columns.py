# SPDX-License-Identifier: Apache-2.0
"""Which columns of a table are written: those of the users and of what is asked about; no column that nobody explained.

A column holds the kind of information that it is named for, or that it is said to hold. Of any other it is not known
whether it holds personal information, so it stays, unless whoever asks answers for it that it does not.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from keshou.app.site import Site
from keshou.errors import InputError

_MOST_PLAIN = 64
"""They are named in the entry, which has its limits."""


class Said(NamedTuple):
    """What whoever asks says of columns whose names are no kinds of information."""

    holds: Mapping[str, str] = {}
    """Column -> id of the kind of information in it."""
    plain: Sequence[str] = ()
    """Columns that hold no personal information."""


NOTHING = Said()


class Columns(NamedTuple):
    """What becomes of the columns of one table, each in the order of the table."""

    users: str
    items: frozenset[str]
    """What is asked about."""
    written: tuple[str, ...]
    left_out: tuple[str, ...]
    plain: tuple[str, ...] = ()
    """Of those written: the ones that are said to hold no personal information."""


def known_items(site: Site) -> frozenset[str]:
    """Return every kind of information that the law's data or any published rules know."""
    with site.reading() as tx:
        versions = site.declarations.versions(tx)
    return frozenset(site.law.items) | {item.id for each in versions for item in each.declaration.items}


def columns_of(names: Sequence[str], users: str, asked: Collection[str], said: Said, known: Collection[str]) -> Columns:
    """Return which columns are written, where `users` names the one with the users' ids.

    With no items `asked` about, it is every item of `known` that a column holds.

    Raises:
        InputError: a column named is not in the table, there is nothing to ask about, or what is said cannot be.

    """
    if users not in names:
        raise InputError(
            f"the table has no column `{users}`", hint="name it with --user-column (over HTTP `user_column`)"
        )
    _refuse_untrue(names, users, said, known)
    holds = {name: said.holds.get(name, name) for name in names if name != users}
    items = frozenset(asked) or frozenset(item for item in holds.values() if item in known)
    if not items:
        raise InputError(
            "no column of the table is a kind of information that is known", hint="say what columns hold with --map"
        )
    written = tuple(name for name in names if name == users or name in said.plain or holds[name] in items)
    left_out = tuple(name for name in names if name not in written)
    return Columns(users, items, written, left_out, tuple(name for name in names if name in said.plain))


def _refuse_untrue(names: Collection[str], users: str, said: Said, known: Collection[str]) -> None:
    """Refuse what cannot be said of columns: what a column is named for is not put away by calling it another thing."""
    if len(said.plain) > _MOST_PLAIN:
        raise InputError("too many columns are said to hold nothing of anybody", hint="leave them out of the table")
    for name in (*said.holds, *said.plain):
        if name not in names:
            raise InputError(
                f"the table has no column `{name}`", hint="--map and --keep (over HTTP `map`, `keep`) name its columns"
            )
        if name == users:
            raise InputError("the column with the users' ids is written as it is", hint="say nothing else of it")
        if name in known:
            raise InputError(
                f"column `{name}` is named for a kind of information", hint="name it anew if it holds something else"
            )
        if name in said.holds and name in said.plain:
            raise InputError(f"column `{name}` is said to hold information and to hold none", hint="say one of the two")
    for item in said.holds.values():
        if item not in known:
            raise InputError(
                f"`{item}` is no kind of information that is known", hint="see the items with `keshou rules --json`"
            )
