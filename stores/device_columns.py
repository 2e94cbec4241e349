"""Devices in columns of small numbers, ascending by slot: each word once, a number per device.

About 36 bytes a device, and 150 for its name.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from devices.device_filter import ADMIN_STATES, FoundDevices, KnownDevice
from devices.model import SYNTHETIC_ID


class Line(NamedTuple):
    """What is kept of a device.

    Attributes:
        of_people: Its vehicle is none of theirs when this is ``SYNTHETIC_ID``; else "".
    """

    slot: int
    id: str
    cls: str
    admin: str
    area: str
    site_id: str | None
    vendor: str
    model: str
    of_people: str


WORDS = Line._fields[2:]
"""Columns of words; the others are the slot and the name."""
_ADMIN, _AREA, _HIDDEN = map(WORDS.index, ("admin", "area", "of_people"))


class DeviceColumns:
    """All devices. One thread changes it; ``named`` may be asked by others meanwhile."""

    def __init__(self) -> None:
        """Know nothing."""
        self.count = 0
        self._slots = np.zeros(0, np.int64)
        self._numbers = np.zeros((len(WORDS), 0), np.int32)
        self._words: list[dict[str, int]] = [{} for _ in WORDS]
        self._words[_ADMIN] = {state.value: k for k, state in enumerate(ADMIN_STATES)}
        self._areas: list[str] = []
        self._places: dict[str, int] = {}

    @property
    def last_slot(self) -> int:
        """The highest one, 0 when empty."""
        return int(self._slots[self.count - 1]) if self.count else 0

    def add(self, lines: Sequence[Line]) -> None:
        """Take devices with slots above ``last_slot``, ascending."""
        begin, end = self.count, self.count + len(lines)
        if end > len(self._slots):
            size = max(end, 2 * len(self._slots))
            slots, numbers = np.zeros(size, np.int64), np.zeros((len(WORDS), size), np.int32)
            slots[:begin], numbers[:, :begin] = self._slots[:begin], self._numbers[:, :begin]
            self._slots, self._numbers = slots, numbers
        self._slots[begin:end] = [line.slot for line in lines]
        self._numbers[:, begin:end] = self._numbered(lines)
        self._places.update((line.id, place) for place, line in enumerate(lines, begin))
        self.count = end

    def change(self, lines: Sequence[Line]) -> None:
        """Take what is said of devices now; who is not known yet is passed over."""
        for line in lines:
            place = self._places.get(line.id)
            if place is not None:
                self._numbers[:, place] = self._numbered([line])[:, 0]

    def _numbered(self, lines: Sequence[Line]) -> NDArray[np.int32]:
        """Words as their numbers, a column per device; a new word gets the next number."""
        columns = list(zip(*lines, strict=True))[2:]
        pairs = zip(self._words, columns, strict=True)
        numbers = np.array([_numbers(known, words) for known, words in pairs], np.int32)
        self._areas += list(self._words[_AREA])[len(self._areas) :]
        return numbers

    def named(self, device_id: str, areas: Collection[str]) -> KnownDevice | None:
        """A device if staff of these areas see it."""
        place = self._places.get(device_id)
        if place is None:
            return None
        numbers = self._numbers[:, place].tolist()
        if numbers[_HIDDEN] == self._words[_HIDDEN].get(SYNTHETIC_ID):
            return None
        if not self._areas[numbers[_AREA]].startswith(tuple(areas)):
            return None
        admin = ADMIN_STATES[numbers[_ADMIN]]
        return KnownDevice(id=device_id, slot=int(self._slots[place]), admin=admin)

    def of_staff(self, areas: Collection[str]) -> NDArray[np.bool_]:
        """Whom staff of these areas see, as ``stores.queries.in_scope`` says."""
        hidden = self.where("of_people", lambda vehicle: vehicle == SYNTHETIC_ID)
        return self.begins("area", areas) & ~hidden

    def begins(self, column: str, prefixes: Collection[str]) -> NDArray[np.bool_]:
        """Of each device, whether its word begins with one of these."""
        wanted = tuple(prefixes)
        return self.where(column, lambda word: word.startswith(wanted))

    def where(self, column: str, wanted: Callable[[str], bool]) -> NDArray[np.bool_]:
        """Of each device, whether its word is wanted; each word is asked about once."""
        k = WORDS.index(column)
        words = self._words[k]
        by_number = np.fromiter(map(wanted, words), np.bool_, len(words))
        return by_number[self._numbers[k, : self.count]]

    def have(self, slots: Sequence[int]) -> NDArray[np.bool_]:
        """Of each device, whether its slot is one of these."""
        return np.isin(self._slots[: self.count], np.array(slots, np.int64))

    def found(self, keep: NDArray[np.bool_]) -> FoundDevices:
        """Some of the devices."""
        admin = self._numbers[_ADMIN, : self.count][keep]
        return FoundDevices(slots=self._slots[: self.count][keep], admin=admin.astype(np.uint8))


def _numbers(known: dict[str, int], words: Iterable[object]) -> list[int]:
    return [known.setdefault(str(word or ""), len(known)) for word in words]
