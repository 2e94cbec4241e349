"""JT/T 808 terminals as EMQX's gateway publishes them: JSON, but the numbers are still raw.

Facts: degrees x 1e6, their signs in status bits 2 and 3; speed in 0.1 km/h; time as BCD in GMT+8;
status bit 1 = located; 0x0704 = a batch. What an alarm bit means depends on the model.
Source: domain.md 1.1, [J1][J2].
"""

from collections.abc import Iterator
from typing import Annotated, Any, NamedTuple

import msgspec
from msgspec import Meta

from devices.errors import WireError, WireReason
from devices.foreign.adapter import Foreign, ForeignRefused, ModelOf, no_model
from devices.foreign.filters import Filters
from devices.foreign.ids import phone_id
from devices.foreign.payload import (
    Given,
    Plain,
    event_of,
    fit_part,
    limit,
    open_plain,
    refused,
    whole_or,
    without_unknown,
)
from devices.foreign.policy import JT808_STANDARD, Jt808Policy
from devices.foreign.units import MICRO_PER_DEG, Unit, bcd_time_ms, convert, degrees, known
from devices.payloads import VITAL, Float, Int
from devices.words import EventType, Flag

_LOCATION, _LOCATION_ANSWER, _CONTROL_ANSWER, _BATCH = 0x0200, 0x0201, 0x0500, 0x0704
_LOGOUT = 0x0003
_LIFE = {
    0x0001: "answer",
    0x0002: "heartbeat",
    0x0004: "time_query",
    0x0100: "register",
    0x0102: "login",
    0x0104: "parameters",
    0x0107: "attributes",
}
"""Messages that say nothing but that the terminal is there."""
_BLIND_ZONE = 1
"""``type`` of a batch that was stored without network."""
_ACC_ON, _LOCATED, _SOUTH, _WEST, _POWER_OFF = 1 << 0, 1 << 1, 1 << 2, 1 << 3, 1 << 11
_INTO = 0
"""``in_out_alarm.direction``: into the area; 1 = out of it."""
_Bits = Annotated[int, Meta(ge=0, lt=2**32, extra=VITAL)]
_Raw = Annotated[int, Meta(gt=-(2**32), lt=2**32, extra=VITAL)]


class _Header(msgspec.Struct, kw_only=True):
    """``header``."""

    msg_id: _Bits
    phone: Any = None


class _Location(msgspec.Struct, kw_only=True):
    """The body of a location report."""

    status: _Bits
    latitude: _Raw
    longitude: _Raw
    alarm: _Bits = 0
    altitude: Float | None = None
    speed: Float | None = None
    direction: Float | None = None
    time: Any = None


class _Extra(msgspec.Struct, kw_only=True):
    """``extra``: what we take of it."""

    gnss_sat_num: Int | None = None
    in_out_alarm: Any = None


class _Terminal(NamedTuple):
    """Whose report it is, what its alarm bits mean, and the payload it stands in."""

    foreign_id: str
    bits: dict[int, EventType]
    recv_ms: int
    plain: Plain


def alarm_events(alarm: int, model: str, policy: Jt808Policy) -> list[EventType]:
    """Event types of the bits set in an alarm word, by the map of the model, each once."""
    return _types(alarm, _bits_of(model, policy))


def _bits_of(model: str, policy: Jt808Policy) -> dict[int, EventType]:
    maps = policy.alarm_maps
    return maps.get(model) or maps.get("default", JT808_STANDARD)


def _types(alarm: int, bits: dict[int, EventType]) -> list[EventType]:
    if not alarm:
        return []
    return list(dict.fromkeys(type_ for bit, type_ in sorted(bits.items()) if alarm >> bit & 1))


class Jt808:
    """Reads ``jt808/{clientid}/{phone}/up``; the id is the phone number of the topic."""

    name: str = "jt808"

    def __init__(self, policy: Jt808Policy) -> None:
        """Keep the policy."""
        self._policy = policy
        self._filters = Filters(policy.topics)

    def owns(self, topic: str) -> bool:
        """Whether a filter of the policy matches."""
        return self._filters.match(topic) is not None

    def read(
        self, topic: str, payload: bytes, recv_ms: int, model_of: ModelOf = no_model
    ) -> list[Foreign | ForeignRefused]:
        """One location, a batch of them, each with its alarms as events; or a sign of life.

        Raises:
            WireError: It cannot be opened, or its topic names no terminal.
        """
        names = self._filters.match(topic) or [""]
        foreign_id = phone_id(names[-1])
        plain = open_plain(payload)
        message = plain.value if isinstance(plain.value, dict) else {}
        try:
            plain.check(message.get("header"))
            header, _ = fit_part(message.get("header"), _Header)
            if header.phone is not None and phone_id(header.phone) != foreign_id:
                raise WireError(WireReason.ID, "the header names another terminal than the topic")  # noqa: TRY301
        except WireError as exc:
            return [refused(-1, foreign_id, exc)]
        bits = _bits_of(model_of(foreign_id), self._policy)
        terminal = _Terminal(foreign_id, bits, recv_ms, plain)
        return self._messages(header.msg_id, message.get("body"), terminal)

    def parts(self, topic: str, payload: bytes) -> list[bytes]:
        """A batch as batches of one."""
        del topic
        message = open_plain(payload).value
        body = message["body"]
        return [
            whole_or(payload, one, {**message, "body": {**body, "location": [one]}})
            for one in body["location"]
        ]

    def _messages(self, msg_id: int, body: Any, terminal: _Terminal) -> Given:  # noqa: ANN401 - any JSON value
        fields = body if isinstance(body, dict) else {}
        if msg_id == _BATCH:
            return self._batch(fields, terminal)
        if msg_id == _LOCATION_ANSWER:
            body = fields.get("params")
        elif msg_id == _CONTROL_ANSWER:
            body = fields.get("location")
        elif msg_id in _LIFE or msg_id == _LOGOUT:
            state = "disconnected" if msg_id == _LOGOUT else "online"
            message = {"state": state, "reason": _LIFE.get(msg_id, "logout")}
            return [Foreign(-1, terminal.foreign_id, "state", message)]
        elif msg_id != _LOCATION:
            error = WireError(WireReason.CHANNEL, f"message 0x{msg_id:04x} says nothing we take")
            return [refused(-1, terminal.foreign_id, error)]
        return self._report(body, -1, 0, terminal)

    def _batch(self, body: dict[str, Any], terminal: _Terminal) -> Given:
        reports = body.get("location")
        if not isinstance(reports, list) or not reports:
            error = WireError(WireReason.SHAPE, "a batch without a list of locations")
            return [refused(-1, terminal.foreign_id, error)]
        limit(reports)
        flags = int(Flag.BACKFILL) if body.get("type") in {_BLIND_ZONE, str(_BLIND_ZONE)} else 0
        given: Given = []
        for item, report in enumerate(reports):
            given += self._report(report, item, flags, terminal)
        return given

    def _report(self, fields: object, item: int, flags: int, terminal: _Terminal) -> Given:
        try:
            terminal.plain.check(fields)
            location, typed = fit_part(fields, _Location)
            extra, more = fit_part(typed.rest.pop("extra", None) or {}, _Extra)
            message = self._fix(location, extra, terminal.bits)
        except WireError as exc:
            return [refused(item, terminal.foreign_id, exc)]
        raw: dict[str, object] = {
            "proto": "jt808",
            "alarm": location.alarm,
            "status": location.status,
        }
        message["jt808"] = typed.rest | more.rest | raw
        noted = flags | typed.flags | more.flags
        fix = Foreign(item, terminal.foreign_id, "fix", message, noted)
        events = _events(location, extra, terminal.bits)
        return [
            fix,
            *(event_of(fix, type_, recv_ms=terminal.recv_ms, raw=raw) for type_ in events),
        ]

    def _fix(
        self, location: _Location, extra: _Extra, bits: dict[int, EventType]
    ) -> dict[str, Any]:
        status = location.status
        t_ms = bcd_time_ms(location.time, self._policy.timezone_h)
        located = bool(status & _LOCATED)
        if located and t_ms is None:
            raise WireError(WireReason.TIME, "located, but its time was never set")
        pos: dict[str, Any] = {"valid": located, "sat": known(extra.gnss_sat_num)}
        if located:  # else it repeats an old position, or none at all
            speed = known(location.speed)
            pos |= {
                "lat": degrees(
                    location.latitude, per_deg=MICRO_PER_DEG, negative=bool(status & _SOUTH)
                ),
                "lon": degrees(
                    location.longitude, per_deg=MICRO_PER_DEG, negative=bool(status & _WEST)
                ),
                "alt_m": known(location.altitude),
                "spd_kmh": None if speed is None else convert(speed, Unit.TENTH_KMH),
                "cog": known(location.direction),
            }
        cut = bool(status & _POWER_OFF) or EventType.POWER_CUT in _types(location.alarm, bits)
        return without_unknown(
            {
                "t": t_ms,
                "pos": without_unknown(pos),
                "st": {"ign": bool(status & _ACC_ON), "ext_power": not cut},
            }
        )


def _events(location: _Location, extra: _Extra, bits: dict[int, EventType]) -> Iterator[EventType]:
    """Event types of a report; which way an area was crossed stands in the extras."""
    crossing = extra.in_out_alarm if isinstance(extra.in_out_alarm, dict) else {}
    for type_ in _types(location.alarm, bits):
        if type_ is EventType.GEOFENCE_EXIT and crossing.get("direction") == _INTO:
            yield EventType.GEOFENCE_ENTER
        else:
            yield type_
