# SPDX-License-Identifier: Apache-2.0
"""Every prohibition by name, with the provision it enforces and the fact whose absence meets it."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from keshou.gate.conditions import Condition, Conditions
from keshou.language import Text
from keshou.law.model import Citation, LawError

Rule = Callable[[Conditions], Condition]


class Prohibition(NamedTuple):
    """One prohibition: where an act meets it, `rule` is true."""

    name: str
    cite: Citation
    missing: str
    """Code of what was missing, or stood in the way."""
    unless: tuple[tuple[str, str], ...]
    """(condition, code): the first condition that does not hold names what was missing more exactly."""
    rule: Rule
    says: str
    """The rule in our own words."""
    called: Text
    """What readers call it, who know nothing of codes: what is forbidden, in a few words."""


PROHIBITIONS: dict[str, Prohibition] = {}
"""Name -> prohibition, as the files of this folder registered them."""


def prohibits(
    cite: str, *, missing: str, called: Text, unless: Mapping[str, str] | None = None
) -> Callable[[Rule], Rule]:
    """Register a function as the one that enforces a prohibition of `cite`; readers are told what it is `called`.

    Raises:
        LawError: the name is taken, or `cite` is no citation.

    """

    def register(rule: Rule) -> Rule:
        name = rule.__name__
        if name in PROHIBITIONS:
            raise LawError(f"two prohibitions are called `{name}`")
        says = (rule.__doc__ or "").strip().partition("\n")[0]
        found = (Citation.parse(cite), missing, tuple((unless or {}).items()))
        PROHIBITIONS[name] = Prohibition(name, *found, rule, says, called)
        return rule

    return register
