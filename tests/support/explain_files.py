"""Replay files of one vehicle for ``parkguard explain``: stolen, carried off by noise, parked."""

from pathlib import Path

from devices.readings import EventType
from support.factories import at_ms
from support.replay_files import DEVICE, Line, encoded, event, fix, side, theft

AT = str(at_ms(200))
"""In the middle of each of them, as ``--at`` takes it."""
STOLEN = [*theft(), side(312, "owner_answer", vehicle="v-1", answer="not_me"), side(400, "tick")]
"""Shaken, ridden away; the owner says not me."""
PARKED = [DEVICE, *(fix(at_s) for at_s in range(0, 400, 10))]
"""Nothing happens."""
BAIT = [
    DEVICE,
    *(fix(at_s) for at_s in range(0, 100, 10)),
    event(100, EventType.VIBRATION),
    *(fix(at_s) for at_s in range(100, 260, 10)),
    *(fix(at_s, east_m=60.0) for at_s in range(260, 290, 10)),
    *(fix(at_s) for at_s in range(290, 400, 10)),
]
"""A shake that is over, then an excursion of 60 m for half a minute, and back."""


def written(lines: list[Line], name: str = "ride.jsonl") -> str:
    """As a file of that name in the current folder."""
    Path(name).write_bytes(b"".join(encoded(lines)))
    return name
