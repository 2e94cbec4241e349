"""One journal entry: the only input of the processor and the projector."""

from enum import IntEnum
from typing import NamedTuple


class EntryKind(IntEnum):
    """What an entry of the journal is. Stored as a number; never reuse one."""

    MQTT = 0
    CONTROL = 1
    TICK = 2


RETAIN = 1
"""Bit in ``Entry.flags``: the broker delivered it as a retained message."""
DUP = 2
"""Bit in ``Entry.flags``: the broker marked it as a repeated delivery."""


class Entry(NamedTuple):
    """One line of the journal.

    Attributes:
        seq: Position in the journal, ascending from 1 without holes.
        kind: See ``EntryKind``.
        recv_ms: Wall clock when it arrived, ms UTC. May step.
        elapsed_ms: Steady clock that goes on over restarts, ms, never falls (decisions.md 1).
        flags: ``RETAIN`` and ``DUP`` bits for MQTT; for a tick 1 = broker connected, 0 = not.
        topic: The MQTT topic as received; "" for ticks and control.
        payload: Raw bytes; for control the JSON of ``devices.control``.
    """

    seq: int
    kind: int
    recv_ms: int
    elapsed_ms: int
    flags: int
    topic: str
    payload: bytes


class Incoming(NamedTuple):
    """An entry before the journal gives it a number. Fields as in ``devices.entry.Entry``."""

    kind: int
    recv_ms: int
    elapsed_ms: int
    flags: int
    topic: str
    payload: bytes
