# SPDX-License-Identifier: Apache-2.0
import datetime as dt

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keshou.db import Database
from keshou.law.terms import RetentionClass
from keshou.vault.errors import ReceiptError, SealBrokenError, VaultError
from keshou.vault.keys import FileKeys
from keshou.vault.receipt import Receipt
from keshou.vault.sealed import Sealed, SealedValue
from keshou.vault.store import Vault

SERVICE, REGISTRATION, RECORD = RetentionClass
PHONE = "15400000001"


def test_users_are_numbered_once_and_found_by_the_operators_id(database: Database, vault: Vault) -> None:
    with database.transaction() as tx:
        assert vault.find_user(tx, "a") is None
        assert vault.admit(tx, ["a", "b"], since=9) == [1, 2]
        assert vault.admit(tx, ["c"]) == [3]
        assert vault.find_users(tx, ["c", "a", "x"]) == {"c": 3, "a": 1}
        assert vault.find_users(tx, []) == {}
        assert vault.find_user(tx, "A") is None


def test_thousands_of_users_are_found_at_once(database: Database, vault: Vault) -> None:
    names = [f"u{number}" for number in range(4500)]
    with database.transaction() as tx:
        users = vault.admit(tx, names)
        vault.seal(tx, [(user, SERVICE, {"mobile_number": str(user)}) for user in users])
        assert vault.find_users(tx, names) == dict(zip(names, users, strict=True))
        fetched = vault.fetch_many(tx, users[::-1], ["mobile_number"])
    assert [sealed.user for sealed in fetched] == users[::-1]
    receipt = Receipt(0, openings=len(users))
    assert [vault.open(sealed, receipt)["mobile_number"] for sealed in fetched] == [str(user) for user in users[::-1]]


def test_a_list_longer_than_one_statement_takes_is_sealed_as_a_shorter_one_is(database: Database, vault: Vault) -> None:
    """Also where the parts of the list need the same keys, and where a value stands in two of them."""
    with database.transaction() as tx:
        users = vault.admit(tx, [f"u{number}" for number in range(1500)])
        found = vault.look_up(tx, users, [class_.value for class_ in RetentionClass])
        rows = [(user, class_, {class_.value: "1"}) for class_ in RetentionClass for user in users]
        again = [(users[0], SERVICE, {SERVICE.value: "2"})]
        made = vault.seal_all(tx, rows + again, [(user, bytes(32), b"entry") for user in users], found)
    assert len({name for _, name in made}) == len(users)
    with database.reading() as tx:
        kept = vault.fetch_many(tx, users, [class_.value for class_ in RetentionClass])
    assert {len(each.values) for each in kept} == {3}
    receipt = Receipt(0, openings=len(users))
    assert [vault.open(each, receipt)[SERVICE.value] for each in kept] == ["2"] + ["1"] * (len(users) - 1)


@pytest.mark.parametrize("looked_up", [(), ("mobile_number",), ("mobile_number", "person_name"), ("email_address",)])
def test_each_value_replaced_gets_the_next_version_whatever_was_looked_up_before(
    database: Database, vault: Vault, looked_up: tuple[str, ...]
) -> None:
    with database.transaction() as tx:
        (user,) = vault.admit(tx, ["a"])
        vault.seal(tx, [(user, SERVICE, {"mobile_number": "1", "person_name": "1"})])
        vault.seal(tx, [(user, SERVICE, {"mobile_number": "2"})])
    with database.transaction() as tx:
        found = vault.look_up(tx, [user], looked_up)
        values = {"mobile_number": "3", "person_name": "2", "home_address": "1"}
        vault.seal_all(tx, [(user, SERVICE, values)], (), found)
    with database.reading() as tx:
        (kept,) = vault.fetch_many(tx, [user], list(values))
    assert {each.item: each.version for each in kept.values} == {
        "mobile_number": 3,
        "person_name": 2,
        "home_address": 1,
    }
    assert vault.open(kept, Receipt(0)) == values


@pytest.mark.parametrize("ids", [["new", "known"], ["new", "new"], ["new", ""]])
def test_a_known_doubled_or_nameless_user_is_not_admitted_nor_named(
    database: Database, vault: Vault, ids: list[str]
) -> None:
    with database.transaction() as tx:
        vault.admit(tx, ["known"])
        with pytest.raises(VaultError) as caught:
            vault.admit(tx, ids)
        assert "known`" not in str(caught.value)
        assert vault.find_user(tx, "new") is None


def test_what_was_sealed_is_opened_against_a_receipt(database: Database, vault: Vault) -> None:
    with database.transaction() as tx:
        (user,) = vault.admit(tx, ["a"])
        vault.seal(tx, [(user, SERVICE, {"mobile_number": PHONE, "person_name": "王小明"})])
        vault.seal(tx, [(user, REGISTRATION, {"resident_id_number": "00000019000101000X"})])
    with database.reading() as tx:
        sealed = vault.fetch(tx, user, ["person_name", "resident_id_number", "home_address"])
        assert vault.items_of(tx, user) == {
            "mobile_number": SERVICE,
            "person_name": SERVICE,
            "resident_id_number": REGISTRATION,
        }
        assert vault.fetch(tx, user, []) == Sealed(user, ())
    assert vault.open(sealed, Receipt(1)) == {"person_name": "王小明", "resident_id_number": "00000019000101000X"}


def test_reopened_keys_open_what_was_sealed(database: Database, vault: Vault, keys: FileKeys) -> None:
    with database.transaction() as tx:
        (user,) = vault.admit(tx, ["a"])
        vault.seal(tx, [(user, SERVICE, {"mobile_number": PHONE})])
    later = Vault(FileKeys.open(keys.folder, "main"), "main")
    with database.reading() as tx:
        assert later.find_user(tx, "a") == user
        assert later.find(tx, "mobile_number", PHONE) == [user]
        assert later.open(later.fetch(tx, user, ["mobile_number"]), Receipt(0)) == {"mobile_number": PHONE}


def test_a_correction_replaces_value_class_and_index(database: Database, vault: Vault) -> None:
    with database.transaction() as tx:
        (user,) = vault.admit(tx, ["a"])
        vault.seal(tx, [(user, SERVICE, {"mobile_number": PHONE})])
        vault.seal(tx, [(user, REGISTRATION, {"mobile_number": "15400000002"})])
        sealed = vault.fetch(tx, user, ["mobile_number"])
        assert [(value.version, value.class_) for value in sealed.values] == [(2, "registration")]
        assert vault.find(tx, "mobile_number", PHONE) == []
        assert vault.find(tx, "mobile_number", "+86 154 0000 0002") == [user]
    assert vault.open(sealed, Receipt(0)) == {"mobile_number": "15400000002"}


@pytest.mark.parametrize("value", ["-", " ", "( )"])
def test_a_correction_to_what_says_nothing_leaves_nobody_found_by_the_old_value(
    database: Database, vault: Vault, value: str
) -> None:
    with database.transaction() as tx:
        (user,) = vault.admit(tx, ["a"])
        vault.seal(tx, [(user, SERVICE, {"mobile_number": PHONE})])
        vault.seal(tx, [(user, SERVICE, {"mobile_number": value})])
        assert vault.find(tx, "mobile_number", PHONE) == []


def test_of_one_item_given_twice_the_later_stands(database: Database, vault: Vault) -> None:
    with database.transaction() as tx:
        (user,) = vault.admit(tx, ["a"])
        vault.seal(tx, [(user, SERVICE, {"city": "one"}), (user, SERVICE, {"city": "two"})])
        assert vault.open(vault.fetch(tx, user, ["city"]), Receipt(0)) == {"city": "two"}


def test_equal_values_are_found_however_written_and_by_their_own_item_only(database: Database, vault: Vault) -> None:
    with database.transaction() as tx:
        users = vault.admit(tx, ["a", "b", "c"])
        vault.seal(tx, [(user, SERVICE, {"mobile_number": PHONE}) for user in users[:2]])
        vault.seal(tx, [(users[2], SERVICE, {"fixed_line_number": PHONE})])
        assert vault.find(tx, "mobile_number", "１５４ 0000-0001") == users[:2]
        assert vault.find(tx, "fixed_line_number", PHONE) == users[2:]
        assert vault.find(tx, "mobile_number", "15400000009") == []
        with pytest.raises(VaultError, match="person_name"):
            vault.find(tx, "person_name", "王小明")


def test_a_value_that_is_not_text_is_refused_without_being_named(database: Database, vault: Vault) -> None:
    with database.transaction() as tx:
        (user,) = vault.admit(tx, ["a"])
        with pytest.raises(VaultError) as caught:
            vault.seal(tx, [(user, SERVICE, {"mobile_number": 15400000001})])  # type: ignore[dict-item]
    assert PHONE not in str(caught.value) + caught.value.hint


def test_no_nonce_is_used_twice(database: Database, vault: Vault) -> None:
    with database.transaction() as tx:
        users = vault.admit(tx, [f"u{number}" for number in range(500)])
        for _ in range(3):
            vault.seal(tx, [(user, SERVICE, {"a": "same", "b": "same"}) for user in users])
        fetched = vault.fetch_many(tx, users, ["a", "b"])
        records = [value.record for sealed in fetched for value in sealed.values]
        records += vault.seal_records(tx, [(users[0], b"same")] * 1000)
    assert len({record[4:16] for record in records}) == 2000


def test_ledger_payloads_open_for_their_own_user_only(database: Database, vault: Vault) -> None:
    with database.transaction() as tx:
        one, other = vault.admit(tx, ["a", "b"])
        records = vault.seal_records(tx, [(one, b"payload"), (other, b"other"), (one, b"")])
        fetched = vault.fetch_records(tx, [(one, records[0]), (other, records[1]), (one, records[2])])
        moved = vault.fetch_record(tx, other, records[0])
    assert [vault.open_record(sealed, Receipt(0)) for sealed in fetched] == [b"payload", b"other", b""]
    with pytest.raises(SealBrokenError):
        vault.open_record(moved, Receipt(1))


def test_a_pseudonym_is_the_users_own_and_changes_with_the_salt(database: Database, vault: Vault) -> None:
    with database.transaction() as tx:
        one, other = vault.admit(tx, ["a", "b"])
        names = vault.pseudonyms(tx, [(one, b"1"), (one, b"2"), (other, b"1")])
        assert vault.pseudonym(tx, one, b"1") == names[0]
    assert len(set(names)) == 3
    assert {len(name) for name in names} == {16}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(st.tuples(st.integers(0, 5), st.booleans()), max_size=30),
    pays=st.lists(st.integers(1, 3), max_size=6),
)
def test_openings_never_exceed_what_receipts_pay_for(
    keys: FileKeys, sealed_pair: tuple[Sealed, Sealed], steps: list[tuple[int, bool]], pays: list[int]
) -> None:
    vault = Vault(keys, "main")
    receipts = [Receipt(index, openings) for index, openings in enumerate(pays)]
    answered = 0
    for number, broken in steps:
        if number >= len(receipts):
            continue
        try:
            vault.open(sealed_pair[broken], receipts[number])
            answered += 1
        except (ReceiptError, SealBrokenError):
            pass
        assert answered <= vault.openings <= sum(pays)


@pytest.fixture
def sealed_pair(database: Database, vault: Vault) -> tuple[Sealed, Sealed]:
    with database.transaction() as tx:
        (user,) = vault.admit(tx, ["a"])
        vault.seal(tx, [(user, SERVICE, {"mobile_number": PHONE})])
        good = vault.fetch(tx, user, ["mobile_number"])
    return good, Sealed(user + 1, good.values)


def test_a_spent_receipt_opens_nothing(vault: Vault, sealed_pair: tuple[Sealed, Sealed]) -> None:
    receipt = Receipt(3)
    assert vault.open(sealed_pair[0], receipt) == {"mobile_number": PHONE}
    with pytest.raises(ReceiptError):
        vault.open(sealed_pair[0], receipt)
    assert vault.openings == 1


@pytest.mark.parametrize("field", SealedValue._fields)
@pytest.mark.parametrize("alien", [None, "text", -1, 2**40, b"", b"\0" * 200, 1.5])
def test_a_row_altered_into_anything_else_is_a_broken_seal(
    vault: Vault, sealed_pair: tuple[Sealed, Sealed], field: str, alien: object
) -> None:
    good = sealed_pair[0]
    altered = good.values[0]._replace(**{field: alien})
    with pytest.raises(SealBrokenError):
        vault.open(Sealed(good.user, (altered,)), Receipt(0))


def test_one_broken_value_keeps_the_whole_answer_back(database: Database, vault: Vault) -> None:
    with database.transaction() as tx:
        (user,) = vault.admit(tx, ["a"])
        vault.seal(tx, [(user, SERVICE, {"mobile_number": PHONE, "city": "x"})])
        tx.connection.exec_driver_sql("UPDATE vault_value SET version = 7 WHERE item = 'city'")
        sealed = vault.fetch(tx, user, ["mobile_number", "city"])
    with pytest.raises(SealBrokenError):
        vault.open(sealed, Receipt(0))


def _swap(database: Database, table: str, columns: str, one: str, other: str) -> None:
    """Put the cells `columns` of the row `other` into the row `one`, as somebody with write access could."""
    cells = [f"{name} = (SELECT {name} FROM {table} WHERE {other})" for name in columns.split(", ")]  # noqa: S608
    with database.transaction() as tx:
        sql = f"UPDATE {table} SET {', '.join(cells)} WHERE {one}"  # noqa: S608 - the names stand below
        assert tx.connection.exec_driver_sql(sql).rowcount == 1


SWAPS = [
    ("vault_value", "sealed", "\"user\" = 1 AND item = 'a'", "\"user\" = 2 AND item = 'a'"),
    ("vault_value", "sealed", "\"user\" = 1 AND item = 'a'", "\"user\" = 1 AND item = 'b'"),
    ("vault_value", "class, sealed", "\"user\" = 1 AND item = 'a'", "\"user\" = 1 AND item = 'c'"),
    ("vault_value", "class", "\"user\" = 1 AND item = 'a'", "\"user\" = 1 AND item = 'c'"),
    ("vault_value", "version", "\"user\" = 1 AND item = 'a'", "\"user\" = 1 AND item = 'd'"),
    ("vault_key", "wrapped", "\"user\" = 1 AND class = 'service'", "\"user\" = 2 AND class = 'service'"),
    ("vault_key", "kid", "\"user\" = 1 AND class = 'service'", "\"user\" = 2 AND class = 'service'"),
    ("vault_key", "kid, epoch, wrapped", "\"user\" = 1 AND class = 'service'", "\"user\" = 2 AND class = 'service'"),
    ("vault_key", "kid, wrapped", "\"user\" = 1 AND class = 'service'", "\"user\" = 1 AND class = 'registration'"),
]


@pytest.mark.parametrize("swap", SWAPS, ids=lambda swap: f"{swap[0]}: {swap[1]} of {swap[3]}")
@pytest.mark.parametrize("warm", [True, False])
def test_no_two_cells_can_change_places(
    database: Database, vault: Vault, keys: FileKeys, swap: tuple[str, str, str, str], *, warm: bool
) -> None:
    with database.transaction() as tx:
        users = vault.admit(tx, ["a", "b"])
        for user in users:
            vault.seal(tx, [(user, SERVICE, {"a": "1", "b": "1", "d": "1"}), (user, REGISTRATION, {"c": "1"})])
            vault.seal(tx, [(user, SERVICE, {"d": "2"})])
    _swap(database, *swap)
    reader = vault if warm else Vault(keys, "main")
    with database.reading() as tx:
        sealed = reader.fetch(tx, users[0], ["a"])
    with pytest.raises(SealBrokenError):
        reader.open(sealed, Receipt(0))


def test_an_older_value_replayed_into_its_own_row_does_not_open(database: Database, vault: Vault) -> None:
    with database.transaction() as tx:
        (user,) = vault.admit(tx, ["a"])
        vault.seal(tx, [(user, SERVICE, {"mobile_number": PHONE})])
        old = vault.fetch(tx, user, ["mobile_number"]).values[0].record
        vault.seal(tx, [(user, SERVICE, {"mobile_number": "15400000002"})])
        new = vault.fetch(tx, user, ["mobile_number"])
    with pytest.raises(SealBrokenError):
        vault.open(Sealed(user, (new.values[0]._replace(record=old),)), Receipt(0))


def test_another_sites_vault_finds_and_opens_nothing(
    database: Database, vault: Vault, tmp_path_factory: pytest.TempPathFactory, now: dt.datetime
) -> None:
    other = Vault(FileKeys.create(tmp_path_factory.mktemp("other") / "keys", "main", now), "main")
    with database.transaction() as tx:
        (user,) = vault.admit(tx, ["a"])
        vault.seal(tx, [(user, SERVICE, {"mobile_number": PHONE})])
        assert other.find_user(tx, "a") is None
        assert other.find(tx, "mobile_number", PHONE) == []
        sealed = other.fetch(tx, user, ["mobile_number"])
    with pytest.raises(SealBrokenError):
        other.open(sealed, Receipt(0))
