"""LatestState for those who only read it."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from devices.latest import HealthColumns, blank_rows, health_of
from stores.latest_state import LatestStateFile, LatestVersionError


class LatestReader:
    """LatestState as the API reads it; the processor may make the file later."""

    def __init__(self, path: Path) -> None:
        """Open nothing yet."""
        self._path = path
        self._file: LatestStateFile | None = None

    def get(self, slot: int) -> np.void | None:
        """One row, None while there is none."""
        file = self._opened()
        return None if file is None else file.get(slot)

    def many(self, slots: NDArray[np.int64]) -> NDArray[np.void]:
        """Rows in the order of ``slots``, blank while there are none."""
        file = self._opened()
        return blank_rows(len(slots)) if file is None else file.many(slots)

    def health(self, slots: NDArray[np.int64]) -> HealthColumns:
        """Health of many devices, in the order of ``slots``."""
        file = self._opened()
        if file is None:
            return health_of(blank_rows(1), np.zeros(len(slots), np.int64))
        return file.health(slots)

    def _opened(self) -> LatestStateFile | None:
        if self._file is None:
            try:
                self._file = LatestStateFile.create_or_open(self._path, writable=False)
            except (FileNotFoundError, LatestVersionError):
                return None  # the processor makes it, or makes it anew, when it starts
        return self._file
