"""Rows of many devices, device after device: what an export reads."""

from collections.abc import Iterator, Sequence
from typing import Protocol

from devices.telemetry import Row

PAGE_ROWS = 9_000
"""Rows a page: below what InfluxDB 1.6 gives at once, more than a device's day at 10 s."""


class Pages(Protocol):
    """A store that gives one device's rows page by page."""

    def rows(  # noqa: PLR0917 - the order of the key
        self,
        measurement: str,
        device_id: str,
        from_ms: int,
        to_ms: int,
        after: tuple[int, int] | None,
        limit: int,
    ) -> Sequence[Row]:
        """Rows of one measurement and device in [from_ms, to_ms], ascending by time and seq."""
        ...

    def close(self) -> None:
        """Let go of files and connections."""
        ...


def pages_of(
    store: Pages, measurement: str, device_id: str, from_ms: int, to_ms: int
) -> Iterator[Sequence[Row]]:
    """All rows of one device and period, a page at a time."""
    after: tuple[int, int] | None = None
    while page := store.rows(measurement, device_id, from_ms, to_ms, after, PAGE_ROWS):
        yield page
        if len(page) < PAGE_ROWS:
            return
        after = (page[-1].t_ms, page[-1].seq)


class PagedRows:
    """Asks for each device by itself: an embedded store has no way to go."""

    def __init__(self, store: Pages) -> None:
        """Read from ``store``."""
        self._store = store

    def of_devices(
        self, measurement: str, device_ids: Sequence[str], from_ms: int, to_ms: int
    ) -> Iterator[Sequence[Row]]:
        """Rows of these devices in [from_ms, to_ms], device after device, ascending in each.

        Raises:
            StoreError: The store cannot be read.
        """
        for device_id in device_ids:
            yield from pages_of(self._store, measurement, device_id, from_ms, to_ms)

    def close(self) -> None:
        """Close the store."""
        self._store.close()
