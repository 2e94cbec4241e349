"""Telemetry by measurement and day (UTC) into files: what ``parkguard export`` does.

A file is made from pages of rows, so memory does not grow with the day; pyarrow is needed.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Protocol

from devices.telemetry import Row
from stores.parquet_days import day_file, day_path

DEVICES_AT_ONCE = 500
"""Devices asked for between two looks at the progress."""


class RowReader(Protocol):
    """The telemetry store as an export sees it."""

    def of_devices(
        self, measurement: str, device_ids: Sequence[str], from_ms: int, to_ms: int
    ) -> Iterator[Sequence[Row]]:
        """Rows of these devices in [from_ms, to_ms], device after device, ascending in each.

        Raises:
            StoreError: The store cannot be read.
        """
        ...

    def close(self) -> None:
        """Let go of files and connections."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is to be exported.

    Attributes:
        first, last: Days, UTC; both belong to it.
        measurements: Keys of ``MEASUREMENTS``.
        device_ids: In the order in which they stand in a file.
        folder: Where the files go.
    """

    first: date
    last: date
    measurements: Sequence[str]
    device_ids: Sequence[str]
    folder: Path

    def days(self) -> list[date]:
        """Every day of the period."""
        return [
            self.first + timedelta(days=number)
            for number in range((self.last - self.first).days + 1)
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """One file, or the lack of one where a day has no rows.

    Attributes:
        day: UTC, ISO.
        bytes: Size of the file.
        file: Its path; "" where there are no rows.
    """

    measurement: str
    day: str
    rows: int
    bytes: int
    file: str


def export_days(
    reader: RowReader, asked: Asked, progressed: Callable[[str, int], None]
) -> Iterator[Exported]:
    """Write file after file; one that is given out is whole and durable.

    Args:
        reader: The store.
        asked: What, and where to.
        progressed: Told what is being read, and how many devices of it more are done.

    Raises:
        OSError: A file cannot be written; those before it stay.
        StoreError: The store cannot be read; those before it stay.
    """
    for day in asked.days():
        for measurement in asked.measurements:
            yield _export(reader, asked, measurement, day, progressed)


def _export(
    reader: RowReader,
    asked: Asked,
    measurement: str,
    day: date,
    progressed: Callable[[str, int], None],
) -> Exported:
    begin_ms = day_begin_ms(day)
    end_ms = day_begin_ms(day + timedelta(days=1)) - 1
    path = day_path(asked.folder, measurement, day.isoformat())
    with day_file(path, measurement) as file:
        for start in range(0, len(asked.device_ids), DEVICES_AT_ONCE):
            some = asked.device_ids[start : start + DEVICES_AT_ONCE]
            for page in reader.of_devices(measurement, some, begin_ms, end_ms):
                file.add(page)
            progressed(f"{day} {measurement}", len(some))
        size = file.settle()
    return Exported(
        measurement=measurement,
        day=day.isoformat(),
        rows=file.rows,
        bytes=size,
        file=str(path) if file.rows else "",
    )


def day_begin_ms(day: date) -> int:
    """First millisecond of a day, UTC."""
    return int(datetime.combine(day, time(), UTC).timestamp()) * 1000
