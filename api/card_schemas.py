"""The card of an incident: all that an officer on the way needs, in one answer."""

from typing import Literal

from pydantic import Field

from api.camera_schemas import NearCameraOut
from api.case_schemas import IncidentOut, IncidentStepOut
from api.schemas import Answer, CauseOut, PositionOut


class TrailPointOut(Answer):
    """One fix of the trail, WGS 84."""

    t_ms: int = Field(examples=[1764059400000])
    lat_deg: float = Field(examples=[31.820613])
    lon_deg: float = Field(examples=[117.227239])
    acc_m: float | None = Field(examples=[6.5])
    source: str | None = Field(examples=["gnss"])


class CardVehicleOut(Answer):
    """What to look for."""

    id: str = Field(examples=["veh-000123"])
    kind: str = Field(examples=["e-bike"])
    label: str = Field(examples=["red Yadea"], description="Brand and colour in words")
    plate: str = Field(examples=["皖A1234567"], description="Masked once the incident is closed")


class CardTrackerOut(Answer):
    """The tracker whose position is shown."""

    presence: str = Field(examples=["online"])
    causes: list[CauseOut]
    battery_pct: float | None = Field(examples=[82.0])
    next_expected_ms: int | None = Field(description="When its next report is due")


class CardOut(Answer):
    """One incident as a patrol officer sees it. ``now_ms``: the server's clock, for ages."""

    now_ms: int
    feed_id: int = Field(description="Open the stream from here and miss nothing")
    incident: IncidentOut
    vehicle: CardVehicleOut | None = Field(description="null where a station burns")
    moved_m: float | None = Field(description="From where it was parked, metres")
    position: PositionOut | None = Field(
        description="Where its tracker is; null: unknown, see the incident's own place"
    )
    position_hidden: bool = Field(description="The incident is closed: no position is shown")
    tracker: CardTrackerOut | None = Field(description="null: none, or the incident is closed")
    trail: list[TrailPointOut] = Field(
        description="The last 10 minutes up to the newest fix, oldest first, thinned evenly"
    )
    cameras: list[NearCameraOut] = Field(
        description="The nearest 3 that work, and broken ones that are nearer"
    )
    log: list[IncidentStepOut]
    held_by: Literal["nobody", "you", "other"]
    next: list[str] = Field(
        examples=[["en_route", "on_scene"]],
        description="States the asker may move it to; `help` is always allowed",
    )
