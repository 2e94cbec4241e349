"""Signals, alerts, incidents and notices: the words of incidents.md as values."""

from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

from devices.camera_conditions import ChannelChange
from devices.health_events import HealthChange


class AlertKind(StrEnum):
    """What an alert is about."""

    MOVEMENT = "movement"
    TAMPER = "tamper"
    GEOFENCE = "geofence"
    SOS = "sos"
    AREA = "area"
    IDENTITY = "identity"
    FIRE = "fire"


class Level(IntEnum):
    """How strongly a theft is verified (decisions.md, Levels)."""

    NOTED = 0
    SUSPECTED = 1
    PROBABLE = 2
    CONFIRMED = 3
    DANGER = 4


class AlertState(StrEnum):
    """The machine's side. ``dismissed``, ``expired`` and ``merged`` are ends."""

    RAISED = "raised"
    VERIFYING = "verifying"
    CONFIRMED = "confirmed"
    DISMISSED = "dismissed"
    EXPIRED = "expired"
    MERGED = "merged"


ALERT_ENDS = frozenset({AlertState.DISMISSED, AlertState.EXPIRED, AlertState.MERGED})
"""States after which nobody's word changes an alert."""


class Group(StrEnum):
    """Independent witnesses; level 2 needs two of them."""

    POSITION = "position"
    INERTIAL = "inertial"
    POWER = "power"
    RADIO = "radio"
    HUMAN = "human"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One signal in words and numbers; ``code`` is stable, ``text`` is for people."""

    code: str
    group: Group
    nats: float
    text_en: str
    text_zh: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertChange:
    """The state of one alert after something about it changed. Upsert by ``alert_id``.

    Attributes:
        alert_id: hash(kind, vehicle, slot, onset): a replay gives the same.
        onset_ms: Fix time at which it began (last quiet fix), ms UTC.
        caused_t_ms: Time of the measurement that caused this change, ms UTC.
        caused_recv_ms: Receive time of the entry that caused this change, ms UTC.
        what: Stable word for the timeline: raised, level, police_ready, owner_told, owner_me,
            owner_not_me, desk_confirmed, desk_dismissed, disarmed, returned, expired, reported,
            incident_closed, moved, noted (level 0: kept, told to nobody).
        moved_m: Distance from the anchor at this moment.
        late_s: How old the causing measurement was, seconds; 0 when live.
        grid: Patrol grid of the position, or "".
        version: Rises by one with every change of this alert.
    """

    alert_id: str
    vehicle_id: str
    device_id: str
    kind: AlertKind
    level: Level
    state: AlertState
    what: str
    onset_ms: int
    caused_t_ms: int
    caused_recv_ms: int
    reasons: tuple[Reason, ...]
    lat_deg: float | None
    lon_deg: float | None
    acc_m: float | None
    moved_m: float
    late_s: float
    grid: str
    area: str
    version: int
    by: str = "system"


def subject_of(slot: int) -> str:
    """What stands for the vehicle where an alert or incident is of a device: no vehicle's id.

    So the records hold one open incident per device and kind, as per vehicle and kind.
    """
    return f":{slot}"


def vehicle_named(subject: str) -> str:
    """The vehicle's id that people see; "" when it is of a device."""
    return "" if subject.startswith(":") else subject


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentOpened:
    """People's work begins. ``incident_id`` derives from the alert id."""

    incident_id: str
    alert: AlertChange
    opened_ms: int


class NoticeKind(StrEnum):
    """What is told."""

    OWNER_NOTICE = "owner_notice"
    ALERT = "alert"
    INCIDENT = "incident"
    HEALTH_NOTICE = "health_notice"


class Channel(StrEnum):
    """How it is told."""

    FEED = "feed"
    WEBHOOK = "webhook"
    MQTT = "mqtt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One row of the outbox: one telling over one channel to one receiver.

    Attributes:
        key: Idempotency key, unique for ever; the receiver may collapse by it.
        receiver: ``feed``; ``owner:<vehicle contact>``; ``police``; for MQTT the grid code.
        audience: Who it is for: ``officer`` (incidents), ``desk`` (alerts too), ``owner``,
            ``police``, ``maintenance`` (health notices), ``fire`` (goes before all others).
        body: JSON-ready mapping, the ``data`` of every channel.
        caused_recv_ms: Receive time of the causing entry (for delay measurement).
        deadline_s: After this the row is ``undelivered`` and shown, never dropped silently.
    """

    key: str
    kind: NoticeKind
    action: str
    channel: Channel
    receiver: str
    audience: str
    area: str
    alert_id: str
    incident_id: str | None
    body: dict[str, object]
    caused_recv_ms: int
    deadline_s: float = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FenceCrossing:
    """A vehicle, armed or not, entered or left a fence.

    Attributes:
        what: ``geofence_enter`` or ``geofence_exit``.
        t_ms: By fix time, ms UTC; estimated between two fixes when ``inferred``.
        recv_ms: Receive time of the fix that told it, ms UTC.
        inferred: Lower confidence: no fix was inside, or none had made sure of the side before.
    """

    vehicle_id: str
    device_id: str
    fence_id: str
    what: str
    t_ms: int
    recv_ms: int
    inferred: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """An alert that people said something about: data for ``alerts.outcomes``. One per alert.

    Attributes:
        rule: ``kind:reason`` that raised it.
        level: The level it reached.
        model: Of its tracker, "" = not registered.
        site: The tracker's site, else the one that holds its anchor, else the patrol grid in which
            it was raised; "" = none.
        raised_ms, labelled_ms: Receive times, ms UTC.
        outcome: A word of ``alerts.outcomes.VERDICTS``.
    """

    alert_id: str
    vehicle_id: str
    device_id: str
    kind: AlertKind
    rule: str
    level: Level
    model: str
    site: str
    area: str
    raised_ms: int
    labelled_ms: int
    outcome: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DemotionChange:
    """A tracker, or a rule at a site, that was demoted or is no longer. Upsert by ``subject``.

    Attributes:
        subject: ``device:ID`` or ``rule:KIND:REASON@SITE``.
        area: Whose business it is: of the alert that brought it about.
        false_alarms: How many counted.
        since_ms, until_ms: Wall clock, ms UTC; it ends by itself at ``until_ms``.
        lifted_ms: When a person lifted it, 0 = nobody did.
        by: Who did; "" = nobody.
    """

    subject: str
    area: str
    false_alarms: int
    since_ms: int
    until_ms: int
    lifted_ms: int = 0
    by: str = ""


@dataclass(slots=True, kw_only=True)
class Effects:
    """What a step of the engine wants committed, in order."""

    alerts: list[AlertChange] = field(default_factory=list)
    incidents: list[IncidentOpened] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    crossings: list[FenceCrossing] = field(default_factory=list)
    labels: list[Labelled] = field(default_factory=list)
    demotions: list[DemotionChange] = field(default_factory=list)
    health: list[HealthChange] = field(default_factory=list)
    channels: list[ChannelChange] = field(default_factory=list)

    def __bool__(self) -> bool:
        """Whether there is anything to commit."""
        return self.urgent or bool(self.health or self.channels)

    @property
    def urgent(self) -> bool:
        """Whether somebody waits for it; the history of health may wait for the next commit."""
        told = self.alerts or self.incidents or self.notices or self.crossings
        return bool(told or self.labels or self.demotions)
