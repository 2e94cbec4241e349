"""Answers about devices and vehicles.

Units end the name; ``*_ms`` is epoch milliseconds UTC, any other instant is RFC 3339 in UTC.
None is unknown.
"""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Instant = Annotated[str, Field(examples=["2025-11-25T08:30:00.000Z"])]


class Answer(BaseModel):
    """Common to all answers: built from rows by name, nothing but the listed fields."""

    model_config = ConfigDict(extra="forbid", frozen=True, from_attributes=True)


class CauseOut(Answer):
    """Why a device is late, offline or degraded."""

    code: str = Field(examples=["silent"])
    en: str = Field(examples=["no message for longer than expected"])
    zh: str = Field(examples=["超过预期时间未上报"])


class PositionOut(Answer):
    """A last position. ``age_s`` counts from the fix, whatever the device's clock says of now."""

    lat_deg: float = Field(examples=[31.820613])
    lon_deg: float = Field(examples=[117.227239])
    acc_m: float | None = Field(examples=[6.5])
    speed_mps: float | None = Field(examples=[1.2])
    course_deg: float | None = Field(examples=[87.0])
    source: str | None = Field(examples=["gnss"])
    t_ms: int = Field(examples=[1764059400000])
    age_s: float = Field(examples=[12.0])


class HealthOut(Answer):
    """How a device is, in three separate fields and words (health.md, Presence)."""

    id: str = Field(examples=["trk-000123"])
    presence: str = Field(examples=["online"], description="unknown online late offline sleeping")
    condition: str = Field(examples=["ok"], description="ok or degraded")
    admin: str = Field(examples=["active"], description="active maintenance retired")
    severity: str = Field(
        examples=["offline"],
        description="How bad it is: fire outage security offline failing degraded late fine",
    )
    causes: list[CauseOut]
    since: Instant | None = Field(description="When presence took this value")
    next_expected: Instant | None
    heard: Instant | None = Field(description="Newest message of any kind")
    silent_s: float | None = Field(description="Seconds since then", examples=[12.0])
    battery_pct: float | None = Field(examples=[82.0])
    rssi_dbm: float | None = Field(examples=[-87.0])
    clock_off_ms: float | None = Field(examples=[120.0])
    missing_records: int = Field(
        examples=[3], description="Records that never came, told by their numbers"
    )
    missing_newest: tuple[int, int] | None = Field(
        examples=[[17, 19]], description="First and last number of the newest hole"
    )


class ProfileOut(Answer):
    """How a device speaks where it differs from docs/wire.md (docs/quarantine.md, Profiles)."""

    speed_unit: str
    crs: str
    decimal: str
    gateway: str
    foreign: dict[str, str] = Field(examples=[{"jt808": "013912345678"}])
    meter_wrap_wh: int
    coins_fen: list[int]


class DeviceOut(HealthOut):
    """A device with its last position, where the asker may see it."""

    cls: str = Field(examples=["trk"])
    area: str = Field(examples=["340104001"])
    vehicle_id: str | None = Field(examples=["veh-000123"])
    site_id: str | None
    model: str
    vendor: str
    name: str = Field(examples=["North gate, pile 2"])
    installed_lat_deg: float | None = Field(description="Where it was put up, WGS 84")
    installed_lon_deg: float | None
    position: PositionOut | None
    position_hidden: bool = Field(description="There may be one, but not for this asker now")
    profile: ProfileOut | None = Field(
        description="For roles that register devices, else null: an id may be a phone number"
    )


class Page(Answer):
    """One page. Follow ``next`` until it is null; a page may be shorter than its limit."""

    next: str | None = Field(description="Cursor of the next page, null at the end")


class DevicePage(Page):
    """Devices, ascending by registration or the worst first."""

    devices: list[DeviceOut]


class CauseCountOut(CauseOut):
    """How many devices have a cause."""

    devices: int


class DeviceSummaryOut(Answer):
    """How many devices there are; all but ``devices`` and ``admin`` without retired ones."""

    devices: int = Field(description="That a list with the same filters would hold")
    admin: dict[str, int]
    presence: dict[str, int]
    condition: dict[str, int]
    causes: list[CauseCountOut] = Field(description="That any has, the most frequent first")


class VehicleOut(Answer):
    """A vehicle as this asker may see it."""

    id: str = Field(examples=["veh-000123"])
    plate: str = Field(examples=["皖A***67"], description="Masked for most roles")
    label: str
    kind: str = Field(examples=["e-bike"])
    area: str
    site_class: str
    auto_arm: bool
    armed: str = Field(examples=["armed"], description="disarmed settling armed")
    level: int = Field(description="Highest level of an open alert, 0 = none or noted")
    devices: list[str]
    incident_id: str | None = Field(description="Open incident, where the asker works on it")
    position: PositionOut | None
    position_hidden: bool


class FixOut(Answer):
    """One fix of a track."""

    device: str
    t_ms: int
    seq: int
    lat_deg: float
    lon_deg: float
    acc_m: float | None
    speed_mps: float | None
    course_deg: float | None
    source: str | None


class TrackOut(Page):
    """Fixes by time, oldest first. ``from_ms`` and ``to_ms`` are what was really looked at."""

    vehicle: str
    from_ms: int
    to_ms: int
    purpose: str
    fixes: list[FixOut]


class AcceptedOut(Answer):
    """202: written down for the processor; ``control_id`` names it in the journal."""

    control_id: int = Field(examples=[4711])
