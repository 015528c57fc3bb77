# SPDX-License-Identifier: Apache-2.0
"""A site driven by HTTP and by hand, all that it answered, and the hunt for values that were planted in it.

Each call says which of the planted values its answer may show; that it shows them is asserted too, or the hunt would
hunt for nothing. Everything else, and every address and header, must have none.
"""

import itertools
import os
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import psycopg
from callers import TestClient, bearer, served

from cli_caller import Caller, Outcome
from keshou.app.settings import database_url, read_settings
from keshou.app.site import Site
from keshou.db import Database
from keshou.wire.caller import Caller as Who
from planting import Planted

_keys = itertools.count()


class Answer(NamedTuple):
    """One answer, whom it was given to, and which planted values it may show."""

    to: str
    what: str
    data: bytes
    around: bytes
    """Address and headers, which may show none."""
    sees: frozenset[str]


class Book:
    """Everything that was answered in a story."""

    def __init__(self, planted: Collection[str]) -> None:
        self.planted = tuple(planted)
        self.answers: list[Answer] = []

    def note(self, to: str, what: str, data: bytes, around: bytes, sees: Collection[str], *, packed: bool) -> None:
        """Keep an answer; unless it is `packed`, what it `sees` stands in it as it is."""
        text = data.decode("utf-8", "replace")
        missing = [] if packed else [each for each in sees if each not in text]
        assert not missing, f"{what} was to show {missing}"
        self.answers.append(Answer(to, what, data, around, frozenset(sees)))

    def hunt(self) -> list[str]:
        """Return what stands in an answer that may not."""
        found = []
        for each in self.answers:
            hidden = [value for value in self.planted if value not in each.sees]
            told = [
                *(Planted(hidden).find_in(each.data) if hidden else []),
                *Planted(self.planted).find_in(each.around),
            ]
            found += [f"{each.what}, to {each.to}: {hit}" for hit in told]
        return found


class Desk:
    """The site as it is met over HTTP, by callers whose names are their tokens."""

    def __init__(self, client: Any, book: Book) -> None:
        self._client, self._book = client, book

    def post(
        self, path: str, body: Any, who: str, *, sees: Collection[str] = (), status: int = 200, packed: bool = False,
        kind: str = "application/json",
    ) -> Any:  # fmt: skip
        """Send `body`; its answer has this status and shows just what it may."""
        content = body if isinstance(body, bytes) else msgspec.json.encode(body)
        headers = {"Content-Type": kind, "Idempotency-Key": f"h-{next(_keys)}", "Accept-Language": "en"} | bearer(who)
        return self._noted(self._client.post(path, content=content, headers=headers), who, sees, status, packed=packed)

    def get(self, path: str, who: str, *, sees: Collection[str] = (), status: int = 200) -> Any:
        """Fetch `path`."""
        answer = self._client.get(path, headers={"Accept-Language": "en"} | bearer(who))
        return self._noted(answer, who, sees, status, packed=False)

    def _noted(self, answer: Any, who: str, sees: Collection[str], status: int, *, packed: bool) -> Any:
        assert answer.status_code == status, (str(answer.request.url), answer.text)
        what = f"{answer.request.method} {answer.request.url}"
        around = f"{answer.request.url} {sorted(answer.headers.items())}".encode()
        self._book.note(who, what, answer.content, around, sees, packed=packed)
        return answer


class Hand:
    """The command line on the same site."""

    def __init__(self, home: Path, book: Book) -> None:
        self._call, self._book = Caller(home), book

    def __call__(self, *words: object, sees: Collection[str] = (), stdin: str = "", status: int = 0) -> Outcome:
        """Call a verb; what it prints shows just what it may, and what it says beside its answer nothing."""
        told = self._call(*words, "--json", stdin=stdin)
        assert told.status == status, (words[:2], told.err, told.out)
        # Whoever types a value on the command line knows it; what is asked is what is said back.
        self._book.note("hand", " ".join(map(str, words[:2])), told.out.encode(), told.err.encode(), sees, packed=False)
        return told


@contextmanager
def at_the_desk(home: Path, book: Book, callers: Mapping[str, Who], now: Any) -> Iterator[tuple[Desk, Site]]:
    """Serve the site in `home`."""
    with Site.open(home, now) as site, TestClient(served(site, callers), base_url="http://127.0.0.1") as client:
        yield Desk(client, book), site


def stored(planted: Planted, home: Path, *, since: float, cluster: Path | None, more: Collection[Path]) -> list[str]:
    """Hunt in every file of the site and of `more`, in every stored value, and in what a server's cluster wrote."""
    found = planted.search_files(home, *more)
    database = Database(database_url(read_settings(home), home))
    url = database.url.set(drivername="postgresql").render_as_string(hide_password=False)
    if cluster is not None:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("CHECKPOINT")
    found += planted.search_database(database)
    database.close()
    written = [] if cluster is None else [each for each in _files(cluster) if _is_newer(each, since)]
    assert cluster is None or any(each.parent.name == "pg_wal" for each in written)
    return found + planted.search_files(*written)


def _files(folder: Path) -> Iterator[Path]:
    for root, _, names in os.walk(folder):
        yield from (Path(root) / name for name in names)


def _is_newer(path: Path, since: float) -> bool:
    """Say whether a file was written in the story; a server removes some while it is looked at."""
    try:
        return path.is_file() and path.stat().st_mtime >= since
    except FileNotFoundError:
        return False


def begun() -> float:
    """Return the moment from which files count as written in the story, as file systems tell it."""
    return time.time() - 1
