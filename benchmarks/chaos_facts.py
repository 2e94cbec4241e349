"""What is known of a run when it is over: plain values that the verdict is drawn from."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from benchmarks.chaos_plan import Fault, FaultKind

Numbers = dict[str, set[int]]
"""Sequence numbers by device; a device of the load has one boot."""


Levels = Mapping[str, tuple[int, ...]]
"""Levels by alert, in the order of its steps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Keepers:
    """Devices that keep records until the platform's receipt.

    Attributes:
        made: Numbered records they made.
        stored: Numbers in the telemetry store.
        rows: Rows there.
        unreceipted: Records that still wait for a receipt, or for the broker.
        resent: Sent again.
        refused: Made by devices that the broker did not let in.
    """

    made: int
    stored: Numbers
    rows: int
    unreceipted: int
    resent: int
    refused: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What people were to be told, and what they heard.

    Attributes:
        due: Keys of notices that must arrive by webhook.
        arrived: ``webhook-id`` of everything that the owners' gateway and the police have.
        repeats: Deliveries beyond the first, which a receiver collapsed.
        unsent: Notices of any channel that were not sent.
        feed_due: Outbox rows of the feed's channel.
        feed: Numbers of the feed, ascending.
        feed_sources: The outbox row of each.
        heard: Feed numbers as the desk heard them, repeats included.
        heard_alerts: Alerts the desk heard of.
    """

    due: set[str]
    arrived: Counter[str]
    repeats: int
    unsent: int
    feed_due: set[int]
    feed: list[int]
    feed_sources: Counter[int]
    heard: list[int]
    heard_alerts: set[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Devices that take turns, one fix each.

    Attributes:
        start_ms: When the first device made its first fix, ms UTC.
        interval_s: Between two fixes of one device.
    """

    start_ms: int
    interval_s: float

    def made_ms(self, turn: float, seq: int) -> float:
        """When a fix was due, ms UTC; ``turn`` is its device's share of the round, [0, 1)."""
        return self.start_ms + (seq - 1 + turn) * self.interval_s * 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything that the verdict is drawn from.

    Attributes:
        made: Fixes of devices that trust the broker's acknowledgement.
        pace: When each of them was made.
        broker_killed_ms: When the broker was killed, ms UTC.
        journal: ... that are in the journal.
        stored: ... that are in the telemetry store.
        rows: Rows of theirs in the telemetry store.
        gaps: Numbers that the processor knows to be missing, of all devices.
        events_made: ``(device, ev_id)`` of events that these devices made.
        events_kept: ... in the journal.
        distinct: Different records in the journal, of all devices; no wills.
        keepers: The other devices.
        books: Totals of both readers.
        alerts: Vehicle by alert.
        levels: Levels of each alert, step by step.
        replayed: The same as a processor that never died finds them in the same journal.
        parked: Vehicles of the devices that trust the broker: they stand still until stolen.
        stolen: ... of these, those that truly were stolen.
        incidents: Incidents by alert.
        crashes: Parts that ended by a bug of ours, by what they said last.
        told: What people were told.
    """

    made: Numbers
    pace: Pace
    broker_killed_ms: list[int]
    journal: Numbers
    stored: Numbers
    rows: int
    gaps: Numbers
    events_made: set[tuple[str, str]]
    events_kept: set[tuple[str, str]]
    distinct: int
    keepers: Keepers
    books: Mapping[str, int]
    alerts: Mapping[str, str]
    levels: Levels
    replayed: Levels
    parked: set[str]
    stolen: set[str]
    incidents: Counter[str]
    crashes: list[str]
    told: Told


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """An alert's step that a fix or event caused.

    Attributes:
        t_ms: Time of the measurement, ms UTC.
        arrived_ms: When the desk heard of it, ms UTC.
    """

    alert_id: str
    t_ms: int
    arrived_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """One fault as it happened; times are wall clock, ms UTC.

    Attributes:
        began_ms: From here on its victim may feel it.
        struck_ms: By now the victim is dead, still or cut.
    """

    fault: Fault
    began_ms: int
    struck_ms: int
    healed_ms: int

    @property
    def kills_broker(self) -> bool:
        """Whether the broker lost what it had not saved."""
        is_killed = self.fault.kind is FaultKind.KILL and self.fault.victim == "mosquitto"
        return is_killed or self.fault.kind is FaultKind.POWER
