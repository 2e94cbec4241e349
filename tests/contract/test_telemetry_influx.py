"""What only a server can do to us: refuse, go away, be killed, be full, forget everything."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

import httpx
import pytest

from devices.admission import Admission
from devices.errors import StoreError
from devices.refused import PartialWrite, StoreReason
from devices.registry import Registry
from devices.rows import Thinner, ThinningPolicy
from devices.telemetry import MEASUREMENTS, Row
from ingest.projector import Projector, ProjectorLimits
from parkguard.passwords import new_secret
from stores.influx_place import DataClass, InfluxPlace
from stores.influx_setup import erase, set_up
from stores.memory import MemoryProjectLedger, MemoryTelemetry
from stores.telemetry_influx import InfluxTelemetry
from stores.telemetry_refused import SqliteRefusedRows
from support.factories import ROOT
from support.fakes import Clock, KeptRefused, ListJournal, MemoryCheckpoints, Rounds, Told
from support.influx_server import FOR_EVER, InfluxServer, find_program
from support.stores_tmpfs import fill_up, small_disk
from support.telemetry_rows import NOW_MS, a_row
from support.theft import theft_journal

pytestmark = pytest.mark.influx

FAR_MS = 2**50


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InfluxServer]:
    """One server that no test harms."""
    with InfluxServer(tmp_path_factory.mktemp("influx")) as made:
        yield made


@pytest.fixture
def mortal(tmp_path: Path) -> Iterator[InfluxServer]:
    """A server of its own, to be killed."""
    with InfluxServer(tmp_path) as made:
        set_up(made.place, FOR_EVER)
        yield made


def many_rows(number: int = 5000) -> list[Row]:
    """Rows of as many devices."""
    return [a_row(device_id=f"trk-{k:06d}", seq=k) for k in range(number)]


def send_line(place: InfluxPlace, line: str) -> None:
    """Write as another program would."""
    answer = httpx.post(
        f"{place.url}/write",
        params={"db": place.bucket, "rp": "track"},
        content=line,
        auth=(place.user, place.secret),
    )
    assert answer.status_code == 204, answer.text


def write_on(store: InfluxTelemetry, stored: int) -> int:
    """Write a hundred rows at a time until the server is gone; how many it said yes to."""
    with suppress(StoreError):
        while True:
            store.write([a_row(k, seq=k) for k in range(stored, stored + 100)])
            stored += 100
    return stored


def refusal_of(store: InfluxTelemetry, rows: list[Row]) -> PartialWrite:
    """What a write leaves out."""
    with pytest.raises(PartialWrite) as left_out:
        store.write(rows)
    return left_out.value


def trouble_of(act: Callable[[], object]) -> StoreError:
    """The error of a call that must fail and may pass."""
    with pytest.raises(StoreError) as trouble:
        act()
    assert trouble.value.may_pass
    return trouble.value


def test_bad_line_among_thousands_is_named_and_the_rest_stored(server: InfluxServer) -> None:
    """A number that no 64 bits hold: 1.6.7 repeats the line in its answer."""
    store = InfluxTelemetry(server.new_place())
    rows = many_rows()
    rows[3777] = a_row(device_id="trk-003777", seq=3777, sat=2**70)

    left_out = refusal_of(store, rows)

    assert [one[:2] for one in left_out.refused] == [(rows[3777], StoreReason.LINE)]
    assert "out of range" in left_out.refused[0].said
    assert store.count("fix") == 4999
    store.close()


def test_conflict_that_the_answer_does_not_name_is_looked_for(server: InfluxServer) -> None:
    """Another program wrote ``sat`` as a float: the one row with ``sat`` is found by halves."""
    place = server.new_place()
    send_line(place, f"fix,device=stranger sat=11.5 {NOW_MS}000001")
    store = InfluxTelemetry(place)
    rows = many_rows()
    rows[4242] = a_row(device_id="trk-004242", seq=4242, sat=11)

    left_out = refusal_of(store, rows)

    assert [one[:2] for one in left_out.refused] == [(rows[4242], StoreReason.CONFLICT)]
    assert store.count("fix") == 4999
    store.close()


def test_store_that_refuses_everything_is_waited_for(server: InfluxServer) -> None:
    """Nothing is set aside when the schema is another program's: people must look."""
    place = server.new_place()
    send_line(place, f"fix,device=stranger lat_deg=11i {NOW_MS}000001")
    store = InfluxTelemetry(place)

    for rows in (many_rows(5000), many_rows(20)):
        trouble = trouble_of(partial(store.write, rows))
        assert "row after row" in str(trouble)
        assert "telemetry.influx.bucket" in str(trouble)

    assert store.count("fix") == 0
    store.close()


def test_anything_comes_back_as_it_was(server: InfluxServer) -> None:
    """Extreme numbers and hostile texts in every column of every measurement."""
    store = InfluxTelemetry(server.new_place())
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


def test_rows_of_one_moment_do_not_overwrite_each_other(server: InfluxServer) -> None:
    """Also with numbers that are hashes; pages go in the order of the key all the same."""
    store = InfluxTelemetry(server.new_place())
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


def test_rows_that_would_share_a_point_are_told(server: InfluxServer) -> None:
    """The first stays, the second is set aside; a true double is neither."""
    store = InfluxTelemetry(server.new_place())
    first, second = a_row(seq=7), a_row(seq=1_000_007)

    left_out = refusal_of(store, [first, first, second])

    assert [one[:2] for one in left_out.refused] == [(second, StoreReason.COLLISION)]
    assert store.rows("fix", "trk-000001", 0, FAR_MS) == [first]
    store.close()


def test_any_number_of_rows_may_share_a_point(server: InfluxServer) -> None:
    """A device can make them at will: it must not make the projector wait."""
    store = InfluxTelemetry(server.new_place())

    left_out = refusal_of(store, [a_row(seq=k * 1_000_000) for k in range(300)])

    assert Counter(one.reason for one in left_out.refused) == {StoreReason.COLLISION: 299}
    assert store.count("fix") == 1
    store.close()


def test_row_after_row_refused_is_waited_for(server: InfluxServer) -> None:
    """Also one by one: after ten with nothing taken between them."""
    place = server.new_place()
    send_line(place, f"fix,device=stranger lat_deg=11i {NOW_MS}000001")
    store = InfluxTelemetry(place)
    for k in range(10):
        refusal_of(store, [a_row(k)])

    trouble = trouble_of(partial(store.write, [a_row(11)]))
    store.write([a_row(measurement="charger", temp_c=20.0)])

    assert "row after row" in str(trouble)
    refusal_of(store, [a_row(11)])
    store.close()


def test_rows_older_than_the_retention_are_counted(server: InfluxServer) -> None:
    """They are gone by policy: no poison, no loss of the others."""
    place = replace(server.place, bucket="short")
    set_up(place, FOR_EVER | {DataClass.TRACK: 36_500, DataClass.HEALTH: 1})
    store = InfluxTelemetry(place)
    old = [a_row(k, measurement="charger", temp_c=20.0) for k in range(50)]

    left_out = refusal_of(store, [*old, a_row()])

    assert (left_out.refused, left_out.expired) == ((), 50)
    assert (store.count("charger"), store.count("fix")) == (0, 1)
    store.close()


def test_setting_up_again_changes_the_retention(server: InfluxServer) -> None:
    """And loses nothing that is stored."""
    place = server.new_place()
    store = InfluxTelemetry(place)
    store.write([a_row()])

    said = set_up(place, FOR_EVER | {DataClass.MONEY: 3650})

    assert said[2] == f"{place.bucket}/money: session, coin; kept 3650 days"
    assert store.count("fix") == 1
    store.close()


def test_device_is_erased(server: InfluxServer) -> None:
    """Of every measurement, and no other device, whatever the name."""
    store = InfluxTelemetry(place := server.new_place())
    for device_id in ("trk-000001", "trk-000002", "x' OR 'a'='a", "皖"):
        store.write(
            [a_row(measurement=name, device_id=device_id, recv_ms=NOW_MS) for name in MEASUREMENTS]
        )

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


def test_what_is_wrong_is_said_with_what_to_do(server: InfluxServer) -> None:
    """Password, database and policy; for writes and for reads; nothing is dropped."""
    good = server.new_place()
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


def test_user_without_rights_is_told_which(server: InfluxServer) -> None:
    """By the statement that grants them; then it does all but set up."""
    place = replace(server.new_place(), user="plain", secret=new_secret())
    store = InfluxTelemetry(place)

    def admin(statement: str) -> None:
        login = (server.place.user, server.place.secret)
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


def test_missing_policy_is_told(server: InfluxServer) -> None:
    """1.6.7 says 500 to that."""
    place = replace(server.place, bucket="bare")
    httpx.post(
        f"{place.url}/query",
        data={"q": "CREATE DATABASE bare"},
        auth=(place.user, place.secret),
    )
    store = InfluxTelemetry(place)

    assert "parkguard stores init" in str(trouble_of(lambda: store.write([a_row()])))
    store.close()


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


def test_killed_server_has_every_row_that_it_said_yes_to(mortal: InfluxServer) -> None:
    """SIGKILL while one write follows the other, three times."""
    store = InfluxTelemetry(mortal.place)
    stored = 0
    for _ in range(3):
        killer = threading.Timer(0.3, mortal.kill)
        killer.start()
        stored = write_on(store, stored)
        killer.join()
        mortal.restart()
        assert stored <= store.count("fix") <= stored + 100
    found = store.rows("fix", "trk-000001", 0, FAR_MS, None, 10**6)

    assert stored > 300
    assert found[:stored] == [a_row(k, seq=k) for k in range(stored)]
    store.close()


def test_long_page_is_read_whole(server: InfluxServer) -> None:
    """1.6.7 marks answers of more than 10,000 rows as cut."""
    store = InfluxTelemetry(server.new_place())
    store.write(rows := [a_row(k, seq=k) for k in range(20_050)])

    assert store.rows("fix", "trk-000001", 0, FAR_MS, None, 20_040) == rows[:20_040]
    assert store.rows("fix", "trk-000001", 0, FAR_MS, None, 30_000) == rows
    store.close()


def test_full_disk_may_pass(tmp_path: Path) -> None:
    """Nothing is acknowledged while it is full; what was, is there when it is not."""
    with (
        small_disk(tmp_path / "disk", kib=20_000) as disk,
        InfluxServer(tmp_path, data=disk / "data") as small,
    ):
        store = InfluxTelemetry(small.new_place())
        store.write(rows := many_rows(1000))
        ballast = fill_up(disk, leave_bytes=16_384)
        with pytest.raises(StoreError) as trouble:
            store.write(many_rows(50_000))
        ballast.unlink()
        small.restart()

        store.write(many_rows(5000))

        assert "free space there, then restart it" in str(trouble.value)
        assert store.count("fix") == 5000
        assert store.rows("fix", rows[7].device_id, 0, FAR_MS) == [rows[7]]
        store.close()


def a_projector(
    telemetry: InfluxTelemetry | MemoryTelemetry,
    ledger: MemoryProjectLedger,
    wait: Callable[[float], bool],
) -> Projector:
    """The real projector on a journal with a theft, 20 entries at a time."""
    projector = Projector(
        admission=Admission(ROOT),
        thinner=Thinner(ThinningPolicy()),
        journal=ListJournal(theft_journal()),
        ledger=ledger,
        telemetry=telemetry,
        refused=KeptRefused(),
        checkpoints=MemoryCheckpoints(),
        status=Told(),
        limits=ProjectorLimits(batch_max=20, poll_s=0.1, checkpoint_ms=60_000),
        steady_ms=Clock(),
        wait=wait,
        tidy=lambda: None,
    )
    projector.resume(Registry())
    return projector


def queries(store: InfluxTelemetry | MemoryTelemetry) -> dict[str, object]:
    """What people ask for."""
    begin_ms = theft_journal()[0].recv_ms // 60_000 * 60_000
    period = ("trk-000001", begin_ms, begin_ms + 7_200_000)
    return {
        "counts": {name: store.count(name) for name in MEASUREMENTS},
        "tracks": [store.track(f"trk-{k:06d}", 0, FAR_MS, None, 10**5) for k in range(5)],
        "speeds": store.history("fix", "speed_mps", *period, 600_000),
        "rows": store.availability("fix", *period, every_ms=600_000),
    }


def test_wiped_store_is_rebuilt_from_the_journal(mortal: InfluxServer) -> None:
    """A new offset from 0, the same answers to every question; memory has the same."""
    memory, store = MemoryTelemetry(), InfluxTelemetry(mortal.place)
    a_projector(memory, MemoryProjectLedger(), Rounds(40, Clock())).run()
    a_projector(store, MemoryProjectLedger(), Rounds(40, Clock())).run()
    before = queries(store)
    mortal.wipe()
    mortal.start()
    set_up(mortal.place, FOR_EVER)
    empty = store.count("fix")

    a_projector(store, MemoryProjectLedger(), Rounds(40, Clock())).run()

    assert empty == 0
    assert queries(store) == before
    assert before["counts"] == queries(memory)["counts"]
    assert before["tracks"] == queries(memory)["tracks"]
    store.close()


def test_server_that_is_away_for_a_while_loses_nothing(mortal: InfluxServer) -> None:
    """Killed between batches, wiped never: the offset stands still, then goes on to the end."""
    store, ledger = InfluxTelemetry(mortal.place), MemoryProjectLedger()
    rounds, offsets = Rounds(60, Clock()), []

    def wait(seconds: float) -> bool:
        offsets.append(ledger.offset())
        if len(offsets) == 2:
            mortal.kill()
        if len(offsets) == 8:
            mortal.restart()
        return rounds(seconds)

    a_projector(store, ledger, wait).run()

    memory = MemoryTelemetry()
    a_projector(memory, MemoryProjectLedger(), Rounds(40, Clock())).run()
    assert len(set(offsets[2:8])) == 1
    assert ledger.offset() == len(theft_journal())
    assert queries(store)["counts"] == queries(memory)["counts"]
    assert ledger.books()["projected", ""] == sum(
        Counter(queries(store)["counts"]).values()  # type: ignore[call-overload]
    )
    store.close()


def test_refused_rows_are_kept_once_and_bounded(tmp_path: Path, server: InfluxServer) -> None:
    """With reason and words; a repetition is no second one; erased with their device."""
    store, kept = InfluxTelemetry(server.new_place()), SqliteRefusedRows(tmp_path / "refused.db")
    rows = [a_row(sat=2**70), a_row(1.0, device_id="trk-000002", sat=2**70), a_row(2.0)]

    for _ in range(2):
        kept.keep(refusal_of(store, rows).refused)
    both = [one.row for one in kept.all()]
    kept.forget("trk-000001")

    assert both == rows[:2]
    assert [one.row for one in kept.all()] == [rows[1]]
    store.close()


def test_missing_server_fails_with_the_command_that_installs_it() -> None:
    """Never skipped."""
    with pytest.raises(pytest.fail.Exception, match="apt-get install -y influxdb"):
        find_program("influxd-of-nobody", "influxdb")
