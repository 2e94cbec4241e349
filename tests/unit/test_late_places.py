"""Places that came late: many trackers at once, each in its own order, with the same outcome."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from devices.admitted import Record
from devices.late_places import LatePlaces, LatePlacesState
from devices.odometer import Odometer
from devices.readings import Flag
from support.factories import a_device, a_fix, a_record

LATE = int(Flag.LATE)
RIDES = st.lists(
    st.tuples(st.integers(1, 3), st.integers(0, 400), st.booleans()), min_size=1, max_size=60
)
"""Which tracker, how far it is from where it began (m), and whether it tells it late."""


def records_of(rides: list[tuple[int, int, bool]]) -> list[Record]:
    """One record every ten seconds."""
    return [
        a_record(
            a_fix(10.0 * k, east_m, flags=LATE if late else 0),
            device=a_device(number),
        )
        for k, (number, east_m, late) in enumerate(rides)
    ]


def distances(odometer: Odometer) -> list[float]:
    """Of the three trackers, metres."""
    return [odometer.distance_m(a_device(number).slot) for number in (1, 2, 3)]


@given(rides=RIDES, ticks=st.lists(st.integers(1, 5), max_size=20))
def test_waiting_changes_no_distance(rides: list[tuple[int, int, bool]], ticks: list[int]) -> None:
    """Whenever a tick comes, and over a restart after each: as if nobody had waited."""
    at_once, waited, places = Odometer(), Odometer(), LatePlaces()
    records = records_of(rides)
    at_once.records(records)
    begin = 0

    for count in [*ticks, len(records)]:
        waited.records(places.put(records[begin : begin + count]))
        begin += count
        for round_ in places.take(2):
            waited.step(round_)
        state = msgspec.msgpack.decode(msgspec.msgpack.encode(places.dump()), type=LatePlacesState)
        places = LatePlaces()
        places.load(state)
    for round_ in places.rest():
        waited.step(round_)

    assert distances(waited) == distances(at_once)
    assert len(places) == 0


def test_a_round_has_one_place_of_each_tracker_that_waits() -> None:
    """A hundred places of one and three of another are a hundred rounds, no more at a time."""
    places = LatePlaces()
    rides = [(1, 0, True)] * 100 + [(2, 0, True)] * 3
    assert places.put(records_of(rides)) == []

    sizes = [[len(round_.slot) for round_ in places.take(40)] for _ in range(4)]

    assert sizes == [[2] * 3 + [1] * 37, [1] * 40, [1] * 20, []]


def test_what_is_of_now_waits_only_behind_its_own() -> None:
    """Another tracker's fix is taken at once."""
    places = LatePlaces()
    late, behind, other = records_of([(1, 0, True), (1, 5, False), (2, 5, False)])

    now = places.put([late, behind, other])

    assert now == [other]
    assert [len(round_.slot) for round_ in places.rest()] == [1, 1]
