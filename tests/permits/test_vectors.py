# SPDX-License-Identifier: Apache-2.0
"""The published permits get the published answers, from our check and from one written from the page alone."""

import datetime as dt
import json
from typing import Any

import literal_check
import pytest

from keshou.law.terms import ActKind
from keshou.permits.errors import PermitBeyondError, PermitError
from keshou.permits.keys import PublicKeys
from keshou.permits.verify import LEEWAY, Serving, verify
from vectors import FILE, made

VECTORS: dict[str, Any] = json.loads(FILE.read_text("utf-8"))


def our_answer(case: dict[str, Any]) -> tuple[str, list[str]]:
    served = case["served"]
    serving = Serving(
        audience=served["system"],
        kind=ActKind(served["kind"]),
        users=frozenset(served["users"]),
        items=frozenset(served["items"]),
        purpose=served["purpose"],
        caller=served["caller"],
        masked=served["masked"],
        recipient=served["recipient"],
    )
    keys = PublicKeys.read(VECTORS["issuer"], json.dumps(VECTORS["key_set"]).encode())
    try:
        verify(case["permit"], keys, serving, dt.datetime.fromtimestamp(case["now"], dt.UTC))
    except PermitBeyondError as error:
        return error.code, list(error.beyond)
    except PermitError as error:
        return error.code, []
    return "admitted", []


def their_answer(case: dict[str, Any]) -> tuple[str, list[str]]:
    try:
        literal_check.check(case["permit"], VECTORS["key_set"], VECTORS["issuer"], case["served"], case["now"])
    except literal_check.Refused as refused:
        return refused.code, refused.beyond
    return "admitted", []


@pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda case: case["name"])
@pytest.mark.parametrize("answer", [our_answer, their_answer])
def test_each_permit_is_answered_as_published(case: dict[str, Any], answer: Any) -> None:
    assert answer(case) == (case["answer"], case.get("beyond", []))


def test_the_published_file_is_the_one_that_is_made() -> None:
    assert made() == VECTORS, "write it anew: python tests/permits/vectors.py"
    assert VECTORS["leeway_seconds"] == LEEWAY.total_seconds()


def test_every_answer_of_the_check_has_a_case() -> None:
    answers = {case["answer"] for case in VECTORS["cases"]}
    codes = {each.code for each in PermitError.__subclasses__()} - {"spent", "once"}
    assert answers == codes | {"admitted"}
