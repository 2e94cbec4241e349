"""Positions that a Traccar server forwards: one topic, over 200 tracker protocols behind it.

Facts: speed in knots; ``fixTime`` is the position's time, ``deviceTime`` the report's;
``outdated`` repeats an old position; ``approximate`` marks a place worked out from cells, with a
speed of 0 that nobody measured; accuracy 0 is unknown. Source: domain.md 1.1, [R1].
"""

from typing import Any

import msgspec

from devices.errors import WireError, WireReason
from devices.foreign.adapter import Foreign, ForeignRefused, ModelOf, no_model
from devices.foreign.filters import Filters
from devices.foreign.ids import canonical_id
from devices.foreign.payload import (
    Given,
    event_of,
    fit_part,
    open_object,
    refused,
    without_unknown,
)
from devices.foreign.policy import TraccarPolicy
from devices.foreign.units import Unit, any_time_ms, convert, known
from devices.payloads import Count, Float, Int, Lat, Lon
from devices.words import Flag

MAX_CELL_V, MAX_SUPPLY_V = 30.0, 120.0
"""Above, a tracker's own battery or a two-wheeler's supply is not told in volts: Traccar says its
units vary. Ours."""
_RAT = {"gsm": "2g", "cdma": "2g", "wcdma": "3g", "lte": "4g", "nr": "5g"}
_PRIVATE = frozenset({"ip", "phone", "vin", "driverUniqueId", "iccid", "imei", "raw"})
"""Attributes that are not kept: personal, or a copy of the whole message."""
_DERIVED = frozenset({"distance", "totalDistance", "hours"})
"""Attributes that Traccar counts itself; they make one report look like two."""


class _Position(msgspec.Struct, kw_only=True, rename="camel"):
    """``position``."""

    fix_time: Any = None
    device_time: Any = None
    outdated: bool = False
    valid: bool = True
    latitude: Lat | None = None
    longitude: Lon | None = None
    altitude: Float | None = None
    speed: Float | None = None
    course: Float | None = None
    accuracy: Float | None = None
    protocol: Any = None


class _Attributes(msgspec.Struct, kw_only=True, rename="camel"):
    """``position.attributes``: what we take of it."""

    alarm: str | None = None
    approximate: bool | None = None
    archive: bool | None = None
    armed: bool | None = None
    battery: Float | None = None
    battery_level: Float | None = None
    charge: bool | None = None
    hdop: Float | None = None
    ignition: bool | None = None
    motion: bool | None = None
    power: Float | None = None
    rssi: Float | None = None
    sat: Int | None = None


class _Tower(msgspec.Struct, kw_only=True, rename="camel"):
    """One of ``position.network.cellTowers``."""

    mobile_country_code: Int | None = None
    mobile_network_code: Int | None = None
    location_area_code: Int | None = None
    cell_id: Count | None = None


class Traccar:
    """Reads ``{"position": {...}, "device": {...}}``; the id is the device's ``uniqueId``."""

    name: str = "traccar"

    def __init__(self, policy: TraccarPolicy) -> None:
        """Keep the policy."""
        self._policy = policy
        self._filters = Filters(policy.topics)

    def owns(self, topic: str) -> bool:
        """Whether a filter of the policy matches."""
        return self._filters.match(topic) is not None

    def read(
        self, topic: str, payload: bytes, recv_ms: int, model_of: ModelOf = no_model
    ) -> list[Foreign | ForeignRefused]:
        """One position, and an event for each alarm it carries.

        Raises:
            WireError: It cannot be opened.
        """
        del topic, model_of
        body = open_object(payload)
        foreign_id = ""
        try:
            device = body.get("device")
            if not isinstance(device, dict):
                raise WireError(WireReason.SHAPE, "no device: not a forwarded position")  # noqa: TRY301
            foreign_id = canonical_id(device.get("uniqueId"))
            return self._messages(body.get("position"), foreign_id, recv_ms)
        except WireError as exc:
            return [refused(-1, foreign_id, exc)]

    def parts(self, topic: str, payload: bytes) -> list[bytes]:
        """None: a payload is one."""
        del topic, payload
        return []

    def _messages(self, fields: object, foreign_id: str, recv_ms: int) -> Given:
        position, typed = fit_part(fields, _Position)
        said, more = fit_part(typed.rest.get("attributes") or {}, _Attributes)
        flags = typed.flags | more.flags | (int(Flag.BACKFILL) if said.archive else 0)
        message = self._fix(position, said)
        network, noted = _network(typed.rest.get("network"), said.rssi)
        kept = {k: v for k, v in more.rest.items() if k not in _PRIVATE | _DERIVED}
        kept |= without_unknown({"protocol": position.protocol, "alarm": said.alarm})
        kept |= without_unknown(_unclear(said))
        if said.motion is not None and not self._policy.motion_is_sensor:
            kept["motion"] = said.motion
        message |= without_unknown({"net": network, "traccar": kept})
        fix = Foreign(-1, foreign_id, "fix", message, flags | noted)
        given: Given = [fix]
        for name in (said.alarm or "").split(","):
            type_ = self._policy.alarms.get(name.strip())
            if type_ is not None:
                raw: dict[str, object] = {"proto": "traccar", "alarm": name.strip()}
                given.append(event_of(fix, type_, recv_ms=recv_ms, raw=raw))
        return given

    def _fix(self, position: _Position, said: _Attributes) -> dict[str, Any]:
        fix_ms = None if position.fix_time is None else any_time_ms(position.fix_time)
        report_ms = None if position.device_time is None else any_time_ms(position.device_time)
        speed = known(position.speed)
        pos: dict[str, Any] = {
            "lat": position.latitude,
            "lon": position.longitude,
            "valid": position.valid,
            "acc_m": position.accuracy or None,
            "hdop": known(said.hdop),
            "sat": known(said.sat),
            "alt_m": position.altitude,
            "spd_kmh": None if speed is None else convert(speed, Unit.KNOTS),
            "cog": known(position.course),
        }
        t_ms = fix_ms if fix_ms is not None else report_ms
        if said.approximate:
            pos |= {"src": "cell", "spd_kmh": None, "cog": None, "alt_m": None}
        elif position.outdated:
            pos |= {"src": "last", "fix_t": fix_ms, "spd_kmh": None, "cog": None}
            t_ms = report_ms
        motion = said.motion if self._policy.motion_is_sensor else None
        st = {"ign": said.ignition, "motion": motion, "armed": said.armed, "charging": said.charge}
        bat = {
            "pct": known(said.battery_level),
            "mv": _millivolts(said.battery, MAX_CELL_V),
            "ext_mv": _millivolts(said.power, MAX_SUPPLY_V),
        }
        return without_unknown(
            {
                "t": t_ms,
                "pos": without_unknown(pos),
                "st": without_unknown(st),
                "bat": without_unknown(bat),
            }
        )


def _millivolts(volts: float | None, most_v: float) -> float | None:
    return convert(volts, Unit.VOLTS) if volts is not None and 0 < volts <= most_v else None


def _unclear(said: _Attributes) -> dict[str, Any]:
    """Measures whose unit cannot be what Traccar prefers; kept as they came."""
    return {
        "battery": said.battery if _millivolts(said.battery, MAX_CELL_V) is None else None,
        "power": said.power if _millivolts(said.power, MAX_SUPPLY_V) is None else None,
        "rssi": said.rssi if said.rssi is not None and said.rssi >= 0 else None,
    }


def _network(fields: object, rssi: float | None) -> tuple[dict[str, Any], int]:
    """The serving cell; a signal only where it can be dBm (many protocols count bars)."""
    network: dict[str, Any] = {"rssi_dbm": rssi if rssi is not None and rssi < 0 else None}
    flags = 0
    if isinstance(fields, dict):
        network["rat"] = _RAT.get(str(fields.get("radioType", "")).lower())
        towers = fields.get("cellTowers")
        if isinstance(towers, list) and towers:
            network["cell"], flags = _cell(towers[0])
    return without_unknown(network), flags


def _cell(fields: object) -> tuple[dict[str, Any], int]:
    """A cell tower; one that cannot be read is unknown, and costs the position nothing."""
    try:
        tower, typed = fit_part(fields, _Tower)
    except WireError:
        return {}, int(Flag.UNREADABLE)
    cell = {
        "mcc": tower.mobile_country_code,
        "mnc": tower.mobile_network_code,
        "lac": tower.location_area_code,
        "cid": tower.cell_id,
    }
    return without_unknown(cell), typed.flags
