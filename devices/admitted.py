"""What admission gives: accepted records and refusals, and the books they are counted in."""

from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

from devices.entry import Entry
from devices.errors import WireError, WireReason
from devices.model import Device
from devices.readings import AnyReading

Books = Counter[tuple[str, str]]
"""Counts by (name, reason), e.g. ("quarantined", "utf8")."""
ITEM_STEP = 1_000
"""Two refusals of one entry never have one number: the second one's is higher by this."""


class Record(NamedTuple):
    """One accepted record of a registered device, bound as it was at the reading's time."""

    entry: Entry
    device: Device
    reading: AnyReading


as_record = partial(tuple.__new__, Record)
"""A record of its three parts, at half the cost of calling the class: once a message."""


class Refusal(NamedTuple):
    """One refused message (item -1) or item of one; ``payload`` can be run again by itself."""

    entry: Entry
    item: int
    device_id: str
    reason: WireReason
    detail: str
    payload: bytes


class Admitted(NamedTuple):
    """What a run of entries gave, in order.

    ``duplicates`` has the device of each, ``numbers`` (entry, item) of the refusals, ``gapped`` the
    devices whose gaps changed.
    """

    records: list[Record]
    refusals: list[Refusal]
    duplicates: list[str]
    numbers: set[tuple[int, int]]
    gapped: set[str]


@dataclass(slots=True)
class Run:
    """Messages on their way, one after the other, and where what comes of them goes.

    ``now_ms`` is 0 for messages of now; for those that were held, the time they are run again.
    """

    admitted: Admitted
    books: Books
    now_ms: int = 0
    entry: Entry = field(init=False)

    def refuse(self, item: int, device_id: str, error: WireError, payload: bytes) -> None:
        """Count and keep what is refused."""
        refusals, numbers = self.admitted.refusals, self.admitted.numbers
        while (self.entry.seq, item) in numbers:
            item += ITEM_STEP
        numbers.add((self.entry.seq, item))
        self.books["received", ""] += 1
        self.books["quarantined", error.reason] += 1
        refusals.append(Refusal(self.entry, item, device_id, error.reason, error.detail, payload))


def count(admitted: Admitted, books: Books) -> None:
    """Once a run of entries: counting one by one costs more than taking a record."""
    for name, numbers in (("accepted", admitted.records), ("duplicate", admitted.duplicates)):
        if numbers:
            books["received", ""] += len(numbers)
            books[name, ""] += len(numbers)


def in_measured_order(records: list[Record], begin: int) -> None:
    """Sort what one message gave, from ``begin`` on: order is never that of arrival (wire.md)."""
    if len(records) - begin > 1:
        records[begin:] = sorted(records[begin:], key=measured)


def measured(record: Record) -> tuple[int, int]:
    """Time and number of a record."""
    return record.reading.t_ms, record.reading.seq or 0
