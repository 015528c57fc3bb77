# SPDX-License-Identifier: Apache-2.0
"""What a program asks, and what it is answered."""

from collections.abc import Mapping

import msgspec

from keshou.errors import InputError
from keshou.law.terms import ActKind
from keshou.wire.decision import GroundShape, ReasonShape


class Question(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One act, asked about. When it is done is the server's moment.

    Raises `InputError` where `items` is a text, of which each letter would be taken for one.
    """

    kind: ActKind
    user: str = ""
    """The operator's own id of the user; empty for a bulk act."""
    items: frozenset[str]
    purpose: str
    by: str = ""
    """Who does it: a member of staff whom the program has signed in; empty for the program itself."""
    post: str = ""
    where: str = ""
    recipient: str = ""
    count: int = 1
    review: str = ""
    ground: str = ""

    def __post_init__(self) -> None:
        if isinstance(self.items, str):
            raise InputError("the items of a question are one text", hint="give a set of items")


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """The gate's answer to a question."""

    permitted: bool
    reasons: tuple[ReasonShape, ...] = ()
    """On a denial: every prohibition met, with its article. Empty where the server gives no reasons."""
    grounds: tuple[GroundShape, ...] = ()
    """On a permission: what it stands on."""
    rules: int = 0
    """Version of the rules applied; 0 when there was none, or the server gives no reasons."""
    revision: int = 0
    """Revision of the facts applied."""
    full: bool = False
    """Whether full values may be shown; otherwise masked."""
    fault: str = ""
    """For one of many questions that could not be asked so: why. It counts as denied."""


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """An act that was asked, decided and recorded."""

    decision: Answer
    entry: int
    """Place of its entry in the log."""
    revision: int = 0
    """From which revision on it can be seen."""
    values: Mapping[str, str] = {}
    """What was shown, for information that lies in the vault."""
    by_user: Mapping[str, Mapping[str, str]] = {}
    """The same, user by user, for acts on many."""
    refused: Mapping[str, Answer] = {}
    """Users among many whose own state refused it; a permit does not cover them."""
    refusals: Mapping[str, int] = {}
    """Where the request had been answered before, in place of `refused`: provision -> how many users met it."""
    permit: str = ""
    """For information that lies in the operator's own system: the permit to hand to it. Empty on a denial."""
    repeated: bool = False
    """Whether the same request had been answered before; then nothing was done now and nothing is shown."""

    @property
    def permitted(self) -> bool:
        """Whether it may go on."""
        return self.decision.permitted
