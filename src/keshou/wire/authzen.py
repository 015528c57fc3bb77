# SPDX-License-Identifier: Apache-2.0
"""Questions of the standard authorization protocol, read and laid out. Source: AuthZEN Authorization API 1.0.

Members that the protocol does not know are ignored wherever they stand; a member given twice is refused: what stands in
front could have judged by the one, and we by the other. How deep a body may be nested is limited by the decoder.
"""

import sys
from collections.abc import Mapping, Sequence
from enum import StrEnum
from operator import attrgetter
from typing import Any, NamedTuple

import msgspec

from keshou.wire.members import Doubled, by_name, colons_of, holds, is_doubled, names_twice, own_names_twice


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


class _QuickResource(msgspec.Struct, frozen=True, gc=False):
    type: str
    id: str
    properties: msgspec.Raw = msgspec.Raw()


class _QuickElement(msgspec.Struct, frozen=True, gc=False):
    """An element of which nothing is read yet but whose it is about: others are likely to ask the same of others."""

    subject: msgspec.Raw = msgspec.Raw()
    action: msgspec.Raw = msgspec.Raw()
    resource: _QuickResource | msgspec.UnsetType = msgspec.UNSET
    context: msgspec.Raw = msgspec.Raw()


class _Quick(msgspec.Struct, frozen=True):
    """A batch in the form that is read most, and quickest; what is not of it is read anew, part by part."""

    evaluations: list[_QuickElement]
    options: msgspec.Raw = msgspec.Raw()
    subject: msgspec.Raw = msgspec.Raw()
    action: msgspec.Raw = msgspec.Raw()
    resource: msgspec.Raw = msgspec.Raw()
    context: msgspec.Raw = msgspec.Raw()


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


class Element(NamedTuple):
    """One question of a batch: what is asked, and of which resource.

    Elements that ask the same of different resources share one `question`, whose own resource then has no id.
    """

    question: Evaluation | Fault
    resource: str
    """Id of the element's own resource."""


class Batch(msgspec.Struct, frozen=True):
    """Questions asked together."""

    elements: Sequence[Element]
    semantic: Semantic
    single: bool
    """Whether there was no array, so that the answer is a single decision."""


Parts = tuple[bytes, bytes, bytes, str, bytes]
"""An element as it came, but for whose it is about: subject, action, context, the resource's type and properties."""

_MOST_KEPT = 8192
_LONGEST_KEPT = 1024
"""Bytes of an element that is kept."""


class Questions:
    """Questions that were read before, by the bytes they came in: callers ask the same of many users.

    What is kept of a resource is its kind, never its id; what users ask about themselves is not kept.
    """

    def __init__(self) -> None:
        self._kept: dict[Parts, tuple[Evaluation | Fault, int]] = {}
        self.get = self._kept.get

    def read(self, parts: Parts) -> "tuple[Evaluation | Fault, int]":
        """Return what an element asks, read anew, and how many colons it needs; keep it unless it is long."""
        subject, action, context, type_, properties = parts
        question = _question((subject, action, context), _resource(type_, properties), _NOTHING)
        if isinstance(question, Evaluation) and any(map(names_twice, (subject, action, context, properties))):
            question = Fault(_TWICE)
        found = question, 3 + sum(map(_colons, (subject, action, context, properties)))
        own = isinstance(question, Evaluation) and question.subject.type == "user"
        if not own and sum(map(len, parts)) <= _LONGEST_KEPT:
            if len(self._kept) >= _MOST_KEPT:
                self._kept.clear()
            self._kept[parts] = found
        return found


class AuthzenShapeError(ValueError):
    """The body is not what the protocol has; `pointer` says where."""

    def __init__(self, pointer: str = "$") -> None:
        super().__init__(pointer)
        self.pointer = pointer


_NOTHING: Mapping[str, bytes] = dict.fromkeys(("subject", "action", "resource", "context"), b"")
_single = msgspec.json.Decoder(Evaluation)
_quick = msgspec.json.Decoder(_Quick)
_options = msgspec.json.Decoder(dict[str, Any])
_quick_single = msgspec.json.Decoder(_QuickElement)
_defaults = msgspec.json.Decoder(_Defaults)
_parts = msgspec.json.Decoder(_Parts)
_PARTS: dict[str, Any] = {"subject": msgspec.json.Decoder(Subject), "action": msgspec.json.Decoder(Action),
          "resource": msgspec.json.Decoder(Resource), "context": msgspec.json.Decoder(dict[str, Any])}  # fmt: skip

_UNFIT = "the element is not of the documented form"
_TWICE = "the element names a member twice"


def read_single(body: bytes) -> Evaluation:
    """Read one question.

    Raises:
        AuthzenShapeError: it is not one, or names a member twice.

    """
    return decoded(_single, body)  # type: ignore[no-any-return]


def read_single_quickly(body: bytes, questions: Questions) -> "Element | None":
    """Read one question as `read_single` does, most quickly when the same was asked before; None when it is none."""
    try:
        each = _quick_single.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    resource = each.resource
    if resource is msgspec.UNSET:
        return None
    parts = bytes(each.subject), bytes(each.action), bytes(each.context), resource.type, bytes(resource.properties)
    question, colons = questions.get(parts) or questions.read(parts)
    if body.count(b":") != colons and names_twice(body):
        return None
    return Element(question, resource.id)


def read_batch(body: bytes, most: int, questions: Questions | None = None) -> Batch | None:
    """Read a batch of at most `most` questions; None when there are more.

    An element without a member takes the whole one that stands at the top; nothing is merged within a member.
    `questions` has what was read before.

    Raises:
        AuthzenShapeError: the body as a whole is not one, asks for a semantic that the protocol does not have, or
            names a member twice outside of its elements.

    """
    try:
        quick = _quick.decode(body)
        options = _options.decode(quick.options) if quick.options else {}
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _read_with_defaults(body, most)
    if not quick.evaluations:
        return _read_with_defaults(body, most)
    if len(quick.evaluations) > most:
        return None
    elements, colons = _shared(quick, questions or Questions())
    more = colons_of(body) - colons
    if more and more != _of_texts(elements, quick, body):
        elements = _without_doubled(elements, body)
    return Batch(elements, _semantic(options), single=False)


def _without_doubled(elements: list[Element], body: bytes) -> list[Element]:
    """Return the elements, but for those that name a member twice: each of them is a fault."""
    try:
        if not is_doubled(body):
            return elements
        whole = by_name(body)
    except (ValueError, RecursionError):
        raise AuthzenShapeError from None
    if not isinstance(whole, Doubled):
        return elements
    at_top = dict(whole.pairs)
    given = at_top.pop("evaluations", None)
    if own_names_twice(whole.pairs) or any(map(holds, at_top.values())):
        raise AuthzenShapeError
    wrong = [holds(each) for each in given or ()]
    return [_alone(Fault(_TWICE)) if doubled else each for each, doubled in zip(elements, wrong, strict=True)]


def _shared(quick: _Quick, questions: Questions) -> tuple[list[Element], int]:
    """Return the elements, and how many colons the batch has at least; far fewer than none when that is not looked at.

    Questions that differ by nothing but their resource's id are read once.
    """
    top = {name: bytes(getattr(quick, name)) for name in _PARTS}
    if any(map(names_twice, (*top.values(), bytes(quick.options)))):
        raise AuthzenShapeError
    subject, action, context = top["subject"], top["action"], top["context"]
    unset, get, new, colons = msgspec.UNSET, questions.get, tuple.__new__, 1
    found: list[Element] = []
    for each in quick.evaluations:
        resource = each.resource
        if resource is unset:
            own = bytes(each.subject), bytes(each.action), bytes(each.context)
            found.append(_alone(_question(own, b"", top)))
            colons = -sys.maxsize
            continue
        parts = (
            bytes(each.subject) or subject,
            bytes(each.action) or action,
            bytes(each.context) or context,
            resource.type,
            bytes(resource.properties),
        )
        question, needed = get(parts) or questions.read(parts)
        found.append(new(Element, (question, resource.id)))  # as its own constructor does, without a call of Python's
        colons += needed
    # As if no element had a part of its own that stands at the top: what they were counted with stands there once.
    left = sum(map(_colons, (subject, action, context))) * len(found)
    return found, colons + sum(map(_colons, (*top.values(), bytes(quick.options)))) - left


def _of_texts(elements: Sequence[Element], quick: _Quick, body: bytes) -> int:
    """Return the colons of users' ids, and of parts that elements have of their own though they stand at the top.

    Where a colon could be written as an escape, nothing is known of ids.
    """
    ids = 0 if b"\\" in body else "".join([each.resource for each in elements]).count(":")
    own = 0
    for name in ("subject", "action", "context"):
        if part := bytes(getattr(quick, name)):
            own += _colons(part) * sum(map(bool, map(attrgetter(name), quick.evaluations)))
    return ids + own


def _colons(part: bytes) -> int:
    """Return how many colons a member needs, its own among them."""
    return 1 + part.count(b":") if part else 0


def _resource(type_: str, properties: bytes) -> bytes:
    """Return a resource as it came, but for its id and what the protocol does not know."""
    named = msgspec.json.encode({"type": type_, "id": ""})
    return named[:-1] + b',"properties":' + properties + b"}" if properties else named


def _read_with_defaults(body: bytes, most: int) -> Batch | None:
    found: _Defaults = _decoded(_defaults, body)
    semantic = _semantic(found.options)
    if not found.evaluations:
        return Batch([_alone(read_single(body))], semantic, single=True)
    if len(found.evaluations) > most:
        return None
    top = {name: bytes(getattr(found, name)) for name in _PARTS}
    elements = [_alone(_element(raw, top)) for raw in found.evaluations]
    return Batch(_without_doubled(elements, body), semantic, single=False)


def _alone(question: Evaluation | Fault) -> Element:
    return Element(question, question.resource.id if isinstance(question, Evaluation) else "")


def _element(raw: msgspec.Raw, top: Mapping[str, bytes]) -> Evaluation | Fault:
    try:
        own = _parts.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Fault(_UNFIT)
    return _question((bytes(own.subject), bytes(own.action), bytes(own.context)), bytes(own.resource), top)


def _question(own: tuple[bytes, bytes, bytes], resource: bytes, top: Mapping[str, bytes]) -> Evaluation | Fault:
    """Return what an element asks; a part that it leaves out is the one at the top, whole."""
    subject, action, context = own
    given = {"subject": subject, "action": action, "resource": resource, "context": context}
    read = {}
    try:
        for name, decoder in _PARTS.items():
            part = given[name] or top[name]
            if part:
                read[name] = decoder.decode(part)
            elif name != "context":
                return Fault(f"`{name}` is missing")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Fault(_UNFIT)
    return Evaluation(**read)


def _semantic(options: Mapping[str, Any]) -> Semantic:
    try:
        return Semantic(options.get("evaluations_semantic", Semantic.EXECUTE_ALL))
    except ValueError:
        raise AuthzenShapeError("$.options.evaluations_semantic") from None


def decoded(decoder: Any, body: bytes) -> Any:
    """Return what `decoder` reads in `body`.

    Raises:
        AuthzenShapeError: it is not that, or names a member twice; the place is told and no value.

    """
    found = _decoded(decoder, body)
    if names_twice(body):
        raise AuthzenShapeError
    return found


def _decoded(decoder: Any, body: bytes) -> Any:
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        # Only the place is told: the rest of the message may quote the value.
        _, at, place = str(error).rpartition(" - at `")
        raise AuthzenShapeError(place.rstrip("`") if at else "$") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise AuthzenShapeError from None
