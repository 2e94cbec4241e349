"""What counts as a device's own coming and going, and what does not."""

import numpy as np
import pytest

from devices.flapping import counted
from devices.listening import Listening
from devices.presence import Presence, PresencePolicy


@pytest.mark.parametrize(
    ("before", "now", "counts"),
    [
        (Presence.ONLINE, Presence.LATE, True),
        (Presence.LATE, Presence.OFFLINE, False),
        (Presence.OFFLINE, Presence.ONLINE, True),
        (Presence.SLEEPING, Presence.LATE, True),
        (Presence.ONLINE, Presence.SLEEPING, False),
        (Presence.UNKNOWN, Presence.ONLINE, False),
    ],
)
def test_one_going_is_one_change(before: Presence, now: Presence, counts: bool) -> None:  # noqa: FBT001 - a table
    """From late to offline nobody goes a second time."""
    assert counted(np.array([before]), np.array([now])).tolist() == [counts]


@pytest.mark.parametrize(("longest_ms", "doubted"), [(2_000, True), (30_000, False)])
def test_will_between_ticks_taken_in_strides_is_the_devices_own(
    longest_ms: int,
    doubted: bool,  # noqa: FBT001 - a table
) -> None:
    """Only a tick that is late for its stride says that we were away."""
    listening = Listening(PresencePolicy())
    listening.tick(60_000, connected=True, longest_ms=longest_ms)

    assert listening.near_outage(80_000) is doubted
