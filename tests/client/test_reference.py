# SPDX-License-Identifier: Apache-2.0
"""The client's page names all that a program can be told or give, in both languages."""

import inspect

import pytest

from documentation import ROOT
from keshou.client import credentials, errors
from keshou.client.asgi import GuardMiddleware, Path
from keshou.client.asynchronous import AsyncKeshou
from keshou.client.exchange import Patience
from keshou.client.guard import Admission, Guard
from keshou.client.question import Question
from keshou.client.sync import Keshou
from keshou.errors import KeshouError


def public(*classes: type) -> set[str]:
    """Return the names of what can be called of classes, and of what makes one."""
    methods = {name for each in classes for name in vars(each) if not name.startswith("_")}
    return methods | {name for each in classes for name in inspect.signature(each).parameters}


@pytest.mark.parametrize("page", ["docs/reference/client.md", "docs/zh/reference/client.md"])
def test_whatever_a_program_can_be_told_stands_on_the_page(page: str) -> None:
    text = (ROOT / page).read_text("utf-8")
    named = public(Keshou, AsyncKeshou, credentials.ApiKey, credentials.ClientSecret, credentials.PrivateKey) | {
        *(Patience._fields + Guard._fields + Path._fields + Admission._fields + Question.__struct_fields__),
        *inspect.signature(GuardMiddleware).parameters,
        *(name for name, each in vars(errors).items() if inspect.isclass(each) and each.__module__ == errors.__name__
          and issubclass(each, KeshouError) and each is not errors.ClientError),
    }  # fmt: skip
    said = {"close", "token", "renew", "path"}  # told by what they are for, or of use to nobody but the client
    assert {name for name in named - said if name not in text} == set()
