"""Reads of telemetry in InfluxDB: tracks, rows, counts and charts, all bounded in time."""

from collections.abc import Sequence

from devices.telemetry import MEASUREMENTS, Interval, Row
from stores.influx_lines import NS_PER_MS, Value, row_of, tag_of
from stores.influx_place import DATA_CLASS, InfluxPlace
from stores.influx_query import InfluxQuery
from stores.telemetry_charts import check_chart, check_intervals, filled
from stores.telemetry_rows import EARLIEST_MS, LATEST_MS

ROWS_MAX = 10_000
"""Rows a request: 1.6.7 marks a longer answer as cut, whether it is or not (seen 2026-11)."""
_PERIOD = '"device" = $device AND time >= $from AND time < $to'
_PLACED = ' AND "lat_deg" >= -90'


class InfluxReads:
    """The reading half of ``InfluxTelemetry``."""

    def __init__(self, place: InfluxPlace) -> None:
        """Connect at the first question."""
        self._query = InfluxQuery(place)

    def track(
        self,
        device_id: str,
        from_ms: int,
        to_ms: int,
        after: tuple[int, int] | None = None,
        limit: int = 1000,
    ) -> list[Row]:
        """Fixes with a position of one device in [from_ms, to_ms], ascending by time and seq.

        Args:
            device_id: Registry id; an unknown one has no rows.
            from_ms: First time, ms UTC.
            to_ms: Last time, ms UTC.
            after: Key (t_ms, seq) of the last row of the page before.
            limit: Most rows.

        Raises:
            StoreError: The server does not answer.
        """
        return self._page("fix", device_id, (from_ms, to_ms), after, limit, _PLACED)

    def rows(  # noqa: PLR0917 - the order of the key
        self,
        measurement: str,
        device_id: str,
        from_ms: int,
        to_ms: int,
        after: tuple[int, int] | None = None,
        limit: int = 1000,
    ) -> list[Row]:
        """Rows of one measurement and device; arguments and order as ``track``."""
        return self._page(measurement, device_id, (from_ms, to_ms), after, limit, "")

    def _page(  # noqa: PLR0917 - the order of the key
        self,
        measurement: str,
        device_id: str,
        period: tuple[int, int],
        after: tuple[int, int] | None,
        limit: int,
        where: str,
    ) -> list[Row]:
        """A page in the order of the key: within a millisecond the server has another one.

        So the milliseconds at both ends of a page are read whole.
        """
        begin_ms, end_ms = max(period[0], EARLIEST_MS), min(period[1], LATEST_MS)
        found: list[Row] = []
        if after is not None and after[0] >= begin_ms:
            begin_ms = after[0] + 1
            if after[0] <= end_ms:
                same_ms = self._rows(measurement, device_id, (after[0], after[0]), where)
                found = [row for row in same_ms if row.seq > after[1]]
        while (wanted := min(limit - len(found), ROWS_MAX)) > 0:
            page = f"{where} ORDER BY time LIMIT {wanted}"
            more = self._rows(measurement, device_id, (begin_ms, end_ms), page)
            if len(more) < wanted:
                found += more
                break
            last_ms = more[-1].t_ms  # this millisecond may have been cut
            found += [row for row in more if row.t_ms < last_ms]
            found += self._rows(measurement, device_id, (last_ms, last_ms), where)
            begin_ms = last_ms + 1
        return sorted(found, key=lambda row: (row.t_ms, row.seq))[: max(0, limit)]

    def _rows(
        self, measurement: str, device_id: str, period: tuple[int, int], rest: str
    ) -> list[Row]:
        columns = ["time", "seq", *MEASUREMENTS[measurement]]
        listed = ", ".join(f'"{column}"' for column in columns[1:])
        found = self._select(measurement, device_id, period, listed, rest, columns)
        return [row_of(measurement, device_id, values) for values in found]

    def _select(  # noqa: PLR0917 - the order of a statement
        self,
        measurement: str,
        device_id: str,
        period: tuple[int, int],
        listed: str,
        rest: str,
        columns: Sequence[str],
    ) -> list[list[Value | bool]]:
        """One SELECT on one device and period (both ends belong to it)."""
        from_ms, to_ms = max(period[0], EARLIEST_MS), min(period[1], LATEST_MS)
        if from_ms > to_ms:
            return []
        query = f'SELECT {listed} FROM "{measurement}" WHERE {_PERIOD}{rest}'  # noqa: S608 - names are our own
        bound: dict[str, str | int] = {
            "device": tag_of(device_id),
            "from": from_ms * NS_PER_MS,
            "to": (to_ms + 1) * NS_PER_MS,
        }
        return self._query.select(DATA_CLASS[measurement], query, bound, columns)

    def count(self, measurement: str) -> int:
        """Number of rows of a measurement; walks over all of them."""
        query = f'SELECT count("seq") AS "rows" FROM "{measurement}"'  # noqa: S608 - our own name
        found = self._query.select(DATA_CLASS[measurement], query, {}, ["rows"])
        return int(found[0][0] or 0) if found else 0

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
            StoreError: The server does not answer.
            ValueError: It cannot be drawn (``check_chart``).
        """
        check_chart(measurement, column, from_ms, to_ms, every_ms)
        listed = ", ".join(
            f'{name}("{column}") AS "{name}"' for name in ("mean", "min", "max", "count")
        )
        found = self._select(
            measurement,
            device_id,
            (from_ms, to_ms),
            listed,
            f" GROUP BY time({every_ms}ms) FILL(none)",
            ["time", "mean", "min", "max", "count"],
        )
        return [
            Interval(
                int(begin_ns or 0) // NS_PER_MS,
                float(mean or 0),
                float(least or 0),
                float(most or 0),
                int(count or 0),
            )
            for begin_ns, mean, least, most, count in found
            if count
        ]

    def availability(
        self, measurement: str, device_id: str, from_ms: int, to_ms: int, *, every_ms: int
    ) -> list[tuple[int, int]]:
        """Rows of each interval that touches the period as (begin_ms, rows), ascending.

        Raises:
            StoreError: The server does not answer.
            ValueError: The intervals have no length, or are too many.
        """
        check_intervals(from_ms, to_ms, every_ms)
        found = self._select(
            measurement,
            device_id,
            (from_ms, to_ms),
            'count("seq") AS "rows"',
            f" GROUP BY time({every_ms}ms) FILL(none)",
            ["time", "rows"],
        )
        counts = {int(begin or 0) // NS_PER_MS: int(rows or 0) for begin, rows in found}
        return filled(counts, from_ms, to_ms, every_ms)

    def close(self) -> None:
        """Close the connections."""
        self._query.close()
