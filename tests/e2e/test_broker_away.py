"""A broker that is stopped or killed sends wills, or none: nobody is late or offline for it."""

import os
import signal
from pathlib import Path

import pytest

from parkguard.clock import wall_ms
from parkguard.parts import PART_NAMES
from support.broker import wait_until
from support.machine import missing_mosquitto
from support.presence_watch import PresenceWatch
from support.town import Town, TownSize

pytestmark = pytest.mark.broker
WITHIN_S = 60.0
ENDS = (signal.SIGTERM, signal.SIGKILL)
"""How mosquitto ends, one time after the other."""


@pytest.mark.promise(19)
@pytest.mark.fault(11, 12)
def test_a_restart_of_the_broker_makes_nobody_offline(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """35 devices, reports every second: a will would make them offline in 3 s."""
    if (todo := missing_mosquitto()) is not None:
        pytest.fail(todo)
    with Town(tmp_path, size=TownSize(trackers=35, chargers=0, cameras=0)) as town:
        parts = PART_NAMES[:3]
        for part in parts:
            town.start(part)
        town.wait_ready(*parts)
        city = town.live(seconds=600, story="quiet")
        watch = PresenceWatch(town)
        _wait_heard(watch)
        watch.changes.clear()
        for number in ENDS:
            os.kill(town.mosquitto_pid(), number)
            for _ in range(2):
                _wait_heard(watch)
        seen = watch.changes
        watch.close()
        city.end()

    worst = {word: max(now[word] for now in seen) for word in ("late", "offline")}
    with capsys.disabled():
        print(f"\n{len(ENDS)} restarts of the broker: at most {worst}")  # noqa: T201 - the figures of the proof
    assert worst == {"late": 0, "offline": 0}


def _wait_heard(watch: PresenceWatch) -> None:
    began_ms = wall_ms()
    wait_until(
        lambda: watch.everybody_but([]) <= watch.heard_since(began_ms),
        within_s=WITHIN_S,
        what=f"everybody speaks: {watch.changes}",
    )
