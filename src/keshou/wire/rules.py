# SPDX-License-Identifier: Apache-2.0
"""The published rules over the wire: versions, findings, what a version newly allows."""

import datetime as dt
from typing import Literal

import msgspec

from keshou.declaration.compare import Difference, Quadruple
from keshou.declaration.finding import Finding
from keshou.declaration.model import Declaration, Published
from keshou.language import Language
from keshou.law.terms import ActKind
from keshou.wire.problem import Problem


class VersionShape(msgspec.Struct, frozen=True, kw_only=True):
    """One published version of the rules."""

    version: int
    digest: str
    """SHA-256, lower-case hex, over the canonical JSON of the declaration."""
    effective: dt.datetime
    notice_complete: bool
    """Whether showing it meets Order 24 Art. 9(2) in full."""


class RulesShape(VersionShape, frozen=True, kw_only=True):
    """One published version of the rules, with the declaration that the gate runs on."""

    declaration: Declaration


class FindingShape(msgspec.Struct, frozen=True, kw_only=True):
    """One thing wrong with a declaration."""

    code: str
    severity: Literal["error", "warning"]
    line: int
    column: int
    """Both count from one."""
    path: str
    cite: str
    """The provision it rests on; empty for the form of the file."""
    what: str
    mend: str


class CheckAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What became of holding a declaration against the law."""

    clean: bool
    """Whether it may be published: nothing found is an error."""
    findings: list[FindingShape]


class QuadrupleShape(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that a post may do with one kind of information for one purpose."""

    purpose: str
    item: str
    act: ActKind
    post: str
    """Empty: declared, and open to nobody but users themselves."""
    reasons: list[str] = []
    """For what stood before: what widened."""


class ConsentAnew(msgspec.Struct, frozen=True, kw_only=True):
    """Of whom agreed before, who must be asked again."""

    purpose: str
    item: str


class DifferenceShape(msgspec.Struct, frozen=True, kw_only=True):
    """One version of the rules against another."""

    before: int
    """Zero: against no rules at all."""
    version: int
    newly_allowed: list[QuadrupleShape]
    no_longer_allowed: list[QuadrupleShape]
    widened: list[QuadrupleShape]
    needs_consent: list[ConsentAnew]


class PublishAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a publication."""

    version: int
    entry: int
    revision: int
    repeated: bool
    """Whether this very request had published it before."""
    findings: list[FindingShape]
    difference: DifferenceShape


class UnlawfulRules(Problem, frozen=True, kw_only=True, omit_defaults=True):
    """The problem of a declaration that may not be published."""

    findings: list[FindingShape]


def version_shape(published: Published) -> VersionShape:
    """Return a version as it is listed."""
    return VersionShape(
        version=published.version, digest=published.digest, effective=published.effective,
        notice_complete=published.notice_complete,
    )  # fmt: skip


def rules_shape(published: Published) -> RulesShape:
    """Return a version with its declaration."""
    listed = msgspec.structs.asdict(version_shape(published))
    return RulesShape(**listed, declaration=published.declaration)


def finding_shape(found: Finding, language: Language) -> FindingShape:
    """Return a finding in the reader's language."""
    return FindingShape(
        code=found.code, severity=found.severity, line=found.line, column=found.column, path=found.path,
        cite=found.cite, what=found.what.in_(language), mend=found.mend.in_(language),
    )  # fmt: skip


def difference_shape(found: Difference, before: int, version: int) -> DifferenceShape:
    """Return what `version` allows over `before`, in order."""
    return DifferenceShape(
        before=before,
        version=version,
        newly_allowed=[_quadruple(each) for each in sorted(found.newly_allowed)],
        no_longer_allowed=[_quadruple(each) for each in sorted(found.no_longer_allowed)],
        widened=[_quadruple(each.quadruple, each.reasons) for each in found.widened],
        needs_consent=[ConsentAnew(purpose=purpose, item=item) for purpose, item in sorted(found.needs_consent)],
    )


def _quadruple(each: Quadruple, reasons: tuple[str, ...] = ()) -> QuadrupleShape:
    return QuadrupleShape(purpose=each.purpose, item=each.item, act=each.act, post=each.post, reasons=list(reasons))
