"""What the process that explains an alert is told, and what it says when it cannot."""

from dataclasses import dataclass
from typing import Any

NOTHING = 3
"""Exit code: there is nothing to explain it with; standard output says why, a key of ``WHY``."""
WHY: dict[str, str] = {
    "not_held": "the journal does not hold that time any more (journal.retention_h)",
    "no_vehicle": "the vehicle is not registered any more",
    "silent": "nothing was heard of the vehicle in that time",
    "unreadable": "the journal cannot be read: see parkguard journal verify",
}
"""Why an alert cannot be explained, by a stable word."""
TOO_LONG = "too_long"
"""... and when the deadline passed: ``ends_s``, or the process had to be ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What to explain. Times ms UTC.

    Attributes:
        settings: All settings in effect, plain.
        ends_s: When it is given up, on the clock of ``parkguard.clock.monotonic_s``, which all
            processes of a machine share.
    """

    settings: dict[str, Any]
    alert_id: str
    vehicle_id: str
    onset_ms: int
    from_ms: int
    to_ms: int
    ends_s: float
