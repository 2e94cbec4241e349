"""Presence by the bounds of health.md, for every device in one call."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.causes import Cause, causes_of
from devices.presence import Presence, PresenceArrays, PresencePolicy, Said, assess

POLICY = PresencePolicy()
HEALTH_ORDER = {
    Presence.ONLINE: 0,
    Presence.SLEEPING: 0,
    Presence.LATE: 1,
    Presence.OFFLINE: 2,
}


def _one(
    interval_s: float, age_s: float, said: Said = Said.NOTHING
) -> tuple[Presence, list[Cause]]:
    arrays = PresenceArrays.empty(1)
    arrays.known[:] = True
    arrays.heard_ms[:] = 1_000
    arrays.interval_ms[:] = round(interval_s * 1000)
    arrays.said[:] = said
    presence, causes = assess(arrays, 1_000 + round(age_s * 1000), POLICY)
    return Presence(int(presence[0])), causes_of(int(causes[0]))


@pytest.mark.parametrize(
    ("interval_s", "age_s", "expected"),
    [
        (10, 0, Presence.ONLINE),  # tracker riding: late after 45 s, offline after 60 s
        (10, 45, Presence.ONLINE),
        (10, 45.001, Presence.LATE),
        (10, 60, Presence.LATE),
        (10, 60.001, Presence.OFFLINE),
        (180, 300, Presence.ONLINE),  # tracker parked, charger idle: 5 and 9.5 min
        (180, 300.001, Presence.LATE),
        (180, 570, Presence.LATE),
        (180, 570.001, Presence.OFFLINE),
        (3_600, 5_430, Presence.ONLINE),  # parked, sleep: about 90 min and 3 h
        (3_600, 5_430.001, Presence.LATE),
        (3_600, 10_830.001, Presence.OFFLINE),
        (60, 120, Presence.ONLINE),  # camera, busy charger: 2 and 3.5 min
        (60, 120.001, Presence.LATE),
        (60, 210.001, Presence.OFFLINE),
        (30, 75, Presence.ONLINE),  # gateway: 75 s and 2 min
        (30, 75.001, Presence.LATE),
        (30, 120.001, Presence.OFFLINE),
    ],
)
def test_bounds_of_the_table(interval_s: float, age_s: float, expected: Presence) -> None:
    """Online to 1.5 E + 30 s, late to 3 E + 30 s (health.md)."""
    presence, causes = _one(interval_s, age_s)

    assert presence is expected
    assert causes == ([] if expected is Presence.ONLINE else [Cause.SILENT])


@pytest.mark.parametrize(
    ("interval_s", "age_s", "expected"),
    [
        (60, 0, Presence.LATE),  # late at once
        (60, 120, Presence.LATE),
        (60, 120.001, Presence.OFFLINE),
        (10, 30, Presence.LATE),  # 3 E is shorter than 120 s
        (10, 30.001, Presence.OFFLINE),
        (3_600, 121, Presence.OFFLINE),
    ],
)
def test_will_is_late_at_once_and_offline_after_two_minutes(
    interval_s: float, age_s: float, expected: Presence
) -> None:
    """Or after 3 E if that is shorter."""
    assert _one(interval_s, age_s, Said.LOST) == (expected, [Cause.CONNECTION_LOST])


def test_clean_disconnect_is_late_and_offline_like_silence() -> None:
    """Nobody pulled a cable, but it is not there."""
    assert _one(60, 0, Said.DISCONNECTED)[0] is Presence.LATE
    assert _one(60, 210, Said.DISCONNECTED)[0] is Presence.LATE
    assert _one(60, 210.001, Said.DISCONNECTED) == (Presence.OFFLINE, [Cause.CONNECTION_LOST])


@pytest.mark.parametrize(
    ("age_s", "expected", "causes"),
    [
        (0, Presence.SLEEPING, []),
        (86_400 * 1.1, Presence.SLEEPING, []),
        (86_400 * 1.1 + 1, Presence.LATE, [Cause.PROMISE_BROKEN]),
        (86_400 * 2 + 3_600, Presence.LATE, [Cause.PROMISE_BROKEN]),
        (86_400 * 2 + 3_601, Presence.OFFLINE, [Cause.PROMISE_BROKEN]),
    ],
)
def test_sleeper_is_late_when_its_promise_is_broken(
    age_s: float, expected: Presence, causes: list[Cause]
) -> None:
    """10 % past the promise late, twice the promise plus an hour offline (26.4 h and 49 h)."""
    assert _one(86_400, age_s, Said.SLEEPING) == (expected, causes)


def test_registered_but_never_heard_is_unknown_with_a_cause() -> None:
    """It alarms too; a slot that nobody registered does not."""
    arrays = PresenceArrays.empty(2)
    arrays.known[0] = True

    presence, causes = assess(arrays, 10**9, POLICY)

    assert presence.tolist() == [Presence.UNKNOWN, Presence.UNKNOWN]
    assert causes.tolist() == [int(Cause.NEVER_HEARD), 0]


@given(
    interval_s=st.floats(0.1, 604_800),
    said=st.sampled_from(Said),
    ages_s=st.tuples(st.floats(0, 2_000_000), st.floats(0, 2_000_000)),
)
def test_more_silence_is_never_healthier(
    interval_s: float, said: Said, ages_s: tuple[float, float]
) -> None:
    """Whatever was promised and said."""
    earlier, later = (_one(interval_s, age_s, said)[0] for age_s in sorted(ages_s))

    assert HEALTH_ORDER[earlier] <= HEALTH_ORDER[later]


@given(interval_s=st.floats(0.1, 604_800), said=st.sampled_from(Said), age_s=st.floats(0, 10**6))
def test_every_trouble_has_one_cause_in_words(interval_s: float, said: Said, age_s: float) -> None:
    """Late and offline say why, in two languages; a healthy device says nothing."""
    presence, causes = _one(interval_s, age_s, said)

    assert bool(causes) == (HEALTH_ORDER[presence] > 0)
    assert all(cause.en and cause.zh and cause.code for cause in causes)


def test_a_million_devices_are_assessed_in_one_call() -> None:
    """The same answers as one by one; the call has no loop over devices."""
    size = 1_000_000
    rng = np.random.default_rng(7)
    arrays = PresenceArrays.empty(size)
    arrays.known[:] = rng.random(size) < 0.99
    arrays.heard_ms[:] = rng.integers(-1, 10_000_000, size)
    arrays.interval_ms[:] = rng.choice([10_000, 60_000, 180_000, 3_600_000], size)
    arrays.said[:] = rng.integers(0, 4, size)

    presence, causes = assess(arrays, 10_000_000, POLICY)

    assert presence.shape == causes.shape == (size,)
    for slot in rng.integers(0, size, 200).tolist():
        if arrays.known[slot] and arrays.heard_ms[slot] >= 0:
            age_s = (10_000_000 - int(arrays.heard_ms[slot])) / 1000
            alone = _one(int(arrays.interval_ms[slot]) / 1000, age_s, Said(int(arrays.said[slot])))
            assert (presence[slot], causes_of(int(causes[slot]))) == alone
        else:
            assert presence[slot] == Presence.UNKNOWN


def test_assessment_changes_nothing() -> None:
    """State in, answer out."""
    arrays = PresenceArrays.empty(3)
    arrays.known[:] = True
    before = {name: getattr(arrays, name).tobytes() for name in arrays.__slots__}

    assess(arrays, 5_000_000, POLICY)

    assert {name: getattr(arrays, name).tobytes() for name in arrays.__slots__} == before


@pytest.mark.parametrize("cause", list(Cause))
def test_cause_has_words_in_two_languages(cause: Cause) -> None:
    """A new bit without words fails here, not on an officer's screen."""
    assert cause.en
    assert cause.zh
    assert causes_of(int(cause)) == [cause]
