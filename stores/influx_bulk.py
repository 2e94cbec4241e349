"""Rows of many devices from InfluxDB, dozens of devices a request: for exports.

A request a device would be most of the time where a device has few rows. So: count the rows of
some devices in one request, then ask for as many devices at once as have few enough rows.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from urllib.parse import quote

from devices.telemetry import MEASUREMENTS, Row
from stores.influx_lines import NS_PER_MS, row_of, tag_of
from stores.influx_place import DATA_CLASS
from stores.influx_reads import InfluxReads
from stores.telemetry_bulk import PAGE_ROWS, pages_of

ADDRESS_MAX = 4_000
"""Letters of a request that name devices: proxies take 8 KiB in all (nginx's default)."""
_LETTERS = 60
"""What naming one device takes besides its name."""


class InfluxBulk(InfluxReads):
    """Reads many devices at once."""

    def of_devices(
        self, measurement: str, device_ids: Sequence[str], from_ms: int, to_ms: int
    ) -> Iterator[Sequence[Row]]:
        """Rows of these devices in [from_ms, to_ms], device after device, ascending in each.

        Raises:
            StoreError: The server does not answer.
        """
        for some in _requests(device_ids):
            counts = self._counts(measurement, some, (from_ms, to_ms))
            for few in _packed(some, counts):
                if counts[few[0]] > PAGE_ROWS:
                    yield from pages_of(self, measurement, few[0], from_ms, to_ms)
                else:
                    yield self._together(measurement, few, (from_ms, to_ms))

    def _counts(
        self, measurement: str, device_ids: Sequence[str], period: tuple[int, int]
    ) -> dict[str, int]:
        """Number of rows of each device that has any."""
        found = self._by_device(
            measurement, device_ids, period, 'count("seq") AS "rows"', ["time", "rows"]
        )
        return {device_id: int(rows[0][1] or 0) for device_id, rows in found.items() if rows}

    def _together(
        self, measurement: str, device_ids: Sequence[str], period: tuple[int, int]
    ) -> list[Row]:
        columns = ["time", "seq", *MEASUREMENTS[measurement]]
        listed = ", ".join(f'"{column}"' for column in columns[1:])
        found = self._by_device(measurement, device_ids, period, listed, columns)
        return [
            row
            for device_id in device_ids
            for row in sorted(
                (row_of(measurement, device_id, values) for values in found.get(device_id, ())),
                key=lambda row: (row.t_ms, row.seq),
            )
        ]

    def _by_device(
        self,
        measurement: str,
        device_ids: Sequence[str],
        period: tuple[int, int],
        listed: str,
        columns: Sequence[str],
    ) -> Mapping[str, Sequence[Sequence[float | int | str | None]]]:
        """One SELECT on some devices and a period (both ends belong to it)."""
        tags = {f"d{number}": tag_of(name) for number, name in enumerate(device_ids)}
        which = " OR ".join(f'"device" = ${name}' for name in tags)
        query = (
            f'SELECT {listed} FROM "{measurement}" WHERE ({which}) '  # noqa: S608 - names are our own
            'AND time >= $from AND time < $to GROUP BY "device"'
        )
        bound: dict[str, str | int] = {
            **tags,
            "from": period[0] * NS_PER_MS,
            "to": (period[1] + 1) * NS_PER_MS,
        }
        names = dict(zip(tags.values(), device_ids, strict=True))
        found = self._query.by_tag(DATA_CLASS[measurement], query, bound, columns, tag="device")
        return {names[tag]: rows for tag, rows in found.items()}


def _requests(device_ids: Sequence[str]) -> Iterator[list[str]]:
    """The devices in lots that one request can name."""
    letters = (len(quote(tag_of(each), safe="")) + _LETTERS for each in device_ids)
    return _lots(zip(device_ids, letters, strict=True), ADDRESS_MAX)


def _packed(device_ids: Sequence[str], counts: Mapping[str, int]) -> Iterator[list[str]]:
    """Devices that have rows, in their order, as many at once as have a page of rows together."""
    return _lots(((each, counts[each]) for each in device_ids if counts.get(each)), PAGE_ROWS)


def _lots(weighed: Iterable[tuple[str, int]], most: int) -> Iterator[list[str]]:
    """Names in their order, as many at once as weigh no more than ``most``; at least one."""
    lot: list[str] = []
    weight = 0
    for name, more in weighed:
        if lot and weight + more > most:
            yield lot
            lot, weight = [], 0
        lot.append(name)
        weight += more
    if lot:
        yield lot
