"""What operators may set about foreign adapters. All of them are off."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from devices import payloads
from devices.foreign.units import Unit
from devices.words import EventType

TRACCAR_ALARMS: dict[str, EventType] = {
    "accident": EventType.CRASH,
    "fallDown": EventType.FALL,
    "geofenceEnter": EventType.GEOFENCE_ENTER,
    "geofenceExit": EventType.GEOFENCE_EXIT,
    "gpsAntennaCut": EventType.GNSS_ANTENNA,
    "jamming": EventType.JAMMING_GSM,
    "lowBattery": EventType.LOW_BATTERY,
    "lowPower": EventType.LOW_EXT_POWER,
    "movement": EventType.DISPLACEMENT,
    "powerCut": EventType.POWER_CUT,
    "powerOff": EventType.POWER_OFF,
    "powerOn": EventType.POWER_ON,
    "powerRestored": EventType.POWER_RESTORED,
    "removing": EventType.REMOVED,
    "sos": EventType.SOS,
    "tampering": EventType.TAMPER,
    "tow": EventType.TOW,
    "unlock": EventType.UNLOCK,
    "vibration": EventType.VIBRATION,
}
"""Source: domain.md 1.1, Traccar. Names that mean driving (overspeed, braking) are no events."""

JT808_STANDARD: dict[int, EventType] = {
    0: EventType.SOS,
    4: EventType.GNSS_ANTENNA,
    5: EventType.GNSS_ANTENNA,
    6: EventType.GNSS_ANTENNA,
    7: EventType.LOW_EXT_POWER,
    8: EventType.POWER_CUT,
    20: EventType.GEOFENCE_EXIT,
    26: EventType.TOW,
    27: EventType.ILLEGAL_IGNITION,
    28: EventType.DISPLACEMENT,
    29: EventType.CRASH,
    30: EventType.FALL,
}
"""Bits that mean one thing in the editions of 2013 and 2019. 15, 16 and 17 do not: the standard and
every maker use them for something else. Source: domain.md 1.1, JT/T 808."""

THINGSBOARD_KEYS: dict[str, str] = {
    "latitude": "pos.lat",
    "lat": "pos.lat",
    "longitude": "pos.lon",
    "lon": "pos.lon",
    "lng": "pos.lon",
    "altitude": "pos.alt_m",
    "accuracy": "pos.acc_m",
    "hdop": "pos.hdop",
    "satellites": "pos.sat",
    "speed": "pos.spd_kmh",
    "course": "pos.cog",
    "heading": "pos.cog",
    "bearing": "pos.cog",
    "battery": "bat.pct",
    "batteryLevel": "bat.pct",
    "ignition": "st.ign",
    "armed": "st.armed",
    "charging": "st.charging",
    "motion": "st.motion",
    "rssi": "net.rssi_dbm",
    "alarm": "event",
}
"""ThingsBoard has no fixed keys; these are common ones, ours."""

_PARTS = {
    "pos": payloads.PosPart,
    "st": payloads.StatePart,
    "bat": payloads.BatteryPart,
    "net": payloads.NetPart,
    "pack": payloads.PackPart,
}
TARGETS = frozenset(
    {"event", "next_s", "boot", "seq"}
    | {f"{part}.{name}" for part, model in _PARTS.items() for name in model.__struct_fields__}
)
"""Where a ThingsBoard key may go: fields of wire.md's fix, or ``event`` (an event's type)."""


MIN_STATS_S, MAX_STATS_S = 15.0, 86_400.0
"""Frigate's statistics come every 15 s or less often. Source: domain.md 3.1, Frigate."""
MAX_ZONE_H = 14.0
"""The widest time zones are 14 h off."""


def _check_zone(zone_h: float | None) -> None:
    if zone_h is not None and not -MAX_ZONE_H <= zone_h <= MAX_ZONE_H:
        raise ValueError(f"timezone_h is {-MAX_ZONE_H:g} to {MAX_ZONE_H:g}, not {zone_h:g}")


def _is_bit(bit: int) -> bool:
    return 0 <= bit <= 31  # noqa: PLR2004 - a DWORD


def _refuse(what: str, wrong: Iterable[object]) -> None:
    words = ", ".join(str(word) for word in wrong)
    if words:
        raise ValueError(f"{what} {words}")


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnTracksPolicy:
    """OwnTracks phones, and Queclink trackers behind its bridge.

    Attributes:
        enabled: Take its topics.
        topics: MQTT filters; the first two ``+`` are user and device.
    """

    enabled: bool = False
    topics: tuple[str, ...] = ("owntracks/+/+", "owntracks/+/+/event")


@dataclass(frozen=True, slots=True, kw_only=True)
class TraccarPolicy:
    """A Traccar server that forwards positions (``forward.type`` mqtt).

    Attributes:
        enabled: Take its topics.
        topics: MQTT filters: the server's ``forward.topic``.
        alarms: Event type by Traccar's alarm name; other names are no events.
        motion_is_sensor: Its ``motion`` comes from a sensor. By default Traccar works it out from
            the speed, and a theft would be confirmed by the same position twice.
    """

    enabled: bool = False
    topics: tuple[str, ...] = ("traccar/positions",)
    alarms: dict[str, EventType] = field(default_factory=lambda: dict(TRACCAR_ALARMS))
    motion_is_sensor: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Jt808Policy:
    """JT/T 808 terminals behind EMQX's gateway.

    Attributes:
        enabled: Take its topics.
        topics: MQTT filters; the last ``+`` is the terminal's phone number.
        alarm_maps: Event type by alarm bit (0-31), by registered model; ``default`` for the rest,
            the bits of the standard where it is not given.
        timezone_h: Zone of the terminals' clocks, hours east of UTC. Source: JT/T 808, GMT+8.
    """

    enabled: bool = False
    topics: tuple[str, ...] = ("jt808/+/+/up",)
    alarm_maps: dict[str, dict[int, EventType]] = field(
        default_factory=lambda: {"default": dict(JT808_STANDARD)}
    )
    timezone_h: float = 8.0

    def __post_init__(self) -> None:
        """Refuse bits that are none, all of them in one line, and a zone that is none."""
        wrong = [bit for bits in self.alarm_maps.values() for bit in bits if not _is_bit(bit)]
        _refuse("alarm bits are 0 to 31, not", wrong)
        _check_zone(self.timezone_h)


@dataclass(frozen=True, slots=True, kw_only=True)
class ThingsBoardPolicy:
    """Devices and gateways made for ThingsBoard.

    Attributes:
        enabled: Take its topics.
        topics: MQTT filters; a filter without ``+`` is a gateway's, in another the last ``+`` is
            the device.
        keys: Field of wire.md's fix by the sender's key, or ``event``.
        units: Unit by the sender's key where it is not wire.md's.
        alarms: Event type by the sender's word; words of wire.md need no entry.
        timezone_h: Zone of times as text that name none, hours east of UTC; None = refused.
    """

    enabled: bool = False
    topics: tuple[str, ...] = ("v1/gateway/telemetry", "tb/+/v1/devices/me/telemetry")
    keys: dict[str, str] = field(default_factory=lambda: dict(THINGSBOARD_KEYS))
    units: dict[str, Unit] = field(default_factory=dict)
    alarms: dict[str, EventType] = field(default_factory=dict)
    timezone_h: float | None = None

    def __post_init__(self) -> None:
        """Refuse fields that wire.md does not have, all in one line, and a zone that is none."""
        wrong = sorted(set(self.keys.values()) - TARGETS)
        _refuse("keys lead to fields of a fix, not to", wrong)
        _check_zone(self.timezone_h)


@dataclass(frozen=True, slots=True, kw_only=True)
class FrigatePolicy:
    """Cameras behind a Frigate server.

    Attributes:
        enabled: Take its topics.
        topics: MQTT filters, their last level ``stats`` or ``available``; what stands before it
            names the server (Frigate's ``mqtt.topic_prefix``).
        interval_s: Frigate's ``mqtt.stats_interval``, seconds: the next report it promises.
    """

    enabled: bool = False
    topics: tuple[str, ...] = ("frigate/stats", "frigate/available")
    interval_s: float = 60.0

    def __post_init__(self) -> None:
        """Refuse an interval that Frigate cannot have."""
        if not MIN_STATS_S <= self.interval_s <= MAX_STATS_S:
            raise ValueError(f"interval_s is {MIN_STATS_S:g} to {MAX_STATS_S:g} s")


@dataclass(frozen=True, slots=True, kw_only=True)
class AdapterPolicy:
    """Every adapter's own policy."""

    owntracks: OwnTracksPolicy = OwnTracksPolicy()
    traccar: TraccarPolicy = TraccarPolicy()
    jt808: Jt808Policy = Jt808Policy()
    thingsboard: ThingsBoardPolicy = ThingsBoardPolicy()
    frigate: FrigatePolicy = FrigatePolicy()
