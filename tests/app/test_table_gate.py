# SPDX-License-Identifier: Apache-2.0
"""Tables outside the vault: who is counted, and who is told apart from nobody."""

import datetime as dt
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pytest
from house import Clock, act, declared, newcomer, open_site, ready
from msgspec.structs import replace

from keshou.acts.request import Judged
from keshou.app.site import Site
from keshou.app.table_gate import Files, Upload, gate_table
from keshou.db import Database
from keshou.declaration.model import Declaration, Recipient
from keshou.gate.facts import ReviewApproved, StaffAppointed
from keshou.language import Text
from keshou.law.terms import ActKind


@pytest.fixture
def site(database: Database, tmp_path: Path) -> Iterator[Site]:
    with ready(database, tmp_path) as site:
        for user in ("u1", "None"):
            site.do(newcomer(site, user))
        yield site


def test_a_row_that_names_nobody_is_of_nobody_even_where_somebody_is_called_none(site: Site) -> None:
    users = pa.DictionaryArray.from_arrays(pa.array([0, 1, None, 0]), pa.array(["u1", None]))
    table = pa.table({"user": users, "tariff_plan": ["a", "b", "c", "d"]})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    upload = Upload(sink.getvalue().to_pybytes(), ".arrow")
    asked = replace(act(ActKind.USE, "", "tariff_plan", by="lister"), when=site.now())
    verdict = gate_table(site, asked, upload, "user")
    assert (verdict.permitted, verdict.rows, verdict.act.count) == (2, 4, 1)
    assert pa.ipc.open_stream(upload.kept).read_all().column("tariff_plan").to_pylist() == ["a", "d"]
    assert pa.ipc.open_stream(upload.denied).read_all().column("user").to_pylist() == [None, None]


def test_a_table_uses_up_the_review_that_covers_it_and_no_other(site: Site, tmp_path: Path) -> None:
    site.do_all([newcomer(site, f"t{number}") for number in range(4)])
    review = ReviewApproved(
        at=site.now(), review="v1", requester="lister", reviewer="judge", kind=ActKind.EXPORT, purpose="service",
        items=frozenset({"tariff_plan"}), count=4, until=site.now() + dt.timedelta(hours=20),
    )  # fmt: skip
    site.record_site(review, by="judge")
    table = tmp_path / "table.csv"

    def permitted(kind: ActKind, users: Sequence[str]) -> int:
        table.write_text("\n".join(["user,tariff_plan", *(f"{each},a" for each in users), ""]))
        asked = replace(act(kind, "", "tariff_plan", by="lister", review="v1"), when=site.now())
        return gate_table(site, asked, Upload(table.read_bytes(), ".csv"), "user").permitted

    everybody = [f"t{number}" for number in range(4)]
    assert permitted(ActKind.USE, ["u1"]) == 1, "a table that needs no review"
    assert permitted(ActKind.EXPORT, [*everybody, "u1"]) == 0, "one that is larger than was approved"
    assert permitted(ActKind.EXPORT, everybody) == len(everybody)
    assert permitted(ActKind.EXPORT, everybody) == 0, "used up"
    site.audit(by="clerk1")


def test_a_request_sent_again_writes_no_row_and_tells_what_its_entry_tells(site: Site, tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    table.write_text("user,tariff_plan\nu1,a\nnone,b\n")
    asked = replace(act(ActKind.EXPORT, "", "tariff_plan", by="lister"), when=site.now())

    def name(job: Judged) -> Judged:
        return replace(job, request_id="r1", said="this table")

    one, two = (Files(table, tmp_path / f"kept{each}.csv", tmp_path / f"denied{each}.csv") for each in (1, 2))
    first = gate_table(site, asked, one, "user", name=name)
    again = gate_table(site, asked, two, "user", name=name)
    assert (first.permitted, first.rows) == (1, 2)
    assert again == first._replace(act=again.act, repeated=True)
    assert again.act.items == first.act.items
    assert not [path.name for path in tmp_path.iterdir() if "2" in path.name or path.name.startswith(".")]
    upload = Upload(table.read_bytes(), ".csv")
    assert gate_table(site, asked, upload, "user", name=name).repeated
    assert (upload.kept, upload.denied) == (b"", b"")


def with_bank() -> Declaration:
    """Return rules by which an analyst provides what the service needs to a bank."""
    found = declared()
    service, *rest = found.purposes
    service = replace(service, recipients=("bank",), acts=(*service.acts, ActKind.PROVIDE))
    grants = tuple(
        replace(each, acts=(*each.acts, ActKind.PROVIDE)) if each.post == "analyst" else each for each in found.grants
    )
    bank = Recipient(id="bank", name=Text("银行", "Bank"))
    return replace(found, purposes=(service, *rest), grants=grants, recipients=(bank,))


def test_a_table_that_is_provided_to_a_recipient_waits_for_a_review_of_an_export(
    database: Database, tmp_path: Path, clock: Clock
) -> None:
    users = [f"p{number}" for number in range(4)]
    to = act(ActKind.PROVIDE, "", "tariff_plan", by="lister", recipient="bank")
    with open_site(database, tmp_path, clock) as site:
        site.publish(with_bank(), by="officer")
        staff = [("clerk1", "clerk"), ("lister", "analyst"), ("judge", "reviewer")]
        site.record_site(*(StaffAppointed(at=clock(), staff=one, post=post) for one, post in staff), by="officer")
        site.do_all([newcomer(site, each) for each in users])

        def permitted(some: Sequence[str], review: str = "") -> int:
            table = "\n".join(["user,tariff_plan", *(f"{each},a" for each in some), ""]).encode()
            asked = replace(to, review=review, when=site.now())
            return gate_table(site, asked, Upload(table, ".csv"), "user").permitted

        assert [permitted([each]) for each in users] == [1] * len(users), "one user after another"
        assert permitted(users) == 0, "a list, by whatever name"
        review = ReviewApproved(
            at=site.now(), review="v1", requester="lister", reviewer="judge", kind=ActKind.EXPORT, purpose="service",
            items=frozenset({"tariff_plan"}), count=4, recipient="bank", until=site.now() + dt.timedelta(hours=20),
        )  # fmt: skip
        site.record_site(review, by="judge")
        assert permitted(users, "v1") == len(users)
        assert permitted(users, "v1") == 0, "once"
        site.audit(by="clerk1")
