"""One open alert as the casebook keeps it, and the entry that causes a change of it."""

from hashlib import blake2b
from typing import NamedTuple

import msgspec

from alerts.model import AlertKind, AlertState, Group, Level, Reason
from devices.model import Device, Vehicle


class Cause(NamedTuple):
    """The entry that made something happen, and where the vehicle is by it."""

    t_ms: int
    recv_ms: int
    elapsed_ms: int
    lat_deg: float | None = None
    lon_deg: float | None = None
    acc_m: float | None = None
    moved_m: float = 0.0
    grid: str = ""
    by: str = "system"


class OpenAlert(msgspec.Struct):
    """One alert that has not ended. Times named ``*_ms`` without ``t`` are the steady clock.

    Attributes:
        asked: The owner's notice was written.
        told_ms: When it was delivered, -1 = not yet.
        second_told: A second contact was told.
        ready: The police level was reached (measured apart from ``level``).
        ready_ms: When, -1 = not yet.
        back_ms: Since when the vehicle is back at its anchor, -1 = it is not.
        grown_ms: When level, evidence or displacement last grew.
        grown_m: Displacement at that time, metres.
        grid: Patrol grid that was last told to the incident.
        live: A second signal came; late data never strengthen an alert, so it was a live one.
        rule: ``kind:reason`` that raised it (``alerts.outcomes.rule_of``).
        site: Where its vehicle is kept, else the patrol grid in which it was raised.
        raised_ms: Receive time of what raised it, wall clock.
    """

    alert_id: str
    vehicle: Vehicle
    device: Device
    kind: AlertKind
    level: Level
    state: AlertState
    onset_ms: int
    late_s: float
    reasons: list[Reason]
    cause: Cause
    version: int
    grown_ms: int
    grown_m: float = 0.0
    asked: bool = False
    told_ms: int = -1
    second_told: bool = False
    ready: bool = False
    ready_ms: int = -1
    back_ms: int = -1
    incident: str | None = None
    opened_ms: int = 0
    updated_ms: int = 0
    grid: str = ""
    live: bool = False
    rule: str = ""
    site: str = ""
    raised_ms: int = 0

    @property
    def late(self) -> bool:
        """Raised by late data, and the live lane has added nothing to it."""
        return not self.live and any(reason.code == "late" for reason in self.reasons)

    @property
    def groups(self) -> set[Group]:
        """Independent witnesses so far; only what speaks for a theft counts."""
        return {r.group for r in self.reasons if r.nats > 0 or r.code == "movement"}


def alert_id_of(kind: AlertKind, vehicle_id: str, slot: int, onset_ms: int) -> str:
    """The same for every replay (decisions.md 5); 32 hex digits."""
    text = f"{kind}|{vehicle_id}|{slot}|{onset_ms}"
    return blake2b(text.encode(), digest_size=16).hexdigest()
