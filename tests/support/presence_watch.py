"""Presence of every device of a platform as the API shows it, looked at again and again."""

from collections import Counter

import numpy as np

from devices.presence import Presence
from stores.latest_state import LatestStateFile
from stores.schema import devices
from support.town import Town


class PresenceWatch:
    """Looks at LatestState from outside, as an API process does.

    Attributes:
        changes: Devices by presence, every time that this changed between two looks.
    """

    def __init__(self, town: Town) -> None:
        self._latest = LatestStateFile.create_or_open(
            town.settings.data_dir / "latest" / "latest.bin", writable=False
        )
        self._names = {row["slot"]: row["id"] for row in town.rows(devices)}
        self._slots = np.array(list(self._names), np.int64)
        self.changes: list[Counter[str]] = []

    def offline(self) -> list[str]:
        """Names of those that are offline."""
        rows = self._latest.many(self._slots)
        found = self._slots[rows["presence"] == Presence.OFFLINE]
        return [self._names[int(slot)] for slot in found]

    def heard_since(self, moment_ms: int) -> set[str]:
        """Who has spoken since; what changed meanwhile is noted."""
        rows = self._latest.many(self._slots)
        now = Counter(Presence(int(value)).word for value in rows["presence"])
        if self.changes[-1:] != [now]:
            self.changes.append(now)
        return {self._names[int(slot)] for slot in self._slots[rows["recv_ms"] > moment_ms]}

    def close(self) -> None:
        """Look no more."""
        self._latest.close()

    def everybody_but(self, names: list[str]) -> set[str]:
        """All other devices."""
        return set(self._names.values()) - set(names)
