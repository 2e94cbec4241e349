"""What every part is wired with: places, the stop signal, the clock, the lock."""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from types import FrameType

import sqlalchemy as sa

from devices.registry import Registry as KnownRegistry
from devices.registry import RegistrySnapshot
from parkguard.clock import monotonic_s, wall_ms
from parkguard.locks import hold_lock
from parkguard.status_files import StatusFile
from stores.processing import store_errors
from stores.registry import Registry

MIB = 1_048_576
HOUR_MS = 3_600_000
READERS = ("processor", "projector")
"""Who must have read an entry of the journal before it may go."""


class Places:
    """Where everything is stored below ``data_dir``."""

    def __init__(self, data_dir: Path) -> None:
        """Name the places; create nothing."""
        self.journal = data_dir / "journal"
        self.telemetry = data_dir / "telemetry.db"
        self.project = data_dir / "project.db"
        self.refused = data_dir / "refused.db"
        self.latest = data_dir / "latest" / "latest.bin"
        self.checkpoints = data_dir / "checkpoints"
        self.secrets = data_dir / "secrets"
        self.run = data_dir / "run"
        self.clock = data_dir / "run" / "clock.json"


class Stop:
    """SIGTERM and SIGINT as one event; its ``wait`` is the loops' only way to sleep.

    A signal may come in the middle of ``wait``. ``threading.Event`` holds a lock there that its
    ``set`` needs, too: told just then, a part never ended. ``SimpleQueue.put`` may interrupt its
    own ``get``.
    """

    def __init__(self) -> None:
        """Take over both signals of this process."""
        self._is_told = False
        self._word: SimpleQueue[None] = SimpleQueue()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._tell)

    def wait(self, seconds: float) -> bool:
        """Sleep, at most until told to stop; whether to stop."""
        if seconds > 0 and not self._is_told:
            with suppress(Empty):
                self._word.get(timeout=seconds)
        return self._is_told

    def _tell(self, _number: int, _frame: FrameType | None) -> None:
        self._is_told = True
        self._word.put(None)


def steady_ms() -> int:
    """Milliseconds that never step or stand still, for pacing."""
    return int(monotonic_s() * 1000)


@contextmanager
def one_of(places: Places, part: str) -> Iterator[StatusFile]:
    """Hold the part's lock; gives its status file."""
    with hold_lock(places.run / f"{part}.lock"):
        yield StatusFile(places.run, part, wall_ms=wall_ms)


def registered(engine: sa.Engine) -> KnownRegistry:
    """The registry as the records database has it.

    Raises:
        StoreError: The database went away after it was opened, or cannot be read.
    """
    registry = Registry(engine, wall_ms)
    with store_errors():
        return KnownRegistry(
            RegistrySnapshot(
                devices=registry.devices(),
                vehicles=registry.vehicles(),
                sites=registry.sites(),
                grids=registry.grids(),
                fences=registry.fences(),
            )
        )


async def until_signal(run: Callable[[asyncio.Event], Awaitable[None]]) -> None:
    """Run until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await run(stop)
