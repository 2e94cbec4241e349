"""Stores that forget when the process ends: for tests and replays. They keep the same contracts."""

from collections import Counter
from collections.abc import Mapping, Sequence
from statistics import fmean

from devices.errors import StoreError
from devices.telemetry import MEASUREMENTS, Interval, Row
from stores.telemetry_charts import check_chart, check_intervals, filled
from stores.telemetry_rows import check_rows, position_is_known


class MemoryTelemetry:
    """The telemetry store as a dictionary by (measurement, device, time, seq)."""

    def __init__(self) -> None:
        """Start empty."""
        self._rows: dict[tuple[str, str, int, int], Row] = {}

    def write(self, rows: Sequence[Row]) -> None:
        """Store rows; the first row of a key stays.

        Raises:
            ValueError: A row that the core must never send; nothing is stored.
        """
        check_rows(rows)
        for row in rows:
            self._rows.setdefault((row.measurement, row.device_id, row.t_ms, row.seq), row)

    def track(
        self,
        device_id: str,
        from_ms: int,
        to_ms: int,
        after: tuple[int, int] | None = None,
        limit: int = 1000,
    ) -> list[Row]:
        """Fixes with a position of one device in [from_ms, to_ms], ascending by time and seq."""
        found = self.rows("fix", device_id, from_ms, to_ms, after, len(self._rows))
        return [row for row in found if position_is_known(row)][:limit]

    def rows(  # noqa: PLR0917 - the order of the key
        self,
        measurement: str,
        device_id: str,
        from_ms: int,
        to_ms: int,
        after: tuple[int, int] | None = None,
        limit: int = 1000,
    ) -> list[Row]:
        """Rows of one measurement and device in [from_ms, to_ms], ascending by time and seq."""
        found = (
            row
            for row in self._rows.values()
            if (row.measurement, row.device_id) == (measurement, device_id)
            and from_ms <= row.t_ms <= to_ms
            and (after is None or (row.t_ms, row.seq) > after)
        )
        return sorted(found, key=lambda row: (row.t_ms, row.seq))[:limit]

    def history(  # noqa: PLR0917 - the order of the key
        self,
        measurement: str,
        column: str,
        device_id: str,
        from_ms: int,
        to_ms: int,
        every_ms: int,
    ) -> list[Interval]:
        """One measure by intervals of ``every_ms``, ascending; only those in which it was known.

        Raises:
            ValueError: It cannot be drawn (``check_chart``).
        """
        check_chart(measurement, column, from_ms, to_ms, every_ms)
        place = list(MEASUREMENTS[measurement]).index(column)
        by_begin: dict[int, list[float]] = {}
        for row in self.rows(measurement, device_id, from_ms, to_ms, None, len(self._rows)):
            value = row.fields[place]
            if isinstance(value, int | float):
                by_begin.setdefault(row.t_ms // every_ms * every_ms, []).append(float(value))
        return [
            Interval(begin_ms, fmean(values), min(values), max(values), len(values))
            for begin_ms, values in by_begin.items()
        ]

    def availability(
        self, measurement: str, device_id: str, from_ms: int, to_ms: int, *, every_ms: int
    ) -> list[tuple[int, int]]:
        """Rows of each interval that touches the period as (begin_ms, rows), ascending.

        Raises:
            ValueError: The intervals have no length, or are too many.
        """
        check_intervals(from_ms, to_ms, every_ms)
        found = self.rows(measurement, device_id, from_ms, to_ms, None, len(self._rows))
        counts = Counter(row.t_ms // every_ms * every_ms for row in found)
        return filled(counts, from_ms, to_ms, every_ms)

    def count(self, measurement: str) -> int:
        """Number of rows of a measurement."""
        return sum(row.measurement == measurement for row in self._rows.values())

    def erase(self, device_id: str) -> None:
        """Take every row of one device out; harmless when there is none."""
        self._rows = {key: row for key, row in self._rows.items() if key[1] != device_id}

    def close(self) -> None:
        """Nothing to let go of."""


class MemoryProjectLedger:
    """Offset and books of the projector."""

    def __init__(self) -> None:
        """Start at nothing."""
        self._offset = 0
        self._books: dict[tuple[str, str], int] = {}

    def offset(self) -> int:
        """The committed offset, 0 at first."""
        return self._offset

    def commit(self, upto_seq: int, recv_ms: int, books: Mapping[tuple[str, str], int]) -> None:
        """Move the offset and add to the books; one at the offset is a repetition.

        Raises:
            StoreError: Behind the offset: another projector has gone on.
        """
        del recv_ms
        if upto_seq < self._offset:
            raise StoreError(f"projector at {self._offset}, not {upto_seq}", may_pass=False)
        if upto_seq > self._offset:
            self._offset = upto_seq
            for key, count in books.items():
                if count:
                    self._books[key] = self._books.get(key, 0) + count

    def books(self) -> dict[tuple[str, str], int]:
        """All counts by (name, reason)."""
        return dict(self._books)

    def close(self) -> None:
        """Nothing to let go of."""


class MemoryCheckpoints:
    """Snapshots by number."""

    def __init__(self, keep: int = 2) -> None:
        """``keep`` newest snapshots stay."""
        self._blobs: dict[int, bytes] = {}
        self._keep = keep

    def save(self, seq: int, blob: bytes) -> None:
        """Keep ``blob`` as the state after entry ``seq``; later ones are of another history."""
        kept = [old for old in sorted(self._blobs) if old < seq][-(self._keep - 1) :]
        self._blobs = {old: self._blobs[old] for old in kept if self._keep > 1} | {seq: blob}

    def newest(self, upto_seq: int) -> tuple[int, bytes] | None:
        """The newest snapshot with a number of at most ``upto_seq``."""
        seq = max((seq for seq in self._blobs if seq <= upto_seq), default=None)
        return None if seq is None else (seq, self._blobs[seq])
