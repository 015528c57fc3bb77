# SPDX-License-Identifier: Apache-2.0
"""The statutory vocabulary as enums: kinds of act, kinds of information, parties.

Values are the words that stand in data files, tables, URLs and messages; the glossary in ``docs/glossary.md``
gives each with its Chinese term and source.
"""

from enum import StrEnum


class OperatorKind(StrEnum):
    """Whom the instruments bind (Order 24 Art. 4, Decision item 2)."""

    TELECOM = "telecom"
    INTERNET = "internet"
    NETWORK = "network"


class ActKind(StrEnum):
    """What is done with information (Order 24 Arts 5, 9, 10, 13(iii); Decision item 8)."""

    COLLECT = "collect"
    USE = "use"
    PROVIDE = "provide"
    SELL = "sell"
    DISCLOSE = "disclose"
    QUERY = "query"
    CORRECT = "correct"
    DELETE = "delete"
    EXPORT = "export"
    COPY = "copy"
    DESTROY = "destroy"


BULK_KINDS = frozenset({ActKind.EXPORT, ActKind.COPY, ActKind.DELETE, ActKind.DESTROY})
"""The kinds whose bulk form needs review (Order 24 Art. 13(iii)); deletion destroys, unless it is users' own."""
USE_KINDS = frozenset({ActKind.USE, ActKind.PROVIDE, ActKind.EXPORT, ActKind.COPY})
"""The kinds that count as use of information (Order 24 Art. 9)."""
SILENT_KINDS = frozenset({ActKind.COLLECT, ActKind.CORRECT, ActKind.DELETE, ActKind.DESTROY})
"""The kinds that give nobody a value."""


class Modality(StrEnum):
    """How a provision speaks."""

    REQUIRED = "required"
    PROHIBITED = "prohibited"
    PERMITTED = "permitted"
    DEFINITION = "definition"
    LIABILITY = "liability"


class Rank(StrEnum):
    """Rank of an instrument, highest first; guidance binds only those who adopt it and a draft nobody."""

    LAW = "law"
    ADMINISTRATIVE_REGULATION = "administrative_regulation"
    DEPARTMENTAL_RULE = "departmental_rule"
    GUIDANCE = "guidance"
    DRAFT = "draft"


HIGHER_RANKS = frozenset({Rank.LAW, Rank.ADMINISTRATIVE_REGULATION})
"""The ranks that Order 24 Art. 9(5) lets provide otherwise; a departmental rule does not."""


class Bearer(StrEnum):
    """On whom a provision lies."""

    OPERATOR = "operator"
    STAFF = "staff"
    AGENT = "agent"
    USER = "user"
    PROXY = "proxy"
    AUTHORITY = "authority"
    ANYONE = "anyone"
    STATE = "state"
    ASSOCIATION = "association"


class Carrier(StrEnum):
    """The part of Keshou that carries a provision, or why none does."""

    GATE = "gate"
    DECLARATION = "declaration"
    VAULT = "vault"
    LEDGER = "ledger"
    ACTS = "acts"
    DUTIES = "duties"
    IDENTITY = "identity"
    SUPERVISION = "supervision"
    DISCOVERY = "discovery"
    OUTSIDE = "outside"
    NONE = "none"


class PenaltyKind(StrEnum):
    """What a penalty provision provides for (Order 24 Arts 20, 22-24; Order 25 Arts 17-19; Decision item 11)."""

    CORRECTION = "correction"
    WARNING = "warning"
    FINE = "fine"
    PUBLICATION = "publication"
    SOCIAL_CREDIT_FILE = "social_credit_file"
    CONFISCATION = "confiscation"
    LICENCE_REVOCATION = "licence_revocation"
    FILING_CANCELLATION = "filing_cancellation"
    WEBSITE_CLOSURE = "website_closure"
    BUSINESS_BAN = "business_ban"
    PUBLIC_SECURITY = "public_security"
    DISCIPLINARY = "disciplinary"
    SERVICE_REFUSAL = "service_refusal"
    CRIMINAL = "criminal"
    CIVIL = "civil"


class ConsentStrength(StrEnum):
    """How consent was given; the distinction is GB/Z 28828-2012's, Order 24 has none."""

    TACIT = "tacit"
    EXPRESS = "express"
    GUARDIAN = "guardian"


class Identifies(StrEnum):
    """How an item identifies (Order 24 Art. 4): alone, in combination, or as service-use information."""

    ALONE = "alone"
    COMBINED = "combined"
    SERVICE_USE = "service_use"
    COMBINED_AND_SERVICE_USE = "combined_and_service_use"


class RetentionClass(StrEnum):
    """Information that is kept and shredded together; each user has one key a class."""

    SERVICE = "service"
    REGISTRATION = "registration"
    RECORD = "record"
