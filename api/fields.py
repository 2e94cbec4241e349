"""Field types shared by request bodies and addresses: what may stand in them at all."""

import re
from typing import Annotated

from fastapi import Path, Query
from pydantic import AfterValidator, Field

from devices.topics import HELD_NAME_CHARS, OUR_PREFIX

ID_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$"
DEVICE_ID_PATTERN = r"^[a-z0-9-]{1,64}$"
AREA_PATTERN = r"^[0-9]{0,14}$"
HELD_NAME_PATTERN = rf"^[!-~]{{1,{HELD_NAME_CHARS}}}$"
"""A device's id, or ``ADAPTER:ID`` of a stranger; ids in adapters may have a slash."""


_UNSTORABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
"""Control characters, and halves of characters, which no database keeps."""


def _storable(text: str) -> str:
    """Refuse text that could not be stored and read back as it is."""
    if _UNSTORABLE.search(text):
        raise ValueError("holds control characters or half characters")
    return text


def _not_ours(device_id: str) -> str:
    """Refuse ids that begin as our own broker users do (decisions.md 9)."""
    if device_id.startswith(OUR_PREFIX):
        raise ValueError(f"an id does not begin with {OUR_PREFIX}")
    return device_id


NewDeviceId = Annotated[
    str, Field(pattern=DEVICE_ID_PATTERN, examples=["trk-000123"]), AfterValidator(_not_ours)
]
"""The id of a device to register."""

Line64 = Annotated[str, Field(max_length=64), AfterValidator(_storable)]
"""One line of free text for a name or a model."""

Line500 = Annotated[str, Field(max_length=500), AfterValidator(_storable)]
"""One line of free text for a reason."""

AnId = Annotated[str, Field(pattern=ID_PATTERN, examples=["veh-000123"])]
"""An id of ours in a body."""

HeldName = Annotated[str, Field(pattern=HELD_NAME_PATTERN, examples=["jt808:013912345678"])]
"""Under which name messages are held in quarantine."""

Area = Annotated[
    str,
    Field(
        pattern=AREA_PATTERN,
        description='Up to 14 digits of a grid code; "" is the whole city',
        examples=["340104001"],
    ),
]
"""An area code, or the first digits of one."""

LatDeg = Annotated[
    float, Field(ge=-90, le=90, allow_inf_nan=False, strict=True, examples=[31.820613])
]
"""WGS 84 latitude."""

LonDeg = Annotated[
    float, Field(ge=-180, le=180, allow_inf_nan=False, strict=True, examples=[117.227239])
]
"""WGS 84 longitude."""

PathId = Annotated[str, Path(pattern=ID_PATTERN, examples=["veh-000123"])]
"""An id in an address."""

RowId = Annotated[int, Path(ge=0, le=2**63 - 1)]
"""A row number in an address."""

AreaFilter = Annotated[
    str | None,
    Query(pattern=AREA_PATTERN, description="Only areas that start so", examples=["340104"]),
]
"""A filter by area."""

Cursor = Annotated[
    str | None, Query(max_length=400, description="`next` of the page before; opaque")
]
"""Where a page starts."""

Limit = Annotated[
    int | None,
    Query(ge=1, le=1_000_000, description="Most rows; more than the server allows is its most"),
]
"""How many rows a page may have."""
