"""Which faults a run of chaos plays, drawn from its seed: the same seed, the same faults.

Pure. The faults are dealt from a shuffled deck that holds each pair of kind and victim once, so
that a minute meets nearly all of them, and an hour all of them often.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

PARTS = ("broker", "mosquitto", "ingest", "process", "project", "dispatch", "api")
"""Our processes; ``broker`` is the part that watches ``mosquitto``."""
PATHS = ("devices", "receiver", "desk")
"""Ways through a proxy: devices to broker, receiver and dispatcher to broker, desk to API."""
EVERYTHING = "everything"
SHORT_S, LONG_S = 0.5, 5.0
"""Bounds of a fault's length in a run of a minute; an hour has some up to ``LONGEST_S``."""
LONGEST_S = 30.0
LONG_SHARE = 0.1
"""So many faults of a run of more than ``LONG_RUN_S`` are long."""
LONG_RUN_S = 600.0
GAP_MEAN_S = 2.5
"""Mean time between two beginnings; they may overlap."""


class FaultKind(StrEnum):
    """What is done."""

    KILL = "kill"
    """SIGKILL; a server of others' is started again at the fault's end, ours by our supervisor."""
    STOP = "stop"
    """SIGSTOP, and SIGCONT at the end."""
    DROP = "drop"
    """Bytes vanish as in a cut cable, and new connections hear nothing; at the end a reset."""
    RESET = "reset"
    """Connections are reset, and every new one."""
    POWER = "power"
    """SIGKILL of every process at once, servers included, as when the power fails."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault.

    Attributes:
        at_s: When it begins, after the first moment at which faults may.
        lasts_s: Until it heals; 0 = it heals by itself.
    """

    at_s: float
    kind: FaultKind
    victim: str
    lasts_s: float


def draw_faults(seed: int, *, seconds: float, servers: Sequence[str]) -> list[Fault]:
    """Draw the faults of a run, ascending by ``at_s``; each is over by ``seconds``.

    Args:
        seed: Of the run.
        seconds: Length of the time with faults.
        servers: Names of the database servers that are there; empty = embedded stores.
    """
    rng = random.Random(seed)  # noqa: S311 - nobody must not guess it
    cards = _deal(rng, servers)
    faults: list[Fault] = []
    busy_until_s: dict[str, float] = {}
    at_s = 0.0
    while True:
        at_s += rng.uniform(0.4, 1.6) * GAP_MEAN_S
        kind, victim = next(cards)
        is_long = seconds >= LONG_RUN_S and rng.random() < LONG_SHARE
        lasts_s = rng.uniform(SHORT_S, LONGEST_S if is_long else LONG_S)
        if kind is FaultKind.POWER or (kind is FaultKind.KILL and victim in PARTS):
            lasts_s = 0.0
        at_s = max(at_s, busy_until_s.get(victim, 0.0))
        if at_s + lasts_s >= seconds:
            return faults
        busy_until_s[victim] = at_s + lasts_s
        faults.append(
            Fault(at_s=round(at_s, 2), kind=kind, victim=victim, lasts_s=round(lasts_s, 2))
        )


def _deal(rng: random.Random, servers: Sequence[str]) -> Iterator[tuple[FaultKind, str]]:
    """Cards without end, one shuffled deck after the other."""
    processes = (*PARTS, *servers)
    paths = (*PATHS, *servers)
    deck = [
        *((kind, name) for kind in (FaultKind.KILL, FaultKind.STOP) for name in processes),
        *((kind, name) for kind in (FaultKind.DROP, FaultKind.RESET) for name in paths),
        (FaultKind.POWER, EVERYTHING),
    ]
    while True:
        rng.shuffle(deck)
        yield from deck
