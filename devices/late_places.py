"""Places that came late wait for distances and units: each step takes one of every tracker.

A batch of a hundred kept fixes is a hundred steps of one tracker, 18 ms of a core, and what happens
now waited for them. Of many trackers at once a step costs hardly more than of one. What a tracker
says while some of its places wait stands behind them, so that the outcome is the same.
"""

from collections import deque
from collections.abc import Iterator

import msgspec

from devices.admitted import Record
from devices.odometer import Place, Places, place_of, places_of
from devices.readings import Flag

ROUNDS_PER_TICK = 20
"""Steps a second: 4 ms of a core (measured 2026-11-29); a kept day of 17,280 fixes takes 15 min."""
_LATE = int(Flag.LATE | Flag.BACKFILL)


class LatePlacesState(msgspec.Struct):
    """For checkpoints: places in order, by slot."""

    waiting: dict[int, list[Place]] = {}


class LatePlaces:
    """Places that wait, by slot."""

    def __init__(self) -> None:
        """Nothing waits."""
        self._waiting: dict[int, deque[Place]] = {}

    def __len__(self) -> int:
        """Of how many trackers places wait."""
        return len(self._waiting)

    def put(self, records: list[Record]) -> list[Record]:
        """Take those that came late, or stand behind some that did; the others, in order."""
        waiting = self._waiting
        if not waiting and not any(record.reading.flags & _LATE for record in records):
            return records
        now: list[Record] = []
        for record in records:
            slot = record.device.slot
            if not record.reading.flags & _LATE and slot not in waiting:
                now.append(record)
            elif (place := place_of(record)) is not None:
                waiting.setdefault(slot, deque()).append(place)
        return now

    def take(self, rounds: int = ROUNDS_PER_TICK) -> Iterator[Places]:
        """At most so many rounds, each with the oldest place of every tracker that waits."""
        waiting = self._waiting
        for _ in range(rounds):
            if not waiting:
                return
            yield places_of([places.popleft() for places in waiting.values()])
            for slot in [slot for slot, places in waiting.items() if not places]:
                del waiting[slot]

    def rest(self) -> Iterator[Places]:
        """All of them."""
        while self._waiting:
            yield from self.take()

    def dump(self) -> LatePlacesState:
        """State for a checkpoint."""
        return LatePlacesState({slot: list(places) for slot, places in self._waiting.items()})

    def load(self, state: LatePlacesState) -> None:
        """Take the state of a checkpoint."""
        self._waiting = {slot: deque(places) for slot, places in state.waiting.items()}
