"""mosquitto's persistence file: is it whole, is it fresh, and the last whole one kept beside it.

mosquitto 2.0.11 writes a new file and renames it over the old one. When the disk fills up within
the very last block, the cut off file replaces the good one, and the next start refuses it (tried).
A hard link to the last whole file costs no copying and outlives that.
"""

import mmap
import os
import shutil
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import structlog

from parkguard.clock import monotonic_s

_log = structlog.get_logger()

PERSISTENCE_FILE = "mosquitto.db"
KEPT_FILE = f"{PERSISTENCE_FILE}.kept"
_MAGIC = b"\x00\xb5\x00mosquitto db"
_HEAD_BYTES = len(_MAGIC) + 8
"""Magic, checksum and version, 4 bytes each. Source: mosquitto 2.0.11, src/persist.h."""
_CHUNK = struct.Struct(">II")
"""Kind and length of what follows. Source: as above."""
_REST = 20
"""Looking takes at most one part in so many of a processor, however long the file is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Saves:
    """How saving goes.

    Attributes:
        free_bytes: Left on the disk of the broker's folder.
        size_bytes: Of the last save; the next one needs as much before it replaces it.
        age_s: Since the last save or our start, seconds; 0 while there is none yet.
        is_whole: The last save was not cut off.
    """

    free_bytes: int
    size_bytes: int = 0
    age_s: float = 0.0
    is_whole: bool = True


class PersistenceFile:
    """The file in the broker's folder.

    Args:
        folder: The broker's folder.
        wall_ms: Wall clock, ms UTC; also what file times are compared with.
    """

    def __init__(self, folder: Path, *, wall_ms: Callable[[], int]) -> None:
        self.path = folder / PERSISTENCE_FILE
        self._kept = folder / KEPT_FILE
        self._wall_ms = wall_ms
        self._since_ms = wall_ms()
        self._seen = (0, 0)
        self._whole = True
        self._rest_until_s = 0.0

    def look(self) -> Saves:
        """Say how saving goes; a new file that is whole becomes the kept one."""
        free_bytes = shutil.disk_usage(self.path.parent).free
        began_s = monotonic_s()
        try:
            with self.path.open("rb") as file:
                found = os.fstat(file.fileno())
                mark = (found.st_ino, found.st_mtime_ns)
                if mark != self._seen and began_s >= self._rest_until_s:
                    self._whole = is_whole(file.fileno(), found.st_size)
                    self._seen = mark
                    if self._whole:
                        self._keep(found.st_ino)
        except FileNotFoundError:
            return Saves(free_bytes=free_bytes)
        now_s = monotonic_s()
        if now_s > self._rest_until_s:
            self._rest_until_s = now_s + (now_s - began_s) * _REST
        age_s = max(0.0, self._wall_ms() / 1000 - max(found.st_mtime, self._since_ms / 1000))
        return Saves(
            free_bytes=free_bytes, size_bytes=found.st_size, age_s=age_s, is_whole=self._whole
        )

    def _keep(self, inode: int) -> None:
        """Link the file under its second name, unless mosquitto has just replaced it."""
        fresh = self._kept.with_suffix(".fresh")
        fresh.unlink(missing_ok=True)
        try:
            os.link(self.path, fresh)
            if fresh.stat().st_ino == inode:
                fresh.replace(self._kept)
        except OSError as exc:  # gone again, or no room for one name more: the older one stays
            _log.warning("broker_save_not_kept", reason=str(exc))
        finally:
            fresh.unlink(missing_ok=True)

    def repair(self) -> bool:
        """Move a file that mosquitto refuses aside and put the kept one in its place.

        Whether there was one to move: the next one may be refused too, then the broker starts
        empty.
        """
        if not self.path.exists():
            return False
        aside = self._free_name()
        same = self._kept.exists() and self._kept.samefile(self.path)
        self.path.rename(aside)
        restored = self._kept.exists() and not same
        if restored:
            os.link(self._kept, self.path)
        else:
            self._kept.unlink(missing_ok=True)
        _log.error(
            "broker_persistence_moved_aside",
            file=str(aside),
            note="the broker starts from the last whole file: what came after it is lost, gaps "
            "will show"
            if restored
            else "the broker starts empty: messages it kept for us are lost, gaps will show",
        )
        return True

    def _free_name(self) -> Path:
        at_ms = self._wall_ms()
        while (aside := self.path.with_name(f"{PERSISTENCE_FILE}.broken-{at_ms}")).exists():
            at_ms += 1
        return aside


def is_whole(file: int, size_bytes: int) -> bool:
    """Whether the open file begins as mosquitto's and its last chunk ends where it ends."""
    if size_bytes < _HEAD_BYTES:
        return False
    with mmap.mmap(file, size_bytes, prot=mmap.PROT_READ) as content:
        at = _HEAD_BYTES
        if content[: len(_MAGIC)] != _MAGIC:
            return False
        while at + _CHUNK.size <= size_bytes:
            at += _CHUNK.size + _CHUNK.unpack_from(content, at)[1]
    return at == size_bytes
