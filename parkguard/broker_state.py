"""What is wrong with a broker that runs: its disk, its saving, its queue. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from parkguard.broker_persistence import Saves
from parkguard.settings import BrokerSettings

_MIB = 1_048_576


class Trouble(StrEnum):
    """What an operator is told of; each is the metric ``parkguard_broker_{value}``."""

    DISK_LOW = "disk_low"
    SAVE_LATE = "save_late"
    SAVE_CUT_OFF = "save_cut_off"
    QUEUE_LONG = "queue_long"
    DROPPED = "dropped"

    @property
    def is_fatal(self) -> bool:
        """Whether a broker with it is not ready."""
        return self in {Trouble.SAVE_LATE, Trouble.SAVE_CUT_OFF}

    @property
    def words(self) -> str:
        """What it means."""
        return _WORDS[self]

    @property
    def todo(self) -> str:
        """What to do about it."""
        return _TODOS[self]


_WORDS = {
    Trouble.DISK_LOW: "the disk of the broker's files is nearly full",
    Trouble.SAVE_LATE: "the broker has not saved for long",
    Trouble.SAVE_CUT_OFF: "the broker's last save was cut off",
    Trouble.QUEUE_LONG: "the queue of the broker is long",
    Trouble.DROPPED: "the broker dropped messages since its start",
}
_TODOS = {
    Trouble.DISK_LOW: "free space before the broker cannot save any more",
    Trouble.SAVE_LATE: "free space on the broker's disk; a kill now would lose its queue",
    Trouble.SAVE_CUT_OFF: "free space on the broker's disk; a kill now would lose its queue",
    Trouble.QUEUE_LONG: "see why ingest does not take the messages; at the limit they are dropped",
    Trouble.DROPPED: "messages were dropped, gaps show which; raise broker.max_queued",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerState:
    """Facts and what they mean.

    Attributes:
        troubles: In a fixed order.
        metrics: Facts and troubles, by metric.
    """

    troubles: tuple[Trouble, ...]
    metrics: Mapping[str, float]

    @property
    def excuse(self) -> str:
        """Why the broker is not ready, "" when it is."""
        return next((each.words for each in self.troubles if each.is_fatal), "")


def assess(
    saves: Saves | None, figures: Mapping[str, float], settings: BrokerSettings
) -> BrokerState:
    """Say how the broker is.

    Args:
        saves: How saving goes; None for a broker that does not save.
        figures: What it says of itself, by metric; empty while it says nothing.
        settings: The limits.
    """
    queued = queued_messages(figures)
    found = {
        Trouble.QUEUE_LONG: queued >= settings.queue_alarm * settings.max_queued,
        Trouble.DROPPED: figures.get("broker_dropped_messages_total", 0) > 0,
    }
    metrics = {**figures, "broker_queued_messages": queued}
    if saves is not None:
        found |= {
            Trouble.DISK_LOW: saves.free_bytes < max(settings.reserve_mb * _MIB, saves.size_bytes),
            Trouble.SAVE_LATE: saves.age_s > settings.save_late_s,
            Trouble.SAVE_CUT_OFF: not saves.is_whole,
        }
        metrics |= {
            "broker_disk_free_bytes": float(saves.free_bytes),
            "broker_save_age_seconds": saves.age_s,
        }
    troubles = tuple(each for each in Trouble if found.get(each))
    metrics |= {f"broker_{each}": float(each in troubles) for each in Trouble}
    return BrokerState(troubles=troubles, metrics=metrics)


def queued_messages(figures: Mapping[str, float]) -> float:
    """Messages that wait for somebody, about.

    mosquitto 2.0.11 says nothing of one client's queue: what it stores and does not retain waits
    for a client that is away, and devices' own queues are next to nothing beside ours. A message
    that is retained and waits is left out.
    """
    stored = figures.get("broker_stored_messages", 0.0)
    return max(0.0, stored - figures.get("broker_retained_messages", 0.0))
