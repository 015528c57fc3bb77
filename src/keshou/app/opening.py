# SPDX-License-Identifier: Apache-2.0
"""What a site stands on, opened and found fit: settings, keys, database."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from keshou.app import last_signed, mark, presence
from keshou.app.erasures import bring_up
from keshou.app.keys import open_keys
from keshou.app.settings import Settings, database_url, find_home, read_settings
from keshou.db import Database
from keshou.ledger.store import Ledger
from keshou.vault.keys import FileKeys


class Opened(NamedTuple):
    """A site's folder, settings, database and keys; `leave` is called once it is closed."""

    home: Path
    settings: Settings
    database: Database
    keys: FileKeys
    leave: Callable[[], None]


@contextmanager
def opening(home: Path | str | None) -> Iterator[Opened]:
    """Give what the site in the folder `home` stands on; all of it is let go when the block fails.

    Raises:
        InputError: there is no site, its settings are wrong, or its database has an older or newer schema.
        UnreachableError: the database or the keys cannot be reached, or an archive is being put back.
        IntegrityError: the database belongs to another site, or is an older copy of this site's.

    """
    home = find_home(Path(home) if home is not None else None)
    settings = read_settings(home)
    leave = presence.enter(home)
    try:
        keys = open_keys(settings, home)
        mark.refuse_missing(settings, home)
        database = Database(database_url(settings, home))
        try:
            with database.reading() as tx:
                mark.refuse_unfit(tx, settings.site, keys)
            last_signed.refuse_older(database, Ledger(settings.log_origin, keys.signer), home)
            bring_up(home, database, keys)
            yield Opened(home, settings, database, keys, leave)
        except BaseException:
            database.close()
            raise
    except BaseException:
        leave()
        raise
