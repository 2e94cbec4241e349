"""What the registry knows: devices, vehicles, sites, grids, fences. Plain values."""

from enum import StrEnum
from typing import Annotated, Literal

import msgspec

from devices.crs import Crs

SYNTHETIC_ID = "synthetic-theft"
"""The tracker, and its vehicle, that are stolen again and again to see whether the chain works.
People never see them: ``alerts.telling`` and ``stores.queries`` leave them out."""


class DeviceClass(StrEnum):
    """The classes of wire.md, as they stand in topics."""

    TRACKER = "trk"
    CHARGER = "chg"
    CAMERA = "cam"
    GATEWAY = "gw"


class AdminState(StrEnum):
    """What staff said of a device; independent of presence and condition."""

    ACTIVE = "active"
    MAINTENANCE = "maintenance"
    RETIRED = "retired"


class SiteClass(StrEnum):
    """How well satellites are seen where a vehicle is kept."""

    OPEN = "open"
    STREET = "street"
    CANYON = "canyon"
    GARAGE = "garage"
    INDOOR = "indoor"


class SpeedUnit(StrEnum):
    """The unit in which a model reports ``spd_kmh``, whatever the name says."""

    KMH = "kmh"
    KNOTS = "knots"
    MPS = "mps"


class Profile(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How one device speaks, where it differs from wire.md. All defaults: it does not.

    Attributes:
        speed_unit: Unit of its speeds.
        crs: Coordinate system of positions that name none.
        decimal: ``","`` reads ``"231,4"`` as a number (decisions.md 11).
        gateway: The gateway that may speak for it; "" = none.
        foreign: Its id in foreign adapters, by adapter name (``{"jt808": "013912345678"}``).
        meter_wrap_wh: The energy counter starts again at this, Wh; 0 = never.
        coins_fen: Amounts one coin can give, fen; empty = any.
    """

    speed_unit: SpeedUnit = SpeedUnit.KMH
    crs: Crs = Crs.WGS84
    decimal: Literal[".", ","] = "."
    gateway: str = ""
    foreign: dict[str, str] = {}
    meter_wrap_wh: Annotated[int, msgspec.Meta(ge=0)] = 0
    coins_fen: tuple[int, ...] = ()


PLAIN = Profile()
"""A device that speaks as wire.md says."""


class Device(msgspec.Struct, frozen=True, kw_only=True):
    """One registered device.

    Attributes:
        id: ``[a-z0-9-]{1,64}``, not starting with ``pg-``; username = client id = topic level.
        slot: Never re-used integer; index of every array.
        cls: Class; must equal the topic's.
        area: Grid code (up to 14 digits, national statistics code + sequence) or "" = city wide.
        interval_s: Expected report interval when the device promises none; 0 = class default.
        vendor: Who made it, as staff write it; availability is asked by it.
        name: What people call it.
        lat_deg: Where it was put up (cameras, chargers), WGS 84; None = where its site is.
    """

    id: str
    slot: int
    cls: DeviceClass
    vehicle_id: str | None = None
    site_id: str | None = None
    area: str = ""
    model: str = ""
    interval_s: int = 0
    admin: AdminState = AdminState.ACTIVE
    profile: Profile = PLAIN
    vendor: str = ""
    name: str = ""
    lat_deg: float | None = None
    lon_deg: float | None = None

    @property
    def names(self) -> frozenset[str]:
        """What its messages are held under while it is a stranger: its id, and its foreign ones."""
        foreign = self.profile.foreign.items()
        return frozenset({self.id, *(foreign_name(*each) for each in foreign)})


def foreign_name(adapter: str, foreign_id: str) -> str:
    """How quarantine names a stranger of an adapter; the colon is in no id of ours."""
    return f"{adapter}:{foreign_id}"


Hours = tuple[int, int]
"""From a minute of the city's day to before another, [0, 1440); over midnight if it ends first."""


CLOCK = "^([01][0-9]|2[0-3]):[0-5][0-9]$"
"""A time of the day as people write it."""


def hours_of(begin: str, end: str) -> Hours:
    """Hours from two times of the day that match ``CLOCK``."""
    (h1, m1), (h2, m2) = begin.split(":"), end.split(":")
    return int(h1) * 60 + int(m1), int(h2) * 60 + int(m2)


class Vehicle(msgspec.Struct, frozen=True, kw_only=True):
    """One e-bike or motorcycle and what its owner allowed.

    Attributes:
        contacts: Receivers told in order: the owner first, then a second contact.
        consent: Purposes granted: ``anti_theft``, ``police_sharing``, ``statistics``.
        auto_arm: Arm by rule (ignition off and still for ``arming.still_s``).
        hours: When it is to be armed; outside it is not. None: by rule and by hand alone.
    """

    id: str
    plate: str = ""
    label: str = ""
    kind: str = "e-bike"
    owner_id: str = ""
    area: str = ""
    contacts: tuple[str, ...] = ("owner",)
    consent: tuple[str, ...] = ("anti_theft", "police_sharing")
    auto_arm: bool = True
    site_class: SiteClass = SiteClass.OPEN
    hours: tuple[Hours, ...] = ()


class Site(msgspec.Struct, frozen=True, kw_only=True):
    """A parking site.

    Attributes:
        geometry: GeoJSON (WGS 84) or None.
        site_class: Of every vehicle that is anchored in it; None = as the vehicle's own says.
    """

    id: str
    name: str = ""
    area: str = ""
    lat_deg: float = 0.0
    lon_deg: float = 0.0
    geometry: dict[str, object] | None = None
    site_class: SiteClass | None = None


class Grid(msgspec.Struct, frozen=True, kw_only=True):
    """A patrol grid. ``id`` has 14 digits; ``geometry`` is a GeoJSON Polygon, WGS 84."""

    id: str
    name: str = ""
    geometry: dict[str, object]


class FenceKind(StrEnum):
    """What leaving or entering a fence means."""

    KEEP_IN = "keep_in"
    KEEP_OUT = "keep_out"
    WATCH = "watch"


class Fence(msgspec.Struct, frozen=True, kw_only=True):
    """A circle (lat, lon, radius) or a polygon with holes (GeoJSON, WGS 84).

    Attributes:
        margin_m: Half the width of the band between the inner and the outer boundary, metres.
        dwell_s: A change of side counts after it has lasted this long.
        vehicle_id: The only vehicle it speaks of; None = every vehicle.
    """

    id: str
    name: str = ""
    kind: FenceKind = FenceKind.WATCH
    lat_deg: float | None = None
    lon_deg: float | None = None
    radius_m: float | None = None
    geometry: dict[str, object] | None = None
    margin_m: float = 10.0
    dwell_s: float = 20.0
    vehicle_id: str | None = None
