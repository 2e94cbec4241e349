"""Outbox rows as values: columns, and which receiver a target takes."""

import sqlalchemy as sa

from alerts.delivery.model import DueNotice
from stores.schema import outbox

NOTICE = (
    outbox.c.id,
    outbox.c.key,
    outbox.c.kind,
    outbox.c.action,
    outbox.c.channel,
    outbox.c.receiver,
    outbox.c.audience,
    outbox.c.area,
    outbox.c.alert_id,
    outbox.c.incident_id,
    outbox.c.body,
    outbox.c.caused_recv_ms,
    outbox.c.created_ms,
    outbox.c.deadline_ms,
    outbox.c.attempts,
)
"""The columns of ``DueNotice``."""


def notice_of(row: sa.Row[tuple[object, ...]]) -> DueNotice:
    """Make the value of one row of ``NOTICE``."""
    return DueNotice(**row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it


def matches(target: str) -> sa.ColumnElement[bool]:
    """Whether a receiver belongs to a target: ``police``, ``owner:wang``; "" takes all."""
    if not target:
        return sa.true()
    return sa.or_(
        outbox.c.receiver == target, outbox.c.receiver.startswith(target + ":", autoescape=True)
    )
