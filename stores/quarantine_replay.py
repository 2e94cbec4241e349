"""Asking the processor to run held messages again: control rows and the queued mark, at once.

Nothing here judges a message: the processor does, in its order, and writes what came of it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from devices import control
from devices.control import Held, Requeue
from devices.errors import WireReason
from devices.model import Device
from stores.processing import put_control
from stores.queries import IN_MAX
from stores.schema import quarantine

MESSAGES_MAX = 500
"""Most messages of one control row (devices.control)."""
CONTROL_BYTES = 4 * 1_048_576
"""Most bytes of one control row (devices.control)."""
CALL_BYTES = 64 * 1_048_576
"""Most payload bytes of one call, so that one transaction stays short; the rest is ``left``."""
LIMIT_MAX = 10_000
"""Most messages of one call."""
MESSAGE_BYTES = 200
"""What a message takes in a control row beside topic and payload, at most: names and numbers."""
CHAR_BYTES = 6
"""JSON writes a character of a topic with at most so many bytes (``\\u00e9``)."""

HELD = (
    quarantine.c.queued_ms.is_(None)
    & quarantine.c.replayed_ms.is_(None)
    & (quarantine.c.reason != WireReason.CONTROL)
)
"""Rows that can be run again: nobody asked yet, and they are messages, not our own control rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Queued:
    """What one call asked for.

    Attributes:
        queued: Messages that will be run again.
        left: Messages the same question would still find: ask again.
        control_ids: Rows by which the processor hears of it.
    """

    queued: int
    left: int
    control_ids: tuple[int, ...]


NOTHING = Queued(queued=0, left=0, control_ids=())


def queue_rows(
    connection: sa.Connection,
    picked: sa.ColumnElement[bool],
    *,
    limit: int,
    by: str,
    at_ms: int,
) -> Queued:
    """Ask for held rows to be run again, oldest first. Two callers at once never take one twice.

    Args:
        connection: Inside a writing transaction.
        picked: Which rows; those that are queued or were run again are left out here.
        limit: At most so many.
        by: Who asks.
        at_ms: Wall clock, ms UTC.
    """
    found = sa.and_(picked, HELD)
    query = (
        sa.select(quarantine.c.id, quarantine.c.bytes, sa.func.length(quarantine.c.topic))
        .where(found)
        .order_by(quarantine.c.recv_ms, quarantine.c.id)
        .limit(min(limit, LIMIT_MAX))
    )
    sizes = [(int(row[0]), int(row[1]), int(row[2])) for row in connection.execute(query)]
    if not sizes:
        return NOTHING
    queued, control_ids = 0, []
    for ids in _packs(sizes):
        messages = _messages(connection, ids)
        if not messages:
            continue  # somebody else was quicker (PostgreSQL)
        entry = Requeue(at_ms=at_ms, by=by, messages=messages)
        control_ids.append(put_control(connection, control.encode(entry), at_ms))
        connection.execute(
            sa.update(quarantine)
            .where(quarantine.c.id.in_([held.row for held in messages]))
            .values(queued_ms=at_ms, replay_by=by)
        )
        queued += len(messages)
    left = connection.scalar(sa.select(sa.func.count()).select_from(quarantine).where(found))
    return Queued(queued=queued, left=int(left or 0), control_ids=tuple(control_ids))


def queue_unknown(
    connection: sa.Connection, devices: Sequence[Device], *, by: str, at_ms: int
) -> Queued:
    """Ask for everything held of devices that were unknown until now, by their foreign ids too.

    Call it after the control row that registers them, in the same transaction.
    """
    names = sorted({name for d in devices for name in (d.id, *d.profile.foreign.values())})
    queued = left = 0
    control_ids: list[int] = []
    for start in range(0, len(names), IN_MAX):
        unknown = sa.and_(
            quarantine.c.device_id.in_(names[start : start + IN_MAX]),
            quarantine.c.reason == WireReason.UNKNOWN_DEVICE,
        )
        done = queue_rows(connection, unknown, limit=LIMIT_MAX, by=by, at_ms=at_ms)
        queued, left = queued + done.queued, left + done.left
        control_ids += done.control_ids
    return Queued(queued=queued, left=left, control_ids=tuple(control_ids))


def _packs(sizes: Sequence[tuple[int, int, int]]) -> Iterator[list[int]]:
    """Ids by control row, in order, until the call is full."""
    pack: list[int] = []
    pack_bytes = call_bytes = 0
    for row_id, payload, topic in sizes:
        encoded = payload * 4 // 3 + 4 + topic * CHAR_BYTES + MESSAGE_BYTES  # base64 in JSON
        if pack and (len(pack) == MESSAGES_MAX or pack_bytes + encoded > CONTROL_BYTES):
            yield pack
            pack, pack_bytes = [], 0
        if call_bytes and call_bytes + payload > CALL_BYTES:
            break
        pack.append(row_id)
        pack_bytes += encoded
        call_bytes += payload
    if pack:
        yield pack


def _messages(connection: sa.Connection, ids: Sequence[int]) -> list[Held]:
    columns = quarantine.c
    query = (
        sa.select(
            columns.id,
            columns.recv_ms,
            columns.topic,
            columns.payload,
            columns.reason,
            columns.retained,
        )
        .where(columns.id.in_(ids), HELD)
        .order_by(columns.recv_ms, columns.id)
        .with_for_update()
    )
    return [
        Held(
            row=row.id,
            recv_ms=row.recv_ms,
            topic=row.topic,
            payload=bytes(row.payload),
            reason=row.reason,
            retained=bool(row.retained),
        )
        for row in connection.execute(query)
    ]
