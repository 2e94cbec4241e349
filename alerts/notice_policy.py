"""Who hears of devices' health, of what, and how often."""

from dataclasses import dataclass

from devices.health_events import HealthEventKind

_ALL = tuple(sorted(kind.value for kind in HealthEventKind))


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticePolicy:
    """Health notices: an outage by itself, single devices bundled by district.

    Attributes:
        kinds: Which events are told: words of ``HealthEventKind`` (docs/alerts.md, Health notices).
        receivers: Webhooks that get them as ``NAME:DISTRICT``; the feed always does. Without a
            colon; empty = the feed alone.
        gather_s: The first single event of a district waits so long for others, seconds. Our
            choice: what comes back at once is never told.
        bundle_s: At most one bundle of a district in this time, seconds. Our choice; 40 mails
            for one switch are what it is against (issue 7).
        bundle_max: A bundle names so many devices and counts the rest.
    """

    kinds: tuple[str, ...] = (
        "outage",
        "outage_over",
        "flapping",
        "silent",
        "back",
        "never_heard",
    )
    receivers: tuple[str, ...] = ()
    gather_s: float = 60.0
    bundle_s: float = 900.0
    bundle_max: int = 100

    def __post_init__(self) -> None:
        """Refuse kinds that are none.

        Raises:
            ValueError: Names the kinds there are.
        """
        if unknown := sorted(set(self.kinds) - set(_ALL)):
            raise ValueError(f"notices.kinds: no {unknown[0]}; there are {', '.join(_ALL)}")
