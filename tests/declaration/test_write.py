# SPDX-License-Identifier: Apache-2.0
"""A declaration that is written as TOML is the same when it is read again, whatever its texts hold."""

import tomllib

import msgspec
import pytest
from house import OPERATOR

from keshou.cli.setup import sample_declaration
from keshou.declaration.canonical import digest
from keshou.declaration.load import read
from keshou.declaration.write import write
from keshou.language import Text

ODD = 'a "quote", a \\ and \x7f \t 𠮷 שלום {{ }} \n [[x]] # no comment'


@pytest.mark.parametrize("text", [sample_declaration(), OPERATOR.read_text("utf-8")], ids=["sample", "small"])
def test_what_is_written_is_read_as_the_same_declaration(text: str) -> None:
    before = read(text).declaration
    assert before is not None
    written = write(before)
    after = read(written)
    assert after.findings == ()
    assert after.declaration == before
    assert digest(after.declaration) == digest(before)
    assert write(after.declaration) == written


def test_texts_of_any_kind_survive() -> None:
    found = read(sample_declaration()).declaration
    assert found is not None
    operator = msgspec.structs.replace(found.operator, name=Text(ODD, ODD))
    spoiled = msgspec.structs.replace(found, operator=operator)
    assert tomllib.loads(write(spoiled))["operator"]["name"] == {"zh": ODD, "en": ODD}
