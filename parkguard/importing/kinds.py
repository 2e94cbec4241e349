"""What a file may hold, and the faults found in it."""

from collections.abc import Mapping
from enum import StrEnum

import msgspec

from devices.model import DeviceClass


class Kind(StrEnum):
    """What the rows of a file are."""

    VEHICLES = "vehicles"
    OWNERS = "owners"
    TRACKERS = "trackers"
    MODELS = "models"
    SITES = "sites"
    GRIDS = "grids"
    CHARGERS = "chargers"
    CAMERAS = "cameras"
    DEVICES = "devices"


CLASS_OF = {
    Kind.TRACKERS: DeviceClass.TRACKER,
    Kind.CHARGERS: DeviceClass.CHARGER,
    Kind.CAMERAS: DeviceClass.CAMERA,
}
"""Kinds whose rows are devices of one class; ``devices`` has a column for it."""
DEVICE_KINDS = frozenset({*CLASS_OF, Kind.DEVICES})
DRAWN_KINDS = frozenset({Kind.SITES, Kind.GRIDS, Kind.CHARGERS, Kind.CAMERAS, Kind.DEVICES})
"""Kinds that have a place, and so may come as GeoJSON."""


class Fault(msgspec.Struct, frozen=True):
    """What is wrong in one cell, and what to do.

    Attributes:
        row: As a spreadsheet numbers it, the header is 1; of GeoJSON the Feature, from 1.
        column: Its name in the file; "" = the row as a whole.
        text: For people; values are not repeated, they may be personal data.
    """

    row: int
    column: str
    text: str


class Raw(msgspec.Struct, frozen=True):
    """One row as it stands in the file.

    Attributes:
        number: As in ``Fault.row``.
        cells: Text by the column's own name; a column that the file does not have is missing.
        geometry: Of a Feature.
        fault: Why nothing of the row can be read; "" = it can.
    """

    number: int
    cells: Mapping[str, str]
    geometry: dict[str, object] | None = None
    fault: str = ""


class CellError(ValueError):
    """A row is wrong beyond its single cells; ``column`` says where."""

    def __init__(self, column: str, text: str) -> None:
        """Keep both."""
        super().__init__(text)
        self.column = column


class ImportRefused(Exception):
    """A file cannot be imported as it is; the message says why and what to do."""
