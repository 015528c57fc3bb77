# SPDX-License-Identifier: Apache-2.0
"""The page of prohibitions says what the gate enforces."""

from prohibitions_page import PAGE, page


def test_the_page_of_prohibitions_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run `python tests/gate/prohibitions_page.py`"
