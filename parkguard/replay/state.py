"""The lines of ``--state``, and a dotted name looked up in one: a run as it is seen.

Nothing is changed by looking.
"""

import math
from collections.abc import Iterable

import msgspec

from alerts.pipeline import Pipeline
from alerts.rules.geofence import Side
from devices.causes import causes_of
from devices.health import Rows
from devices.latest import ArmedState
from devices.model import Device, DeviceClass
from devices.presence import Presence
from devices.words import SOURCE_CODE, Flag
from parkguard.replay.enrolment import Enrolment
from parkguard.replay.observed import Observed
from parkguard.replay.stepped_clock import SteppedClock
from parkguard.replay.tracker_words import TrackerWords

_SOURCES = {code: source.value for source, code in SOURCE_CODE.items()}
DEGREES, METRES, ANGLE, SPEED = 7, 1, 1, 2
"""Digits after the point: degrees (1 cm), metres, angles and percent, km/h."""


def rounded(value: float | None, digits: int) -> float | None:
    """A number as it is printed; NaN is unknown."""
    return None if value is None or math.isnan(value) else round(float(value), digits)


class SeenWorld:
    """The pipeline's present state and what the run gave so far."""

    def __init__(
        self,
        pipeline: Pipeline,
        rows: Rows,
        *,
        observed: Observed,
        clock: SteppedClock,
        enrolment: Enrolment,
    ) -> None:
        """Look at these."""
        self._pipeline = pipeline
        self._rows = rows
        self._enrolment = enrolment
        self.observed = observed
        self.clock = clock

    def missing(self, *, device_id: str | None, vehicle_id: str | None) -> str:
        """Which of these is not registered, in words; "" when both are or none is named."""
        registry = self._pipeline.admission.registry
        if device_id is not None and device_id not in registry.devices:
            return f"there is no device {device_id}"
        if vehicle_id is not None and vehicle_id not in registry.vehicles:
            return f"there is no vehicle {vehicle_id}"
        return ""

    def device_line(self, device_id: str) -> dict[str, object]:
        """The ``--state`` line of a device; empty when there is no such device."""
        device = self._pipeline.admission.registry.devices.get(device_id)
        if device is None:
            return {}
        return device_state(device, self._pipeline, self._rows, self.observed)

    def vehicle_line(self, vehicle_id: str) -> dict[str, object]:
        """The ``--state`` line of a vehicle; empty when there is no such vehicle."""
        if vehicle_id not in self._pipeline.admission.registry.vehicles:
            return {}
        return vehicle_state(vehicle_id, self._pipeline, self._rows)

    def trackers(self, vehicle_id: str) -> list[Device]:
        """The trackers bound to a vehicle."""
        return self._pipeline.engine.trackers(vehicle_id)

    def refused_fences(self) -> list[str]:
        """Fences that staff tried to save and may not."""
        return [fence_id for fence_id, _ in self._enrolment.refused]

    def lines(self) -> list[dict[str, object]]:
        """All device lines, then all vehicle lines, by id."""
        registry = self._pipeline.admission.registry
        return [self.device_line(name) for name in sorted(registry.devices)] + [
            self.vehicle_line(name) for name in sorted(registry.vehicles)
        ]


def device_state(
    device: Device, pipeline: Pipeline, rows: Rows, seen: Observed
) -> dict[str, object]:
    """The ``--state`` line of a device."""
    row = rows[device.slot]
    line: dict[str, object] = {
        "kind": "device",
        "id": device.id,
        "class": device.cls,
        "vehicle": device.vehicle_id,
        "site": device.site_id,
        "admin": device.admin,
        "presence": Presence(int(row["presence"])).word,
        "causes": [cause.code for cause in causes_of(int(row["causes"]))],
        "recv_t": int(row["recv_ms"]) or None,
        "position": _position(rows, device.slot),
        "clock_off_ms": rounded(float(row["clock_off_ms"]), 0),
        "counters": seen.share(device.id),
        "flags": [flag.name.lower() for flag in Flag if flag.name and seen.flags[device.id] & flag],
    }
    if device.cls is DeviceClass.TRACKER:
        words = seen.trackers.get(device.id) or TrackerWords()
        line |= {
            "armed": ArmedState(pipeline.engine.armed_state(device.slot)).name.lower(),
            "distance_m": _distance_m(pipeline, [device]),
            "bat_pct": rounded(words.battery_pct, ANGLE),
            "ign": words.ignition,
            "spd_kmh": rounded(words.speed_kmh, SPEED),
            "cog": rounded(words.course_deg, ANGLE),
        }
    elif device.cls is DeviceClass.CHARGER:
        line |= _station(pipeline, device.slot)
    elif device.cls is DeviceClass.CAMERA:
        heard = seen.cameras.get(device.id)
        channels = heard[1].channels if heard else ()
        line["ch"] = {str(channel.n): _plain(channel) for channel in channels}
    return line


def vehicle_state(vehicle_id: str, pipeline: Pipeline, rows: Rows) -> dict[str, object]:
    """The ``--state`` line of a vehicle: of its trackers the one with the newest position."""
    engine = pipeline.engine
    trackers = engine.trackers(vehicle_id)
    newest = max(trackers, key=lambda device: int(rows["fix_t_ms"][device.slot]), default=None)
    alert = engine.cases.open.get(vehicle_id)
    line: dict[str, object] = {
        "kind": "vehicle",
        "id": vehicle_id,
        "trackers": [device.id for device in trackers],
        "presence": Presence.UNKNOWN.word,
        "causes": [],
        "position": None,
        "armed": ArmedState.DISARMED.name.lower(),
        "distance_m": None,
        "alert": None,
        "fences": {
            fence_id: Side(engine.fence_side(vehicle_id, fence_id)).name.lower()
            for fence_id, fence in sorted(pipeline.admission.registry.fences.items())
            if fence.vehicle_id in {None, vehicle_id}
        },
    }
    if newest is not None:
        row = rows[newest.slot]
        line |= {
            "presence": Presence(int(row["presence"])).word,
            "causes": [cause.code for cause in causes_of(int(row["causes"]))],
            "position": _position(rows, newest.slot),
            "armed": ArmedState(engine.armed_state(newest.slot)).name.lower(),
            "distance_m": _distance_m(pipeline, trackers),
        }
    if alert is not None:
        line["alert"] = {
            "alert_id": alert.alert_id,
            "kind": alert.kind,
            "level": int(alert.level),
            "state": alert.state,
        }
    return line


def look_up(line: object, field: str) -> object:
    """What stands at a dotted path, None when nothing does.

    A name that holds a dot itself is tried whole first.
    """
    if not field:
        return line
    if not isinstance(line, dict):
        return None
    if field in line:
        return line[field]
    for k in range(len(field) - 1, 0, -1):
        if field[k] == "." and field[:k] in line:
            return look_up(line[field[:k]], field[k + 1 :])
    return None


def _position(rows: Rows, slot: int) -> dict[str, object] | None:
    row = rows[slot]
    if not row["fix_t_ms"]:
        return None
    return {
        "lat": rounded(row["lat_deg"], DEGREES),
        "lon": rounded(row["lon_deg"], DEGREES),
        "acc_m": rounded(row["acc_m"], METRES),
        "t": int(row["fix_t_ms"]),
        "source": _SOURCES.get(int(row["source"])),
    }


def _distance_m(pipeline: Pipeline, trackers: Iterable[Device]) -> float | None:
    """Travelled by all of them, metres."""
    return rounded(sum(pipeline.odometer.distance_m(device.slot) for device in trackers), METRES)


def _station(pipeline: Pipeline, slot: int) -> dict[str, object]:
    """Ports, sessions, energy and money of a charging station; empty before its first word."""
    state = _plain(pipeline.chargers.state(slot))
    sessions = state.get("sessions")
    if isinstance(sessions, dict):
        open_ = [name for name, one in sessions.items() if one.get("state") == "open"]
        state["sessions"] = {name: _without_blanks(one) for name, one in sessions.items()}
        state["open_sessions"] = sorted(open_)
    return state


def _without_blanks(words: dict[str, object]) -> dict[str, object]:
    """An empty text says as little as null."""
    return {name: None if value == "" else value for name, value in words.items()}


def _plain(state: object) -> dict[str, object]:
    """A struct of the core as JSON-ready names; numbers that index are text."""
    plain = msgspec.to_builtins(state, str_keys=True)
    return plain if isinstance(plain, dict) else {}
