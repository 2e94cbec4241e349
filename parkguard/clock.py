"""The only file that asks the time: wall clock, steady clock, boot clock.

Everything else takes a callable that gives milliseconds.
"""

import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from parkguard.private_files import write_private

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def wall_ms() -> int:
    """Wall clock, ms UTC. May step; never measure a length of time with it."""
    return time.time_ns() // 1_000_000


def monotonic_s() -> float:
    """Seconds since some start, never falling, the same for every process of one boot."""
    return time.monotonic()


def boottime_ms() -> int:
    """Time since the boot with sleep included, ms (CLOCK_BOOTTIME)."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000


def boot_id() -> str:
    """The kernel's name of this boot."""
    return BOOT_ID.read_text(encoding="ascii").strip()


class CarriedClock:
    """Wall clock of its own beginning, carried on by CLOCK_BOOTTIME: it never leaps.

    Waits and deadlines are counted on it, so a wall clock that is put on or back while we run
    makes none of them shorter or longer (reliability.md P39).
    """

    def __init__(
        self, *, wall: Callable[[], int] = wall_ms, boottime: Callable[[], int] = boottime_ms
    ) -> None:
        self._boottime = boottime
        self._offset_ms = wall() - boottime()

    def __call__(self) -> int:
        """Give ms UTC as if nobody had touched the wall clock since."""
        return self._boottime() + self._offset_ms


class Anchor(msgspec.Struct, frozen=True, kw_only=True):
    """How the steady clock of one boot relates to CLOCK_BOOTTIME.

    Attributes:
        boot_id: The boot it was written in; worthless in any other.
        offset_ms: Steady clock minus CLOCK_BOOTTIME.
    """

    boot_id: str
    offset_ms: int


class SteadyClock:
    """A clock that goes on over restarts and reboots and never falls (decisions.md 1).

    Within one boot it is CLOCK_BOOTTIME plus a stored offset. After a reboot, or without the
    anchor file, it goes on from the last journal entry plus the wall time gone by, if positive.

    Args:
        anchor_file: Where the offset of this boot is kept; derived, may be deleted.
        last: ``(elapsed_ms, recv_ms)`` of the newest journal entry; None for an empty journal.
        wall: Gives ms UTC.
        boottime: Gives ms since the boot.
        boot: Gives the name of this boot.
    """

    def __init__(
        self,
        anchor_file: Path,
        *,
        last: tuple[int, int] | None,
        wall: Callable[[], int] = wall_ms,
        boottime: Callable[[], int] = boottime_ms,
        boot: Callable[[], str] = boot_id,
    ) -> None:
        self._boottime = boottime
        now_ms, name = boottime(), boot()
        floor_ms, recv_ms = last or (0, wall())
        stored = _read_anchor(anchor_file)
        if stored is not None and stored.boot_id == name:
            start_ms = now_ms + stored.offset_ms
        else:
            start_ms = floor_ms + max(0, wall() - recv_ms)
        self._offset_ms = max(floor_ms, start_ms) - now_ms
        anchor = Anchor(boot_id=name, offset_ms=self._offset_ms)
        if anchor != stored:
            write_private(anchor_file, msgspec.json.encode(anchor))

    def elapsed_ms(self) -> int:
        """Milliseconds of the steady clock, never below an earlier answer or the journal's."""
        return self._boottime() + self._offset_ms


def _read_anchor(path: Path) -> Anchor | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Anchor)
    except (FileNotFoundError, msgspec.DecodeError):
        return None  # derived: the journal's last entry takes its place
