"""The quarantine as the processor writes it, and its end after the retention."""

import re
from collections.abc import Sequence

import sqlalchemy as sa

from alerts.ports import QuarantineRow
from devices.errors import WireReason
from devices.quarantine_hints import escaped, one_line
from devices.topics import HELD_NAME_CHARS
from stores.queries import IN_MAX
from stores.records import FORGET_MAX, insert_of, writing
from stores.schema import REQUEUE, control, quarantine

REQUEUES_MAX = 50
"""... and control rows of held messages, 200 MiB at most."""

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def storable(text: str) -> str:
    """Give text that every database keeps: NUL and half characters as escapes."""
    return _UNSTORABLE.sub(escaped, text)


def put_refusals(
    connection: sa.Connection, rows: Sequence[QuarantineRow], *, code_version: str, now_ms: int
) -> None:
    """Write rows; one that is there already (seq, item) stays as it is.

    Args:
        connection: Inside a writing transaction.
        rows: What was refused.
        code_version: Of the code that refused it.
        now_ms: Wall clock, ms UTC: when the row was written.
    """
    connection.execute(
        insert_of(connection, quarantine).on_conflict_do_nothing(),
        [
            {
                "seq": row.seq,
                "item": row.item,
                "recv_ms": row.recv_ms,
                "topic": storable(row.topic),
                "device_id": storable(row.device_id)[:HELD_NAME_CHARS],
                "reason": row.reason,
                "detail": one_line(row.detail),
                "payload": row.payload,
                "code_version": code_version,
                "retained": row.retained,
                "bytes": len(row.payload),
                "stored_ms": now_ms,
                "runnable": row.reason != WireReason.CONTROL,
            }
            for row in rows
        ],
    )


def mark_replayed(connection: sa.Connection, row_ids: Sequence[int], *, now_ms: int) -> None:
    """Note that the processor ran rows again; what is noted already stays as it is.

    Who asked for it was written when they were queued; a row that nobody queued here was queued
    by a replay of the journal.
    """
    for start in range(0, len(row_ids), IN_MAX):
        connection.execute(
            sa.update(quarantine)
            .where(
                quarantine.c.id.in_(row_ids[start : start + IN_MAX]),
                quarantine.c.replayed_ms.is_(None),
            )
            .values(
                replayed_ms=now_ms,
                replay_by=sa.func.coalesce(quarantine.c.replay_by, "system"),
            )
        )


def forget_quarantine(engine: sa.Engine, before_ms: int) -> bool:
    """Remove what was received before a moment, also what was never looked at: one step of it.

    A message that is queued to run again is run all the same: its bytes are in a control row.
    Those rows go as long after they were written, and with them the last of the bytes here; the
    newest control row stays, because the registry's revision is its number.

    Args:
        engine: The records database.
        before_ms: Now minus ``quarantine.retention_days``, ms UTC.

    Returns:
        Whether there may be more: call again.
    """
    old = (
        sa.select(quarantine.c.id)
        .where(quarantine.c.recv_ms < before_ms)
        .order_by(quarantine.c.recv_ms)
        .limit(FORGET_MAX)
    )
    newest = sa.select(sa.func.max(control.c.id)).scalar_subquery()
    told = (
        sa.select(control.c.id)
        .where(control.c.kind == REQUEUE, control.c.at_ms < before_ms, control.c.id < newest)
        .order_by(control.c.at_ms)
        .limit(REQUEUES_MAX)
    )
    with writing(engine) as connection:
        rows = connection.execute(sa.delete(quarantine).where(quarantine.c.id.in_(old))).rowcount
        asked = connection.execute(sa.delete(control).where(control.c.id.in_(told))).rowcount
    return rows == FORGET_MAX or asked == REQUEUES_MAX
