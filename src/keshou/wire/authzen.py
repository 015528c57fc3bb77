# SPDX-License-Identifier: Apache-2.0
"""Questions of the standard authorization protocol, read and laid out. Source: AuthZEN Authorization API 1.0.

Members that the protocol does not know are ignored wherever they stand; of a member given twice the last counts. How
deep a body may be nested is limited by the decoder.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

import msgspec


class Subject(msgspec.Struct, frozen=True):
    """Who would act."""

    type: str
    id: str
    properties: dict[str, Any] = {}


class Action(msgspec.Struct, frozen=True):
    """What would be done."""

    name: str
    properties: dict[str, Any] = {}


class Resource(msgspec.Struct, frozen=True):
    """To what it would be done."""

    type: str
    id: str
    properties: dict[str, Any] = {}


class Evaluation(msgspec.Struct, frozen=True):
    """One question (section 6 of the protocol)."""

    subject: Subject
    action: Action
    resource: Resource
    context: dict[str, Any] = {}


class Semantic(StrEnum):
    """How many questions of a batch are answered (section 7.1.2.1)."""

    EXECUTE_ALL = "execute_all"
    DENY_ON_FIRST_DENY = "deny_on_first_deny"
    PERMIT_ON_FIRST_PERMIT = "permit_on_first_permit"


class _Whole(msgspec.Struct, frozen=True):
    """A batch of which every element is complete in itself: what is read most, and quickest."""

    evaluations: list[Evaluation]
    options: dict[str, Any] = {}


class _Defaults(msgspec.Struct, frozen=True):
    """A batch whose elements leave out what stands at the top."""

    evaluations: list[msgspec.Raw] = []
    options: dict[str, Any] = {}
    subject: msgspec.Raw = msgspec.Raw()
    action: msgspec.Raw = msgspec.Raw()
    resource: msgspec.Raw = msgspec.Raw()
    context: msgspec.Raw = msgspec.Raw()


class _Parts(msgspec.Struct, frozen=True):
    subject: msgspec.Raw = msgspec.Raw()
    action: msgspec.Raw = msgspec.Raw()
    resource: msgspec.Raw = msgspec.Raw()
    context: msgspec.Raw = msgspec.Raw()


class Fault(msgspec.Struct, frozen=True):
    """What is wrong with one element of a batch; it is answered with a denial that says so."""

    message: str


class Batch(msgspec.Struct, frozen=True):
    """Questions asked together."""

    elements: Sequence[Evaluation | Fault]
    semantic: Semantic
    single: bool
    """Whether there was no array, so that the answer is a single decision."""


class AuthzenShapeError(ValueError):
    """The body is not what the protocol has; `pointer` says where."""

    def __init__(self, pointer: str = "$") -> None:
        super().__init__(pointer)
        self.pointer = pointer


_single = msgspec.json.Decoder(Evaluation)
_whole = msgspec.json.Decoder(_Whole)
_defaults = msgspec.json.Decoder(_Defaults)
_parts = msgspec.json.Decoder(_Parts)
_PARTS: dict[str, Any] = {"subject": msgspec.json.Decoder(Subject), "action": msgspec.json.Decoder(Action),
          "resource": msgspec.json.Decoder(Resource), "context": msgspec.json.Decoder(dict[str, Any])}  # fmt: skip


def read_single(body: bytes) -> Evaluation:
    """Read one question.

    Raises:
        AuthzenShapeError: it is not one.

    """
    return decoded(_single, body)  # type: ignore[no-any-return]


def read_batch(body: bytes, most: int) -> Batch | None:
    """Read a batch of at most `most` questions; None when there are more.

    An element without a member takes the whole one that stands at the top; nothing is merged within a member.

    Raises:
        AuthzenShapeError: the body as a whole is not one, or asks for a semantic that the protocol does not have.

    """
    try:
        whole = _whole.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _read_with_defaults(body, most)
    if not whole.evaluations:
        return _read_with_defaults(body, most)
    if len(whole.evaluations) > most:
        return None
    return Batch(whole.evaluations, _semantic(whole.options), single=False)


def _read_with_defaults(body: bytes, most: int) -> Batch | None:
    found: _Defaults = decoded(_defaults, body)
    semantic = _semantic(found.options)
    if not found.evaluations:
        return Batch([read_single(body)], semantic, single=True)
    if len(found.evaluations) > most:
        return None
    top = {name: getattr(found, name) for name in _PARTS}
    return Batch([_element(raw, top) for raw in found.evaluations], semantic, single=False)


def _element(raw: msgspec.Raw, top: Mapping[str, msgspec.Raw]) -> Evaluation | Fault:
    try:
        own = _parts.decode(raw)
        read = {}
        for name, decoder in _PARTS.items():
            given = bytes(getattr(own, name)) or bytes(top[name])
            if given:
                read[name] = decoder.decode(given)
            elif name != "context":
                return Fault(f"`{name}` is missing")
        return Evaluation(**read)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Fault("the element is not of the documented form")


def _semantic(options: Mapping[str, Any]) -> Semantic:
    try:
        return Semantic(options.get("evaluations_semantic", Semantic.EXECUTE_ALL))
    except ValueError:
        raise AuthzenShapeError("$.options.evaluations_semantic") from None


def decoded(decoder: Any, body: bytes) -> Any:
    """Return what `decoder` reads in `body`.

    Raises:
        AuthzenShapeError: it is not that; the place is told and no value.

    """
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        # Only the place is told: the rest of the message may quote the value.
        _, _, place = str(error).rpartition(" - at `")
        raise AuthzenShapeError(place.rstrip("`") if place else "$") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise AuthzenShapeError from None
