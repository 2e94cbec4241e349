"""Incidents as the API reads and moves them (``api.ports.IncidentBook``)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec
import sqlalchemy as sa

from alerts.lifecycle import IncidentState
from alerts.model import Notice, vehicle_named
from devices import control as wire
from devices.control import IncidentMoved
from stores.processing import put_control
from stores.queries import AuditRow, Scope, below, in_scope, json_of, put_audit, starts_with
from stores.queries_outbox import put_notices
from stores.records import writing
from stores.schema import incident_log, incidents, outbox
from stores.taps import Tap, answer_to, put_tap


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentRow:
    """One incident as stored; columns of ``incidents``, ``reasons`` decoded.

    ``vehicle_id`` is "" where it is of a device.
    """

    id: str
    alert_id: str
    vehicle_id: str
    device_id: str
    kind: str
    level: int
    state: str
    outcome: str | None
    grid: str
    area: str
    onset_ms: int
    opened_ms: int
    updated_ms: int
    lat_deg: float | None
    lon_deg: float | None
    acc_m: float | None
    reasons: list[dict[str, object]]
    case_number: str | None
    assignee: str | None
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentStep:
    """One line of an incident's log."""

    at_ms: int
    by: str
    from_state: str
    to_state: str
    reason: str
    tapped_ms: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One telling of an incident or of its alert's owner."""

    channel: str
    receiver: str
    action: str
    state: str
    created_ms: int
    sent_ms: int | None
    attempts: int
    last_error: str | None


class Change(Protocol):
    """What one step of people's work writes (``api.rows.IncidentChange``)."""

    @property
    def moved(self) -> IncidentMoved:
        """New state and outcome, who and when."""
        ...

    @property
    def assignee(self) -> str | None:
        """Who has it afterwards."""
        ...

    @property
    def reason(self) -> str:
        """For the log."""
        ...

    @property
    def logged(self) -> str:
        """What the log calls it: the new state, or another word."""
        ...

    @property
    def tapped_ms(self) -> int | None:
        """When it was done on a phone that was offline."""
        ...

    @property
    def level(self) -> int:
        """The incident's level afterwards."""
        ...

    @property
    def posts(self) -> bool:
        """Whether the processor is told."""
        ...

    @property
    def notices(self) -> Sequence[Notice]:
        """For the outbox."""
        ...

    @property
    def audit(self) -> AuditRow:
        """For the audit."""
        ...


_OPEN = incidents.c.state != IncidentState.CLOSED.value


class IncidentQueries:
    """Incidents of one records database."""

    def __init__(self, engine: sa.Engine) -> None:
        """Open nothing yet."""
        self._engine = engine

    def page(
        self,
        scope: Scope,
        *,
        state: str | None,
        area: str | None,
        kind: str | None = None,
        is_open: bool | None = None,
        before: tuple[int, str] | None,
        limit: int,
    ) -> list[IncidentRow]:
        """Incidents below the key (opened_ms, id), newest first; ``area`` is a prefix."""
        query = (
            _select(scope)
            .where(below(incidents.c.opened_ms, incidents.c.id, before))
            .order_by(incidents.c.opened_ms.desc(), incidents.c.id.desc())
            .limit(limit)
        )
        if state is not None:
            query = query.where(incidents.c.state == state)
        if kind is not None:
            query = query.where(incidents.c.kind == kind)
        if is_open is not None:
            query = query.where(_OPEN if is_open else sa.not_(_OPEN))
        if area is not None:
            query = query.where(starts_with(incidents.c.area, (area,)))
        return self._all(query)

    def one(self, scope: Scope, incident_id: str) -> IncidentRow | None:
        """One incident."""
        return next(iter(self._all(_select(scope).where(incidents.c.id == incident_id))), None)

    def open_on(self, scope: Scope, vehicle_id: str) -> IncidentRow | None:
        """The newest incident on a vehicle that is not closed."""
        query = (
            _select(scope)
            .where(_OPEN, incidents.c.vehicle_id == vehicle_id)
            .order_by(incidents.c.opened_ms.desc())
            .limit(1)
        )
        return next(iter(self._all(query)), None)

    def open_all(self, scope: Scope) -> list[IncidentRow]:
        """All incidents that are not closed."""
        return self._all(_select(scope).where(_OPEN))

    def log(self, incident_id: str) -> list[IncidentStep]:
        """Steps of one incident, oldest first."""
        columns = [incident_log.c[name] for name in IncidentStep.__slots__]
        query = (
            sa.select(*columns)
            .where(incident_log.c.incident_id == incident_id)
            .order_by(incident_log.c.id)
        )
        with self._engine.connect() as connection:
            return [IncidentStep(**row) for row in connection.execute(query).mappings()]

    def deliveries(self, incident_id: str) -> list[Delivery]:
        """Who was told what and when, oldest first."""
        columns = [outbox.c[name] for name in Delivery.__slots__]
        query = sa.select(*columns).where(outbox.c.incident_id == incident_id).order_by(outbox.c.id)
        with self._engine.connect() as connection:
            return [Delivery(**row) for row in connection.execute(query).mappings()]

    def change(
        self,
        scope: Scope,
        incident_id: str,
        decide: Callable[[IncidentRow], Change | None],
        tap: Tap | None = None,
    ) -> IncidentRow | None:
        """Read, decide, store: one transaction, one caller after the other.

        SQLite's write lock (``writing``) or PostgreSQL's row lock is held before the row is
        read, so ``decide`` never sees a stale row.
        """
        query = _select(scope).where(incidents.c.id == incident_id).with_for_update()
        with writing(self._engine) as connection:
            found = connection.execute(query).mappings().first()
            if found is None:
                return None
            row = _incident(found)
            if tap is not None and (told := answer_to(connection, row.id, tap)) is not None:
                return msgspec.convert(told, IncidentRow)
            change = decide(row)
            if change is not None:
                _store(connection, row, change)
                row = _incident(connection.execute(query).mappings().one())
            if tap is not None:
                put_tap(connection, row.id, tap, row)
        return row

    def _all(self, query: sa.Select[Any]) -> list[IncidentRow]:
        with self._engine.connect() as connection:
            return [_incident(row) for row in connection.execute(query).mappings()]


def _select(scope: Scope) -> sa.Select[Any]:
    seen = in_scope(scope, area=incidents.c.area, vehicle_id=incidents.c.vehicle_id)
    return sa.select(incidents).where(seen)


def _incident(row: sa.RowMapping) -> IncidentRow:
    seen = {"reasons": json_of(row["reasons"]), "vehicle_id": vehicle_named(row["vehicle_id"])}
    return IncidentRow(**(dict(row) | seen))


def _store(connection: sa.Connection, row: IncidentRow, change: Change) -> None:
    """Write everything of one step: row, log, audit, outbox, control."""
    moved = change.moved
    connection.execute(
        sa.update(incidents)
        .where(incidents.c.id == row.id, incidents.c.version == row.version)
        .values(
            state=moved.state,
            outcome=moved.outcome,
            assignee=change.assignee,
            level=change.level,
            updated_ms=moved.at_ms,
            version=row.version + 1,
        )
    )
    connection.execute(
        sa.insert(incident_log).values(
            incident_id=row.id,
            at_ms=moved.at_ms,
            by=moved.by,
            from_state=row.state,
            to_state=change.logged,
            reason=change.reason,
            tapped_ms=change.tapped_ms,
        )
    )
    put_audit(connection, [change.audit])
    put_notices(connection, change.notices, at_ms=moved.at_ms)
    if change.posts:
        put_control(connection, wire.encode(moved), moved.at_ms)
