"""Request bodies. Unknown members are refused; lengths are those of the columns.

Numbers are numbers: neither text nor true nor false stands for one (``strict``).
"""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from alerts.fence_geojson import DWELL_MAX_S, MARGIN_MAX_M, RADIUS_MAX_M
from alerts.lifecycle import IncidentState, Outcome
from alerts.outcomes import Verdict, verdict_of
from api.fields import (
    AREA_PATTERN,
    AnId,
    Area,
    HeldName,
    LatDeg,
    Line64,
    Line500,
    LonDeg,
    Plate,
)
from api.roles import AREA_ROLES, Role
from api.times import parse_time_ms
from devices.control import ASKED_MAX, REGISTERED_MAX
from devices.errors import WireReason
from devices.geometry import check_corners, check_polygon
from devices.model import CLOCK, FenceKind, SiteClass

REPLAY_DEFAULT = 1_000
"""Messages of one replay that names no number."""
IDS_MAX = 1_000
"""Rows that one replay names."""


class Body(BaseModel):
    """Common to all request bodies."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Shape(Body):
    """A GeoJSON geometry; WGS 84, so every coordinate is [longitude, latitude]."""

    type: Literal["Polygon", "MultiPolygon"]
    coordinates: list[object] = Field(min_length=1, max_length=1000)

    @model_validator(mode="after")
    def drawable(self) -> Self:
        """Check that it is a polygon that can be drawn."""
        check_polygon(self.type, self.coordinates)
        return self

    def as_geojson(self) -> dict[str, object]:
        """Give it as the registry keeps it."""
        return {"type": self.type, "coordinates": self.coordinates}


class HoursIn(Body):
    """Hours of the city's day, over midnight when they end before they begin."""

    begin: Annotated[str, Field(pattern=CLOCK, examples=["22:00"])]
    end: Annotated[str, Field(pattern=CLOCK, examples=["06:30"])]


class VehicleIn(Body):
    """A vehicle to register."""

    id: AnId
    plate: Plate = ""
    label: Annotated[Line64, Field(examples=["red Yadea"])] = ""
    kind: Line64 = "e-bike"
    owner_id: AnId | Literal[""] = ""
    area: Area = ""
    contacts: Annotated[list[AnId], Field(max_length=10)] = ["owner"]
    consent: list[Literal["anti_theft", "police_sharing", "statistics"]] = [
        "anti_theft",
        "police_sharing",
    ]
    auto_arm: bool = Field(default=True, strict=True)
    site_class: SiteClass = SiteClass.OPEN
    hours: list[HoursIn] = Field(
        default=[], max_length=10, description="When it is to be armed; outside it is not"
    )


class VehiclesIn(Body):
    """Vehicles to register; each id once."""

    vehicles: list[VehicleIn] = Field(min_length=1, max_length=REGISTERED_MAX)


class SiteIn(Body):
    """A parking site."""

    id: AnId
    name: Line64 = ""
    area: Area = ""
    lat_deg: LatDeg = 0.0
    lon_deg: LonDeg = 0.0
    geometry: Shape | None = None
    site_class: SiteClass | None = None


class GridIn(Body):
    """A patrol grid."""

    id: Annotated[str, Field(pattern=AREA_PATTERN, min_length=1, examples=["34010400100101"])]
    name: Line64 = ""
    geometry: Shape


class PlacesIn(Body):
    """Sites and grids to add or replace."""

    sites: list[SiteIn] = Field(default=[], max_length=REGISTERED_MAX)
    grids: list[GridIn] = Field(default=[], max_length=REGISTERED_MAX)


class Outline(Body):
    """A GeoJSON geometry whose rings may cross themselves a little: that is mended."""

    type: Literal["Polygon", "MultiPolygon"]
    coordinates: list[object] = Field(min_length=1, max_length=1000)

    @model_validator(mode="after")
    def closed(self) -> Self:
        """Check that it has closed rings of positions."""
        check_corners(self.type, self.coordinates)
        return self

    def as_geojson(self) -> dict[str, object]:
        """Give it as the registry keeps it."""
        return {"type": self.type, "coordinates": self.coordinates}


class FencesIn(Body):
    """Fences as GeoJSON: a circle is a Point with the property ``radius_m``.

    Members that are not ours (``bbox``, ``name``, ...) are passed over, as the format wants.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    type: Literal["FeatureCollection"]
    features: list[object] = Field(max_length=REGISTERED_MAX)
    crs: object | None = None


class FenceIn(Body):
    """A fence: either a circle (lat, lon, radius) or a polygon."""

    name: Line64 = ""
    kind: FenceKind = FenceKind.WATCH
    lat_deg: LatDeg | None = None
    lon_deg: LonDeg | None = None
    radius_m: (
        Annotated[float, Field(gt=0, le=RADIUS_MAX_M, allow_inf_nan=False, strict=True)] | None
    ) = None
    geometry: Outline | None = None
    margin_m: float = Field(10.0, ge=0, le=MARGIN_MAX_M, allow_inf_nan=False, strict=True)
    dwell_s: float = Field(20.0, ge=0, le=DWELL_MAX_S, allow_inf_nan=False, strict=True)
    vehicle_id: AnId | None = None

    @model_validator(mode="after")
    def one_shape(self) -> Self:
        """Check that it is a circle or a polygon, not both, not half."""
        circle = [self.lat_deg, self.lon_deg, self.radius_m]
        given = sum(part is not None for part in circle)
        if (given, self.geometry is not None) not in {(len(circle), False), (0, True)}:
            raise ValueError("give lat_deg, lon_deg and radius_m, or geometry, not both")
        return self


class ReplayIn(Body):
    """Which held messages to run again, oldest first. At least one of reason, device, ids."""

    reason: WireReason | None = None
    device: HeldName | None = None
    ids: list[Annotated[int, Field(ge=1, le=2**63 - 1, strict=True)]] | None = Field(
        None, min_length=1, max_length=IDS_MAX
    )
    limit: int = Field(REPLAY_DEFAULT, ge=1, le=ASKED_MAX, strict=True)

    @model_validator(mode="after")
    def asks_for_something(self) -> Self:
        """Check that it is no slip that would run the whole quarantine."""
        if self.reason is None and self.device is None and self.ids is None:
            raise ValueError("give reason, device or ids")
        if self.reason is WireReason.CONTROL:
            raise ValueError("rows of reason control are our own, no messages: upgrade instead")
        return self


class AnswerIn(Body):
    """The owner's word on an alert."""

    answer: Literal["me", "not_me"]


class VerdictIn(Body):
    """The verification desk's word on an alert."""

    verdict: Literal["confirm", "dismiss"]
    reason: Line500 = ""
    outcome: Outcome | None = Field(None, description="Why it is dismissed; labels the alert")

    @model_validator(mode="after")
    def dismisses_no_theft(self) -> Self:
        """Check that an outcome goes with a dismissal, and is none of a theft."""
        if self.outcome is None:
            return self
        if self.verdict != "dismiss" or verdict_of(self.outcome) is Verdict.TRUE:
            raise ValueError("outcome says why an alert is dismissed, so it is no theft_...")
        return self


class LiftIn(Body):
    """A demotion to lift."""

    subject: Annotated[
        str,
        Field(pattern=r"^(device|rule):[ -~]{1,150}$", examples=["device:trk-000123"]),
    ]
    reason: Line500 = ""


Tapped = Annotated[
    Annotated[int, BeforeValidator(parse_time_ms)] | None,
    Field(
        description="When it was tapped, by the phone's clock: ISO 8601 or epoch milliseconds. Of "
        "a tap that comes late it stands in the log",
        examples=["2025-11-25T08:30:00Z"],
    ),
]
"""When somebody did it, if the request comes later."""


class HelpIn(Body):
    """A call for help."""

    at: Tapped = None
    reason: Line500 = ""


class AcknowledgeIn(Body):
    """Taking an incident. ``version``: refuse when it has changed since I looked."""

    version: int | None = Field(None, ge=0, le=2**31, strict=True)
    at: Tapped = None


class MoveIn(AcknowledgeIn):
    """Moving an incident on. Closing has a route of its own."""

    state: IncidentState = Field(examples=[IncidentState.EN_ROUTE])
    reason: Line500 = ""


class CloseIn(AcknowledgeIn):
    """Closing an incident; the outcome labels the detector's data."""

    outcome: Outcome
    reason: Line500 = ""


class TokenIn(Body):
    """A token to make."""

    name: Annotated[Line64, Field(min_length=1, examples=["officer-017"])]
    role: Role
    areas: list[Area] = Field(
        default=[], max_length=100, description='Area prefixes; [""] is the whole city'
    )
    owner_id: AnId | None = Field(None, description="For role owner: whose vehicles")
    expires: Annotated[int, BeforeValidator(parse_time_ms)] | None = Field(
        None, description="ISO 8601 or epoch milliseconds", examples=["2026-11-25T00:00:00Z"]
    )

    @model_validator(mode="after")
    def sees_something(self) -> Self:
        """Check that an owner's token names the owner, and staff's an area."""
        if self.role is Role.LINK:
            raise ValueError("links are signed for one alert, nobody gets a token of theirs")
        if (self.role is Role.OWNER) != (self.owner_id is not None):
            raise ValueError("owner_id belongs to role owner, and to it alone")
        if self.role in AREA_ROLES and not self.areas:
            raise ValueError(f'role {self.role} sees nothing without areas; [""] is the city')
        return self
