"""Reads real rides, one CSV each, as they are.

Times have no zone: only their differences are used. Speeds are km/h. Text that is no number
stays text; nothing is repaired.
"""

import csv
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from simulators.tracks import ONSET_M, LocalFrame

_TIME = ("timestamp",)
_LAT = ("position_lat", "latitude")
_LON = ("position_long", "longitude")
_NUMBERED = re.compile(r"trip_\d+")


APART_DEG = 0.01
"""1.1 km: rides that begin so far apart are no group."""


class RideError(Exception):
    """A folder or file that is no ride; the text says which and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RideRow:
    """One line of a ride's file.

    Attributes:
        after_s: Since the ride's first line, seconds.
        lat: Degrees; text when the file's text is no number; None when it is empty.
        lon: As ``lat``.
        speed_kmh: As the file says.
    """

    after_s: float
    lat: float | str | None
    lon: float | str | None
    speed_kmh: float | None

    @property
    def place(self) -> tuple[float, float] | None:
        """Latitude and longitude when both are numbers."""
        if isinstance(self.lat, float) and isinstance(self.lon, float):
            return self.lat, self.lon
        return None

    @property
    def malformed(self) -> bool:
        """Whether a coordinate is text that is no number."""
        return isinstance(self.lat, str) or isinstance(self.lon, str)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ride:
    """One real ride; ``rows`` ascend in time and are not empty."""

    name: str
    rows: tuple[RideRow, ...]

    @property
    def device_id(self) -> str:
        """The tracker that plays it."""
        return f"trk-ride-{self.name}"

    @property
    def vehicle_id(self) -> str:
        """The vehicle that is stolen."""
        return f"veh-ride-{self.name}"

    @property
    def start(self) -> tuple[float, float]:
        """The first position that is one, degrees.

        Raises:
            RideError: No row has one.
        """
        for row in self.rows:
            if row.place is not None:
                return row.place
        raise RideError(f"ride {self.name} has no position at all")

    def thinned(self, every_s: float) -> Iterator[RideRow]:
        """Give rows at least ``every_s`` apart, and every malformed one."""
        next_s = 0.0
        for row in self.rows:
            if row.after_s >= next_s or row.malformed:
                yield row
            if row.after_s >= next_s:
                next_s = row.after_s + every_s

    def onset_after_s(self) -> float:
        """Give when it is more than 10 m from its start; infinity = never."""
        frame = LocalFrame(lat_deg=self.start[0], lon_deg=self.start[1])
        for row in self.rows:
            if row.place is not None and math.hypot(*frame.to_metres(*row.place)) > ONSET_M:
                return row.after_s
        return math.inf


def read_rides(folder: Path) -> list[Ride]:
    """Read every ``*/trip_*.csv`` below a folder, or ``trip_*.csv`` in it, by name.

    Raises:
        RideError: No file is there, or one has no time or position columns.
    """
    files = sorted(
        (path for path in folder.glob("**/trip_*.csv") if _NUMBERED.fullmatch(path.stem)),
        key=lambda path: (path.parent.name, len(path.name), path.name),
    )
    if not files:
        raise RideError(f"no trip_NUMBER.csv below {folder}; name the folder that holds them")
    return [_read_ride(path) for path in files]


def side_by_side(rides: Sequence[Ride]) -> list[Ride]:
    """The same rides, each ``APART_DEG`` north of the one before.

    Most were ridden by one person from one door. Played at once they would be what they look like:
    a truck that carries dozens of vehicles.
    """
    return [
        replace(ride, rows=tuple(_moved(row, number * APART_DEG) for row in ride.rows))
        for number, ride in enumerate(rides)
    ]


def _moved(row: RideRow, north_deg: float) -> RideRow:
    if not isinstance(row.lat, float):
        return row
    return replace(row, lat=round(row.lat + north_deg, 7))


def _read_ride(path: Path) -> Ride:
    with path.open(encoding="utf-8-sig", newline="") as lines:
        table = csv.DictReader(lines)
        names = {name.strip().lower(): name for name in table.fieldnames or ()}
        time_key, lat_key, lon_key = (
            _column(names, wanted, path) for wanted in (_TIME, _LAT, _LON)
        )
        speed_key = _column(names, ("speed",), path)
        first: datetime | None = None
        rows = []
        for line in table:
            try:
                moment = datetime.fromisoformat(line[time_key].strip())
            except ValueError as exc:
                raise RideError(f"{path}, line {table.line_num}: no time: {exc}") from exc
            first = first or moment
            rows.append(
                RideRow(
                    after_s=(moment - first).total_seconds(),
                    lat=_coordinate(line[lat_key]),
                    lon=_coordinate(line[lon_key]),
                    speed_kmh=_speed(line[speed_key]),
                )
            )
    if not rows:
        raise RideError(f"{path} has no rows")
    number = path.stem.removeprefix("trip_")
    folder = re.sub("[^a-z0-9]+", "-", path.parent.name.lower()).strip("-")
    return Ride(name=f"{folder}-{int(number):02d}", rows=tuple(rows))


def _column(names: dict[str, str], wanted: Sequence[str], path: Path) -> str:
    for name in wanted:
        if name in names:
            return names[name]
    raise RideError(f"{path} has none of the columns {', '.join(wanted)}")


def _coordinate(text: str) -> float | str | None:
    """Read a coordinate; text that is no number is kept, never repaired."""
    text = text.strip()
    if not text:
        return None
    try:
        number = float(text)
    except ValueError:
        return text
    return number if math.isfinite(number) else text


def _speed(text: str) -> float | None:
    """Read a speed; it is not what the platform is tested with, so other text is left out."""
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
