# SPDX-License-Identifier: Apache-2.0
"""What the events of entries are called: what was done, what came true, what went by itself, what befell the site.

An act is called by its kind alone (``use``). The names stand in logs that nobody can rewrite and in certificates, so
one that was ever written keeps its meaning.
"""

from collections.abc import Iterable

FACT = "fact:"
"""What an event begins with that tells of facts; their kinds follow."""
JUDGED = "judged:"
"""What an event begins with that tells of a table; the kind of act follows."""
KEYS = "keys:"
"""What an event begins with that tells of keys made anew or destroyed; which follows."""
AGAIN = "again:destroy"
"""An erasure done again, since a copy from before it was put back."""
AUDIT = "audit"
"""Every payload of the log was opened."""
CANCEL_REFUSED = "cancel"
"""Services were not ended, since the gate denied it."""
DUE = "due:destroy"
"""What was due went when nothing kept it any longer."""
OVER = "over:destroy"
"""What went because the time of the last purpose that needed it was over."""
RESTORED = FACT + "restored"
"""An archive was put back."""
RULES_PUBLISHED = FACT + "rules_published"
"""Further rules were published."""
SEARCH = "search"
"""Users were looked for by a value."""
SERVICE_ENDED = FACT + "service_ended"
"""Services ended; with the last, what they held is destroyed."""
TOLD = FACT + "told"
"""What an entry about very many users says to one of them; no entry of the log is called so."""
_AND = "+"


def is_fact(event: str) -> bool:
    """Say whether an entry tells of facts."""
    return event.startswith(FACT)


def is_judged(event: str) -> bool:
    """Say whether an entry tells of a table that was judged."""
    return event.startswith(JUDGED)


def is_of_keys(event: str) -> bool:
    """Say whether an entry tells of keys that were made anew or destroyed."""
    return event.startswith(KEYS)


def of_facts(kinds: Iterable[str]) -> str:
    """Return what an entry is called that tells of facts of these kinds, each named once."""
    return FACT + _AND.join(dict.fromkeys(kinds))


def kinds_in(event: str) -> list[str]:
    """Return the kinds of fact that an entry tells of; of any other entry, its event."""
    return event.removeprefix(FACT).split(_AND)


def act_of(event: str) -> str:
    """Return the kind of act that an entry tells of, of one or of a table; of any other entry, its event."""
    return event.removeprefix(JUDGED)
