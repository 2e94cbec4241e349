"""What every telemetry store keeps to: memory, SQLite and a real InfluxDB."""

import math
from collections.abc import Iterator
from pathlib import Path

import pytest

from devices.telemetry import MEASUREMENTS, Interval, Row
from stores.memory import MemoryTelemetry
from stores.telemetry_influx import InfluxTelemetry
from stores.telemetry_sqlite import SqliteTelemetry
from support.influx_server import InfluxServer
from support.telemetry_rows import NOW_MS, a_row
from support.telemetry_stores import Store, everything


@pytest.fixture(params=["memory", "sqlite", pytest.param("influx", marks=pytest.mark.influx)])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """Each store in turn, empty."""
    made: Store = MemoryTelemetry()
    if request.param == "sqlite":
        made = SqliteTelemetry(tmp_path / "t.db")
    if request.param == "influx":
        server: InfluxServer = request.getfixturevalue("influx")
        made = InfluxTelemetry(server.new_place())
    yield made
    made.close()


def test_row_comes_back_with_its_types(store: Store) -> None:
    """Floats, integers, text and what is unknown."""
    row = a_row(speed_mps=0.0, sat=11, source="gnss", flags=2**40)

    store.write([row])

    assert everything(store) == [row]
    assert [type(value) for value in everything(store)[0].fields] == [
        type(value) for value in row.fields
    ]


@pytest.mark.parametrize("measurement", list(MEASUREMENTS))
def test_every_measurement_is_stored(store: Store, measurement: str) -> None:
    """Each in its own table; the others stay empty."""
    store.write([a_row(measurement=measurement)])

    counts = {name: store.count(name) for name in MEASUREMENTS}

    assert counts == dict.fromkeys(MEASUREMENTS, 0) | {measurement: 1}


def test_repetition_changes_nothing(store: Store) -> None:
    """As when the projector was killed between the write and its offset."""
    rows = [a_row(at_s, seq=seq, sat=seq) for at_s in range(3) for seq in range(3)]
    store.write(rows)

    store.write(rows[4:])
    store.write(rows)

    assert everything(store) == rows


def test_first_row_of_a_key_stays_in_a_batch(store: Store) -> None:
    """Another one with its key is no second row."""
    first = a_row(sat=11)

    store.write([first, a_row(sat=12), first])

    assert everything(store) == [first]


def test_same_key_in_a_later_batch_is_one_row(store: Store) -> None:
    """Memory and SQLite keep the first; InfluxDB cannot, and has the last (docs/stores.md)."""
    first, last = a_row(sat=11), a_row(sat=12)
    store.write([first])

    store.write([last])

    assert everything(store) == [last if isinstance(store, InfluxTelemetry) else first]


def test_key_is_device_time_and_seq(store: Store) -> None:
    """A row that differs in one of them is another row."""
    rows = [a_row(), a_row(1.0), a_row(seq=2), a_row(device_id="trk-000002")]

    store.write(rows)

    assert store.count("fix") == 4
    assert everything(store) == [rows[0], rows[2], rows[1]]


def test_late_row_takes_its_place_in_time(store: Store) -> None:
    """Reads ascend by time and seq, whatever the order of arrival."""
    rows = [a_row(at_s, seq=seq) for at_s, seq in ((5, 1), (3, 2), (3, 1), (9, 1), (1, 7))]

    for row in rows:
        store.write([row])

    keys = [(row.t_ms - NOW_MS, row.seq) for row in everything(store)]
    assert keys == [(1000, 7), (3000, 1), (3000, 2), (5000, 1), (9000, 1)]


def test_period_includes_both_ends(store: Store) -> None:
    """Nothing outside of it."""
    store.write([a_row(at_s) for at_s in range(10)])

    found = store.track("trk-000001", NOW_MS + 2000, NOW_MS + 5000, None, 100)

    assert [(row.t_ms - NOW_MS) // 1000 for row in found] == [2, 3, 4, 5]


@pytest.mark.parametrize("limit", [1, 3, 7, 50])
def test_pages_join_without_hole_or_double(store: Store, limit: int) -> None:
    """The key of a page's last row begins the next one, also among rows of one moment."""
    rows = [a_row(at_s // 4, seq=at_s) for at_s in range(21)]
    store.write(rows)

    found: list[Row] = []
    while True:
        after = (found[-1].t_ms, found[-1].seq) if found else None
        page = store.track("trk-000001", NOW_MS, NOW_MS + 60_000, after, limit)
        if not page:
            break
        assert len(page) <= limit
        found += page

    assert found == rows


def test_track_has_places_only(store: Store) -> None:
    """A fix without a position is history, not track; the limit counts what is given."""
    placeless = [a_row(at_s, lat_deg=None, lon_deg=None) for at_s in range(5)]
    placed = [a_row(at_s) for at_s in range(5, 8)]
    store.write(placeless + placed)

    assert store.track("trk-000001", NOW_MS, NOW_MS + 60_000, None, 3) == placed
    assert len(everything(store)) == 8


def test_unknown_device_has_no_rows(store: Store) -> None:
    """And asking for it does not make it known."""
    assert store.track("trk-000404", 0, 2**50, None, 10) == []
    assert everything(store, "trk-000404") == []


@pytest.mark.parametrize(
    "name", ["a b,c=d", "x'; DROP TABLE fix; --", "皖-A", "tail\\", '"', "a\nb", "\u202e", ""]
)
def test_hostile_names_and_texts_are_data(store: Store, name: str) -> None:
    """They come back as they were and touch nothing else."""
    rows = [
        a_row(device_id=name, measurement="event", type=name, ev_id=name),
        a_row(device_id="trk-000001", measurement="event", type="sos", ev_id="e"),
    ]

    store.write(rows)

    found = [store.rows("event", row.device_id, 0, 2**50, None, 10) for row in rows]
    assert found == [[rows[0]], [rows[1]]]


@pytest.mark.parametrize(
    "bad",
    [
        a_row(lat_deg=math.nan),
        a_row(acc_m=math.inf),
        a_row(lat_deg=math.inf, lon_deg=-math.inf),
        a_row(speed_mps=-math.inf),
        a_row(measurement="charger", temp_c=math.nan),
        a_row()._replace(t_ms=0),
        a_row()._replace(t_ms=946_684_799_999),
        a_row()._replace(t_ms=4_102_444_800_000),
        a_row()._replace(measurement="gossip"),
        a_row()._replace(fields=(1.0,)),
    ],
)
def test_row_that_the_core_must_never_send_is_an_error(store: Store, bad: Row) -> None:
    """The whole batch is refused, and the next one is stored."""
    with pytest.raises(ValueError, match=r"measurement|fields|finite|years"):
        store.write([a_row(1.0), bad])
    store.write([a_row(2.0)])

    assert [row.t_ms for row in everything(store)] == [NOW_MS + 2000]


def test_bad_row_among_thousands_is_found(store: Store) -> None:
    """However large the batch, and whatever sums to what."""
    rows = [a_row(k, speed_mps=1e300) for k in range(5000)]
    rows[3777] = a_row(3777, speed_mps=math.nan)

    with pytest.raises(ValueError, match="finite"):
        store.write(rows)

    assert store.count("fix") == 0


def test_history_is_mean_least_and_most_by_interval(store: Store) -> None:
    """Intervals begin at multiples of their length; one without a value is left out."""
    begin_ms = NOW_MS // 60_000 * 60_000
    first_s = (begin_ms - NOW_MS) / 1000
    store.write(
        [a_row(first_s + at_s, speed_mps=float(at_s), seq=at_s) for at_s in (0, 20, 40, 130)]
        + [a_row(first_s + 70)]
        + [a_row(first_s + 10, device_id="trk-000002", speed_mps=99.0)]
    )

    found = store.history("fix", "speed_mps", "trk-000001", begin_ms, begin_ms + 179_999, 60_000)

    assert found == [
        Interval(begin_ms, 20.0, 0.0, 40.0, 3),
        Interval(begin_ms + 120_000, 130.0, 130.0, 130.0, 1),
    ]


def test_availability_counts_rows_and_shows_holes(store: Store) -> None:
    """One number per interval, 0 in a hole."""
    begin_ms = NOW_MS // 60_000 * 60_000
    first_s = (begin_ms - NOW_MS) / 1000
    store.write([a_row(first_s + at_s) for at_s in (0, 59, 60, 200)])

    found = store.availability("fix", "trk-000001", begin_ms, begin_ms + 239_999, every_ms=60_000)

    assert found == [(begin_ms + 60_000 * k, rows) for k, rows in enumerate((2, 1, 0, 1))]


@pytest.mark.parametrize(
    ("measurement", "column", "every_ms"),
    [
        ("fix", "source", 1000),
        ("fix", "lat_deg", 1000),
        ("fix", "flags", 1000),
        ("x", "y", 1000),
        ("fix", "sat", 0),
    ],
)
def test_what_cannot_be_drawn_is_refused(
    store: Store, measurement: str, column: str, every_ms: int
) -> None:
    """Texts, places, codes, no length; and more intervals than a screen has columns."""
    with pytest.raises(ValueError, match=r"no measure|length"):
        store.history(measurement, column, "trk-000001", NOW_MS, NOW_MS + 1, every_ms)
    with pytest.raises(ValueError, match="more than"):
        store.history("fix", "sat", "trk-000001", NOW_MS, NOW_MS + 10**9, 1)


def test_erased_device_has_no_rows(store: Store) -> None:
    """Of no measurement; its neighbours keep theirs, and it may write again."""
    for device_id in ("trk-000001", "trk-0000011", "trk-00000"):
        store.write(
            [a_row(measurement=name, device_id=device_id, flags=0) for name in MEASUREMENTS]
        )

    store.erase("trk-000001")
    store.erase("nobody")

    assert {name: store.count(name) for name in MEASUREMENTS} == dict.fromkeys(MEASUREMENTS, 2)
    assert everything(store) == []
    store.write([a_row()])
    assert everything(store) == [a_row()]


def test_empty_write_is_fine(store: Store) -> None:
    """A batch of which everything was thinned."""
    store.write([])

    assert store.count("fix") == 0
