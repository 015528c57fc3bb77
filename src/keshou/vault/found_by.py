# SPDX-License-Identifier: Apache-2.0
"""The rows that find users: looked in, written, taken away; and which chosen ways are complete.

A way that was chosen is searched only once every value held is indexed so. It is complete at once where there are no
users yet, else when all tags were written anew; a declaration that leaves it out for a while ends that.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from keshou.db import Transaction
from keshou.declaration.findable import FINDABLE, NAMES, Part
from keshou.rows import chunks, each, replace, select
from keshou.vault.blind_index import WHOLE, Finding, Way, is_chosen
from keshou.vault.errors import VaultError
from keshou.vault.sealer import Place, Sealer, TagRow

COLUMNS = ("user", "item", "way", "tag", "index_key")
TYPES = dict(zip(COLUMNS, ("bigint", "text", "text", "bytea", "integer"), strict=True))
KEY = ("user", "item", "way")
_WAY_TYPES = {"item": "text", "way": "text", "complete": "integer"}
_EVER = frozenset((*FINDABLE, *NAMES))
"""Items of which there can be rows, also from when the rules chose otherwise."""
_REMOVE = 'DELETE FROM vault_index WHERE "user" = ? AND item = ?'
_REMOVE_WAY = 'DELETE FROM vault_index WHERE "user" = ? AND item = ? AND way = ?'
_NEXT_WAY = "SELECT item, way FROM vault_index WHERE item = ? AND way > ? ORDER BY item, way LIMIT 1"
_NEXT_ITEM = "SELECT item, way FROM vault_index WHERE item > ? ORDER BY item, way LIMIT 1"
_IN_WAY = 'SELECT "user", item, way FROM vault_index WHERE item = ? AND way = ? LIMIT ?'
_FIND = 'SELECT "user" FROM vault_index WHERE item = ? AND way = ? AND tag @ ORDER BY "user"'


def users(tx: Transaction, sealer: Sealer, external_ids: Collection[str]) -> dict[str, int]:
    """Return the surrogate keys of those who are known, by the operator's ids."""
    found = _users(tx, sealer, external_ids)
    if len(found) < len(external_ids) and sealer.look_again():
        found |= _users(tx, sealer, [each for each in external_ids if each not in found])
    return found


def _users(tx: Transaction, sealer: Sealer, external_ids: Iterable[str]) -> dict[str, int]:
    ids = {ref: external_id for external_id in external_ids for ref in sealer.refs(external_id)}
    found: dict[str, int] = {}
    for chunk in chunks(list(ids)):
        for ref, user in select(tx, 'SELECT ref, "user" FROM vault_user WHERE ref @', list(chunk)):
            found[ids[bytes(ref)]] = user
    return found


def find(tx: Transaction, sealer: Sealer, finding: Finding, asked: tuple[str, str, Part]) -> list[int]:
    """Return the users whose item equals a value after normalising, or ends or begins so, in order of admission.

    `asked` is the item, the value, and what of it is given.

    Raises:
        VaultError: users cannot be found so, or the index is not complete for it yet.

    """
    way, tags = sealer.searched(finding, *asked)
    if is_chosen(way) and way not in complete(tx):
        raise VaultError(
            f"the index is not complete yet for this search by `{way.item}`", hint="run `keshou keys rotate index`"
        )
    return [user for (user,) in select(tx, _FIND, *way, tags)]


def put(tx: Transaction, replaced: Sequence[Place], rows: Sequence[TagRow], finding: Finding) -> None:
    """Write index rows, each in place of the one before; of values `replaced`, none of the old value stays."""
    chosen = {way.item for way in finding.extra}
    whole = {row[:2] for row in rows if row[2] == WHOLE}
    remove(tx, [place for place in replaced if place[1] in chosen or (place[1] in _EVER and place not in whole)])
    replace(tx, "vault_index", TYPES, KEY, rows)


def remove(tx: Transaction, places: Sequence[Place]) -> None:
    """Take away whatever finds the values of these users and items."""
    if places:
        each(tx, _REMOVE, list(places))


# Which chosen ways are complete


def complete(tx: Transaction) -> frozenset[tuple[str, str]]:
    """Return the chosen ways, each an item and how, in which every value held is indexed."""
    return frozenset((item, way) for item, way in select(tx, "SELECT item, way FROM vault_way WHERE complete = 1"))


def lacking(tx: Transaction, finding: Finding) -> frozenset[str]:
    """Return the items by which users are not found as `finding` chooses before the index was made anew."""
    return frozenset(way.item for way in finding.extra - complete(tx)) if finding.extra else frozenset()


def lingering(tx: Transaction, finding: Finding) -> frozenset[str]:
    """Return the items of which rows find somebody in a way that nothing declares any more."""
    return frozenset(way.item for way in taken_back(tx, finding))


def keep_only(tx: Transaction, finding: Finding) -> None:
    """Take note that ways which nothing declares any more are not kept complete; with no users, all others are."""
    known = select(tx, "SELECT item, way FROM vault_way")
    each(tx, "DELETE FROM vault_way WHERE item = ? AND way = ?", [row for row in known if row not in finding.extra])
    if finding.extra and not select(tx, "SELECT 1 FROM vault_user WHERE ref IS NOT NULL LIMIT 1"):
        _write(tx, finding, 1)


def begin(tx: Transaction, finding: Finding, *, again: bool) -> None:
    """Take note that all tags are about to be written anew, as `finding` says.

    With `again`, some were before it was broken off: what was not chosen then cannot become complete by this.
    """
    keep_only(tx, finding)
    if not again:
        known = select(tx, "SELECT item, way FROM vault_way")
        _write(tx, finding, 0, leaving=known)


def taken_back(tx: Transaction, finding: Finding) -> list[Way]:
    """Return the ways of which there are rows and which nothing declares any more: nobody is searched by them."""
    found, last = list[Way](), Way("", "")
    # Two looks into the index for each way, however many rows it has: SQLite walks over all of an item's rows for one.
    while rows := select(tx, _NEXT_WAY, *last) or select(tx, _NEXT_ITEM, last.item):
        last = Way(*rows[0])
        if last.way not in finding.ways.get(last.item, ()):
            found.append(last)
    return found


def sweep(tx: Transaction, finding: Finding, most: int) -> int:
    """Remove up to `most` rows of ways that nothing declares any more; return how many. Hold the log's lock."""
    keep_only(tx, finding)  # what is declared again later is not complete then
    rows: list[tuple[Any, ...]] = []
    for way in taken_back(tx, finding):
        rows += select(tx, _IN_WAY, *way, most - len(rows))
        if len(rows) == most:
            break
    if rows:
        each(tx, _REMOVE_WAY, rows)
    return len(rows)


def end(tx: Transaction) -> None:
    """Take note that all tags were written anew."""
    each(tx, "UPDATE vault_way SET complete = ?", [(1,)])


def _write(tx: Transaction, finding: Finding, done: int, leaving: Collection[tuple[str, ...]] = ()) -> None:
    rows = [(*way, done) for way in sorted(finding.extra) if tuple(way) not in leaving]
    replace(tx, "vault_way", _WAY_TYPES, ("item", "way"), rows)
