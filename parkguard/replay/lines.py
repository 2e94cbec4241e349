"""The lines of a replay file as types. The page that explains them is docs/replay.md."""

from typing import Annotated, Literal, get_args

import msgspec
from msgspec import UNSET, UnsetType

from devices.crs import Crs
from devices.model import CLOCK, AdminState, DeviceClass, FenceKind, SiteClass, SpeedUnit
from devices.topics import DEVICE_ID

Ms = Annotated[int, msgspec.Meta(ge=0, lt=2**48)]
"""A wall clock, ms UTC."""
Seconds = Annotated[float, msgspec.Meta(ge=0, le=1e9)]
Lat = Annotated[float, msgspec.Meta(ge=-90, le=90)]
Lon = Annotated[float, msgspec.Meta(ge=-180, le=180)]
DeviceId = Annotated[str, msgspec.Meta(pattern=f"^{DEVICE_ID.pattern}$")]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
Clock = Annotated[str, msgspec.Meta(pattern=CLOCK)]
"""A time of the city's day, ``22:00``."""


class Line(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", forbid_unknown_fields=True):
    """Common part: the tag ``kind``; a key that is not here is an error, never passed over."""


class Meta(Line, frozen=True, kw_only=True, tag="meta"):
    """What the file is about; ``site_class`` is the default of its vehicles."""

    scenario: str = ""
    seed: int | None = None
    city: msgspec.Raw = msgspec.Raw()
    site_class: SiteClass = SiteClass.OPEN


class DeviceFields(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the registry takes of a device. What is not said keeps its value, or its default."""

    cls: DeviceClass = msgspec.field(name="class")
    id: DeviceId
    vehicle: Name | UnsetType | None = UNSET
    site: Name | UnsetType | None = UNSET
    area: str | UnsetType = UNSET
    model: str | UnsetType = UNSET
    interval_s: Annotated[int, msgspec.Meta(ge=0)] | UnsetType = UNSET
    admin: AdminState | UnsetType = UNSET
    speed_unit: SpeedUnit | UnsetType = UNSET
    crs: Crs | UnsetType = UNSET
    decimal: Literal[".", ","] | UnsetType = UNSET
    gateway: str | UnsetType = UNSET
    foreign: dict[str, str] | UnsetType = UNSET
    meter_wrap_wh: Annotated[int, msgspec.Meta(ge=0)] | UnsetType = UNSET
    coins_fen: tuple[int, ...] | UnsetType = UNSET


class DeviceLine(DeviceFields, frozen=True, kw_only=True, tag_field="kind", tag="device"):
    """A registered device."""


class VehicleLine(Line, frozen=True, kw_only=True, tag="vehicle"):
    """A vehicle and what its owner allowed."""

    id: Name
    plate: str = ""
    type: str = "e-bike"
    label: str = ""
    area: str = ""
    contacts: tuple[str, ...] = ("owner",)
    consent: tuple[str, ...] = ("anti_theft", "police_sharing")
    auto_arm: bool = True
    site_class: SiteClass | UnsetType = UNSET
    hours: tuple[tuple[Clock, Clock], ...] = ()


class PlaceFields(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A circle or a GeoJSON polygon in degrees of ``crs``."""

    id: Name
    name: str = ""
    polygon: dict[str, object] | None = None
    lat: Lat | None = None
    lon: Lon | None = None
    radius_m: Annotated[float, msgspec.Meta(gt=0, le=1e6)] | None = None
    crs: Crs = Crs.WGS84


class FenceFields(PlaceFields, frozen=True, kw_only=True):
    """A fence as staff draw it; without more it applies to every vehicle."""

    type: FenceKind = FenceKind.WATCH
    vehicle: Name | None = None
    margin_m: Annotated[float, msgspec.Meta(ge=0)] = 10.0
    dwell_s: Seconds = 20.0


class SiteLine(PlaceFields, frozen=True, kw_only=True, tag_field="kind", tag="site"):
    """A parking site; ``site_class`` is that of every vehicle anchored in it."""

    area: str = ""
    site_class: SiteClass | None = None


class GridLine(PlaceFields, frozen=True, kw_only=True, tag_field="kind", tag="grid"):
    """A patrol grid."""


class FenceLine(FenceFields, frozen=True, kw_only=True, tag_field="kind", tag="fence"):
    """A fence that is there from this line on."""


class Mqtt(Line, frozen=True, kw_only=True, tag="mqtt"):
    """One message as the broker delivered it; ``payload`` stands for its own text."""

    recv_t: Ms
    topic: str
    payload: msgspec.Raw = msgspec.Raw()
    payload_b64: str | None = None
    retain: bool = False
    qos: Literal[0, 1, 2] = 1
    dup: bool = False


SideType = Literal[
    "owner_phone",
    "owner_answer",
    "arm",
    "disarm",
    "ticket",
    "ticket_closed",
    "report_stolen",
    "register",
    "fence",
    "fence_delete",
    "clock_step",
    "restart",
    "tick",
]


class Side(Line, frozen=True, kw_only=True, tag="side"):
    """What happened beside the messages; which fields a type needs stands in ``NEEDS``."""

    recv_t: Ms
    type: SideType
    vehicle: Name | None = None
    lat: Lat | None = None
    lon: Lon | None = None
    acc_m: Annotated[float, msgspec.Meta(ge=0)] | None = None
    t: Ms | None = None
    answer: Literal["me", "not_me"] | None = None
    by: str = ""
    ticket: Literal["tow", "maintenance", "rebalancing", "attendant"] | None = None
    until: Ms | None = None
    device: DeviceFields | None = None
    id: Name | None = None
    fence: FenceFields | None = None
    seconds: Annotated[float, msgspec.Meta(ge=-1e9, le=1e9)] | None = None
    down_s: Seconds | None = None


NEEDS: dict[str, tuple[str, ...]] = {
    "owner_phone": ("vehicle", "lat", "lon"),
    "owner_answer": ("vehicle", "answer"),
    "arm": ("vehicle",),
    "disarm": ("vehicle",),
    "ticket": ("vehicle", "ticket", "until"),
    "ticket_closed": ("vehicle",),
    "report_stolen": ("vehicle",),
    "register": ("device",),
    "fence": ("fence",),
    "fence_delete": ("id",),
    "clock_step": ("seconds",),
    "restart": ("down_s",),
    "tick": (),
}
"""Fields without which a ``side`` line of a type means nothing."""


class Truth(Line, frozen=True, kw_only=True, tag="truth", rename={"since": "from", "upto": "to"}):
    """What really happened to a vehicle; only ``--score`` sees it."""

    vehicle: Name
    since: Ms
    upto: Ms
    state: Literal["parked", "owner", "authorised", "theft"]
    onset: Ms | None = None


Count = Literal["received", "accepted", "duplicate", "quarantined"]
COUNTS: tuple[str, ...] = get_args(Count)
"""The first is the sum of the others."""


class Expect(Line, frozen=True, kw_only=True, tag="expect"):
    """What must hold, in its place when it has a ``recv_t``, else at the end."""

    what: Literal[
        "alert",
        "no_alert",
        "presence",
        "quarantine",
        "position",
        "distance_m",
        "event",
        "count",
        "state",
        "refused",
    ]
    vehicle: Name | None = None
    device: DeviceId | None = None
    level: Annotated[int, msgspec.Meta(ge=0, le=4)] = 0
    by: Ms | None = None
    reason: str | list[str] | None = None
    value: object = UNSET
    tolerance: Annotated[float, msgspec.Meta(ge=0)] = 0.0
    t: Ms | None = None
    field: str = ""
    recv_t: Ms | None = None


AnyLine = (
    Meta | DeviceLine | VehicleLine | SiteLine | GridLine | FenceLine | Mqtt | Side | Truth | Expect
)


def is_number(value: object) -> bool:
    """Whether a value of a line is a number: true and false are none."""
    return isinstance(value, int | float) and not isinstance(value, bool)
