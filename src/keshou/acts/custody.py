# SPDX-License-Identifier: Apache-2.0
"""What may be written down of media that carry users' information: they are known, still there, and ended before two.

Source: miit24:13.1.4
"""

from keshou.acts.hands import Hands
from keshou.acts.request import ActError
from keshou.acts.work import Work
from keshou.gate.facts import MediumChecked, MediumDestroyed, MediumMoved, MediumRegistered, SiteFact
from keshou.gate.media import fold_media


class MediumError(ActError):
    """The register has no such medium, has it already, or it was destroyed."""


def check_medium(work: Work, fact: SiteFact, by: str) -> None:
    """Refuse a fact of a medium that cannot be.

    Raises:
        MediumError: the register says otherwise.
        ActError: whoever destroyed it is its own witness, or it is told in another's name.

    """
    if not isinstance(fact, MediumRegistered | MediumMoved | MediumChecked | MediumDestroyed):
        return
    found = fold_media(work.view.gate.site.facts).get(fact.medium)
    if isinstance(fact, MediumRegistered):
        if not fact.items <= set(work.names.items):
            raise ActError("neither the law's words nor the rules have such an item", hint="see `keshou rules`")
        if found is not None:
            raise MediumError("the register has a medium of that id", hint="give it an id of its own")
        return
    if found is None:
        raise MediumError("the register has no such medium", hint="register it first; see `keshou media list`")
    if found.destroyed is not None:
        raise MediumError("the medium was destroyed", hint="see `keshou media show`")
    if isinstance(fact, MediumChecked | MediumDestroyed) and fact.by != by:
        raise ActError("a check or a destruction in another's name", hint="whoever did it records it")
    if isinstance(fact, MediumDestroyed):
        _check_witness(work.hands(fact.at), fact)


def _check_witness(hands: Hands, fact: MediumDestroyed) -> None:
    if fact.manner != "not_made" and (hands.same(fact.witness, fact.by) or hands.is_program(fact.witness)):
        raise ActError("nobody is the witness of what they do themselves", hint="name somebody else who saw it")
