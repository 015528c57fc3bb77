# SPDX-License-Identifier: Apache-2.0
"""How webhooks are delivered: the table ``[webhooks]`` of the settings."""

from pathlib import Path
from typing import Self

import msgspec


class WebhookSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How often, how long and where to."""

    tries: int = 12
    """Tries of one delivery; after the last it is a dead letter."""
    first_wait_seconds: float = 5.0
    """Wait after the first failure; doubled after each, up to `longest_wait_seconds`, give or take a half."""
    longest_wait_seconds: float = 21_600.0
    answer_seconds: float = 10.0
    """For how long a receiver may take to answer, all in all."""
    at_once: int = 16
    """The most deliveries of one process at a time."""
    at_once_each: int = 4
    """The most of them to one receiver; one, as long as it takes nothing."""
    poll_seconds: float = 1.0
    """How often a process looks for deliveries that are due."""
    keep_days: int = 30
    """For how long delivered and dead ones are shown."""
    rotation_hours: int = 24
    """For how long a secret that was replaced signs beside the new one."""
    certificates: str = ""
    """File of certificate authorities (PEM) that are trusted beside the system's own; empty means none."""
    allow_private: bool = False
    """Whether addresses inside networks of one's own (and plain http to loopback) may be told."""

    def under(self, home: Path) -> Self:
        """Return the settings with paths taken from the site's folder."""
        return msgspec.structs.replace(self, certificates=self.certificates and str(home / self.certificates))
