"""Answers about alerts and incidents. Units and times as in ``schemas``."""

from pydantic import Field

from api.schemas import Answer, Page


class AlertOut(Answer):
    """One alert: the machine's view."""

    id: str
    vehicle_id: str
    device_id: str
    kind: str
    level: int
    state: str
    onset_ms: int
    raised_ms: int
    updated_ms: int
    lat_deg: float | None
    lon_deg: float | None
    acc_m: float | None
    moved_m: float
    late_s: float
    grid: str
    area: str
    reasons: list[dict[str, object]]
    version: int
    label: str = Field("", description="The vehicle in words", examples=["red Yadea"])


class AlertPage(Page):
    """Alerts, newest first. ``feed_id``: open the stream from here and miss nothing."""

    alerts: list[AlertOut]
    feed_id: int


class AlertStepOut(Answer):
    """One line of an alert's timeline."""

    version: int
    what: str
    level: int
    at_ms: int
    t_ms: int
    moved_m: float
    by: str


class AlertDetailOut(AlertOut):
    """One alert with its timeline, oldest first."""

    timeline: list[AlertStepOut]


class PrecisionLineOut(Answer):
    """Labelled alerts that are alike. ``low``, ``high``: 95 % interval of the share (Wilson)."""

    key: list[str] = Field(examples=[["movement:movement"]])
    true: int
    false: int
    not_counted: int
    precision: float | None = Field(description="Share of thefts; null when nothing counts")
    low: float
    high: float
    outcomes: dict[str, int]


class PrecisionOut(Answer):
    """Precision of the alerts of a period. ``raised``: alerts in all, labelled or not."""

    by: list[str]
    from_ms: int
    raised: int
    labelled: int
    lines: list[PrecisionLineOut]


class DemotionOut(Answer):
    """A tracker, or a rule at a site, whose alerts stay with the owner."""

    subject: str = Field(examples=["device:trk-000123"])
    area: str
    false_alarms: int
    since_ms: int
    until_ms: int


class DemotionsOut(Answer):
    """What is demoted now."""

    demoted: list[DemotionOut]


class IncidentOut(Answer):
    """One incident: people's work. ``vehicle_id`` is "" where a station burns."""

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
    label: str = Field("", description="The vehicle in words", examples=["red Yadea"])


class IncidentPage(Page):
    """Incidents, newest first. ``feed_id``: open the stream from here and miss nothing."""

    incidents: list[IncidentOut]
    feed_id: int


class IncidentStepOut(Answer):
    """One line of an incident's log."""

    at_ms: int
    by: str
    from_state: str
    to_state: str = Field(description="The new state, or `help`: somebody needs help")
    reason: str
    tapped_ms: int | None = Field(
        description="When it was done on a phone that was offline; null: at `at_ms`"
    )


class DeliveryOut(Answer):
    """Who was told what, when, by which channel, and did they get it."""

    channel: str
    receiver: str
    action: str
    state: str
    created_ms: int
    sent_ms: int | None
    attempts: int
    last_error: str | None


class IncidentDetailOut(IncidentOut):
    """One incident with its log and deliveries, oldest first."""

    plate: str
    log: list[IncidentStepOut]
    deliveries: list[DeliveryOut]
