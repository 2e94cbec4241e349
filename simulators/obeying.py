"""What a tracker does with a command, and how it answers (docs/wire.md, Commands)."""

import heapq
from dataclasses import dataclass, field
from typing import Literal

import msgspec

from simulators.keeping import Ack, Command
from simulators.outgoing import Identity, Outgoing, ToWall

CAPS = ("interval", "locate", "find_me", "arm", "disarm")
"""What it says in its ``info`` that it can."""
REMEMBERED = 64
"""Answers kept, so that a command that comes twice is obeyed once and answered twice."""

Result = Literal["done", "refused", "failed", "expired"]


@dataclass(slots=True)
class Inbox:
    """Commands on their way through the radio, by the time they are heard."""

    waiting: list[tuple[float, int, Command]] = field(default_factory=list)
    answers: dict[str, tuple[Result, str]] = field(default_factory=dict)
    count: int = 0

    @property
    def due_s(self) -> float:
        """When the next one is heard; infinity = none waits."""
        return self.waiting[0][0] if self.waiting else float("inf")

    def put(self, at_s: float, command: Command) -> None:
        """A command will be heard at ``at_s``."""
        self.count += 1
        heapq.heappush(self.waiting, (at_s, self.count, command))

    def pop(self) -> Command:
        """The one that is heard now."""
        return heapq.heappop(self.waiting)[2]

    def keep(self, command: Command, result: Result, detail: str) -> None:
        """Remember an answer."""
        self.answers[command.cmd_id] = result, detail
        if len(self.answers) > REMEMBERED:
            del self.answers[next(iter(self.answers))]


def answer_of(
    identity: Identity, command: Command, result: Result, detail: str, *, t_ms: int
) -> Outgoing:
    """The ``ack`` of a command."""
    ack = Ack(id=identity.device_id, t=t_ms, cmd_id=command.cmd_id, result=result, detail=detail)
    return Outgoing(
        device_id=identity.device_id,
        cls=identity.cls,
        channel="ack",
        payload=msgspec.json.encode(ack),
    )


def is_over(command: Command, to_wall: ToWall, now_s: float) -> bool:
    """Whether the request has ended before it was heard."""
    return bool(command.until) and to_wall(now_s) >= command.until
