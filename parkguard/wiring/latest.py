"""LatestState for those who only read it."""

from pathlib import Path

import numpy as np

from stores.latest_state import LatestStateFile, LatestVersionError


class LatestReader:
    """LatestState as the API reads it; the processor may make the file later."""

    def __init__(self, path: Path) -> None:
        """Open nothing yet."""
        self._path = path
        self._file: LatestStateFile | None = None

    def get(self, slot: int) -> np.void | None:
        """One row, None while there is none."""
        if self._file is None:
            try:
                self._file = LatestStateFile.create_or_open(self._path, writable=False)
            except (FileNotFoundError, LatestVersionError):
                return None  # the processor makes it, or makes it anew, when it starts
        return self._file.get(slot)
