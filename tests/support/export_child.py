"""Run as a process: export a day, killing itself with SIGKILL when so many pages are read.

python export_child.py FOLDER DAY PAGES
"""

import os
import signal
import sys
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

from devices.telemetry import Row
from parkguard.export_days import Asked, day_begin_ms, export_days
from support.telemetry_rows import a_row


class DyingReader:
    """Pages of 10,000 rows without end, until the process dies."""

    def __init__(self, pages: int) -> None:
        self._left = pages

    def of_devices(
        self, measurement: str, device_ids: Sequence[str], from_ms: int, to_ms: int
    ) -> Iterator[Sequence[Row]]:
        """The same row again and again."""
        del measurement, to_ms
        row = a_row(device_id=device_ids[0])._replace(t_ms=from_ms)
        while self._left:
            self._left -= 1
            yield [row] * 10_000
        os.kill(os.getpid(), signal.SIGKILL)

    def close(self) -> None:
        """Nothing to let go of."""


def main() -> None:
    """Export until killed."""
    day = date.fromisoformat(sys.argv[2])
    asked = Asked(
        first=day,
        last=day,
        measurements=["fix"],
        device_ids=["trk-000001"],
        folder=Path(sys.argv[1]),
    )
    assert day_begin_ms(day)
    list(export_days(DyingReader(int(sys.argv[3])), asked, lambda _what, _devices: None))


if __name__ == "__main__":
    main()
