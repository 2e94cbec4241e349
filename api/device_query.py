"""The filters of lists of devices, as they stand in addresses; any combination of them."""

from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import Depends, Query
from pydantic import AfterValidator, Field

from api.fields import AnId, AreaFilter, Line64
from devices.causes import Cause
from devices.device_filter import DeviceFilter
from devices.model import AdminState, DeviceClass
from devices.presence import Presence

WORDS_MAX = 50
"""Words one filter may have in a request."""

Text = Annotated[
    Line64 | None,
    Query(
        min_length=2,
        description="Stands in the id, the name or the vehicle's id",
        examples=["north gate"],
    ),
]
"""A filter by what people know of a device."""

Sort = Annotated[
    Literal["slot", "worst"],
    Query(description="`worst`: by severity, then what changed last; else as registered"),
]
"""In which order a list is."""

_PRESENCE = {presence.word: presence for presence in Presence}
_CAUSES = {cause.code: cause for cause in Cause}


def _is_cause(word: str) -> str:
    if word not in _CAUSES:
        raise ValueError("no such cause: GET /v1/devices/summary lists those there are")
    return word


PresenceWord = Annotated[str, Field(pattern=f"^({'|'.join(_PRESENCE)})$")]
CauseWord = Annotated[str, Field(max_length=32), AfterValidator(_is_cause)]


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthFilter:
    """What is asked of the health of devices; a retired device has none.

    Attributes:
        presence: Any of these; empty asks nothing.
        degraded: Whether the condition is; None asks nothing.
        causes: Any of these bits; 0 asks nothing.
    """

    presence: tuple[Presence, ...] = ()
    degraded: bool | None = None
    causes: int = 0

    @property
    def asks(self) -> bool:
        """Whether it asks anything."""
        return bool(self.presence or self.causes) or self.degraded is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class DevicesWanted:
    """All filters of one request."""

    registered: DeviceFilter
    health: HealthFilter


async def _wanted(
    *,
    cls: Annotated[list[DeviceClass], Query(default_factory=list, max_length=WORDS_MAX)],
    presence: Annotated[
        list[PresenceWord],
        Query(default_factory=list, max_length=WORDS_MAX, description=" ".join(_PRESENCE)),
    ],
    condition: Literal["ok", "degraded"] | None = None,
    cause: Annotated[
        list[CauseWord],
        Query(
            default_factory=list,
            max_length=WORDS_MAX,
            description="Codes of docs/operations.md",
            examples=["silent"],
        ),
    ],
    admin: Annotated[list[AdminState], Query(default_factory=list, max_length=WORDS_MAX)],
    site: Annotated[list[AnId], Query(default_factory=list, max_length=WORDS_MAX)],
    vendor: Annotated[list[Line64], Query(default_factory=list, max_length=WORDS_MAX)],
    model: Annotated[list[Line64], Query(default_factory=list, max_length=WORDS_MAX)],
    area: AreaFilter = None,
    district: Annotated[
        str | None, Query(pattern="^[0-9]{6}$", description="Its six digits", examples=["340104"])
    ] = None,
    text: Text = None,
) -> DevicesWanted:
    """Read the filters; one given several times takes any of its words."""
    bits = 0
    for word in cause:
        bits |= int(_CAUSES[word])
    return DevicesWanted(
        registered=DeviceFilter(
            cls=tuple(cls),
            admin=tuple(admin),
            site=tuple(site),
            vendor=tuple(vendor),
            model=tuple(model),
            areas=tuple(prefix for prefix in (area, district) if prefix),
            text=(text or "").strip(),
        ),
        health=HealthFilter(
            presence=tuple(_PRESENCE[word] for word in presence),
            degraded=None if condition is None else condition == "degraded",
            causes=bits,
        ),
    )


Wanted = Annotated[DevicesWanted, Depends(_wanted)]
"""The filters of a route that lists or counts devices."""
