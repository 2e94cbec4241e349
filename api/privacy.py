"""Who sees a position, a track, a plate: the one place that decides (incidents.md)."""

from typing import Annotated

from fastapi import Header

from alerts.report import mask_plate
from api.problems import Problem, ProblemCode
from api.roles import DEFAULT_PURPOSE, PLATE_ROLES, PURPOSES, Principal, Purpose, Role
from api.rows import AuditEntry

PurposeHeader = Annotated[
    str | None,
    Header(
        alias="X-Purpose",
        max_length=32,
        description="Why you look: " + ", ".join(Purpose) + ". Written to the audit.",
        examples=["MAINTENANCE"],
    ),
]
"""The header in which a person says why they look."""


def purpose_of(principal: Principal, given: str | None) -> Purpose | None:
    """Give the purpose of a look: as said, else the role's own, else None.

    Raises:
        Problem: An unknown purpose, or one that this role may not have.
    """
    if given is None:
        return DEFAULT_PURPOSE.get(principal.role)
    words = {purpose.value: purpose for purpose in Purpose}
    purpose = words.get(given.strip().upper())
    if purpose is None:
        raise Problem(ProblemCode.INVALID, f"X-Purpose is one of {', '.join(words)}")
    if purpose not in PURPOSES.get(principal.role, frozenset()):
        raise Problem(ProblemCode.PURPOSE_REQUIRED, f"not a purpose of role {principal.role}")
    return purpose


def may_see_position(
    principal: Principal, purpose: Purpose | None, *, vehicle_id: str | None, incident_open: bool
) -> bool:
    """Whether a live position or a track may be seen.

    A charger's or camera's place is no secret. A vehicle's is: it needs a purpose, and police
    see it only while an incident is open on it in their area.
    """
    if vehicle_id is None:
        return True
    if purpose is None:
        return False
    return incident_open if principal.role is Role.OFFICER else True


def plate_for(principal: Principal, plate: str, *, incident_open: bool) -> str:
    """Give the plate as this person may read it."""
    whole = principal.role in PLATE_ROLES or (principal.role is Role.OFFICER and incident_open)
    return plate if whole else mask_plate(plate)


def looks_of(
    principal: Principal,
    vehicle_id: str,
    *,
    at_ms: int,
    purpose: str,
    position: bool,
    plate: bool,
) -> list[AuditEntry]:
    """Build the audit rows of what a person is about to see of a vehicle.

    An owner's look at the own plate is nobody's business.
    """
    actions = ["position_seen"] if position else []
    if plate and principal.role is not Role.OWNER:
        actions.append("plate_seen")
    return [
        audit_of(principal, action, f"vehicle:{vehicle_id}", at_ms=at_ms, purpose=purpose)
        for action in actions
    ]


def audit_of(
    principal: Principal, action: str, target: str, *, at_ms: int, purpose: str = ""
) -> AuditEntry:
    """Build the audit row of what a person did or saw."""
    return AuditEntry(
        at_ms=at_ms,
        by=principal.name,
        role=principal.role,
        action=action,
        object=target,
        purpose=purpose[:32],
    )
