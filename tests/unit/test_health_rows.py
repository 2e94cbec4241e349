"""Rows of LatestState are open only while numbers are copied into them."""

from collections.abc import Iterator

import numpy as np
from typing_extensions import override

from devices.admitted import Record
from devices.health_rows import write_heard
from devices.latest import blank_rows
from support.factories import a_fix, a_record


class Watched(list[Record]):
    """Records that look at the row whenever somebody goes through them."""

    def __init__(self, records: list[Record], rows: np.ndarray) -> None:
        """Take the rows to look at."""
        super().__init__(records)
        self._rows = rows
        self.versions: list[int] = []

    @override
    def __iter__(self) -> Iterator[Record]:
        """Look, then give."""
        for record in super().__iter__():
            self.versions.append(int(self._rows["version"][record.device.slot]))
            yield record


def test_row_is_closed_while_records_are_gone_through() -> None:
    """A reader waits for an open row, and records of a batch take milliseconds."""
    rows = blank_rows(4)
    record = a_record(a_fix())
    slot = record.device.slot
    records = Watched([record], rows)

    write_heard(
        rows,
        np.array([slot]),
        np.array([5_000]),
        interval_ms=np.array([10_000]),
        clock_off_ms={},
        fixes=records,
        timely=records,
    )

    assert records.versions == [0, 0]
    assert (rows["version"][slot], rows["recv_ms"][slot], rows["due_ms"][slot]) == (
        2,
        5_000,
        15_000,
    )
    assert not np.isnan(rows["lat_deg"][slot])
