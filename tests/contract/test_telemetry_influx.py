"""What a server answers to what we write: refusals, limits, retention, rights."""

from collections import Counter
from dataclasses import replace
from functools import partial
from pathlib import Path

import httpx
import pytest

from devices.refused import StoreReason
from devices.telemetry import MEASUREMENTS, Row
from devices.words import Flag
from parkguard.passwords import new_secret
from stores.influx_place import DataClass, InfluxPlace
from stores.influx_setup import erase, set_up
from stores.telemetry_influx import InfluxTelemetry
from support.influx_server import FOR_EVER, InfluxServer
from support.influx_words import FAR_MS, many_rows, refusal_of, trouble_of
from support.telemetry_rows import NOW_MS, a_row

pytestmark = pytest.mark.influx


def send_line(place: InfluxPlace, line: str) -> None:
    """Write as another program would."""
    answer = httpx.post(
        f"{place.url}/write",
        params={"db": place.bucket, "rp": "track"},
        content=line,
        auth=(place.user, place.secret),
    )
    assert answer.status_code == 204, answer.text


@pytest.mark.fault(31)
def test_bad_line_among_thousands_is_named_and_the_rest_stored(influx: InfluxServer) -> None:
    """A number that no 64 bits hold: 1.6.7 repeats the line in its answer."""
    store = InfluxTelemetry(influx.new_place())
    rows = many_rows()
    rows[3777] = a_row(device_id="trk-003777", seq=3777, sat=2**70)

    left_out = refusal_of(store, rows)

    assert [one[:2] for one in left_out.refused] == [(rows[3777], StoreReason.LINE)]
    assert "out of range" in left_out.refused[0].said
    assert store.count("fix") == 4999
    store.close()


@pytest.mark.fault(31)
def test_conflict_that_the_answer_does_not_name_is_looked_for(influx: InfluxServer) -> None:
    """Another program wrote ``sat`` as a float: the one row with ``sat`` is found by halves."""
    place = influx.new_place()
    send_line(place, f"fix,device=stranger sat=11.5 {NOW_MS}000001")
    store = InfluxTelemetry(place)
    rows = many_rows()
    rows[4242] = a_row(device_id="trk-004242", seq=4242, sat=11)

    left_out = refusal_of(store, rows)

    assert [one[:2] for one in left_out.refused] == [(rows[4242], StoreReason.CONFLICT)]
    assert store.count("fix") == 4999
    store.close()


def test_store_that_refuses_everything_is_waited_for(influx: InfluxServer) -> None:
    """Nothing is set aside when the schema is another program's: people must look."""
    place = influx.new_place()
    send_line(place, f"fix,device=stranger lat_deg=11i {NOW_MS}000001")
    store = InfluxTelemetry(place)

    for rows in (many_rows(5000), many_rows(20)):
        trouble = trouble_of(partial(store.write, rows))
        assert "row after row" in str(trouble)
        assert "telemetry.influx.bucket" in str(trouble)

    assert store.count("fix") == 0
    store.close()


def test_anything_comes_back_as_it_was(influx: InfluxServer) -> None:
    """Extreme numbers and hostile texts in every column of every measurement."""
    store = InfluxTelemetry(influx.new_place())
    hostile: dict[str, list[float | int | str | None]] = {
        "float": [0.0, -0.5, 1e-300, 1e300, 5e-324, 31.820000000000004, 3.0],
        "int": [0, -1, 2**63 - 1, -(2**63), 2**53 + 1],
        "str": [
            "",
            '"',
            "\\",
            "a\\",
            '\\"',
            "a,b=c d",
            "a\nb\tc",
            "\u202e皖\U0001f6b2",
            "\x00",
            "'; --",
        ],
    }
    rows = [
        Row(
            name,
            "trk-000001",
            NOW_MS + k,
            k,
            tuple(hostile[kind][k % len(hostile[kind])] for kind in columns.values()),
        )
        for name, columns in MEASUREMENTS.items()
        for k in range(35)
    ]

    store.write(rows)

    found = [row for name in MEASUREMENTS for row in store.rows(name, "trk-000001", 0, FAR_MS)]
    assert found == rows
    store.close()


def test_rows_of_one_moment_do_not_overwrite_each_other(influx: InfluxServer) -> None:
    """Also with numbers that are hashes; pages go in the order of the key all the same."""
    store = InfluxTelemetry(influx.new_place())
    seqs = [0, 1, 999_999, 1_000_002, 2**62 + 5, -7]
    rows = [a_row(seq=seq, sat=k) for k, seq in enumerate(seqs)]
    store.write(rows)

    found: list[Row] = []
    while page := store.rows(
        "fix", "trk-000001", 0, FAR_MS, (found[-1].t_ms, found[-1].seq) if found else None, 2
    ):
        found += page

    assert found == sorted(rows, key=lambda row: row.seq)
    store.close()


def test_points_of_yesterday_are_read(influx: InfluxServer) -> None:
    """With columns that are written no more, and the usual ones still written out."""
    place = influx.new_place()
    send_line(
        place,
        'fix,device=trk-000001 lat_deg=31.82,lon_deg=117.22,acc_m=6.5,hdop=0.9,source="gnss",'
        f"flags=0i,recv_ms=7i,seq=77i {NOW_MS}000077",
    )
    store = InfluxTelemetry(place)
    store.write([a_row(1.0, seq=78)])

    assert store.track("trk-000001", 0, FAR_MS) == [a_row(seq=77), a_row(1.0, seq=78)]
    store.close()


def test_clock_that_stands_still_loses_no_row(influx: InfluxServer) -> None:
    """Ten thousand rows of one millisecond, flagged as late."""
    store = InfluxTelemetry(influx.new_place())

    store.write([a_row(seq=seq, flags=int(Flag.LATE)) for seq in range(10_000)])

    assert store.count("fix") == 10_000
    store.close()


def test_rows_that_would_share_a_point_are_told(influx: InfluxServer) -> None:
    """The first stays, the second is set aside; a true double is neither."""
    store = InfluxTelemetry(influx.new_place())
    first, second = a_row(seq=7), a_row(seq=1_000_007)

    left_out = refusal_of(store, [first, first, second])

    assert [one[:2] for one in left_out.refused] == [(second, StoreReason.COLLISION)]
    assert store.rows("fix", "trk-000001", 0, FAR_MS) == [first]
    store.close()


def test_any_number_of_rows_may_share_a_point(influx: InfluxServer) -> None:
    """A device can make them at will: it must not make the projector wait."""
    store = InfluxTelemetry(influx.new_place())

    left_out = refusal_of(store, [a_row(seq=k * 1_000_000) for k in range(300)])

    assert Counter(one.reason for one in left_out.refused) == {StoreReason.COLLISION: 299}
    assert store.count("fix") == 1
    store.close()


def test_row_after_row_refused_is_waited_for(influx: InfluxServer) -> None:
    """Also one by one: after ten with nothing taken between them."""
    place = influx.new_place()
    send_line(place, f"fix,device=stranger lat_deg=11i {NOW_MS}000001")
    store = InfluxTelemetry(place)
    for k in range(10):
        refusal_of(store, [a_row(k)])

    trouble = trouble_of(partial(store.write, [a_row(11)]))
    store.write([a_row(measurement="charger", temp_c=20.0)])

    assert "row after row" in str(trouble)
    refusal_of(store, [a_row(11)])
    store.close()


def test_rows_older_than_the_retention_are_counted(influx: InfluxServer) -> None:
    """They are gone by policy: no poison, no loss of the others."""
    place = replace(influx.place, bucket="short")
    set_up(place, FOR_EVER | {DataClass.TRACK: 36_500, DataClass.HEALTH: 1})
    store = InfluxTelemetry(place)
    old = [a_row(k, measurement="charger", temp_c=20.0) for k in range(50)]

    left_out = refusal_of(store, [*old, a_row()])

    assert (left_out.refused, left_out.expired) == ((), 50)
    assert (store.count("charger"), store.count("fix")) == (0, 1)
    store.close()


def test_setting_up_again_changes_the_retention(influx: InfluxServer) -> None:
    """And loses nothing that is stored."""
    place = influx.new_place()
    store = InfluxTelemetry(place)
    store.write([a_row()])

    said = set_up(place, FOR_EVER | {DataClass.MONEY: 3650})

    assert said[2] == f"{place.bucket}/money: session, coin; kept 3650 days"
    assert store.count("fix") == 1
    store.close()


def test_device_is_erased(influx: InfluxServer) -> None:
    """Of every measurement, and no other device, whatever the name."""
    store = InfluxTelemetry(place := influx.new_place())
    for device_id in ("trk-000001", "trk-000002", "x' OR 'a'='a", "皖"):
        store.write([a_row(measurement=name, device_id=device_id) for name in MEASUREMENTS])

    for device_id in ("trk-000001", "x' OR 'a'='a", "nobody"):
        erase(place, device_id)

    left = {
        device_id: {name for name in MEASUREMENTS if store.rows(name, device_id, 0, FAR_MS)}
        for device_id in ("trk-000001", "trk-000002", "x' OR 'a'='a", "皖")
    }
    assert left == {
        "trk-000001": set(),
        "trk-000002": set(MEASUREMENTS),
        "x' OR 'a'='a": set(),
        "皖": set(MEASUREMENTS),
    }
    store.close()


@pytest.mark.fault(32)
def test_what_is_wrong_is_said_with_what_to_do(influx: InfluxServer) -> None:
    """Password, database and policy; for writes and for reads; nothing is dropped."""
    good = influx.new_place()
    wrong = {
        "telemetry.influx.secret_file": replace(good, secret=new_secret()),
        "run `parkguard stores init`": replace(good, bucket="nowhere"),
        "telemetry.influx.url": replace(good, url="http://127.0.0.1:1"),
    }

    for todo, place in wrong.items():
        store = InfluxTelemetry(place)
        for act in (partial(store.write, [a_row()]), partial(store.count, "fix")):
            trouble = trouble_of(act)
            assert todo in str(trouble)
            assert "\n" not in str(trouble)
            assert place.secret not in str(trouble)
        store.close()


@pytest.mark.fault(32)
def test_user_without_rights_is_told_which(influx: InfluxServer) -> None:
    """By the statement that grants them; then it does all but set up."""
    place = replace(influx.new_place(), user="plain", secret=new_secret())
    store = InfluxTelemetry(place)

    def admin(statement: str) -> None:
        login = (influx.place.user, influx.place.secret)
        httpx.post(f"{place.url}/query", data={"q": statement}, auth=login).raise_for_status()

    admin(f"CREATE USER plain WITH PASSWORD '{place.secret}'")
    grant = f'GRANT ALL ON "{place.bucket}" TO "plain"'
    for act in (partial(store.write, [a_row()]), partial(store.count, "fix")):
        assert grant in str(trouble_of(act))
    admin(grant)

    store.write([a_row()])
    store.erase("trk-000001")

    assert store.count("fix") == 0
    assert "admin privilege" in str(trouble_of(partial(set_up, place, FOR_EVER)))
    store.close()


def test_missing_policy_is_told(influx: InfluxServer) -> None:
    """1.6.7 says 500 to that."""
    place = replace(influx.place, bucket="bare")
    httpx.post(
        f"{place.url}/query",
        data={"q": "CREATE DATABASE bare"},
        auth=(place.user, place.secret),
    )
    store = InfluxTelemetry(place)

    assert "parkguard stores init" in str(trouble_of(lambda: store.write([a_row()])))
    store.close()


@pytest.mark.fault(33)
def test_write_that_is_too_large_is_split(tmp_path: Path) -> None:
    """nginx takes 64 KiB here, the batch has ten times as much."""
    with InfluxServer(tmp_path, body_max="64k") as small:
        store = InfluxTelemetry(small.new_place())
        store.write(many_rows())

        huge = a_row(measurement="event", ev_id="x" * 70_000)
        left_out = refusal_of(store, [huge, a_row(1.0)])

        assert store.count("fix") == 5001
        assert [one[:2] for one in left_out.refused] == [(huge, StoreReason.TOO_LARGE)]
        store.close()


def test_server_that_takes_no_more_devices_is_waited_for(tmp_path: Path) -> None:
    """Debian's own configuration stops at 100,000: no row is set aside for that."""
    with InfluxServer(tmp_path, devices_max=10) as small:
        store = InfluxTelemetry(small.new_place())
        store.write(many_rows(10))

        trouble = trouble_of(partial(store.write, many_rows(12)))

        assert 'index-version = "tsi1"' in str(trouble)
        assert store.count("fix") == 10
        store.close()
