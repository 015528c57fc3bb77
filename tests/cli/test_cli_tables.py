# SPDX-License-Identifier: Apache-2.0
"""Tables in and out: bad rows are named by number and never by value, and a bad table changes nothing."""

import csv
import datetime as dt
import io
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cli_caller import Caller
from keshou.cli.sample.people import Subscriber, subscribers
from keshou.cli.sample.tables import COLUMNS, usage_table, write_subscribers_csv, write_usage_parquet
from planting import Planted

BAD_ROW = 3417
ROWS = 3600
SECRET = "PLANTED-SECRET-VALUE"


def entries(keshou: Caller) -> int:
    """Return how many entries the log has."""
    size: int = keshou("ledger", "verify", "--json").ok().json["size"]
    return size


@pytest.fixture(scope="module")
def many() -> list[Subscriber]:
    """Users whose consent lets them be taken in."""
    found = (each for each in subscribers(9000, 7) if each.service_consent == "express" and not each.limited_capacity)
    return list(found)[:ROWS]


def spoiled(many: list[Subscriber], **change: str) -> str:
    """Return a table with one bad row."""
    file = io.StringIO()
    path = Path("table.csv")
    write_subscribers_csv(path, many)
    rows = list(csv.DictReader(path.read_text("utf-8").splitlines()))
    rows[BAD_ROW - 1] |= change
    writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"services": SECRET}, "unknown_service"),
        ({"consents": f"{SECRET}:express"}, "unknown_purpose"),
        ({"consents": f"service:{SECRET}"}, "unknown_consent"),
        ({"limited_capacity": SECRET}, "not_true_or_false"),
        ({"user_id": ""}, "no_user_id"),
        ({"home_address": SECRET * 300}, "value_too_long"),
        ({"user_id": SECRET + "\x1b[31m"}, "wrong_user_id"),
        ({"home_address": SECRET + "\x1b[31m"}, "wrong_value"),
        ({"home_address": SECRET + "\r\n2"}, "wrong_value"),
    ],
)
def test_one_bad_row_keeps_all_out_and_is_named_by_number(
    bare: Caller, many: list[Subscriber], change: dict[str, str], code: str
) -> None:
    bare("publish", "--by", "officer").ok()
    before = entries(bare)
    Path("table.csv").write_text(spoiled(many, **change), "utf-8")
    outcome = bare("import", "table.csv", "--by", "intake", "--json")
    assert outcome.status == 1
    assert outcome.json["taken"] == 0
    assert [(each["row"], each["code"]) for each in outcome.json["faults"]] == [(BAD_ROW, code)]
    text = bare("import", "table.csv", "--by", "intake")
    assert "3,417" in text.out
    assert Planted([SECRET]).find_in(outcome.out + outcome.err + text.out + text.err) == []
    assert entries(bare) == before


def test_with_skip_the_other_rows_go_in(bare: Caller, many: list[Subscriber]) -> None:
    bare("publish", "--by", "officer").ok()
    Path("table.csv").write_text(spoiled(many, services="no_such"), "utf-8")
    outcome = bare("import", "table.csv", "--by", "intake", "--on-error", "skip", "--json")
    assert (outcome.status, outcome.json["taken"], outcome.json["refused"]) == (1, ROWS - 1, 1)
    again = bare("import", "table.csv", "--by", "intake", "--on-error", "skip", "--json")
    assert again.json["taken"] == 0
    assert {each["code"] for each in again.json["faults"]} == {"user_known", "unknown_service"}


def test_what_the_gate_denies_stays_out_with_its_articles(keshou: Caller) -> None:
    tacit = next(each for each in subscribers(400, 3) if each.service_consent == "tacit" and not each.limited_capacity)
    write_subscribers_csv(Path("table.csv"), [tacit])
    outcome = keshou("import", "table.csv", "--by", "intake", "--json")
    assert outcome.status == 1
    (fault,) = outcome.json["faults"]
    assert (fault["code"], "miit24:9.1" in fault["cites"]) == ("denied", True)
    assert keshou("import", "table.csv", "--by", "analyst", "--json").json["faults"][0]["code"] == "denied"


def test_bytes_that_are_not_utf_8_are_named_by_row(keshou: Caller, many: list[Subscriber]) -> None:
    write_subscribers_csv(Path("table.csv"), many[:5])
    lines = Path("table.csv").read_bytes().splitlines(keepends=True)
    lines[3] = lines[3].decode().encode("gb18030")
    Path("table.csv").write_bytes(b"".join(lines))
    outcome = keshou("import", "table.csv", "--by", "intake", "--json")
    assert [(each["row"], each["code"]) for each in outcome.json["faults"]] == [(3, "not_utf8")]


def test_doubled_users_short_rows_and_open_quotes_are_named(keshou: Caller, many: list[Subscriber]) -> None:
    write_subscribers_csv(Path("table.csv"), [*many[:3], many[0]])
    lines = Path("table.csv").read_text("utf-8").splitlines()
    Path("table.csv").write_text("\n".join([*lines, "A1,only,three", 'A2,"open']) + "\n", "utf-8")
    faults = keshou("import", "table.csv", "--by", "intake", "--json").json["faults"]
    assert [(each["row"], each["code"]) for each in faults] == [
        (4, "user_twice"), (5, "too_few_values"), (6, "malformed"),
    ]  # fmt: skip


def test_a_huge_value_is_named_as_too_long_and_the_rows_after_it_keep_their_numbers(
    keshou: Caller, many: list[Subscriber]
) -> None:
    write_subscribers_csv(Path("table.csv"), many[:1])
    header, row = Path("table.csv").read_text("utf-8").splitlines()
    Path("table.csv").write_text("\n".join([header, "x" * 500_000, row, "A1,short"]) + "\n", "utf-8")
    faults = keshou("import", "table.csv", "--by", "intake", "--json").json["faults"]
    assert [(each["row"], each["code"]) for each in faults] == [(1, "value_too_long"), (3, "too_few_values")]


def test_a_user_id_with_a_quote_in_it_is_only_a_user_id(keshou: Caller, many: list[Subscriber]) -> None:
    write_subscribers_csv(Path("table.csv"), many[:1])
    odd = "O'Nobody\"; DROP TABLE vault_user; --"
    header, row = csv.reader(Path("table.csv").read_text("utf-8").splitlines())
    with Path("table.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, [odd, *row[1:]]])
    assert keshou("import", "table.csv", "--by", "intake", "--json").ok().json["taken"] == 1
    shown = keshou("user", "show", odd, "--by", "officer", "--purpose", "service", "--json").ok()
    assert shown.json["values"]["user_name"] == many[0].name


@pytest.mark.parametrize(
    "header",
    [
        "",
        "user_name,mobile_number",
        "user_id,user_id",
        "user_id,PLANTED-SECRET-VALUE",
        "user_id,passport_number",
        "user_id",
    ],
)
def test_a_header_that_cannot_be_right_is_refused_without_repeating_it(keshou: Caller, header: str) -> None:
    before = entries(keshou)
    Path("table.csv").write_text(header + "\n", "utf-8")
    outcome = keshou("import", "table.csv", "--by", "intake")
    assert (outcome.status, outcome.out) == (2, "")
    assert Planted([SECRET]).find_in(outcome.err) == []
    assert entries(keshou) == before


def test_columns_of_other_names_are_mapped(keshou: Caller, many: list[Subscriber]) -> None:
    write_subscribers_csv(Path("table.csv"), many[:2])
    text = Path("table.csv").read_text("utf-8").replace("mobile_number", "phone", 1).replace("user_id", "no", 1)
    Path("table.csv").write_text("\ufeff" + text, "utf-8")
    assert keshou("import", "table.csv", "--by", "intake").status == 2
    words = ("--map", "phone=mobile_number", "--map", "no=user_id")
    assert keshou("import", "table.csv", "--by", "intake", *words, "--json").ok().json["taken"] == 2
    assert keshou("import", "table.csv", "--by", "intake", "--map", "phone").status == 2
    assert keshou("import", "table.csv", "--by", "intake", "--on-error", "hope").status == 2
    assert keshou("import", "missing.csv", "--by", "intake").status == 2


def test_nothing_that_was_taken_in_lies_open(keshou: Caller, many: list[Subscriber], people: list[Subscriber]) -> None:
    everybody = [value for each in people for value in (each.mobile_number, each.resident_id_number, each.user_id)]
    assert Planted(everybody).search_files(keshou.folder) == []


@pytest.fixture
def usage(keshou: Caller, people: list[Subscriber]) -> Iterator[Path]:
    """Records of use, by users on record of whom three agreed to marketing, and by strangers."""
    for each in people[:3]:
        keshou("consent", "give", each.user_id, "--purpose", "marketing").ok()
    path = Path("usage.parquet")
    write_usage_parquet(path, usage_table(5000, [*(each.user_id for each in people), "stranger"]))
    return path


GATE = ("--purpose", "marketing", "--by", "analyst", "--item", "data_volume", "--json")


def test_only_the_rows_that_may_be_used_are_kept(keshou: Caller, usage: Path, people: list[Subscriber]) -> None:
    outcome = keshou("gate", usage, "-o", "out.parquet", "--denied", "rest.csv", *GATE).ok()
    kept, table = pq.read_table("out.parquet"), pq.read_table(usage)
    agreed = {each.user_id for each in people[:3]}
    wanted = sum(user in agreed for user in table.column("user_id").to_pylist())
    assert kept.num_rows == outcome.json["permitted"] == wanted > 0
    assert set(kept.column("user_id").to_pylist()) == agreed
    assert kept.column_names == ["user_id", "data_volume"]
    assert outcome.json["by_article"]["miit24:9.1"] == 5000 - wanted
    rest = list(csv.DictReader(Path("rest.csv").read_text("utf-8").splitlines()))
    assert len(rest) == 5000 - wanted
    assert all("miit24:9.1" in each["cites"].split() and int(each["reason_code"]) for each in rest)


def test_a_row_is_answered_as_a_single_question_is(keshou: Caller, usage: Path, people: list[Subscriber]) -> None:
    keshou("gate", usage, "-o", "out.csv", *GATE).ok()
    kept = {each["user_id"] for each in csv.DictReader(Path("out.csv").read_text("utf-8").splitlines())}
    for user in [*(each.user_id for each in people[:6]), "stranger"]:
        words = ("--user", user, "--item", "data_volume", "--purpose", "marketing", "--by", "analyst")
        assert (keshou("ask", *words).status == 0) == (user in kept)


def test_a_judged_table_is_one_entry_and_says_no_user(keshou: Caller, usage: Path, people: list[Subscriber]) -> None:
    before = entries(keshou)
    entry = keshou("gate", usage, "-o", "out.parquet", *GATE).ok().json["entry"]
    assert entries(keshou) == before + 1
    keshou("ledger", "prove", entry, "-o", "p.proof").ok()
    body = Path("p.proof.entry").read_bytes()
    assert b"judged:use" in body
    assert Planted([each.user_id for each in people]).find_in(body) == []


def test_csv_in_csv_out(keshou: Caller, people: list[Subscriber]) -> None:
    keshou("consent", "give", people[0].user_id, "--purpose", "marketing").ok()
    text = f'id,data_volume,note\n{people[0].user_id},1,"a, ""b"""\n{people[1].user_id},2,c\n,3,d\n'
    Path("in.csv").write_text(text, "utf-8")
    words = ("gate", "in.csv", "-o", "out.csv", "--user-column", "id", *GATE)
    outcome = keshou(*words, "--keep", "note").ok()
    assert (outcome.json["rows"], outcome.json["permitted"], outcome.json["left_out"]) == (3, 1, [])
    assert Path("out.csv").read_text("utf-8").splitlines()[1:] == [f'"{people[0].user_id}","1","a, ""b"""']


def test_a_column_that_nobody_explained_is_not_written_and_is_told(keshou: Caller, people: list[Subscriber]) -> None:
    user = people[0].user_id
    keshou("consent", "give", user, "--purpose", "marketing").ok()
    Path("in.csv").write_text(f"user_id,volume,id_card\x1b[31m,branch\n{user},1,{SECRET},east\n", "utf-8")
    words = ("gate", "in.csv", "-o", "out.csv", *GATE[:-1], "--map", "volume=data_volume", "--keep", "branch")
    told = keshou(*words).ok().out
    assert "columns not written: id_card\ufffd[31m" in told
    assert Path("out.csv").read_text("utf-8").splitlines() == ['"user_id","volume","branch"', f'"{user}","1","east"']
    assert Planted([SECRET]).search_files(keshou.folder) == []
    for wrong in (("--map", "volume"), ("--map", "volume=colour"), ("--keep", "colour"), ("--keep", "user_id")):
        assert keshou(*words, *wrong).status == 2


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("in.csv", f"user_id,data_volume\n{SECRET}\n".encode()),
        ("in.csv", b"user_id,data_volume\n" + SECRET.encode() + b",\xff\xfe\n"),
        ("in.csv", b"nobody,data_volume\n1,2\n"),
        ("in.csv", b"user_id,colour\n1,2\n"),
        ("in.parquet", SECRET.encode() * 20),
        ("in.xlsx", b""),
    ],
)
def test_a_table_that_cannot_be_read_writes_nothing(keshou: Caller, name: str, data: bytes) -> None:
    before = entries(keshou)
    Path(name).write_bytes(data)
    outcome = keshou("gate", name, "-o", "out.csv", "--purpose", "marketing", "--by", "analyst")
    assert outcome.status == 2, outcome.err
    assert Planted([SECRET]).find_in(outcome.out + outcome.err) == []
    assert not Path("out.csv").exists()
    assert [path.name for path in Path().iterdir() if path.name.startswith(".")] == []
    assert entries(keshou) == before


def test_no_table_is_written_over_another(keshou: Caller, usage: Path) -> None:
    before = usage.read_bytes()
    for files in (
        (usage, "-o", usage),
        (usage, "-o", "out.parquet", "--denied", usage),
        (usage, "-o", "x.csv", "--denied", "x.csv"),
    ):
        assert keshou("gate", *files, *GATE).status == 2
    assert usage.read_bytes() == before
    odd = keshou("gate", usage, "-o", "out.txt", *GATE)
    assert (odd.status, "`*.txt`" in odd.err) == (2, True)


def test_nothing_usable_ends_with_one_and_an_empty_table_with_nought(keshou: Caller) -> None:
    schema = pa.schema([("user_id", pa.string()), ("data_volume", pa.int64())])
    pq.write_table(pa.table([["stranger"], [1]], schema=schema), "one.parquet")
    pq.write_table(schema.empty_table(), "none.parquet")
    assert keshou("gate", "one.parquet", "-o", "out.parquet", *GATE).status == 1
    assert keshou("gate", "none.parquet", "-o", "out.parquet", *GATE).status == 0
    assert pq.read_table("out.parquet").num_rows == 0


def test_a_reviewed_export_of_a_table_uses_the_review_up(keshou: Caller, people: list[Subscriber]) -> None:
    for each in people:
        keshou("consent", "give", each.user_id, "--purpose", "billing").ok()
    rows = "".join(f"{each.user_id},P\n" for each in people)
    Path("plans.csv").write_text("user_id,tariff_plan\n" + rows, "utf-8")
    gate = (
        "gate",
        "plans.csv",
        "-o",
        "out.csv",
        "--kind",
        "export",
        "--purpose",
        "billing",
        "--by",
        "billing",
        "--json",
    )
    assert keshou(*gate).status == 1
    words = ("--requester", "billing", "--kind", "export", "--purpose", "billing", "--item", "tariff_plan")
    keshou("review", "approve", "--by", "reviewer", *words, "--count", "100", "--id", "r1").ok()
    assert keshou(*gate, "--review", "r1").ok().json["permitted"] == len(people)
    assert keshou(*gate, "--review", "r1").status == 1


def test_another_moment_is_only_counted_and_no_row_leaves(keshou: Caller, usage: Path) -> None:
    words = ("gate", usage, *GATE)
    now = keshou(*words, "-o", "out.parquet").ok().json
    before = entries(keshou), sorted(Path().rglob("*"))
    tomorrow = dt.datetime.now(dt.UTC) + dt.timedelta(days=1)
    counted = keshou(*words, "--at", tomorrow.isoformat()).ok().json
    assert counted == now | {"entry": None}
    past = keshou(*words, "--at", "2020-01-01T00:00:00+08:00")
    assert (past.status, past.json["permitted"]) == (1, 0)
    for wrong in (
        ("--at", tomorrow.isoformat(), "-o", "x.csv"),
        ("--at", tomorrow.isoformat(), "--denied", "x.csv"),
        (),
    ):
        assert keshou(*words, *wrong).status == 2
    assert (entries(keshou), sorted(Path().rglob("*"))) == before


def test_whom_a_ground_names_is_let_through_as_a_single_question_has_it(
    keshou: Caller, usage: Path, people: list[Subscriber]
) -> None:
    named, other = people[10].user_id, people[11].user_id
    keshou(
        "ground", "record", "--by", "officer", "--rank", "law", "--cite", "x_law:1", "--kind", "use", "--user", named,
        "--purpose", "quality", "--item", "service_use_time", "--until", "2032-01-01T00:00:00+08:00", "--id", "g1",
    ).ok()  # fmt: skip
    question = ("--item", "service_use_time", "--purpose", "quality", "--by", "engineer", "--ground", "g1")
    keshou("gate", usage, "-o", "out.csv", *question).ok()
    kept = {each["user_id"] for each in csv.DictReader(Path("out.csv").read_text("utf-8").splitlines())}
    assert (named in kept, other in kept) == (True, False)
    for user in (named, other):
        assert (keshou("ask", "--user", user, *question).status == 0) == (user in kept)
