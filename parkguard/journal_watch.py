"""The receiver's status with the room of the journal's disk: an alarm before intake stops."""

from collections.abc import Mapping
from pathlib import Path

import structlog

from ingest.ports import StatusSink
from parkguard.settings import JournalSettings
from stores.journal_files import free_bytes

log = structlog.get_logger()
MIB = 1_048_576


class JournalWatch:
    """A ``StatusSink`` that adds the room to what it is given, and says once when it gets short.

    Args:
        status: Where it all goes.
        folder: The journal.
        settings: Its limits.
    """

    def __init__(self, status: StatusSink, folder: Path, settings: JournalSettings) -> None:
        self._status = status
        self._folder = folder
        self._settings = settings
        self._short = False

    def write(self, *, ready: bool, reason: str, metrics: Mapping[str, float]) -> None:
        """Look at the disk, say a change, and replace the status."""
        free = free_bytes(self._folder)
        short = free < self._settings.alarm_bytes
        if short != self._short:
            self._short = short
            self._say(free // MIB)
        room = {
            "journal_free_bytes": float(free),
            "journal_reserve_bytes": float(self._settings.reserve_bytes),
            "journal_disk_short": float(short),
        }
        self._status.write(ready=ready, reason=reason, metrics={**metrics, **room})

    def _say(self, free_mib: int) -> None:
        stops_below_mib = self._settings.reserve_bytes // MIB
        if self._short:
            log.error("journal_disk_short", free_mib=free_mib, intake_stops_below=stops_below_mib)
        else:
            log.info("journal_disk_roomy", free_mib=free_mib)
