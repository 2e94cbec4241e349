"""Request bodies of devices: what is registered, and how it speaks."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from api.bodies import Body
from api.fields import AnId, Area, DeviceId, LatDeg, Line64, Line128, LonDeg, NewDeviceId
from devices.control import REGISTERED_MAX
from devices.crs import Crs
from devices.model import DeviceClass, Profile, SpeedUnit
from devices.registration_faults import (
    ADAPTERS,
    COIN_MAX_FEN,
    COINS_MAX,
    METER_WRAP_MAX_WH,
    registered_ids,
)

FOREIGN_ID_MAX = 256
"""Longest text taken for a foreign id before it is in its form, with all its separators; ours."""


def _as_they_arrive(foreign: dict[str, str]) -> dict[str, str]:
    """Refuse ids that can never arrive; ``{"jt808": "13912345678"}`` gets its zero."""
    ids, faults = registered_ids(foreign)
    if faults:
        raise ValueError("; ".join(faults.values()))
    return ids


class ProfileIn(Body):
    """How one device speaks, where it differs from docs/wire.md. All defaults: it does not."""

    speed_unit: SpeedUnit = SpeedUnit.KMH
    crs: Crs = Crs.WGS84
    decimal: Literal[".", ","] = "."
    gateway: DeviceId | Literal[""] = Field("", description="The gateway that may speak for it")
    foreign: Annotated[
        dict[str, Annotated[str, Field(max_length=FOREIGN_ID_MAX)]],
        AfterValidator(_as_they_arrive),
    ] = Field(
        default={},
        max_length=len(ADAPTERS),
        description=f"Its id by adapter ({', '.join(ADAPTERS)}); kept in the form it arrives in",
        examples=[{"jt808": "013912345678"}],
    )
    meter_wrap_wh: int = Field(
        0,
        ge=0,
        le=METER_WRAP_MAX_WH,
        strict=True,
        description="The energy counter starts again at this, Wh; 0 = never",
    )
    coins_fen: list[Annotated[int, Field(gt=0, le=COIN_MAX_FEN, strict=True)]] = Field(
        default=[], max_length=COINS_MAX, description="Amounts one coin can give, fen; none = any"
    )

    def as_profile(self) -> Profile:
        """Give it as the registry keeps it."""
        return Profile(
            speed_unit=self.speed_unit,
            crs=self.crs,
            decimal=self.decimal,
            gateway=self.gateway,
            foreign=dict(self.foreign),
            meter_wrap_wh=self.meter_wrap_wh,
            coins_fen=tuple(self.coins_fen),
        )


class DeviceIn(Body):
    """A device to register."""

    id: NewDeviceId
    cls: DeviceClass
    vehicle_id: AnId | None = None
    site_id: AnId | None = None
    area: Area = ""
    model: Line64 = ""
    interval_s: int = Field(
        0, ge=0, le=604_800, strict=True, description="Expected report interval; 0 = class"
    )
    profile: ProfileIn = ProfileIn()
    vendor: Line64 = Field("", description="Who made it; empty = as its model says")
    name: Line128 = Field("", description="What people call it", examples=["North gate, pile 2"])
    lat_deg: LatDeg | None = Field(
        None, description="Where it was put up, WGS 84; no tracker has it"
    )
    lon_deg: LonDeg | None = None

    @model_validator(mode="after")
    def stands_somewhere_or_nowhere(self) -> Self:
        """Check that a place is whole, and that no tracker has one."""
        if (self.lat_deg is None) is not (self.lon_deg is None):
            raise ValueError("give lat_deg and lon_deg, or none")
        if self.cls is DeviceClass.TRACKER and self.lat_deg is not None:
            raise ValueError("a tracker says itself where it is: leave lat_deg and lon_deg out")
        return self


class DevicesIn(Body):
    """Devices to register; each id once."""

    devices: list[DeviceIn] = Field(min_length=1, max_length=REGISTERED_MAX)
    adopt: bool = Field(
        default=True,
        strict=True,
        description="Run again what is held of them in quarantine as unknown_device; "
        "only with a token of the whole city",
    )


class AdoptIn(Body):
    """An unknown device to register with its held messages."""

    device: DeviceIn
