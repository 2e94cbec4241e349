"""When a tracker reports, sleeps, wakes and listens: its power is a battery's.

Parked it reports once per heartbeat and sleeps between; a shake wakes it; the first position after
that takes up to a minute (cold start); asleep it hears no command. Sources: docs/health.md (3,600 s
parked), docs/domain.md 1.2 (first fix up to 1 min; 60 s while tracking a bicycle).
"""

import math
from dataclasses import dataclass

import numpy as np

FIRST_FIX_S = (10.0, 60.0)
"""From waking to the first position. Source: docs/domain.md 1.2, K2: up to 1 min; 10 s assumed."""
AWAKE_S = 120.0
"""Awake so long after the last shake or step: assumed, below the 180 s of a wired parked one."""
RADIO_S = (0.5, 4.0)
"""From the broker's hands to a listening tracker: assumed, 2G and LTE-M with the radio idle."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """How often one tracker reports and whether it can be asked.

    Attributes:
        report_s: Between two reports while awake.
        heartbeat_s: Between two reports parked and asleep; 0 = it never sleeps.
        takes_commands: Says in its ``info`` that it can be asked.
        deaf: ... and does not answer all the same.
    """

    report_s: float
    heartbeat_s: float = 0.0
    takes_commands: bool = False
    deaf: bool = False


class Duty:
    """One tracker's rhythm over time; seconds since the start of the run."""

    def __init__(self, rhythm: Rhythm, rng: np.random.Generator) -> None:
        """Parked and asleep, where it sleeps at all."""
        self.rhythm = rhythm
        self._rng = rng
        self._awake_until_s = -math.inf
        self._ready_s = -math.inf
        self._asked_s = 0.0
        self._asked_until_s = -math.inf

    def first_s(self) -> float:
        """When the first report comes: anywhere in the first interval."""
        return float(self._rng.uniform(0.0, self.rhythm.heartbeat_s or self.rhythm.report_s))

    def is_awake(self, now_s: float) -> bool:
        """Whether it listens."""
        if not self.rhythm.heartbeat_s:
            return True
        return now_s < max(self._awake_until_s, self._asked_until_s)

    def hears(self, now_s: float) -> bool:
        """Whether a command that comes now is heard and will be answered."""
        rhythm = self.rhythm
        return rhythm.takes_commands and not rhythm.deaf and self.is_awake(now_s)

    def interval_s(self, now_s: float) -> float:
        """Between this report and the next."""
        rhythm = self.rhythm
        if now_s < self._asked_until_s:
            return self._asked_s
        return rhythm.report_s if self.is_awake(now_s) else rhythm.heartbeat_s

    def stir(self, now_s: float, fix_s: float) -> tuple[bool, float]:
        """It is shaken: whether that woke it, and when the next report comes."""
        slept = not self.is_awake(now_s)
        self._awake_until_s = now_s + AWAKE_S
        if not slept:
            return False, max(min(fix_s, now_s + self.interval_s(now_s)), self._ready_s)
        self._ready_s = now_s + float(self._rng.uniform(*FIRST_FIX_S))
        return True, self._ready_s

    def reported(self, now_s: float, *, moving: bool) -> float:
        """It reports now: when the next report comes."""
        if moving and self.rhythm.heartbeat_s:
            self._awake_until_s = max(self._awake_until_s, now_s + AWAKE_S)
        return now_s + self.interval_s(now_s)

    def radio_s(self) -> float:
        """How long a word takes to reach it."""
        return float(self._rng.uniform(*RADIO_S))

    def ask(self, now_s: float, *, every_s: float, for_s: float) -> float:
        """Report so often from now on, for so long (0 = until told otherwise); when it begins.

        ``every_s`` 0: as often as by itself again.
        """
        self._asked_s = every_s
        until_s = now_s + for_s if for_s else math.inf
        self._asked_until_s = until_s if every_s else -math.inf
        return max(now_s + self.interval_s(now_s), self._ready_s)

    def fix_from_s(self, now_s: float) -> float:
        """When it can say where it is: now, or at the end of a cold start."""
        return max(now_s, self._ready_s)
