# SPDX-License-Identifier: Apache-2.0
"""Every kind of fact that can be on record, as what is read back is one of."""

from keshou.gate.facts import (
    AccessConfirmed,
    AgentReinstated,
    AgentSuspended,
    CapacityFull,
    CapacityLimited,
    ConsentGiven,
    ConsentVoided,
    ConsentWithdrawn,
    Corrected,
    EmergencyOpened,
    EmergencyReviewed,
    Erased,
    GroundEnded,
    GroundRecorded,
    HandedOver,
    LinkMade,
    LinkRevoked,
    MediumChecked,
    MediumDestroyed,
    MediumMoved,
    MediumRegistered,
    MessagesRefused,
    MessagesRequested,
    NoticeShown,
    RecipientKeyEnded,
    RecipientKeyVerified,
    Restored,
    ReviewApproved,
    ReviewAsked,
    ReviewRefused,
    ReviewUsed,
    RulesPublished,
    ServiceEnded,
    ServiceStarted,
    StaffAppointed,
    StaffLeft,
    StaffRemoved,
    SuspensionLifted,
    SuspensionOrdered,
)
from keshou.gate.holds import HoldLifted, HoldSet

AnyUserFact = (
    NoticeShown
    | ConsentGiven
    | ConsentWithdrawn
    | ConsentVoided
    | MessagesRequested
    | MessagesRefused
    | ServiceStarted
    | ServiceEnded
    | CapacityLimited
    | CapacityFull
    | Corrected
    | Erased
)
"""What can come true of a user."""
AnySiteFact = (
    RulesPublished
    | StaffAppointed
    | StaffRemoved
    | StaffLeft
    | AccessConfirmed
    | EmergencyOpened
    | EmergencyReviewed
    | AgentSuspended
    | AgentReinstated
    | ReviewAsked
    | ReviewRefused
    | ReviewApproved
    | ReviewUsed
    | SuspensionOrdered
    | SuspensionLifted
    | GroundRecorded
    | GroundEnded
    | HoldSet
    | HoldLifted
    | MediumRegistered
    | MediumMoved
    | MediumChecked
    | MediumDestroyed
    | Restored
    | RecipientKeyVerified
    | RecipientKeyEnded
    | HandedOver
    | LinkMade
    | LinkRevoked
)
"""What can come true of the operator, its people and the authority."""
