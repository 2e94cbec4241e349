"""Asking the processor to run held messages again: control rows and the queued mark, at once.

Nothing here judges a message: the processor does, in its order, and writes what came of it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa

from devices import control
from devices.control import ASKED_MAX, HELD_BYTES_MAX, HELD_MAX, Held, Requeue
from devices.errors import WireReason
from devices.model import AdminState, Device
from stores.processing import READER, put_control
from stores.queries import IN_MAX
from stores.records_turns import Turn, take_turn
from stores.schema import REQUEUE, quarantine, reader_offsets

CALL_BYTES = 64 * 1_048_576
"""Most payload bytes of one call, so that one transaction stays short; the rest is ``left``."""
MESSAGE_BYTES = 200
"""What a message takes in a control row beside topic and payload, at most: names and numbers."""
CHAR_BYTES = 6
"""JSON writes a character of a topic with at most so many bytes (``\\u00e9``)."""
REFUSED_MS = 3_600_000
"""A processor that is so far past the asking and did not run a row never will: it did not
understand the control row. Handing one over takes seconds."""

_passed_ms = sa.func.coalesce(  # 0: it has committed nothing yet
    sa.select(reader_offsets.c.recv_ms).where(reader_offsets.c.reader == READER).scalar_subquery(),
    0,
)
HELD = (
    quarantine.c.runnable
    & quarantine.c.replayed_ms.is_(None)
    & (quarantine.c.queued_ms.is_(None) | (quarantine.c.queued_ms < _passed_ms - REFUSED_MS))
)
"""Rows that can be run again: whole messages that nobody asked for, or asked for in vain."""


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
    known: int | None = None,
) -> Queued:
    """Ask for held rows to be run again, oldest first. Two callers at once never take one twice.

    Args:
        connection: Inside a writing transaction.
        picked: Which rows; those that are queued or were run again are left out here.
        limit: At most so many.
        by: Who asks.
        at_ms: Wall clock, ms UTC.
        known: How many there are, from who has counted: counting again takes longer than asking.
    """
    call = _Call(connection, by=by, at_ms=at_ms, limit=min(limit, ASKED_MAX))
    call.take(picked)
    if call.is_full and known is None:
        known = call.queued + call.count(picked)
    return call.done(left=max(0, known - call.queued) if call.is_full and known else 0)


def queue_unknown(
    connection: sa.Connection, devices: Sequence[Device], *, by: str, at_ms: int
) -> Queued:
    """Ask for everything held of devices that were unknown until now, by their foreign ids too.

    Call it after the control row that registers them, in the same transaction. What is held of a
    retired device stays: it would only be refused again.
    """
    held = sa.select(quarantine.c.id).where(quarantine.c.reason == WireReason.UNKNOWN_DEVICE, HELD)
    if connection.scalar(held.limit(1)) is None:  # a fleet is registered before it speaks
        return NOTHING
    names = sorted({name for d in devices if d.admin is not AdminState.RETIRED for name in d.names})
    call = _Call(connection, by=by, at_ms=at_ms, limit=ASKED_MAX)
    left = 0
    for start in range(0, len(names), IN_MAX):
        unknown = sa.and_(
            quarantine.c.device_id.in_(names[start : start + IN_MAX]),
            quarantine.c.reason == WireReason.UNKNOWN_DEVICE,
        )
        call.take(unknown)
        left += call.count(unknown) if call.is_full else 0
    return call.done(left=left)


@dataclass(slots=True)
class _Call:
    """One call: what it may take yet, and what it took."""

    connection: sa.Connection
    by: str = field(kw_only=True)
    at_ms: int = field(kw_only=True)
    limit: int = field(kw_only=True)
    queued: int = field(default=0, init=False)
    is_full: bool = field(default=False, init=False)
    _bytes: int = field(default=0, init=False)
    _control_ids: list[int] = field(default_factory=list, init=False)

    def take(self, picked: sa.ColumnElement[bool]) -> None:
        """Ask for picked rows until the call is full."""
        if self.is_full:
            return
        take_turn(self.connection, Turn.CONTROL)  # before the rows: see stores.records_turns
        columns = quarantine.c
        query = (
            sa.select(columns.id, columns.bytes, sa.func.length(columns.topic))
            .where(picked, HELD)
            .order_by(columns.recv_ms, columns.id)
            .limit(self.limit - self.queued + 1)
        )
        sizes = [(int(row[0]), int(row[1]), int(row[2])) for row in self.connection.execute(query)]
        for ids in _packs(self._fitting(sizes)):
            messages = _messages(self.connection, ids)
            if not messages:
                continue  # somebody else was quicker (PostgreSQL)
            entry = Requeue(at_ms=self.at_ms, by=self.by, messages=messages)
            body = control.encode(entry)
            self._control_ids.append(put_control(self.connection, body, self.at_ms, kind=REQUEUE))
            self.connection.execute(
                sa.update(quarantine)
                .where(columns.id.in_([held.row for held in messages]))
                .values(queued_ms=self.at_ms, replay_by=self.by)
            )
            self.queued += len(messages)

    def count(self, picked: sa.ColumnElement[bool]) -> int:
        """How many picked rows are held."""
        query = sa.select(sa.func.count()).select_from(quarantine).where(picked, HELD)
        return int(self.connection.scalar(query) or 0)

    def done(self, *, left: int) -> Queued:
        """What the call asked for."""
        return Queued(queued=self.queued, left=left, control_ids=tuple(self._control_ids))

    def _fitting(self, sizes: Sequence[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
        """As much as the call may still take; one message fits into any."""
        fitting: list[tuple[int, int, int]] = []
        for row in sizes:
            size = self._bytes + row[1]
            if len(fitting) == self.limit - self.queued or (self._bytes and size > CALL_BYTES):
                self.is_full = True
                break
            self._bytes = size
            fitting.append(row)
        return fitting


def _packs(sizes: Sequence[tuple[int, int, int]]) -> Iterator[list[int]]:
    """Ids by control row, in order."""
    pack: list[int] = []
    pack_bytes = 0
    for row_id, payload, topic in sizes:
        encoded = payload * 4 // 3 + 4 + topic * CHAR_BYTES + MESSAGE_BYTES  # base64 in JSON
        if pack and (len(pack) == HELD_MAX or pack_bytes + encoded > HELD_BYTES_MAX):
            yield pack
            pack, pack_bytes = [], 0
        pack.append(row_id)
        pack_bytes += encoded
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
