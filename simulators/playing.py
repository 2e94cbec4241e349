"""Devices on a stage: who acts next, and commands that change it."""

import heapq
from collections.abc import Iterable

from simulators.keeping import Command
from simulators.outgoing import Actor, Outgoing
from simulators.vehicles import Tracker


class Stage:
    """Devices by the time at which they act next."""

    def __init__(self, actors: Iterable[Actor]) -> None:
        """Everybody waits for their first moment."""
        self._actors = list(actors)
        self._number = {actor.identity.device_id: k for k, actor in enumerate(self._actors)}
        self._heap = [(actor.due_s, number) for number, actor in enumerate(self._actors)]
        heapq.heapify(self._heap)

    @property
    def due_s(self) -> float:
        """When somebody acts next; infinity = nobody."""
        heap = self._heap
        while heap and heap[0][0] != self._actors[heap[0][1]].due_s:
            heapq.heappop(heap)  # a command moved it: it stands there a second time
        return heap[0][0] if heap else float("inf")

    def act(self) -> list[Outgoing]:
        """Let the one who is due act."""
        if self.due_s == float("inf"):
            return []
        number = self._heap[0][1]
        said = self._actors[number].act()
        heapq.heapreplace(self._heap, (self._actors[number].due_s, number))
        return said

    def hear(self, device_id: str, command: Command, now_s: float) -> None:
        """A command comes to a device; only trackers take any."""
        number = self._number.get(device_id)
        actor = None if number is None else self._actors[number]
        if isinstance(actor, Tracker) and number is not None:
            actor.take(command, now_s)
            heapq.heappush(self._heap, (actor.due_s, number))
