# SPDX-License-Identifier: Apache-2.0
"""What the operator's own rules describe is sealed, shown and masked as any other kind of information is."""

from pathlib import Path

import pytest
from house import VALUES, Clock, act, declared, newcomer, open_site
from msgspec.structs import replace

from keshou.acts.mask import NOTHING, MaskError, masked
from keshou.acts.request import Perform
from keshou.app.site import Site
from keshou.db import Database
from keshou.declaration.model import CustomItem, Need
from keshou.gate.facts import StaffAppointed
from keshou.language import Text
from keshou.law.terms import ActKind

SHOES = {"shoe_size": "43"}


@pytest.fixture
def site(database: Database, tmp_path: Path, clock: Clock):  # type: ignore[no-untyped-def]
    rules = declared()
    item = CustomItem(id="shoe_size", label=Text("鞋码", "Size"), class_="A1-3", identifies="combined", sensitive=False)
    need = Need(item="shoe_size", why=Text("发靴", "boots"))
    purposes = tuple(
        replace(each, needs=(*each.needs, need)) if each.id == "service" else each for each in rules.purposes
    )
    with open_site(database, tmp_path, clock) as site:
        site.publish(replace(rules, items=(item,), purposes=purposes), by="officer")
        seats = [("clerk1", "clerk"), ("biller", "program")]
        site.record_site(*(StaffAppointed(at=clock.moment, staff=who, post=post) for who, post in seats), by="officer")
        site.do(newcomer(site, "u1", VALUES | SHOES))
        yield site


def test_it_is_shown_in_full_to_whom_the_grant_is_for_that(site: Site) -> None:
    assert site.perform(act(ActKind.USE, "u1", "shoe_size")).values == SHOES


def test_it_is_hidden_whole_from_everybody_else(site: Site) -> None:
    done = site.perform(act(ActKind.USE, "u1", "shoe_size", "mobile_number", by="biller"))
    assert done.values == {"shoe_size": NOTHING, "mobile_number": "154****0001"}
    done = site.do(Perform(act=act(ActKind.USE, "u1", "shoe_size"), masked=True))
    assert done.values == {"shoe_size": NOTHING}


def test_a_mask_of_what_nobody_describes_is_refused() -> None:
    with pytest.raises(MaskError):
        masked("shoe_size", "43")
    assert masked("shoe_size", "43", {"shoe_size"}) == NOTHING
    assert masked("shoe_size", "", {"shoe_size"}) == ""
