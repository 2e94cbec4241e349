"""How available devices were over a period, from the changes of their health. Pure, vectorised.

What counts (health.md: maintenance excluded):

- A device is counted from the first change that is known of it, which is its registration; before,
  while in maintenance and when retired it is not.
- Available are online, late, and sleeping within its promise (beyond it a sleeper is late, then
  offline). Offline and never heard are not.
- Degraded is available while a cause stood that is none of presence (``PRESENCE_CAUSES``).

A period lies in the past: nobody knows how long what is now will last.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum

import numpy as np
from numpy.typing import NDArray

from devices.causes import PRESENCE_CAUSES
from devices.model import AdminState
from devices.presence import Presence

Ints = NDArray[np.int64]


class State(IntEnum):
    """What a device's time is spent in: presence, or what staff said of it."""

    UNKNOWN = Presence.UNKNOWN
    ONLINE = Presence.ONLINE
    LATE = Presence.LATE
    OFFLINE = Presence.OFFLINE
    SLEEPING = Presence.SLEEPING
    MAINTENANCE = 5
    RETIRED = 6

    @property
    def word(self) -> str:
        """The stable lower-case word used by the API."""
        return self.name.lower()


AVAILABLE = (State.ONLINE, State.LATE, State.SLEEPING)
COUNTED = (*AVAILABLE, State.OFFLINE, State.UNKNOWN)
ADMIN_CODE = {AdminState.ACTIVE: 0, AdminState.MAINTENANCE: 1, AdminState.RETIRED: 2}
"""How ``Changes.admin`` says it."""
_STATES = len(State)


class By(StrEnum):
    """What availability is asked by."""

    SITE = "site"
    DISTRICT = "district"
    VENDOR = "vendor"
    MODEL = "model"
    CLASS = "class"


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """Columns of the health log, ascending by slot, and of one slot by journal entry.

    Attributes:
        slot: Whose.
        at_ms: Wall ms UTC.
        presence: ``Presence``.
        causes: ``Cause`` bits.
        admin: ``ADMIN_CODE``.
    """

    slot: Ints
    at_ms: Ints
    presence: NDArray[np.uint8]
    causes: Ints
    admin: NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """How devices spent a period.

    Attributes:
        slots: Devices, ascending.
        ms: By device and ``State``, shape (devices, states).
        degraded_ms: By device: available, and a cause stood.
    """

    slots: Ints
    ms: Ints
    degraded_ms: Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A device, or a group of devices, over a period.

    Attributes:
        key: What they have in common; "" = nothing was said.
        devices: How many of them were counted at all.
        ms: By ``State``.
        degraded_ms: Available, and a cause stood.
        worst_slot: The least available one of them; None = none was counted.
        worst: Its share, [0, 1].
    """

    key: str
    devices: int
    ms: tuple[int, ...]
    degraded_ms: int
    worst_slot: int | None
    worst: float | None

    @property
    def counted_ms(self) -> int:
        """The time that counts."""
        return sum(self.ms[state] for state in COUNTED)

    @property
    def available(self) -> float | None:
        """Available time of the time that counts, [0, 1]; None = none counts."""
        counted = self.counted_ms
        return sum(self.ms[state] for state in AVAILABLE) / counted if counted else None

    @property
    def degraded(self) -> float | None:
        """Degraded time of the time that counts, [0, 1]; None = none counts."""
        return self.degraded_ms / self.counted_ms if self.counted_ms else None


def spend(changes: Changes, begin_ms: int, end_ms: int) -> Spent:
    """Add up a period.

    Of a wall clock that was put back in between, time is counted once: what came before it in
    the journal is over when it was.

    Args:
        changes: All of the period, and of each device the newest before it.
        begin_ms: Begin of the period, wall ms UTC.
        end_ms: Its end, at most now.
    """
    span_ms = max(0, end_ms - begin_ms)
    slots, first = np.unique(changes.slot, return_index=True)
    if not len(slots):
        return Spent(slots=slots, ms=np.zeros((0, _STATES), np.int64), degraded_ms=slots)
    group = np.zeros(len(changes.slot), np.int64)
    group[first[1:]] = 1
    group = np.cumsum(group)
    floor = group * (span_ms + 1)
    since = np.maximum.accumulate(floor + np.clip(changes.at_ms - begin_ms, 0, span_ms)) - floor
    until = np.empty_like(since)
    until[:-1] = since[1:]
    until[np.append(first[1:], len(since)) - 1] = span_ms
    lasted = (until - since).astype(np.float64)  # exact: far below 2**53
    state = changes.presence.astype(np.int64)
    state[changes.admin == ADMIN_CODE[AdminState.MAINTENANCE]] = State.MAINTENANCE
    state[changes.admin == ADMIN_CODE[AdminState.RETIRED]] = State.RETIRED
    sums = np.bincount(group * _STATES + state, lasted, minlength=len(slots) * _STATES)
    wrong = (changes.causes & ~np.int64(PRESENCE_CAUSES)) != 0
    wrong &= np.isin(state, AVAILABLE)
    degraded = np.bincount(group[wrong], lasted[wrong], minlength=len(slots))
    return Spent(
        slots=slots,
        ms=sums.reshape(len(slots), _STATES).astype(np.int64),
        degraded_ms=degraded.astype(np.int64),
    )


def lines(spent: Spent, keys: Sequence[str]) -> list[Line]:
    """Group devices; the least available group first, those of which nothing counts last.

    Args:
        spent: What they did.
        keys: What each belongs to, in the order of ``spent.slots``.
    """
    if not len(spent.slots):
        return []
    names, group = np.unique(np.array(keys, np.str_), return_inverse=True)
    counted = spent.ms[:, COUNTED].sum(axis=1)
    shares = np.full(len(counted), np.inf)
    np.divide(spent.ms[:, AVAILABLE].sum(axis=1), counted, out=shares, where=counted > 0)
    order = np.lexsort((spent.slots, shares, group))
    worst = order[np.unique(group[order], return_index=True)[1]]
    sums = np.zeros((len(names), _STATES), np.int64)
    np.add.at(sums, group, spent.ms)
    degraded = np.zeros(len(names), np.int64)
    np.add.at(degraded, group, spent.degraded_ms)
    devices = np.bincount(group[counted > 0], minlength=len(names))
    found = [
        Line(
            key=str(name),
            devices=int(devices[k]),
            ms=tuple(sums[k].tolist()),
            degraded_ms=int(degraded[k]),
            worst_slot=int(spent.slots[worst[k]]) if devices[k] else None,
            worst=float(shares[worst[k]]) if devices[k] else None,
        )
        for k, name in enumerate(names)
    ]
    return sorted(found, key=lambda line: (_last_if_none(line.available), line.key))


def _last_if_none(share: float | None) -> float:
    return 2.0 if share is None else share


class Ledger:
    """Adds a long period up piece by piece, so that nobody holds a month of a city at once."""

    def __init__(self, slots: Ints, before: Changes, begin_ms: int) -> None:
        """Begin.

        Args:
            slots: Whose, ascending; others are passed over.
            before: Of each the newest change before the period, if there is one.
            begin_ms: Begin of the period, wall ms UTC.
        """
        self._slots = slots
        self._ms = np.zeros((len(slots), _STATES), np.int64)
        self._degraded_ms = np.zeros(len(slots), np.int64)
        self._last = _of(before, _known(slots, before.slot))
        self._at_ms = begin_ms

    def add(self, changes: Changes, until_ms: int) -> None:
        """Take the next piece: what changed from where it stands until then, ascending as usual."""
        begin_ms = self._at_ms
        fresh = _of(changes, _known(self._slots, changes.slot))
        every = _one_after_another(self._last, fresh)
        spent = spend(every, begin_ms, until_ms)
        where = np.searchsorted(self._slots, spent.slots)
        self._ms[where] += spent.ms
        self._degraded_ms[where] += spent.degraded_ms
        ends = np.flatnonzero(np.append(np.diff(every.slot) != 0, [True] * bool(len(every.slot))))
        self._last = _of(every, ends)
        self._at_ms = until_ms

    def spent(self) -> Spent:
        """Everything so far; who was never counted has no time."""
        return Spent(slots=self._slots, ms=self._ms, degraded_ms=self._degraded_ms)


def _known(slots: Ints, asked: Ints) -> Ints:
    """Where in ``asked`` one of ``slots`` stands."""
    if not len(slots):
        return np.zeros(0, np.int64)
    place = np.minimum(np.searchsorted(slots, asked), len(slots) - 1)
    return np.flatnonzero(slots[place] == asked)


def _of(changes: Changes, where: Ints) -> Changes:
    return Changes(
        slot=changes.slot[where],
        at_ms=changes.at_ms[where],
        presence=changes.presence[where],
        causes=changes.causes[where],
        admin=changes.admin[where],
    )


def _one_after_another(old: Changes, new: Changes) -> Changes:
    """Both in one, of each device the old before the new."""
    order = np.argsort(np.concatenate([old.slot, new.slot]), kind="stable")
    return Changes(
        slot=np.concatenate([old.slot, new.slot])[order],
        at_ms=np.concatenate([old.at_ms, new.at_ms])[order],
        presence=np.concatenate([old.presence, new.presence])[order],
        causes=np.concatenate([old.causes, new.causes])[order],
        admin=np.concatenate([old.admin, new.admin])[order],
    )
