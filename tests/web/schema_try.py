# SPDX-License-Identifier: Apache-2.0
"""Try a server by its own OpenAPI document: every operation, in its forms and out of them, and one after another."""

import itertools
import random
from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple, get_args

import schema_app
import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema
from schemathesis.generation.modes import GenerationMode

from keshou.gate.holds import Ground

PHASES = ("examples", "coverage", "fuzzing", "stateful")
_NOT_TO_BE = ["2xx", "401", "403", "404", "409", "412", "422"]
"""How what is of the documented form may be answered: 400 is for what is not. 422 tells that rules, log or law have
no place for it (no such purpose, a log that is shorter), 412 that what is changed was never read: no form can."""
_NO_FORM = [*("400", "401", "403", "404", "405", "408", "413", "415", "422"), "421", "428", "431"]
_NO_HEADER = ["400", "401", "403", "406", "415", "422", "428"]
"""How what lacks a header may be answered; 428 is for `If-Match` (RFC 6585 3)."""
_KNOWN: dict[str, Sequence[Any]] = {
    "user": ("u1",), "purpose": ("service", "marketing"), "by": ("", "biller", "clerk1"),
    "items": (["tariff_plan"], ["mobile_number", "user_name"]), "post": ("clerk",), "where": ("",),
    "services": (["mobile"],), "review": ("",), "ground": ("",), "holding": ("",), "recipient": ("",),
    "staff": ("lister", "judge"), "values": ({"tariff_plan": "P-2"},),
}  # fmt: skip
"""Words that the site knows, so that more is tried than what it does not know."""


class Tried(NamedTuple):
    """What came of it."""

    faults: dict[tuple[str, str, str], str]
    """What was found, by operation, check and title: how to do it again."""
    answers: dict[str, Counter[int]]
    """Statuses by operation."""
    operations: set[str]
    """All that the document tells of."""


def try_all(
    port: int, token: str, *, phases: Sequence[str] = PHASES, examples: int = 5, seconds: int = 0, seed: int = 1,
    path: str = "",
) -> Tried:  # fmt: skip
    """Try what the server at `port` of loopback says that it does, as whom `token` proves, users as one of themselves.

    With `seconds`, fuzzing and sequences go on for so long.
    """
    config = SchemathesisConfig.from_dict(
        {
            "base-url": f"http://127.0.0.1:{port}",
            "continue-on-failure": True,
            "seed": seed,
            **({"max-time": seconds} if seconds else {}),
            "generation": {"max-examples": examples, "no-shrink": True, "database": "none"},
            "phases": {each: {"enabled": each in phases} for each in PHASES},
            "checks": {
                "positive_data_acceptance": {"expected-statuses": _NOT_TO_BE},
                "negative_data_rejection": {"expected-statuses": _NO_FORM},
                "missing_required_header": {"expected-statuses": _NO_HEADER},
            },
            "operations": [
                {
                    # 400 is how this protocol refuses what has the right form, too. Source: RFC 6749 5.2.
                    "include-path": "/oauth/token",
                    "checks": {"positive_data_acceptance": {"enabled": False}},
                },
                {
                    # To the document a stream of a table is bytes; which bytes are one is not for JSON Schema to say.
                    "include-path": "/api/v1/evaluations",
                    "checks": {"positive_data_acceptance": {"enabled": False}},
                },
            ],
        }
    )
    schema = schemathesis.openapi.from_url(f"http://127.0.0.1:{port}/api/v1/openapi.json", config=config)
    if path:
        schema = schema.include(path_regex=path)
    every = {each.ok().label for each in schema.get_all_operations()}
    _sign_in(schema, token, random.Random(seed))
    found = Tried({}, {}, every)
    for event in from_schema(schema).execute():
        _note(event, found)
    return found


def _as_it_is(_context: Any, value: Any) -> bytes:
    """Send text as it is: a declaration is written by people; as a stream of a table it is none."""
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")


for _each in ("application/toml", "application/vnd.apache.arrow.stream"):
    schemathesis.serializer(_each)(_as_it_is)


def _sign_in(schema: Any, token: str, dice: random.Random) -> None:
    def about_oneself(case: Any, _context: Any) -> str:
        return str(case.operation.path.startswith("/api/v1/me"))

    numbers = itertools.count()

    @schema.auth(cache_by_key=about_oneself)
    class Tokens:
        """Tokens."""

        def get(self, case: Any, context: Any) -> str:
            """Return the token for a request."""
            return schema_app.USER if about_oneself(case, context) == "True" else token

        def set(self, case: Any, data: str, _context: Any) -> None:
            """Carry it; what is of the documented form is chosen anew."""
            case.headers["Authorization"] = f"Bearer {data}"
            if case.meta is not None and case.meta.generation.mode is GenerationMode.POSITIVE:
                _choose(case, dice, next(numbers))


def _choose(case: Any, dice: random.Random, number: int) -> None:
    """Have a request be a new one, mostly, and of what the site knows, half of the time."""
    if "Idempotency-Key" in case.headers and dice.random() < 0.95:
        case.headers["Idempotency-Key"] = f"n-{number}-{dice.random()}"
    if isinstance(case.body, dict) and dice.random() < 0.5:
        known = {name: dice.choice(_KNOWN[name]) for name in case.body if name in _KNOWN}
        case.body = case.body | {name: value for name, value in known.items() if _alike(value, case.body[name])}


def _alike(known: Any, made: Any) -> bool:
    return type(known) is type(made) and made not in get_args(Ground)  # of holds, which are words and no ids


def _note(event: Any, found: Tried) -> None:
    if isinstance(event, events.FatalError):
        raise event.exception
    if isinstance(event, events.NonFatalError):
        found.faults[str(event.label), "error", str(event.info.title)] = str(event.value)
    if not isinstance(event, events.ScenarioFinished):
        return
    for name, interaction in event.recorder.interactions.items():
        if interaction.response is not None and name in event.recorder.cases:
            label = event.recorder.cases[name].value.operation.label
            found.answers.setdefault(label, Counter())[interaction.response.status_code] += 1
    for name, checks in event.recorder.checks.items():
        response = event.recorder.interactions[name].response
        for check in checks:
            if check.failure_info is not None:
                failure = check.failure_info.failure
                told = f"{failure.message}\n{check.failure_info.code_sample}\n{response and response.content[:800]!r}"
                found.faults.setdefault((str(failure.operation), check.name, failure.title), told)
