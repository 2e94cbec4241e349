"""Who knows when devices speak, in the test's hands (``alerts.silence.Hearing``)."""

import numpy as np
from numpy.typing import NDArray

from devices.causes import Cause
from devices.presence import Presence


class Ears:
    """What is missed, gone and working is what the test says."""

    def __init__(self) -> None:
        self.missing: dict[int, int] = {}
        self.broken: set[int] = set()
        self.gone: NDArray[np.int64] = np.zeros(0, np.int64)

    def missed(self, slots: list[int], slack_ms: int) -> list[int]:
        """As set."""
        assert slack_ms > 0
        return [self.missing.get(slot, 0) for slot in slots]

    def state_of(self, slot: int) -> tuple[int, int]:
        """Online, and frozen when it is broken."""
        return int(Presence.ONLINE), int(Cause.FROZEN) if slot in self.broken else 0
