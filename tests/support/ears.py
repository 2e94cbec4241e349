"""Who knows when devices speak, in the test's hands (``alerts.silence.Hearing``)."""

import numpy as np
from numpy.typing import NDArray


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

    def works(self, slot: int) -> bool:
        """Unless it is broken."""
        return slot not in self.broken
