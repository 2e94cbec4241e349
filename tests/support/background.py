"""A simulator beside a test."""

import threading
from typing import Any

from support.machine import Machine


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
