"""Bodies and answers of swaps, and what a device was bound to."""

from typing import Annotated

from pydantic import Field

from api.bodies import Body
from api.fields import DeviceId, Line200
from api.schemas import Answer, Instant
from devices.bindings import Ended


class SwapIn(Body):
    """The device that takes the place of another."""

    new: DeviceId = Field(
        description="Registered, of the same class, on no other vehicle and at no other site"
    )
    why: Annotated[Line200, Field(examples=["battery dead"])] = ""


class MaintenanceIn(Body):
    """Whether somebody has the device in hand."""

    on: bool = Field(strict=True)


class SwapOut(Answer):
    """What the new device took over; the old one is retired."""

    control_id: int = Field(examples=[4711])
    old: str = Field(examples=["trk-000123"])
    new: str = Field(examples=["trk-000987"])
    vehicle_id: str | None = Field(examples=["veh-000123"])
    site_id: str | None
    area: str


class PeriodOut(Answer):
    """A device on one vehicle or site; both ends null: since its registration, until now."""

    vehicle_id: str | None = Field(examples=["veh-000123"])
    site_id: str | None
    area: str
    since: Instant | None = Field(description="null = since it was registered first")
    until: Instant | None = Field(description="null = it is so now")
    ended: Ended | None
    why: str
    by: str


class BindingsOut(Answer):
    """What a device was bound to, oldest first."""

    device: str
    periods: list[PeriodOut]
