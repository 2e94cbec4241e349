"""Runs parts as child processes: restarts the dead and the stuck, stops all in order.

Used by ``parkguard up`` and, as a library, by the demo. Nothing is left behind: every child
asks the kernel to be ended with its parent (``children.die_with_parent``).
"""

import asyncio
import signal
from asyncio.subprocess import Process
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import msgspec
import structlog

from parkguard.children import ask_to_end, die_with_parent, end, kill
from parkguard.clock import wall_ms
from parkguard.parts import Part
from parkguard.private_files import replace_private
from parkguard.secret_files import REFUSED_EXIT
from parkguard.settings import Settings
from parkguard.status_files import read_all
from parkguard.watchdog import LOOK_S, Watchdog

_log = structlog.get_logger()

SETTINGS_EXIT = 2
"""Exit code of a part whose settings are wrong."""

FRESH_MS = 15_000
"""A status older than this speaks of a part that is gone or stuck."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RestartPolicy:
    """When a dead or stuck part is started again, and how long stopping may take.

    Attributes:
        first_s: Wait before the first restart; doubles with every further death.
        longest_s: The wait never grows past this.
        healthy_s: A part that ran so long begins at ``first_s`` again.
        stop_s: All parts together may take so long to stop (reliability.md P10). Each has its
            share; one that needs longer is left behind and killed at the very end.
        last_words_s: A stuck part has so long to write where its threads stand (SIGABRT) before
            it is killed.
    """

    first_s: float = 0.2
    longest_s: float = 30.0
    healthy_s: float = 30.0
    stop_s: float = 10.0
    last_words_s: float = 1.0


class PartChange(StrEnum):
    """What happened to a part."""

    STARTED = "started"
    STUCK = "stuck"
    DIED = "died"
    REFUSED = "refused"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class PartEvent:
    """One thing that happened to one part.

    Attributes:
        code: Exit code; negative = killed by that signal; None while it runs.
        restarts: How often it was started again so far.
        wait_s: Started again after this; 0 when not.
    """

    part: str
    change: PartChange
    pid: int
    code: int | None = None
    restarts: int = 0
    wait_s: float = 0.0


class NotReady(Exception):
    """Some parts were not ready in time; the message names each and its reason."""


class _Kept:
    """A part and the process that runs it now."""

    def __init__(self, part: Part) -> None:
        self.part = part
        self.process: Process | None = None
        self.restarts = 0

    @property
    def pid(self) -> int:
        """Process id, 0 when it does not run."""
        if self.process is None or self.process.returncode is not None:
            return 0
        return self.process.pid


class Supervisor:
    """Keeps parts running.

    Args:
        settings: For ``data_dir``.
        parts: In start order.
        policy: Backoff and stop times.
        on_event: Told of everything that happens, in the loop's thread; must not block.
        output_dir: Each part's output goes to ``{name}.log`` here; None = to our own.
    """

    def __init__(
        self,
        settings: Settings,
        parts: Sequence[Part],
        *,
        policy: RestartPolicy | None = None,
        on_event: Callable[[PartEvent], None] | None = None,
        output_dir: Path | None = None,
    ) -> None:
        self._run_dir = settings.data_dir / "run"
        self._policy = policy or RestartPolicy()
        self._on_event = on_event
        self._output_dir = output_dir
        self._kept = {part.name: _Kept(part) for part in parts}
        self._keepers: list[asyncio.Task[None]] = []
        self._started_ms = 0
        self._ending = asyncio.Event()
        self._watchdog = Watchdog(settings.supervise.stuck_s)
        self.refused_code: int | None = None

    @property
    def pids(self) -> dict[str, int]:
        """Process id of every part that runs."""
        return {name: kept.pid for name, kept in self._kept.items() if kept.pid}

    @property
    def restarts(self) -> dict[str, int]:
        """How often each part was started again."""
        return {name: kept.restarts for name, kept in self._kept.items()}

    async def start(self) -> None:
        """Start every part and keep it running until ``stop``."""
        self._run_dir.mkdir(parents=True, exist_ok=True)
        self._started_ms = wall_ms()
        for kept in self._kept.values():
            kept.process = await self._spawn(kept)
            self._keepers.append(asyncio.create_task(self._keep(kept, kept.process)))
        self._keepers.append(asyncio.create_task(self._write_status()))
        self._keepers.append(asyncio.create_task(self._watch()))

    async def wait_ready(self, within_s: float = 30.0) -> None:
        """Wait until every part says it is ready.

        Raises:
            NotReady: Not within ``within_s``, or a part refuses its settings or secrets.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + within_s
        while self.waiting_for():
            if loop.time() > deadline or self._ending.is_set():
                raise NotReady(self._excuse())
            await _wait_for(self._ending.wait(), 0.05)

    def waiting_for(self) -> dict[str, str]:
        """Parts that are not ready now, with their own reason."""
        said = read_all(self._run_dir)
        oldest_ms = max(self._started_ms, wall_ms() - FRESH_MS)
        waiting: dict[str, str] = {}
        for name, kept in self._kept.items():
            status = said.get(name)
            if not kept.pid:
                waiting[name] = "does not run"
            elif not kept.part.reports:
                continue
            elif status is None or status.at_ms < oldest_ms or status.pid != kept.pid:
                waiting[name] = "has not said anything yet"
            elif not status.ready:
                waiting[name] = status.reason or "is not ready"
        return waiting

    async def wait_ended(self) -> None:
        """Wait until a part refused its settings or secrets (``refused_code``), or ``stop``."""
        await self._ending.wait()

    async def stop(self) -> None:
        """Stop every part, last started first, all within ``policy.stop_s``. Idempotent."""
        self._ending.set()
        for keeper in self._keepers:
            keeper.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)
        self._keepers.clear()
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._policy.stop_s
        order = [
            (kept, kept.process)
            for kept in reversed(self._kept.values())
            if kept.process is not None and kept.pid
        ]
        slow: list[tuple[_Kept, Process]] = []
        for kept, process in order:
            ask_to_end(process)
            if await _wait_for(process.wait(), self._policy.stop_s / len(order)):
                self._tell(kept, PartChange.STOPPED, pid=process.pid, code=process.returncode)
            else:
                slow.append((kept, process))
        for kept, process in slow:
            code = await end(process, within_s=max(0.0, deadline - loop.time()))
            self._tell(kept, PartChange.STOPPED, pid=process.pid, code=code)
        self._write_status_once()

    async def _keep(self, kept: _Kept, process: Process) -> None:
        policy, loop = self._policy, asyncio.get_running_loop()
        wait_s = policy.first_s
        while True:
            started_s, pid = loop.time(), process.pid
            code = await process.wait()
            if code in {REFUSED_EXIT, SETTINGS_EXIT} and not kept.restarts:
                self.refused_code = code
                self._tell(kept, PartChange.REFUSED, pid=pid, code=code)
                self._ending.set()
                return
            if loop.time() - started_s >= policy.healthy_s:
                wait_s = policy.first_s
            self._tell(kept, PartChange.DIED, pid=pid, code=code, wait_s=wait_s)
            await asyncio.sleep(wait_s)
            wait_s = min(wait_s * 2, policy.longest_s)
            kept.restarts += 1
            process = kept.process = await self._spawn(kept)

    async def _watch(self) -> None:
        """Kill what is stuck: ``_keep`` then starts it again. Its threads are in the log."""
        loop = asyncio.get_running_loop()
        looked_s = loop.time()
        while True:
            await asyncio.sleep(LOOK_S)
            now_s, before_s = loop.time(), looked_s
            looked_s = now_s
            said = read_all(self._run_dir)
            for name in self._watchdog.stuck(said, self.pids, passed_s=now_s - before_s):
                await self._kill(self._kept[name])

    async def _kill(self, kept: _Kept) -> None:
        process = kept.process
        if process is None or not kept.pid:
            return
        self._tell(kept, PartChange.STUCK, pid=process.pid)
        kill(process, signal.SIGABRT)
        if not await _wait_for(process.wait(), self._policy.last_words_s):
            kill(process, signal.SIGKILL)
            await process.wait()

    async def _spawn(self, kept: _Kept) -> Process:
        """Start it in a session of its own: Ctrl-C is for us, who stop the parts in order."""
        command = die_with_parent(kept.part.command)
        if self._output_dir is None:
            process = await asyncio.create_subprocess_exec(*command, start_new_session=True)
        else:
            self._output_dir.mkdir(parents=True, exist_ok=True)
            with (self._output_dir / f"{kept.part.name}.log").open("ab") as log:
                process = await asyncio.create_subprocess_exec(
                    *command, stdout=log, stderr=log, start_new_session=True
                )
        self._tell(kept, PartChange.STARTED, pid=process.pid)
        return process

    def _tell(
        self,
        kept: _Kept,
        change: PartChange,
        *,
        pid: int,
        code: int | None = None,
        wait_s: float = 0.0,
    ) -> None:
        event = PartEvent(
            part=kept.part.name,
            change=change,
            pid=pid,
            code=code,
            restarts=kept.restarts,
            wait_s=wait_s,
        )
        fields = {"name": event.part, "pid": pid, "restarts": event.restarts}
        match change:
            case PartChange.STARTED:
                _log.info("part_started", **fields)
            case PartChange.DIED:
                _log.error("part_died", code=code, again_after_s=wait_s, **fields)
            case PartChange.STUCK:
                _log.error("part_stuck", note="it says nothing any more: killed", **fields)
            case PartChange.REFUSED:
                _log.error("part_refused", code=code, note="see its message above", **fields)
            case PartChange.STOPPED:
                _log.info("part_stopped", code=code, **fields)
        if self._on_event is not None:
            self._on_event(event)

    async def _write_status(self) -> None:
        while True:
            self._write_status_once()
            await asyncio.sleep(1)

    def _write_status_once(self) -> None:
        parts = {
            name: {"pid": kept.pid, "restarts": kept.restarts} for name, kept in self._kept.items()
        }
        status = {"at_ms": wall_ms(), "started_ms": self._started_ms, "parts": parts}
        replace_private(self._run_dir / "up.json", msgspec.json.encode(status))

    def _excuse(self) -> str:
        return "; ".join(f"{name} {reason}" for name, reason in self.waiting_for().items())


async def _wait_for(work: Awaitable[object], within_s: float) -> bool:
    """Whether ``work`` came to its end within the time."""
    try:
        async with asyncio.timeout(within_s):
            await work
    except TimeoutError:
        return False
    return True
