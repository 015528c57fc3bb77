# SPDX-License-Identifier: Apache-2.0
"""How the master key is reached and how much may be searched: the tables ``[master]`` and ``[finding]``."""

import msgspec

SECRET = ("pin", "shares")
"""Settings that are taken from the environment alone: in a file beside the database they would protect nothing."""


class MasterSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Nothing of it is needed while the master key is a file. Paths are relative to the site's folder."""

    module: str = ""
    """The token's own PKCS#11 library, e.g. ``/usr/lib/softhsm/libsofthsm2.so``."""
    token: str = ""
    """The token's label."""
    pin_file: str = ""
    """File with the token's PIN in its first line, for its owner alone (mode 0600)."""
    share_files: str = ""
    """Files of the holders' shares, or folders of them, with ``:`` between."""
    pin: str = ""
    """The PIN itself, from the environment alone (``KESHOU_MASTER_PIN``)."""
    shares: str = ""
    """Shares, with ``;`` between, from the environment alone (``KESHOU_MASTER_SHARES``)."""

    def __repr__(self) -> str:
        return f"MasterSettings(module={self.module!r}, token={self.token!r})"


class FindingSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How wide one search may be, and how often one hand may search. By what, the declaration says."""

    most: int = 20
    """The most users that one search may find; what finds more is too wide and finds nobody."""
    per_hour: int = 120
    """The most searches of one hand within an hour; the next is refused, and nothing is looked for."""
