"""Status files ``run/{part}.json``: every part says about once a second how it is."""

import errno
import os
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from parkguard.private_files import replace_private

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT}


class PartStatus(msgspec.Struct, frozen=True, kw_only=True):
    """What one part said last.

    Attributes:
        at_ms: When, ms UTC.
        started_ms: When its process started, ms UTC.
        reason: Why it is not ready, or "".
        metrics: Names without the ``parkguard_`` prefix.
    """

    part: str
    pid: int
    at_ms: int
    started_ms: int
    ready: bool
    reason: str = ""
    metrics: dict[str, float] = {}


class StatusFile:
    """Writes one part's status; the ``StatusSink`` port of ingest, alerts and api.

    Args:
        run_dir: ``data_dir/run``.
        part: The file's name.
        wall_ms: Wall clock, ms UTC.
    """

    def __init__(self, run_dir: Path, part: str, *, wall_ms: Callable[[], int]) -> None:
        run_dir.mkdir(parents=True, exist_ok=True)
        self._path = run_dir / f"{part}.json"
        self._part = part
        self._wall_ms = wall_ms
        self._started_ms = wall_ms()

    def write(self, *, ready: bool, reason: str, metrics: Mapping[str, float]) -> None:
        """Replace the file; readers see the old or the new status, never a part of one.

        On a full disk it is overwritten where it stands: a part that falls silent would be taken
        for stuck, and one that dies of it could not say why.
        """
        status = PartStatus(
            part=self._part,
            pid=os.getpid(),
            at_ms=self._wall_ms(),
            started_ms=self._started_ms,
            ready=ready,
            reason=reason,
            metrics=dict(metrics),
        )
        content = msgspec.json.encode(status)
        try:
            replace_private(self._path, content)
        except OSError as exc:
            if exc.errno not in _NO_ROOM or not self._path.exists():
                raise
            with self._path.open("r+b", buffering=0) as file:
                file.write(content.ljust(self._path.stat().st_size))


def read_all(run_dir: Path) -> dict[str, PartStatus]:
    """Give the last status of every part that ever wrote one; other files are passed over."""
    found: dict[str, PartStatus] = {}
    for path in sorted(run_dir.glob("*.json")):
        try:
            status = msgspec.json.decode(path.read_bytes(), type=PartStatus)
        except (FileNotFoundError, msgspec.DecodeError):
            continue  # up.json and ports.json have another form
        found[status.part] = status
    return found
