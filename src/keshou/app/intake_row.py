# SPDX-License-Identifier: Apache-2.0
"""One row of a table of users: its columns, what it says, what is wrong with it."""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple, Self

from keshou.acts.value import is_value
from keshou.declaration.model import Declaration
from keshou.errors import InputError
from keshou.law.terms import ActKind, ConsentStrength

USER, SERVICES, CONSENTS, LIMITED = "user_id", "services", "consents", "limited_capacity"
_ID_LONGEST = 255
_TRUTHS = {"true": True, "false": False, "": False}


class Parsed(NamedTuple):
    """What a sound row says."""

    user: str
    values: dict[str, str]
    """Item to value; what the row leaves empty is not there."""
    services: tuple[str, ...]
    consents: dict[str, ConsentStrength]
    limited: bool


class Columns(NamedTuple):
    """Where everything stands in a row, and what the rules know."""

    user: int
    services: int | None
    consents: int | None
    limited: int | None
    items: dict[str, int]
    known_services: frozenset[str]
    known_purposes: frozenset[str]
    collected: dict[str, frozenset[str]]
    """Purpose -> items it may collect."""

    @classmethod
    def of(
        cls, header: Sequence[str], mapping: Mapping[str, str], declaration: Declaration, wanted: Collection[str] = ()
    ) -> Self:
        """Read a header; `mapping` says what columns of other names hold; `wanted` are the purposes to collect for.

        Raises:
            InputError: a column is missing, unknown, or holds what no declared purpose may collect.

        """
        if missing := [name for name in mapping if name not in header]:
            raise InputError(f"{len(missing)} of the columns mapped are not in the table", hint="check --map NAME=ITEM")
        places = {mapping.get(name, name): place for place, name in enumerate(header)}
        if len(places) != len(header):
            raise InputError("two columns hold the same", hint="check --map NAME=ITEM")
        if USER not in places:
            raise InputError(f"the table has no column {USER}", hint=f"name it, or give --map NAME={USER}")
        collected = _collected(declaration, wanted)
        items = {name: at for name, at in places.items() if name not in (USER, SERVICES, CONSENTS, LIMITED)}
        _refuse_unneeded(items, collected)
        if not items:
            raise InputError("the table has no column with information", hint="name columns by the items declared")
        purposes = frozenset(each.id for each in declaration.purposes)
        services = frozenset(each.id for each in declaration.services)
        own = (places[USER], places.get(SERVICES), places.get(CONSENTS), places.get(LIMITED))
        return cls(*own, items, services, purposes, collected)


def _collected(declaration: Declaration, wanted: Collection[str]) -> dict[str, frozenset[str]]:
    if unknown := set(wanted) - {each.id for each in declaration.purposes}:
        told = ", ".join(f"`{each}`" for each in sorted(unknown))
        raise InputError(f"the rules declare no purpose {told}", hint="see the purposes with `keshou rules --json`")
    found = {
        each.id: frozenset(need.item for need in each.needs if ActKind.COLLECT in (need.acts or each.acts))
        for each in declaration.purposes
        if not wanted or each.id in wanted
    }
    return {purpose: items for purpose, items in found.items() if items}


def _refuse_unneeded(items: Mapping[str, int], collected: Mapping[str, frozenset[str]]) -> None:
    """Refuse columns that no purpose may collect; told by place, since a first line may hold a user and no names."""
    needed = frozenset[str]().union(*collected.values())
    if wrong := [place + 1 for name, place in items.items() if name not in needed]:
        told = ", ".join(map(str, wrong))
        raise InputError(
            f"column {told}: no declared purpose collects what it is named for (miit24:9.3)",
            hint=f"take it out, or map it to one of {', '.join(sorted(needed))}",
        )


def faults_in(values: Sequence[str], columns: Columns) -> list[tuple[str, str]]:
    """Return a code and a column for each thing wrong with a row."""
    user = values[columns.user]
    wrong: list[tuple[str, str]] = []
    if not user or len(user) > _ID_LONGEST or not user.isprintable():
        wrong.append(("no_user_id" if not user else "wrong_user_id", USER))
    if not set(_services(values, columns)) <= columns.known_services:
        wrong.append(("unknown_service", SERVICES))
    for purpose, strength in _consents(values, columns):
        if purpose not in columns.known_purposes:
            wrong.append(("unknown_purpose", CONSENTS))
        elif strength not in {each.value for each in ConsentStrength}:
            wrong.append(("unknown_consent", CONSENTS))
    if _limited(values, columns) not in _TRUTHS:
        wrong.append(("not_true_or_false", LIMITED))
    if not any(values[place] for place in columns.items.values()):
        wrong.append(("no_information", ""))
    wrong += [
        ("wrong_value", item) for item, place in columns.items.items() if values[place] and not is_value(values[place])
    ]
    return wrong


def parse(values: Sequence[str], columns: Columns) -> Parsed:
    """Read a row in which nothing is wrong."""
    return Parsed(
        values[columns.user],
        {item: values[place] for item, place in columns.items.items() if values[place]},
        tuple(_services(values, columns)),
        {purpose: ConsentStrength(strength) for purpose, strength in _consents(values, columns)},
        _TRUTHS[_limited(values, columns)],
    )


def _services(values: Sequence[str], columns: Columns) -> list[str]:
    text = "" if columns.services is None else values[columns.services]
    return [each.strip() for each in text.split(";") if each.strip()]


def _consents(values: Sequence[str], columns: Columns) -> list[tuple[str, str]]:
    text = "" if columns.consents is None else values[columns.consents]
    pairs = (each.partition(":") for each in text.split(";") if each.strip())
    return [(purpose.strip(), strength.strip()) for purpose, _, strength in pairs]


def _limited(values: Sequence[str], columns: Columns) -> str:
    return "" if columns.limited is None else values[columns.limited].strip().lower()
