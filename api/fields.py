"""Field types shared by request bodies and addresses: what may stand in them at all."""

import re
from collections.abc import Callable
from typing import Annotated

from fastapi import Path, Query
from pydantic import AfterValidator, BeforeValidator, Field

from devices.ids import canonical_id, canonical_plate, device_id_fault, folded
from devices.topics import HELD_NAME_CHARS

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


def _may_be_new(device_id: str) -> str:
    """Refuse ids that no device may have: our own broker users' (decisions.md 9), an IMEI."""
    if fault := device_id_fault(device_id):
        raise ValueError(fault)
    return device_id


def _in_text(form: Callable[[str], str]) -> BeforeValidator:
    """Bring a text into its one form before it is looked at."""
    return BeforeValidator(lambda value: form(value) if isinstance(value, str) else value)


DeviceId = Annotated[
    str, _in_text(canonical_id), Field(pattern=DEVICE_ID_PATTERN, examples=["trk-000123"])
]
"""The id of a device in a body, however it was typed."""

NewDeviceId = Annotated[DeviceId, AfterValidator(_may_be_new)]
"""The id of a device to register."""

Line64 = Annotated[str, Field(max_length=64), AfterValidator(_storable)]
"""One line of free text for a name or a model."""

Line128 = Annotated[str, Field(max_length=128), AfterValidator(_storable)]
"""One line of free text for what people call a device."""

Line200 = Annotated[str, Field(max_length=200), AfterValidator(_storable)]
"""One line of free text for why something was done."""

Plate = Annotated[
    str,
    _in_text(canonical_plate),
    Field(max_length=64, examples=["皖A1234567"]),
    AfterValidator(_storable),
]
"""A plate; ``皖A·12345`` and full-width characters are ``皖A12345``."""

Line500 = Annotated[str, Field(max_length=500), AfterValidator(_storable)]
"""One line of free text for a reason."""

AnId = Annotated[str, _in_text(folded), Field(pattern=ID_PATTERN, examples=["veh-000123"])]
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
