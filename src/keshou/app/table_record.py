# SPDX-License-Identifier: Apache-2.0
"""The outcome of judging many rows outside the vault, as one entry: of a table, or of a filter."""

from collections.abc import Iterable, Mapping

from keshou.acts.request import Done, Judged, RecordSite
from keshou.app.site import Site
from keshou.app.table_world import World
from keshou.gate.act import Act
from keshou.gate.facts import ReviewUsed


class RepeatedError(Exception):
    """The request was answered before, at `entry`: what was just written gets no name."""

    def __init__(self, entry: int) -> None:
        super().__init__()
        self.entry = entry


def outcome(
    act: Act,
    permitted: int,
    denied: Mapping[tuple[str, ...], int],
    world: World,
    plain: tuple[str, ...] = (),
    *,
    given: Iterable[str] = (),
) -> Judged:
    """Return what is written down: how many rows were permitted, and how many denied, by the provisions they met.

    `plain` are items whose values leave as they are; `given` the users whose rows a recipient gets.
    """
    return Judged(
        act=act, permitted=permitted, denied={" ".join(cites): rows for cites, rows in denied.items()},
        revision=world.revision, users=world.keys, plain=plain, given=tuple(given) if act.recipient else (),
    )  # fmt: skip


def record(site: Site, job: Judged) -> Done:
    """Write the outcome down; a review that let anything through is used up in the same transaction.

    One that does not cover what was asked let nothing through, and stays. Were it used meanwhile, or any other fact of
    the operator changed, the outcome would not be written down.

    Raises:
        RepeatedError: the request was answered before; nothing was written down.

    """
    act, reviewed = job.act, _is_reviewed(site, job.act)
    with site.as_one() as do:
        (done,) = do([job])
        if done.repeated:
            raise RepeatedError(done.entry)
        if reviewed and job.permitted:
            do([RecordSite(facts=(ReviewUsed(at=site.now(), review=act.review),), by=act.by, where=act.where)])
    return done


def _is_reviewed(site: Site, act: Act) -> bool:
    with site.reading() as tx:
        view = site._known.view(tx, site.ledger.head(tx))  # noqa: SLF001 - of the same room
    return view.gate.timeline.at(act.when).is_reviewed(act)
