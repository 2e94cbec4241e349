"""Request bodies about phones and tickets."""

from typing import Annotated

from pydantic import BeforeValidator, Field

from api.bodies import Body
from api.fields import AnId, LatDeg, LonDeg
from api.times import parse_time_ms
from devices.control import TicketKind

_Time = Annotated[int, BeforeValidator(parse_time_ms)]


class PhoneIn(Body):
    """Where the owner's phone is; WGS 84."""

    lat_deg: LatDeg
    lon_deg: LonDeg
    acc_m: Annotated[
        float, Field(ge=0, le=100_000, allow_inf_nan=False, strict=True, examples=[8.0])
    ]
    t: _Time | None = Field(None, description="When it was there; default: now")


class TicketIn(Body):
    """Work on a vehicle. The same id again prolongs or shortens it."""

    id: AnId
    ticket: TicketKind
    until: _Time = Field(description="Its end; at most a day from now counts")


class TicketDoneIn(Body):
    """A ticket to close."""

    id: AnId
