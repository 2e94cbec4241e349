"""The quarantine as the processor writes it, and its end after the retention."""

import re
from collections.abc import Sequence

import sqlalchemy as sa

from alerts.ports import QuarantineRow
from stores.queries import IN_MAX
from stores.records import insert_of, writing
from stores.schema import quarantine

FORGET_MAX = 2_000
"""Rows removed in one transaction: other writers wait for milliseconds only."""
ID_CHARS = 64
"""Width of the column ``device_id``."""

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def storable(text: str) -> str:
    """Give text that every database keeps: NUL and half characters as escapes."""
    return _UNSTORABLE.sub(_escape, text)


def one_line(text: str) -> str:
    """Give text without anything that moves a terminal's cursor or breaks a line of a log."""
    return _CONTROL.sub(_escape, text)


def _escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"  # noqa: PLR2004 - two digits


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
                "device_id": storable(row.device_id)[:ID_CHARS],
                "reason": row.reason,
                "detail": one_line(row.detail),
                "payload": row.payload,
                "code_version": code_version,
                "retained": row.retained,
                "bytes": len(row.payload),
                "stored_ms": now_ms,
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


def forget_quarantine(engine: sa.Engine, before_ms: int) -> int:
    """Remove what was received before a moment, also what was never looked at.

    A message that is queued to run again is run all the same: its bytes are in the control row.

    Args:
        engine: The records database.
        before_ms: Receive time, ms UTC (now minus ``quarantine.retention_days``).

    Returns:
        How many rows went.
    """
    old = (
        sa.select(quarantine.c.id)
        .where(quarantine.c.recv_ms < before_ms)
        .order_by(quarantine.c.recv_ms)
        .limit(FORGET_MAX)
    )
    gone = 0
    while True:
        with writing(engine) as connection:
            step = connection.execute(
                sa.delete(quarantine).where(quarantine.c.id.in_(old))
            ).rowcount
        gone += step
        if step < FORGET_MAX:
            return gone
