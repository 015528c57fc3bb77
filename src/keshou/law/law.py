# SPDX-License-Identifier: Apache-2.0
"""The whole law, and the law of one day, as values that answer questions."""

import datetime as dt
from collections.abc import Collection, Mapping

from keshou.law.model import (
    Citation,
    House,
    Instrument,
    Item,
    ItemClass,
    LawError,
    Penalty,
    Period,
    Provision,
    ServiceKind,
)
from keshou.law.terms import Rank


class DayLaw:
    """What is law on one day for an operator: instruments in force, and the guidance it adopted."""

    def __init__(self, day: dt.date, instruments: Mapping[str, Instrument]) -> None:
        self.day = day
        self.instruments = dict(instruments)
        self._by_cite = {each.cite: each for one in self.instruments.values() for each in one.provisions}

    def provisions(self) -> tuple[Provision, ...]:
        """Return every provision that stands on the day, instrument by instrument."""
        return tuple(self._by_cite.values())

    def provision(self, cite: str | Citation) -> Provision:
        """Return one provision that stands on the day.

        Raises:
            LawError: nothing stands there on the day.

        """
        try:
            return self._by_cite[str(cite)]
        except KeyError:
            raise LawError(f"no provision `{cite}` stands on {self.day}", hint="see `keshou law status`") from None

    def binds(self, instrument: str) -> bool:
        """Say whether the instrument is law on the day, or guidance adopted."""
        return instrument in self.instruments

    def prohibitions(self) -> dict[str, list[Citation]]:
        """Return the prohibitions to enforce on the day: name of the gate's function -> provisions it enforces."""
        found: dict[str, list[Citation]] = {}
        for each in self._by_cite.values():
            for name in each.prohibitions:
                found.setdefault(name, []).append(each.citation)
        return found

    def period(self, cite: str | Citation) -> Period:
        """Return the statutory period of a provision.

        Raises:
            LawError: nothing stands there on the day, or it sets no period.

        """
        period = self.provision(cite).period
        if period is None:
            raise LawError(f"`{cite}` sets no period", hint="only provisions with `period` in the law's data have one")
        return period

    def penalty_for(self, cite: str | Citation) -> Penalty | None:
        """Return what a breach of the provision may bring under its own instrument; None when no penalty names it."""
        sanction = self.provision(cite).sanctioned_by
        return self.provision(sanction).penalty if sanction else None


class Law:
    """Every instrument, whatever its dates, and the taxonomy of information and services."""

    def __init__(
        self,
        instruments: Mapping[str, Instrument],
        items: Mapping[str, Item],
        classes: Mapping[str, ItemClass],
        services: Mapping[str, ServiceKind],
        house: House,
    ) -> None:
        self.instruments = dict(instruments)
        self.items = dict(items)
        self.classes = dict(classes)
        self.services = dict(services)
        self.house = house
        self._by_cite = {each.cite: each for one in self.instruments.values() for each in one.provisions}

    def provisions(self) -> tuple[Provision, ...]:
        """Return every provision of every instrument, drafts included."""
        return tuple(self._by_cite.values())

    def provision(self, cite: str | Citation) -> Provision:
        """Return one provision, whatever its instrument's dates.

        Raises:
            LawError: `cite` is not a citation, or nothing stands there.

        """
        text = str(Citation.parse(cite) if isinstance(cite, str) else cite)
        if text not in self._by_cite:
            raise LawError(f"the law has no provision `{text}`", hint="see `keshou law` for what it holds")
        return self._by_cite[text]

    def within(self, cite: str | Citation) -> tuple[Provision, ...]:
        """Return the provision at `cite` and all its parts: ``miit24:9`` has five paragraphs; may be empty."""
        whole = Citation.parse(cite) if isinstance(cite, str) else cite
        return tuple(each for each in self._by_cite.values() if each.citation.within(whole))

    def on(self, day: dt.date, adopted: Collection[str] = ()) -> DayLaw:
        """Return the law of `day`: what is in force, guidance only where adopted, drafts never.

        Raises:
            LawError: something in `adopted` is no guidance that the law's data holds.

        """
        for name in adopted:
            if name not in self.instruments or self.instruments[name].rank is not Rank.GUIDANCE:
                raise LawError(
                    f"`{name}` is not guidance that can be adopted", hint="adopt instruments of rank guidance"
                )
        return DayLaw(day, {key: one for key, one in self.instruments.items() if _stands(one, day, adopted)})


def _stands(instrument: Instrument, day: dt.date, adopted: Collection[str]) -> bool:
    """Say whether `instrument` binds on `day`; a draft never does, whatever dates its data carries."""
    if instrument.rank is Rank.DRAFT or not instrument.in_force_on(day):
        return False
    return instrument.rank is not Rank.GUIDANCE or instrument.id in adopted
