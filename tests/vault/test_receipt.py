# SPDX-License-Identifier: Apache-2.0
from concurrent.futures import ThreadPoolExecutor

import pytest

from keshou.vault.errors import ReceiptError
from keshou.vault.receipt import Receipt


@pytest.mark.parametrize(("index", "openings"), [(-1, 1), (0, 0), (True, 1), (None, 1), ("1", 1)])
def test_a_receipt_names_a_committed_entry(index: int, openings: int) -> None:
    with pytest.raises(ReceiptError):
        Receipt(index, openings)


def test_a_receipt_pays_once() -> None:
    receipt = Receipt(0)
    receipt.spend()
    for _ in range(3):
        with pytest.raises(ReceiptError, match="entry 0 is spent"):
            receipt.spend()


def test_threads_cannot_spend_one_receipt_more_often_than_it_pays_for() -> None:
    receipt = Receipt(5, openings=100)

    def spend(_: int) -> bool:
        try:
            receipt.spend()
        except ReceiptError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(spend, range(1000))) == 100
