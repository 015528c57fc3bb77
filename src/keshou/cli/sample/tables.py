# SPDX-License-Identifier: Apache-2.0
"""The sample as tables: the CSV an operator would export of its users, and their use of the service as Parquet."""

import csv
import datetime as dt
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from keshou.cli.sample.people import Subscriber
from keshou.errors import InputError

COLUMNS = (
    "user_id",
    "user_name",
    "id_document_type",
    "resident_id_number",
    "home_address",
    "mobile_number",
    "tariff_plan",
    "email_address",
    "network_join_time",
    "services",
    "consents",
    "limited_capacity",
)
"""Items go by their names in the declaration; lists are joined with semicolons."""

USAGE_SCHEMA = pa.schema(
    [
        ("user_id", pa.dictionary(pa.int32(), pa.string())),
        ("service_use_time", pa.timestamp("us", tz="UTC")),
        ("service_duration", pa.int32()),
        ("data_volume", pa.int64()),
        ("cell_location", pa.dictionary(pa.int32(), pa.string())),
    ]
)
"""Duration in seconds, volume in bytes."""

_FIRST_USE = dt.datetime(2013, 9, 1, tzinfo=dt.UTC)
_USE_SECONDS = 90 * 24 * 3600
_CELLS = 500
_LONGEST = 3600
_LARGEST = 1 << 30
_MIX = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))


def write_subscribers_csv(path: Path, subscribers: Iterable[Subscriber]) -> int:
    """Write `subscribers` to `path` as UTF-8 CSV with a header, and return how many there were."""
    count = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for count, subscriber in enumerate(subscribers, 1):  # noqa: B007 - counted for the caller
            writer.writerow(_row(subscriber))
    return count


def _row(subscriber: Subscriber) -> tuple[str, ...]:
    consents = f"service:{subscriber.service_consent}"
    if subscriber.marketing_consent:
        consents += f";marketing:{subscriber.marketing_consent}"
    return (
        subscriber.user_id,
        subscriber.name,
        subscriber.document_type,
        subscriber.resident_id_number,
        subscriber.address,
        subscriber.mobile_number,
        subscriber.tariff_plan,
        subscriber.email_address,
        subscriber.joined,
        ";".join(subscriber.services),
        consents,
        "true" if subscriber.limited_capacity else "false",
    )


def usage_table(count: int, users: Sequence[str], seed: int = 1) -> pa.Table:
    """Return `count` records of use by `users` (user ids), the first of whom use the service far more than the last.

    Raises:
        InputError: `count` is negative, or there is use without users.

    """
    if count < 0 or (count and not users):
        raise InputError(
            f"{count} records of use by {len(users)} users", hint="give at least one user and 0 records or more"
        )
    columns = [
        _dictionary(_skewed(count, len(users), seed, 0), users),
        _times(count, seed),
        pa.array(_skewed(count, _LONGEST, seed, 2) + 1, pa.int32()),
        pa.array(_skewed(count, _LARGEST, seed, 3), pa.int64()),
        _dictionary(_skewed(count, _CELLS, seed, 4), [f"001-01-{cell:05d}" for cell in range(_CELLS)]),
    ]
    return pa.table(columns, schema=USAGE_SCHEMA)


def write_usage_parquet(path: Path, table: pa.Table) -> None:
    """Write `table` to `path` as Parquet, compressed with Zstandard."""
    pq.write_table(table, path, compression="zstd")


def _times(count: int, seed: int) -> Any:
    offsets = (_uniform(count, seed, 1) * _USE_SECONDS).astype(np.int64)
    offsets.sort()
    start = int(_FIRST_USE.timestamp())
    return pa.array((offsets + start) * 1_000_000, pa.int64()).cast(USAGE_SCHEMA.field("service_use_time").type)


def _dictionary(indices: npt.NDArray[np.int64], values: Sequence[str]) -> Any:
    return pa.DictionaryArray.from_arrays(pa.array(indices, pa.int32()), pa.array(values, pa.string()))


def _skewed(count: int, below: int, seed: int, stream: int) -> npt.NDArray[np.int64]:
    """Return `count` numbers 0 <= n < `below`, small ones far oftener (the cube of an even draw)."""
    draw = _uniform(count, seed, stream)
    return (draw * draw * draw * below).astype(np.int64)


def _uniform(count: int, seed: int, stream: int) -> npt.NDArray[np.float64]:
    """Return `count` even draws 0 <= x < 1, the same on every machine.

    SplitMix64 over a counter, so that nothing hangs on NumPy's own generators, whose streams may change.
    """
    golden, first, second = _MIX
    start = np.uint64((seed * 1_000_003 + stream * 0x5851F42D4C957F2D) % (1 << 64))
    mixed = start + np.arange(1, count + 1, dtype=np.uint64) * golden
    mixed = (mixed ^ (mixed >> np.uint64(30))) * first
    mixed = (mixed ^ (mixed >> np.uint64(27))) * second
    mixed ^= mixed >> np.uint64(31)
    return (mixed >> np.uint64(11)).astype(np.float64) * 2.0**-53
