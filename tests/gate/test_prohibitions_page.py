# SPDX-License-Identifier: Apache-2.0
"""The pages of prohibitions say what the gate enforces, in both languages."""

import pytest
from prohibitions_page import PAGES, page

from keshou.language import Language


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_page_of_prohibitions_is_up_to_date(language: Language) -> None:
    assert PAGES[language].read_text(encoding="utf-8") == page(language), "run `python tests/gate/prohibitions_page.py`"
