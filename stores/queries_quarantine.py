"""What was refused and what was counted, as the API reads it (``api.quarantine_port``)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from stores.quarantine_replay import HELD, Queued, queue_rows
from stores.queries import AuditRow, Scope, in_scope, put_audit
from stores.records import writing
from stores.schema import books, devices, quarantine


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantineLine:
    """One refused message or item of one, without its bytes; columns of ``quarantine``.

    Attributes:
        held: Whether it can be run again now (``quarantine_replay.HELD``).
    """

    id: int
    seq: int
    item: int
    recv_ms: int
    stored_ms: int
    topic: str
    device_id: str
    reason: str
    detail: str
    code_version: str
    retained: bool
    bytes: int
    queued_ms: int | None
    replayed_ms: int | None
    replay_by: str | None
    runnable: bool
    held: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantineRow(QuarantineLine):
    """The same with its bytes."""

    payload: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonCount:
    """What is there of one reason.

    Attributes:
        held: Rows that can be run again (``quarantine_replay.HELD``): not asked for, or in vain.
        devices: Different device ids.
        bytes: Of payloads.
        oldest_ms: Receive time of the oldest row, ms UTC.
        newest_ms: ... and of the newest.
    """

    reason: str
    rows: int
    held: int
    devices: int
    bytes: int
    oldest_ms: int
    newest_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BookCount:
    """One line of the books."""

    reader: str
    name: str
    reason: str
    count: int


_LINE = (
    *(quarantine.c[name] for name in QuarantineLine.__dataclass_fields__ if name != "held"),
    HELD.label("held"),
)


class QuarantineQueries:
    """Quarantine and books of one records database."""

    def __init__(self, engine: sa.Engine) -> None:
        """Open nothing yet."""
        self._engine = engine

    def page(
        self,
        scope: Scope,
        *,
        reason: str | None = None,
        device: str | None = None,
        since_ms: int | None = None,
        until_ms: int | None = None,
        replayed: bool | None = None,
        held: bool | None = None,
        before_id: int | None = None,
        limit: int,
    ) -> list[QuarantineLine]:
        """Rows below ``before_id``, newest first.

        Args:
            scope: Who asks; rows of unknown devices are the whole city's.
            reason: Only this one.
            device: Only this device id.
            since_ms: Received at or after this, ms UTC.
            until_ms: ... and before this.
            replayed: Only what was run again (True), or was not (False).
            held: Only what can be run again now (True), or cannot (False).
            before_id: Only rows with a lower id.
            limit: Most rows.
        """
        picked = [_refused_in(scope), _picked(reason, device, since_ms, until_ms)]
        if before_id is not None:
            picked.append(quarantine.c.id < before_id)
        if replayed is not None:
            picked.append(quarantine.c.replayed_ms.is_(None) != sa.literal(replayed))
        if held is not None:
            picked.append(HELD if held else sa.not_(HELD))
        query = sa.select(*_LINE).where(*picked).order_by(quarantine.c.id.desc()).limit(limit)
        with self._engine.connect() as connection:
            return [QuarantineLine(**row) for row in connection.execute(query).mappings()]

    def one(self, scope: Scope, row_id: int) -> QuarantineRow | None:
        """One row."""
        query = sa.select(*_LINE, quarantine.c.payload).where(
            _refused_in(scope), quarantine.c.id == row_id
        )
        with self._engine.connect() as connection:
            row = connection.execute(query).mappings().first()
        return None if row is None else QuarantineRow(**row)

    def reasons(self, scope: Scope) -> list[ReasonCount]:
        """What is there of each reason, most rows first."""
        rows = sa.func.count().label("rows")
        query = (
            sa.select(
                quarantine.c.reason,
                rows,
                sa.func.sum(sa.case((HELD, 1), else_=0)).label("held"),
                sa.func.count(quarantine.c.device_id.distinct()).label("devices"),
                sa.func.sum(quarantine.c.bytes).label("bytes"),
                sa.func.min(quarantine.c.recv_ms).label("oldest_ms"),
                sa.func.max(quarantine.c.recv_ms).label("newest_ms"),
            )
            .where(_refused_in(scope))
            .group_by(quarantine.c.reason)
            .order_by(rows.desc(), quarantine.c.reason)
        )
        with self._engine.connect() as connection:
            found = connection.execute(query).all()
        return [
            ReasonCount(
                reason=row.reason,
                rows=int(row.rows),
                held=int(row.held),
                devices=int(row.devices),
                bytes=int(row.bytes),  # PostgreSQL sums to a decimal
                oldest_ms=int(row.oldest_ms),
                newest_ms=int(row.newest_ms),
            )
            for row in found
        ]

    def held(
        self,
        scope: Scope,
        *,
        reason: str | None = None,
        device: str | None = None,
        since_ms: int | None = None,
        ids: Sequence[int] | None = None,
    ) -> tuple[int, int]:
        """How many rows ``queue`` would find, and the highest id of all there are."""
        picked = sa.and_(_refused_in(scope), _picked(reason, device, since_ms, None, ids))
        count = sa.select(sa.func.count()).select_from(quarantine).where(picked, HELD)
        highest = sa.select(sa.func.max(quarantine.c.id))
        with self._engine.connect() as connection:
            return int(connection.scalar(count) or 0), int(connection.scalar(highest) or 0)

    def queue(
        self,
        scope: Scope,
        *,
        by: str,
        at_ms: int,
        audit: AuditRow,
        limit: int,
        reason: str | None = None,
        device: str | None = None,
        since_ms: int | None = None,
        ids: Sequence[int] | None = None,
        upto_id: int | None = None,
        known: int | None = None,
    ) -> Queued:
        """Ask the processor to run held rows again, oldest first: one transaction.

        Args:
            scope: Who asks.
            by: Their name.
            at_ms: Now, ms UTC.
            audit: Written when anything was queued.
            limit: At most so many (``devices.control.ASKED_MAX`` at most).
            reason: Only this one.
            device: Only this device id.
            since_ms: Received at or after this, ms UTC.
            ids: Only these rows.
            upto_id: Only rows up to this id: what is refused anew meanwhile is not taken again.
            known: How many there are, when it was counted (``held``).
        """
        picked = sa.and_(_refused_in(scope), _picked(reason, device, since_ms, None, ids))
        if upto_id is not None:
            picked = sa.and_(picked, quarantine.c.id <= upto_id)
        with writing(self._engine) as connection:
            done = queue_rows(connection, picked, limit=limit, by=by, at_ms=at_ms, known=known)
            if done.queued:
                put_audit(connection, [audit])
        return done

    def counts(self) -> list[BookCount]:
        """The books, by reader, name and reason."""
        query = sa.select(books).order_by(books.c.reader, books.c.name, books.c.reason)
        with self._engine.connect() as connection:
            return [BookCount(**row) for row in connection.execute(query).mappings()]


def _picked(
    reason: str | None,
    device: str | None,
    since_ms: int | None,
    until_ms: int | None,
    ids: Sequence[int] | None = None,
) -> sa.ColumnElement[bool]:
    columns: Any = quarantine.c
    picked: list[sa.ColumnElement[bool]] = [sa.true()]
    if reason is not None:
        picked.append(columns.reason == reason)
    if device is not None:
        picked.append(columns.device_id == device)
    if since_ms is not None:
        picked.append(columns.recv_ms >= since_ms)
    if until_ms is not None:
        picked.append(columns.recv_ms < until_ms)
    if ids is not None:
        picked.append(columns.id.in_(ids))
    return sa.and_(*picked)


def _refused_in(scope: Scope) -> sa.ColumnElement[bool]:
    """A row belongs to its device; a stranger's row is the whole city's business."""
    if scope.owner_id is None and "" in scope.areas:
        return sa.true()
    inside = in_scope(scope, area=devices.c.area, vehicle_id=None)
    return quarantine.c.device_id.in_(sa.select(devices.c.id).where(inside))
