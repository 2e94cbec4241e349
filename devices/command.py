"""A command to one device: what is asked, how it stands, and its words on the wire (docs/wire.md).

A command is never retained; it is stored before it is sent; the device answers with an ``ack``.
"""

from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b
from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

DEADLINE_MAX_S = 86_400.0
"""A command waits for a day at most: a tracker of low power wakes once in 24 h (health.md)."""
SPAN_MAX_S = 86_400.0
"""``every_s`` and ``for_s`` are never longer. Our choice: a day, as the deadline."""


class CommandKind(StrEnum):
    """What a device can be told; ``resend`` is told by ``devices.resends``."""

    INTERVAL = "interval"
    LOCATE = "locate"
    FIND_ME = "find_me"
    ARM = "arm"
    DISARM = "disarm"


class CommandState(StrEnum):
    """How a command stands. The first two are open, the others are ends."""

    QUEUED = "queued"
    SENT = "sent"
    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"
    EXPIRED = "expired"
    REPLACED = "replaced"

    @property
    def is_open(self) -> bool:
        """Whether an answer may still come."""
        return self in {CommandState.QUEUED, CommandState.SENT}


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked.

    Attributes:
        every_s: ``interval``: report so often, seconds; 0 = as often as by yourself.
        for_s: ``interval``, ``find_me``: for so long, seconds; 0 = until told otherwise.
        deadline_s: Without an answer after so long it has failed, seconds.
    """

    kind: CommandKind
    every_s: float = 0.0
    for_s: float = 0.0
    deadline_s: float = 60.0


class CommandMessage(msgspec.Struct, frozen=True, kw_only=True):
    """``dn/{class}/{id}/cmd``: do this; ``until`` is when the request ends, ms UTC."""

    v: Literal[1] = 1
    cmd_id: str
    type: CommandKind
    every_s: float | UnsetType = UNSET
    for_s: float | UnsetType = UNSET
    until: int


class Command(msgspec.Struct, kw_only=True):
    """One command and how it stands.

    Attributes:
        by: A person's name, or ``system``.
        why: What made us ask (``alerts.asking.Why``); "" when a person did.
        asked_ms: When it was asked, wall, ms UTC.
        due_ms: Its deadline on the steady clock, ms.
        until_ms: The same on the wall clock, ms UTC: what the device is told.
        sent_ms: Last sent, steady clock, ms; -1 = never.
        sends: How often it was sent.
        held: The device said that it has it and works on it: it is not sent again.
        version: Rises by one with every change.
    """

    cmd_id: str
    device_id: str
    slot: int
    order: Order
    by: str
    why: str
    asked_ms: int
    due_ms: int
    until_ms: int
    state: CommandState = CommandState.QUEUED
    sent_ms: int = -1
    sends: int = 0
    held: bool = False
    detail: str = ""
    version: int = 0

    def message(self) -> CommandMessage:
        """What the device is sent."""
        order = self.order
        return CommandMessage(
            cmd_id=self.cmd_id,
            type=order.kind,
            every_s=order.every_s if order.kind is CommandKind.INTERVAL else UNSET,
            for_s=order.for_s or UNSET,
            until=self.until_ms,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandChange:
    """One command after something about it changed. Upsert by ``cmd_id``, never to a lower version.

    ``at_ms`` is the wall clock of the change, ms UTC.
    """

    cmd_id: str
    device_id: str
    order: Order
    by: str
    why: str
    asked_ms: int
    until_ms: int
    state: CommandState
    at_ms: int
    sends: int
    detail: str
    version: int


def command_id(device_id: str, order: Order, at_ms: int, by: str) -> str:
    """Name a command by who asked whom for what and when: a replay gives the same."""
    asked = f"{device_id} {order.kind} {order.every_s:g} {at_ms} {by}"
    return blake2b(asked.encode(), digest_size=8).hexdigest()
