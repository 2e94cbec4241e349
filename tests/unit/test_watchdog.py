"""Who says nothing new is stuck; who starts, speaks, or was not watched is not."""

import msgspec
import pytest

from parkguard.status_files import PartStatus
from parkguard.watchdog import Watchdog

pytestmark = pytest.mark.promise(38)
STUCK_S = 5.0


def a_status(at_ms: int = 0, *, pid: int = 7) -> PartStatus:
    return PartStatus(part="ingest", pid=pid, at_ms=at_ms, started_ms=0, ready=True)


def seconds_until_stuck(dog: Watchdog, said: dict[str, PartStatus], *, passed_s: float) -> int:
    """How many looks it takes, at most 20."""
    looks = range(1, 21)
    return next(k for k in looks if dog.stuck(said, {"ingest": 7}, passed_s=passed_s) or k == 20)


def test_a_part_that_says_nothing_new_is_stuck() -> None:
    """Counted from its last word."""
    dog = Watchdog(STUCK_S)
    for at_ms in range(10):
        assert not dog.stuck({"ingest": a_status(at_ms)}, {"ingest": 7}, passed_s=1.0)

    assert seconds_until_stuck(dog, {"ingest": a_status(9)}, passed_s=1.0) == 5


def test_a_clock_that_leaps_makes_nobody_stuck() -> None:
    """Any new word is a word, whatever time it bears."""
    dog = Watchdog(STUCK_S)

    found = [
        dog.stuck({"ingest": a_status(at_ms)}, {"ingest": 7}, passed_s=1.0)
        for at_ms in (10**12, 10**12 + 3_600_000, 10**12 - 3_600_000, 0) * 5
    ]

    assert not any(found)


def test_time_in_which_nobody_watched_counts_for_nothing() -> None:
    """The machine was suspended for an hour: a look says 2 s at most."""
    dog = Watchdog(STUCK_S)
    dog.stuck({"ingest": a_status()}, {"ingest": 7}, passed_s=1.0)

    assert seconds_until_stuck(dog, {"ingest": a_status()}, passed_s=3600.0) == 3


@pytest.mark.parametrize("said", [{}, {"ingest": a_status(pid=6)}])
def test_a_part_that_starts_is_not_stuck(said: dict[str, PartStatus]) -> None:
    """It has said nothing yet; the file is missing, or of the process before."""
    assert seconds_until_stuck(Watchdog(STUCK_S), said, passed_s=1.0) == 20


def test_a_part_that_was_started_again_begins_anew() -> None:
    """What its forerunner did not say is not its own silence."""
    dog = Watchdog(STUCK_S)
    old, new = a_status(), msgspec.structs.replace(a_status(), pid=8)
    for _ in range(10):
        dog.stuck({"ingest": old}, {"ingest": 7}, passed_s=1.0)

    first = dog.stuck({"ingest": old}, {"ingest": 8}, passed_s=1.0)
    second = dog.stuck({"ingest": new}, {"ingest": 8}, passed_s=1.0)

    assert not first
    assert not second
