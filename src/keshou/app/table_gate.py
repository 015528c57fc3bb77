# SPDX-License-Identifier: Apache-2.0
"""Gate a table of users' rows that lies outside the vault: what is permitted is kept, the rest is told by article.

Rows that are written may be used now, so a table is judged as of the moment at which its outcome is recorded; of
another moment its rows are only counted.

1. the user column is read once, and the standing of every user named is fetched;
2. the table is read again in batches, each row is decided, and what is permitted is written beside the answer's name;
3. the outcome is recorded in the log; only then do the files get their names.
"""

import contextlib
import io
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from keshou.acts.events import OutdatedError
from keshou.acts.request import Judged
from keshou.app import in_place
from keshou.app.column_file import Kind, Reader, Writer
from keshou.app.in_place import sync
from keshou.app.site import Site
from keshou.app.table_columns import NOTHING, Columns, Said, columns_of, known_items
from keshou.app.table_record import RepeatedError, outcome, record
from keshou.app.table_world import World, world_of
from keshou.errors import InputError, UnreachableError
from keshou.gate.act import Act
from keshou.gate.answers import names_of
from keshou.gate.conditions import Words
from keshou.gate.prohibitions.registry import PROHIBITIONS
from keshou.gate.table import decide_table
from keshou.ledger.entry import decode

_LONGEST = 4096
"""Characters of a user's id; no id comes near it."""
_TRIES = 5
_DENIED = pa.schema(
    [("user", pa.string()), ("reason_code", pa.uint64()), ("prohibitions", pa.string()), ("cites", pa.string())]
)
Advance = Callable[[int], None]


class Files(NamedTuple):
    """What is read and what is written; the kind of each follows from its name (``.parquet``, ``.csv``)."""

    table: Path
    kept: Path
    denied: Path | None = None
    """Where the users refused are written, with reasons and without their information; None for nowhere."""


class Upload:
    """A table that came over the network: read and written in memory, in one kind."""

    def __init__(self, table: bytes, kind: Kind) -> None:
        self.table = table
        self.kind = kind
        self.kept = b""
        """What is permitted, once it is judged."""
        self.denied = b""
        """The users refused, with reasons and without their information."""


Target = Path | BinaryIO


class Verdict(NamedTuple):
    """What became of a table."""

    act: Act
    """What was asked, with the items and the number of users it came to."""
    rows: int
    permitted: int
    denied: Mapping[tuple[str, ...], int]
    """Provisions a row met, as the entry cites them -> number of rows; each row counts once."""
    left_out: tuple[str, ...]
    """Columns of other items, and those of which nobody said what they hold; they were not written."""
    entry: int
    """Place of the entry in the log."""
    repeated: bool = False
    """Whether this request was answered before; then all is told as its entry has it, and nothing was written now."""

    def by_article(self) -> dict[str, int]:
        """Return citation -> number of rows that met it; a row that met several counts for each."""
        return _by_article(self.denied)


class Counted(NamedTuple):
    """How a table would fare at another moment: nothing of it is written or recorded."""

    act: Act
    rows: int
    permitted: int
    denied: Mapping[tuple[str, ...], int]
    """As in `Verdict`."""
    left_out: tuple[str, ...]

    def by_article(self) -> dict[str, int]:
        """Return the same as `Verdict` does."""
        return _by_article(self.denied)


def gate_table(
    site: Site, act: Act, files: Files | Upload, user_column: str, on_progress: Advance = lambda _: None,
    *, said: Said = NOTHING, name: Callable[[Judged], Judged] = lambda job: job,
) -> Verdict:  # fmt: skip
    """Decide every row of a table; write what is permitted; record the outcome as one entry.

    `act` names no user, and is asked as of now whatever time it tells; with no items it is asked for every item that
    the table has a column of. Columns of other items are not written, nor those of which nobody `said` what they hold.
    `name` may name the request, so that it is recorded once however often it is sent. Sent again it is answered as its
    entry has it, whatever is true by now, and no row is written: what may be used was given with the first answer.

    Raises:
        InputError: the table has no such column, names no information, or cannot be read as its name says.
        UnreachableError: a file cannot be read or written.

    """
    kind = files.kind if isinstance(files, Upload) else None
    reader = Reader(files.table, kind)
    columns = columns_of(reader.names, user_column, act.items, said, known_items(site))
    asked = msgspec.structs.replace(act, user="", items=columns.items)
    users = _users(reader, user_column)
    for left in reversed(range(_TRIES)):
        world = world_of(site, asked, users)
        try:
            with _writing(files) as (new, new_denied):
                with Writer(new, reader.schema_of(columns.written), kind) as out, _maybe(new_denied, kind) as rest:
                    given: dict[str, None] = {}
                    counts = _judge(reader, columns, world, (out, rest), on_progress=on_progress, given=given)
                permitted, denied = counts.pop(0, 0), _by_cites(counts)
                done = record(site, name(outcome(world.act, permitted, denied, world, columns.plain, given=given)))
        except RepeatedError as repeated:
            told = msgspec.structs.replace(world.act, items=act.items)
            return _told_before(site, told, columns.left_out, repeated.entry)
        except OutdatedError:
            if not left:
                raise
        else:
            break
    return Verdict(world.act, permitted + sum(denied.values()), permitted, denied, columns.left_out, done.entry)


def count_table(
    site: Site, act: Act, table: Path, user_column: str, on_progress: Advance = lambda _: None, *, said: Said = NOTHING
) -> Counted:
    """Say how many rows of a table would be permitted at the time that `act` tells; nothing is written or recorded.

    Raises:
        InputError: as `gate_table`.
        UnreachableError: the table cannot be read.

    """
    reader = Reader(table)
    columns = columns_of(reader.names, user_column, act.items, said, known_items(site))
    asked = msgspec.structs.replace(act, user="", items=columns.items)
    world = world_of(site, asked, _users(reader, user_column), act.when)
    counts = _judge(reader, columns, world, (None, None), on_progress=on_progress)
    permitted, denied = counts.pop(0, 0), _by_cites(counts)
    return Counted(world.act, permitted + sum(denied.values()), permitted, denied, columns.left_out)


class _Told(msgspec.Struct, frozen=True):
    """What the entry of a table says of its rows."""

    permitted: int
    denied: dict[str, int]


def _told_before(site: Site, act: Act, left_out: tuple[str, ...], entry: int) -> Verdict:
    """Return the verdict that an entry tells of `act`; with no items, it was asked for those of the entry."""
    with site.reading() as tx:
        header = decode(site.ledger.entry(tx, entry))
    told = msgspec.json.decode(bytes(header.fact or b""), type=_Told)
    denied = {tuple(cites.split()): rows for cites, rows in told.denied.items()}
    act = msgspec.structs.replace(act, items=act.items or frozenset(header.items))
    return Verdict(act, header.count, told.permitted, denied, left_out, entry, repeated=True)


def _judge(
    reader: Reader,
    columns: Columns,
    world: World,
    targets: tuple[Writer | None, Writer | None],
    *,
    on_progress: Advance,
    given: dict[str, None] | None = None,
) -> Counter[int]:
    """Decide batch by batch and write what is permitted; return how many rows got which code.

    Where the act names a recipient, whose rows are permitted is put into `given`.
    """
    counts: Counter[int] = Counter()
    out, rest = targets
    for batch in reader.batches([columns.users] if out is None else None):
        column = batch.select([columns.users]).rename_columns(["user"])
        codes = decide_table(world.gate, world.columns, column, world.act)
        _count(counts, codes)
        if given is not None and world.act.recipient:
            through = pc.unique(batch.column(columns.users).filter(pa.array(codes == 0)))
            given |= dict.fromkeys(str(user) for user in through.to_pylist() if user is not None)
        if out is not None:
            out.write(batch.select(list(columns.written)).filter(pa.array(codes == 0)))
        if rest is not None:
            rest.write(_denied_rows(batch.column(columns.users), codes))
        on_progress(batch.num_rows)
    return counts


def _users(reader: Reader, user_column: str) -> list[str]:
    """Return every user the table names, once."""
    seen: dict[str, None] = {}
    for batch in reader.batches([user_column]):
        # A dictionary may hold a missing value of its own, which only reading it out tells.
        found = [str(user) for user in pc.unique(batch.column(0)).to_pylist() if user is not None]
        if any(len(each) > _LONGEST for each in found):
            raise InputError(
                "a user's id in the table is too long to be one", hint="see what its column of users holds"
            )
        seen |= dict.fromkeys(found)
    return list(seen)


def _count(counts: Counter[int], codes: Words) -> None:
    for code, rows in zip(*np.unique(codes, return_counts=True), strict=True):
        counts[int(code)] += int(rows)


def _denied_rows(users: pa.ChunkedArray, codes: Words) -> pa.Table:
    refused = codes != 0
    some = codes[refused]
    names = {int(code): names_of(int(code)) for code in np.unique(some)}
    told = [names[int(code)] for code in some]
    chosen = users.filter(pa.array(refused)).cast(pa.string())
    columns = [chosen, pa.array(some), [" ".join(each) for each in told], [" ".join(_cites(each)) for each in told]]
    return pa.table(columns, schema=_DENIED)


def _cites(names: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(str(PROHIBITIONS[name].cite) for name in names))


def _by_article(denied: Mapping[tuple[str, ...], int]) -> dict[str, int]:
    found: Counter[str] = Counter()
    for cites, rows in denied.items():
        found.update(dict.fromkeys(cites, rows))
    return dict(found.most_common())


def _by_cites(counts: Mapping[int, int]) -> dict[tuple[str, ...], int]:
    """Return rows by the provisions they met; of codes that differ in what meets the same, together."""
    found: Counter[tuple[str, ...]] = Counter()
    for code, rows in counts.items():
        found[tuple(_cites(names_of(code)))] += rows
    return dict(found)


@contextlib.contextmanager
def _writing(files: Files | Upload) -> Iterator[tuple[Target, Target | None]]:
    """Give names to write under; at the end the files get their own, and on failure none is left."""
    if isinstance(files, Upload):
        kept, denied = io.BytesIO(), io.BytesIO()
        yield kept, denied
        files.kept, files.denied = kept.getvalue(), denied.getvalue()
        return
    finals = [path for path in (files.kept, files.denied) if path is not None]
    news = [in_place.beside(path) for path in finals]
    try:
        for new in news:
            in_place.make(new)
        yield news[0], news[1] if files.denied is not None else None
        for new, final in zip(news, finals, strict=True):
            sync(new)
            new.replace(final)
            sync(final.parent)
    except OSError as error:
        raise UnreachableError(f"a table cannot be written: {error.strerror}", hint="check the folder") from error
    finally:
        for new in news:
            new.unlink(missing_ok=True)


def _maybe(target: Target | None, kind: Kind | None) -> contextlib.AbstractContextManager[Writer | None]:
    return Writer(target, _DENIED, kind) if target is not None else contextlib.nullcontext()
