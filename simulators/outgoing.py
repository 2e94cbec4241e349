"""What a simulated device hands to the publisher, and the messages that frame its life."""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b
from typing import Literal, Protocol

import numpy as np

from simulators.encode import State, encode

DeviceKind = Literal["trk", "chg", "cam"]
_BASE32 = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's, as in the ev_id of docs/wire.md
_EV_PER_MS = 32 * 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """One message on its way to the broker; it counts as one record in the books.

    Attributes:
        seq: Its number in the device's power-on; None = it carries none.
    """

    device_id: str
    cls: DeviceKind
    channel: str
    payload: bytes
    retain: bool = False
    seq: int | None = None

    def topic(self, root: str) -> str:
        """Give the topic below ``root`` (docs/wire.md, Topics)."""
        return f"{root}/up/{self.cls}/{self.device_id}/{self.channel}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who a device is in one power-on.

    Attributes:
        boot: Names this power-on; a new run of the simulator is a new boot, whatever the seed.
        next_s: Report interval promised at birth, seconds.
    """

    device_id: str
    cls: DeviceKind
    boot: str
    next_s: float

    def birth(self, t_ms: int, *, reason: str) -> Outgoing:
        """Say that the device is there."""
        return self._state("online", t_ms, reason=reason, next_s=self.next_s)

    def will(self, t_ms: int) -> Outgoing:
        """Leave with the broker what it says when the connection dies."""
        return self._state("lost", t_ms, reason="connection_lost")

    def farewell(self, t_ms: int) -> Outgoing:
        """Say that the device leaves on purpose."""
        return self._state("disconnected", t_ms, reason="power_off")

    def _state(
        self,
        state: Literal["online", "sleeping", "disconnected", "lost"],
        t_ms: int,
        *,
        reason: str,
        next_s: float | None = None,
    ) -> Outgoing:
        if next_s is None:
            payload = State(id=self.device_id, state=state, t=t_ms, boot=self.boot, reason=reason)
        else:
            payload = State(
                id=self.device_id,
                state=state,
                t=t_ms,
                boot=self.boot,
                reason=reason,
                next_s=next_s,
            )
        return Outgoing(
            device_id=self.device_id,
            cls=self.cls,
            channel="state",
            payload=encode(payload),
            retain=True,
        )


class Actor(Protocol):
    """One simulated device: it knows when it acts next and what it then says.

    Time is seconds since the start of the run and planned, not measured: two runs of one seed
    say the same however late the machine was.
    """

    @property
    def identity(self) -> Identity:
        """Who it is."""
        ...

    @property
    def due_s(self) -> float:
        """When it acts next; infinity = never again."""
        ...

    def act(self) -> list[Outgoing]:
        """Act at ``due_s`` and move on to the next moment."""
        ...


ToWall = Callable[[float], int]
"""Seconds since the start of the run -> wall clock, ms UTC."""


def wall_from(start_ms: int) -> ToWall:
    """Give the wall clock of a run that started at ``start_ms``."""
    return lambda at_s: start_ms + round(at_s * 1000.0)


def boot_id(device_id: str, start_ms: int) -> str:
    """Name a power-on: 8 hex digits from who and when."""
    return blake2b(f"{device_id}@{start_ms}".encode(), digest_size=4).hexdigest()


def event_id(t_ms: int, count: int) -> str:
    """Give an ``ev_id``: 10 digits of time and 2 of a per-device count, base 32."""
    number = t_ms * _EV_PER_MS + count % _EV_PER_MS
    digits = []
    for _ in range(12):
        number, digit = divmod(number, 32)
        digits.append(_BASE32[digit])
    return "".join(reversed(digits))


def generator(seed: int, *names: str) -> np.random.Generator:
    """Give the random numbers of one named part of a run; parts do not disturb each other."""
    digest = blake2b("/".join(names).encode(), digest_size=16).digest()
    words = [int.from_bytes(digest[i : i + 4], "big") for i in range(0, 16, 4)]
    return np.random.default_rng([seed, *words])
