"""OwnTracks: phones, and Queclink trackers behind its bridge.

Facts: ``tst`` in seconds, ``vel`` in km/h, ``acc`` in m; fields that are zero are left out, so that
a missing one is unknown; a will's ``tst`` is its first connection. Source: domain.md 1.1, [O1].
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
from devices.foreign.policy import OwnTracksPolicy
from devices.foreign.units import Unit, convert, epoch_ms, known
from devices.payloads import Float, Int, Lat, Lon
from devices.words import EventType

_CHARGING = {1: False, 2: True, 3: False}
"""``bs``: unplugged, charging, full. What a phone hangs on says nothing about a vehicle's power."""
_LAST_KNOWN = frozenset({"l", "L"})
"""Triggers that repeat the last position: no fix, and shutting down (Greenwich)."""
_TRIGGERS = {
    "!": EventType.TOW,
    "e": EventType.POWER_CUT,
    "E": EventType.POWER_RESTORED,
    "1": EventType.POWER_ON,
    "9": EventType.LOW_BATTERY,
}
"""Triggers of the Queclink bridge that tell an event; no phone has them."""
_IGNITION = {"i": True, "I": False}
_CROSSINGS = {"enter": EventType.GEOFENCE_ENTER, "leave": EventType.GEOFENCE_EXIT}
_PRIVATE = frozenset(
    {"SSID", "BSSID", "inregions", "inrids", "desc", "topic", "tid", "imei", "vin", "name"}
    | {"raw_line", "_type", "_http"}
)
"""Not kept: they say where people live, or who they are, and nothing about a theft."""


class _Location(msgspec.Struct, kw_only=True):
    """``_type`` location; also the place of a transition."""

    tst: Any = None
    lat: Lat | None = None
    lon: Lon | None = None
    acc: Float | None = None
    alt: Float | None = None
    vel: Float | None = None
    cog: Float | None = None
    batt: Float | None = None
    bs: Int | None = None
    t: str | None = None
    ign: bool | None = None
    motion: bool | None = None
    fake: bool | None = None
    ubatt: Float | None = None
    uext: Float | None = None
    event: str | None = None


class OwnTracks:
    """Reads ``owntracks/{user}/{device}``; the id is ``user/device``."""

    name: str = "owntracks"

    def __init__(self, policy: OwnTracksPolicy) -> None:
        """Keep the policy."""
        self._filters = Filters(policy.topics)

    def owns(self, topic: str) -> bool:
        """Whether a filter of the policy matches."""
        return self._filters.match(topic) is not None

    def read(
        self, topic: str, payload: bytes, recv_ms: int, model_of: ModelOf = no_model
    ) -> list[Foreign | ForeignRefused]:
        """One message: a fix (and the event its trigger tells), a crossing, or a will.

        Raises:
            WireError: It cannot be opened, or the topic names no user and device.
        """
        del model_of
        names = self._filters.match(topic) or []
        foreign_id = canonical_id("/".join(names[:2]))
        body = open_object(payload)
        try:
            return _messages(body, foreign_id, recv_ms)
        except WireError as exc:
            return [refused(-1, foreign_id, exc)]

    def parts(self, topic: str, payload: bytes) -> list[bytes]:
        """None: a payload is one."""
        del topic, payload
        return []


def _messages(body: dict[str, Any], foreign_id: str, recv_ms: int) -> Given:
    kind = body.get("_type")
    if kind == "lwt":
        will = {"state": "lost", "reason": "will"}
        return [Foreign(-1, foreign_id, "state", will)]
    if kind not in {"location", "transition"}:
        said = repr(kind)[:32]
        raise WireError(WireReason.CHANNEL, f"_type {said} is not location, transition or lwt")
    place, typed = fit_part(body, _Location)
    rest = {key: value for key, value in typed.rest.items() if key not in _PRIVATE}
    message = _fix(place)
    if rest:
        message["owntracks"] = rest
    fix = Foreign(-1, foreign_id, "fix", message, typed.flags)
    if kind == "transition":
        return [_crossing(fix, place, rest, recv_ms)]
    given: Given = [fix]
    event = _TRIGGERS.get(place.t or "")
    if event is EventType.TOW and place.fake:
        event = EventType.VIBRATION  # its sensor moved and its position did not
    if event is not None:
        raw: dict[str, object] = {"proto": "owntracks", "t": place.t}
        given.append(event_of(fix, event, recv_ms=recv_ms, raw=raw))
    return given


def _fix(place: _Location) -> dict[str, Any]:
    t_ms = None if place.tst is None else epoch_ms(place.tst)
    pos: dict[str, Any] = {
        "lat": place.lat,
        "lon": place.lon,
        "acc_m": known(place.acc),
        "alt_m": place.alt,
        "spd_kmh": known(place.vel),
        "cog": known(place.cog),
    }
    if place.t in _LAST_KNOWN:
        pos |= {"src": "last", "fix_t": t_ms, "spd_kmh": None, "cog": None}
    return without_unknown(
        {
            "t": t_ms,
            "pos": without_unknown(pos),
            "st": without_unknown(
                {
                    "ign": _IGNITION.get(place.t or "", place.ign),
                    "motion": place.motion,
                    "charging": _CHARGING.get(place.bs or 0),
                }
            ),
            "bat": without_unknown(
                {
                    "pct": known(place.batt),
                    "mv": _millivolts(place.ubatt),
                    "ext_mv": _millivolts(place.uext),
                }
            ),
        }
    )


def _millivolts(volts: float | None) -> float | None:
    return None if volts is None else convert(volts, Unit.VOLTS)


def _crossing(fix: Foreign, place: _Location, rest: dict[str, Any], recv_ms: int) -> Foreign:
    """Entering or leaving a region of the phone's own."""
    type_ = _CROSSINGS.get(place.event or "")
    if type_ is None:
        raise WireError(WireReason.TYPE, "a transition is enter or leave")
    raw: dict[str, object] = {"proto": "owntracks", "event": place.event}
    if isinstance(region := rest.get("rid"), str):
        raw["rid"] = region
    return event_of(fix, type_, recv_ms=recv_ms, raw=raw)
