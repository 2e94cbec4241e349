"""Plays the faults of a plan on a site, and heals every one of them."""

import signal
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

from benchmarks.chaos_facts import Played
from benchmarks.chaos_plan import Fault, FaultKind
from benchmarks.chaos_town import Site, send
from parkguard.clock import wall_ms
from support.tcp_proxy import PathMode

LOOK_S = 0.05
FIND_S = 60.0
"""A victim that is being started again is waited for so long; then the fault is left out."""


@dataclass(slots=True)
class Player:
    """One run over a plan.

    Attributes:
        hands: Threads that outlive every server started by them: the kernel ends a child with the
            thread that started it (``children.die_with_parent``).
        played: What happened, in the order of healing.
        left_out: Faults whose victim did not come back in time.
    """

    site: Site
    hands: ThreadPoolExecutor
    played: list[Played] = field(default_factory=list)
    left_out: list[Fault] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _servers: threading.Lock = field(default_factory=threading.Lock)

    def play(self, faults: Sequence[Fault], *, tell: Callable[[float, Fault], None]) -> None:
        """Begin each fault at its time, heal it after its length; all are healed at the end.

        Args:
            faults: Ascending by ``at_s``, counted from now.
            tell: Told (seconds since the beginning, fault) as each begins.
        """
        began_s = time.monotonic()
        running: list[Future[None]] = []
        for fault in faults:
            time.sleep(max(0.0, fault.at_s - (time.monotonic() - began_s)))
            tell(time.monotonic() - began_s, fault)
            running.append(self.hands.submit(self._one, fault))
        for each in running:
            each.result()

    def _one(self, fault: Fault) -> None:
        """One fault from its beginning to its end; each way of it tells when it struck, ms UTC."""
        began_ms = wall_ms()
        match fault.kind:
            case FaultKind.KILL:
                struck_ms = self._kill(fault)
            case FaultKind.STOP:
                struck_ms = self._stop(fault)
            case FaultKind.POWER:
                struck_ms = self._cut_power()
            case _:
                struck_ms = self._cut(fault)
        with self._lock:
            if struck_ms:
                self.played.append(
                    Played(fault=fault, began_ms=began_ms, struck_ms=struck_ms, healed_ms=wall_ms())
                )
            else:
                self.left_out.append(fault)

    def _kill(self, fault: Fault) -> int:
        if not self._find(fault.victim):
            return 0
        if fault.victim not in self.site.servers:
            self.site.kill(fault.victim)
            return wall_ms()
        with self._servers:
            self.site.kill(fault.victim)
        struck_ms = wall_ms()
        time.sleep(fault.lasts_s)
        with self._servers:
            self.site.start_servers()
        return struck_ms

    def _stop(self, fault: Fault) -> int:
        if not (pids := self._find(fault.victim)):
            return 0
        send(pids, signal.SIGSTOP)
        struck_ms = wall_ms()
        time.sleep(fault.lasts_s)
        send(pids[::-1], signal.SIGCONT)
        return struck_ms

    def _cut_power(self) -> int:
        with self._servers:
            self.site.cut_power()
            struck_ms = wall_ms()
            self.site.start_servers()
        return struck_ms

    def _cut(self, fault: Fault) -> int:
        path = self.site.paths[fault.victim]
        path.turn(PathMode.DROP if fault.kind is FaultKind.DROP else PathMode.RESET)
        struck_ms = wall_ms()
        time.sleep(fault.lasts_s)
        path.turn(PathMode.PASS)
        return struck_ms

    def _find(self, victim: str) -> list[int]:
        """Processes of a victim as soon as it runs; empty when it does not come back."""
        deadline_s = time.monotonic() + FIND_S
        while not (pids := self.site.pids(victim)) and time.monotonic() < deadline_s:
            time.sleep(LOOK_S)
        return pids
