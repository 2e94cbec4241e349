"""Live positions of vehicles with an open incident, for those who work on it.

Every first look of a person at a case is written to the audit.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from api.believed import Believed, believe
from api.deps import Services
from api.privacy import audit_of
from api.roles import CITY, DEFAULT_PURPOSE, LIVE_ROLES, Purpose
from api.rows import AuditEntry, IncidentRow
from api.subscribers import StreamEvent, Subscriber, to_json

POSITION = "position"
"""Name of the unnumbered event."""


@dataclass(slots=True)
class _Case:
    incident: IncidentRow
    slots: tuple[int, ...]
    shown_t_ms: int = 0
    event: StreamEvent | None = None


class LiveCases:
    """Open incidents and where their vehicles are by LatestState."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._cases: dict[str, _Case] = {}
        self.is_stale = True

    async def refresh(self) -> None:
        """Read which incidents are open and which trackers belong to them."""
        self.is_stale = False
        services = self._services
        incidents = await asyncio.to_thread(services.incidents.open_all, CITY)
        vehicles = {incident.vehicle_id for incident in incidents}
        trackers = await asyncio.to_thread(services.devices.trackers, vehicles)
        slots: dict[str, list[int]] = {}
        for tracker in trackers:
            slots.setdefault(tracker.vehicle_id or "", []).append(tracker.slot)
        old, self._cases = self._cases, {}
        for incident in incidents:
            case = old.get(incident.id) or _Case(incident, ())
            case.incident = incident
            case.slots = tuple(slots.get(incident.vehicle_id, ()))
            self._cases[incident.id] = case

    def known(self, subscriber: Subscriber) -> list[StreamEvent]:
        """Positions a new subscriber starts with; they count as shown by the next ``publish``."""
        return [
            case.event
            for case in self._cases.values()
            if case.event is not None and _is_theirs(subscriber, case.incident)
        ]

    async def publish(self, watchers: Sequence[Subscriber]) -> None:
        """Offer what has moved since the last time, and note first looks in the audit."""
        if self.is_stale:
            await self.refresh()
        looks: list[AuditEntry] = []
        for case in self._cases.values():
            moved = self._look(case)
            if case.event is None:
                continue
            for subscriber in watchers:
                if not _is_theirs(subscriber, case.incident):
                    continue
                if moved:
                    subscriber.offer(case.event)
                if case.incident.id not in subscriber.seen_cases:
                    subscriber.seen_cases.add(case.incident.id)
                    looks.append(self._audit(subscriber, case.incident))
        if looks:
            await asyncio.to_thread(self._services.actions.note, looks)

    def _look(self, case: _Case) -> bool:
        """Read the newest position of a case; whether it has changed."""
        rows = [self._services.latest.get(slot) for slot in case.slots]
        row = max(rows, key=_fix_t_ms, default=None)
        if _fix_t_ms(row) in {0, case.shown_t_ms}:  # nearly always: cheap
            return False
        newest = believe(row)
        if newest.t_ms is None:
            return False
        case.shown_t_ms = newest.t_ms
        case.event = StreamEvent(name=POSITION, data=to_json(_position(case.incident, newest)))
        return True

    def _audit(self, subscriber: Subscriber, incident: IncidentRow) -> AuditEntry:
        principal = subscriber.viewer.principal
        return audit_of(
            principal,
            "live_position_seen",
            f"vehicle:{incident.vehicle_id}",
            at_ms=self._services.now_ms(),
            purpose=DEFAULT_PURPOSE.get(principal.role, Purpose.PATROL_INCIDENT),
        )


def _fix_t_ms(row: np.void | None) -> int:
    return 0 if row is None else int(row["fix_t_ms"])


def _is_theirs(subscriber: Subscriber, incident: IncidentRow) -> bool:
    principal = subscriber.viewer.principal
    return principal.role in LIVE_ROLES and principal.scope.covers(incident.area)


def _position(incident: IncidentRow, now: Believed) -> dict[str, object]:
    return {
        "incident_id": incident.id,
        "vehicle": incident.vehicle_id,
        "lat_deg": now.lat_deg,
        "lon_deg": now.lon_deg,
        "acc_m": now.acc_m,
        "speed_mps": now.speed_mps,
        "course_deg": now.course_deg,
        "source": now.source,
        "t_ms": now.t_ms,
        "recv_ms": now.recv_ms,
        "next_expected_ms": now.due_ms or None,
        "level": incident.level,
    }
