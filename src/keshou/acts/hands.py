# SPDX-License-Identifier: Apache-2.0
"""Whose hand it is: what a program does may be done by whoever made a key of its, so that the two are one hand."""

import datetime as dt
from collections.abc import Callable, Mapping
from typing import NamedTuple

from keshou.db import Transaction

Makers = Callable[[Transaction, dt.datetime], Mapping[str, frozenset[str]]]
"""Returns, for every program, who made a key of its that held at a moment or later."""


def no_programs(_tx: Transaction, _since: dt.datetime) -> Mapping[str, frozenset[str]]:
    """Return what `Makers` does where nothing but people does anything."""
    return {}


class Hands(NamedTuple):
    """Who can act by which program."""

    makers: Mapping[str, frozenset[str]]

    def is_program(self, name: str) -> bool:
        """Say whether an id is a program's."""
        return name in self.makers

    def of(self, name: str) -> frozenset[str]:
        """Return `name`, and everybody who could act by it: a program may have made another's key."""
        found, left = {name}, [name]
        while left:
            new = self.makers.get(left.pop(), frozenset()) - found
            found |= new
            left += new
        return frozenset(found)

    def one_with(self, name: str) -> frozenset[str]:
        """Return `name`, who could act by it, and the programs by which any of these could act."""
        return self.of(name) | {program for program in self.makers if self.same(program, name)}

    def same(self, one: str, other: str) -> bool:
        """Say whether what two did may have been done by one hand. Source: miit24:13.1.3."""
        return not self.of(one).isdisjoint(self.of(other))
