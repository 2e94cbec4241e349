"""What devices say on a day, and what is done to it on the way: ordinary life and faults.

A healthy device is an actor of the other modules; everything that goes wrong is a filter behind
it. So the same code makes the noise and the fault, and nothing else differs.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple, Protocol, TypeVar

import msgspec

from simulators.outgoing import Actor, Outgoing, wall_from

START_MS = 1_764_000_000_000
"""2025-11-24 16:00:00 UTC: midnight at Hefei, so that a day is a day of its money."""
DAY_S = 86_400.0
HOUR_S = 3_600.0

_T = TypeVar("_T")


class Said(NamedTuple):
    """One message: when it leaves the device (s after ``START_MS``), who, which channel, bytes."""

    at_s: float
    cls: str
    device_id: str
    channel: str
    payload: bytes


class Filter(Protocol):
    """Something between a device and the broker."""

    def take(self, said: Said) -> list[Said]:
        """What becomes of one message; messages come in the order of their times."""
        ...

    def rest(self) -> list[Said]:
        """What is said besides, told at the end of the day; in any order."""
        ...


class Changing:
    """A filter that changes messages one by one; what ``change`` gives as None is lost."""

    def __init__(self, change: Callable[[Said], Said | None]) -> None:
        """Take the change."""
        self._change = change

    def take(self, said: Said) -> list[Said]:
        """The changed message, or none."""
        changed = self._change(said)
        return [] if changed is None else [changed]

    def rest(self) -> list[Said]:
        """Nothing besides."""
        return []


class Adding:
    """A filter that changes nothing and says something besides."""

    def __init__(self, more: Iterable[Said]) -> None:
        """Say these."""
        self._more = list(more)

    def take(self, said: Said) -> list[Said]:
        """As it is."""
        return [said]

    def rest(self) -> list[Said]:
        """The additions."""
        return self._more


def wall_ms(at_s: float) -> int:
    """Wall clock of a moment of the day, ms UTC."""
    return START_MS + round(at_s * 1000.0)


def to_wall_of(off_s: float) -> Callable[[float], int]:
    """The clock of a device that is ``off_s`` ahead."""
    return wall_from(START_MS + round(off_s * 1000.0))


def decoded(said: Said, type_: type[_T]) -> _T:
    """A payload as its value."""
    return msgspec.json.decode(said.payload, type=type_)


def said_by(actor: Actor, filters: Iterable[Filter], *, until_s: float) -> Iterator[Said]:
    """Everything an actor says before ``until_s``, after its filters; not in order."""
    chain = list(filters)
    while (due_s := actor.due_s) < until_s:
        for outgoing in actor.act():
            yield from _through(chain, 0, of_outgoing(due_s, outgoing))
    for k, one in enumerate(chain):
        for said in one.rest():
            yield from _through(chain, k + 1, said)


def of_outgoing(at_s: float, outgoing: Outgoing) -> Said:
    """An actor's message at its time."""
    return Said(at_s, outgoing.cls, outgoing.device_id, outgoing.channel, outgoing.payload)


def _through(chain: list[Filter], first: int, said: Said) -> list[Said]:
    messages = [said]
    for one in chain[first:]:
        messages = [passed for message in messages for passed in one.take(message)]
    return messages
