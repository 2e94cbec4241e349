"""Outbox rows as values: columns, which receiver a target takes, which wait for the feed."""

from collections.abc import Sequence

import sqlalchemy as sa

from alerts.delivery.model import DueNotice
from alerts.model import Channel
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
WAITING = sa.select(outbox.c.id, outbox.c.created_ms, outbox.c.alert_id).where(
    outbox.c.state == "due", outbox.c.channel == Channel.FEED
)
"""Rows that are to be numbered."""
_Waiting = sa.Row[int, int, str]


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


def free_rows(connection: sa.Connection, waiting: sa.Select[int, int, str]) -> list[_Waiting]:
    """Lock the first waiting rows, but for those that another session holds; by outbox id.

    Of an alert whose row is held no later one is given: its versions come in their order.

    Args:
        connection: Inside a writing transaction.
        waiting: ``WAITING``, with a limit.
    """
    first = connection.execute(waiting.order_by(outbox.c.id)).all()
    query = WAITING.where(one_of(first)).with_for_update(skip_locked=True)
    locked = {row.id for row in connection.execute(query)}
    held: set[str] = set()
    free = []
    for row in first:
        if row.id not in locked:
            held.add(row.alert_id)
        elif row.alert_id not in held:
            free.append(row)
    return free


def one_of(rows: Sequence[_Waiting]) -> sa.ColumnElement[bool]:
    """These rows, looked for in their months alone."""
    times = [row.created_ms for row in rows]
    return sa.and_(
        outbox.c.id.in_([row.id for row in rows]),
        outbox.c.created_ms.between(min(times, default=0), max(times, default=0)),
    )
