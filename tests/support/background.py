"""A simulator beside a test, and the moment at which the broker has most to lose."""

import threading
from typing import Any

from parkguard.broker_persistence import PERSISTENCE_FILE
from parkguard.clock import wall_ms
from support.broker import wait_until
from support.machine import Machine

UNSAVED_MS = 500


class Background:
    """``parkguard simulate``'s command ``name`` against a machine, until it ends by itself.

    Args:
        machine: Whose broker it speaks to.
        name: ``load`` or ``city``.
        words: Its further arguments.
    """

    def __init__(self, machine: Machine, name: str, *words: str) -> None:
        self._summary: dict[str, Any] = {}
        self._thread = threading.Thread(
            target=lambda: self._summary.update(machine.simulate(name, *words))
        )
        self._thread.start()

    @property
    def is_running(self) -> bool:
        """Whether devices still speak."""
        return self._thread.is_alive()

    def result(self) -> dict[str, Any]:
        """Wait for its end; its summary."""
        self._thread.join(90)
        assert self._summary, "the simulator failed or did not end"
        return self._summary


def wait_unsaved(machine: Machine) -> None:
    """Wait until the broker holds half a second of load that it has not saved."""
    database = machine.settings.data_dir / "broker" / PERSISTENCE_FILE
    began_ms = wall_ms()

    def unsaved() -> bool:
        saved_ms = database.stat().st_mtime_ns // 1_000_000
        return began_ms < saved_ms < wall_ms() - UNSAVED_MS

    wait_until(unsaved, what="messages that the broker has not saved")
