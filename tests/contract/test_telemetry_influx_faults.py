"""A server that is killed, full, away or empty, and the projector beside it."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from devices.admission import Admission
from devices.errors import StoreError
from devices.registry import Registry
from devices.telemetry import MEASUREMENTS
from devices.thinning import Thinner, ThinningPolicy
from ingest.projector import Projector, ProjectorLimits
from parkguard.passwords import new_secret
from stores.influx_query import InfluxQuery
from stores.influx_setup import set_up
from stores.memory import MemoryProjectLedger, MemoryTelemetry
from stores.telemetry_influx import InfluxTelemetry
from stores.telemetry_refused import SqliteRefusedRows
from support.factories import ROOT
from support.fakes import Clock, KeptRefused, ListJournal, MemoryCheckpoints, Rounds, Told
from support.influx_server import FOR_EVER, InfluxServer, find_program
from support.influx_words import FAR_MS, many_rows, refusal_of
from support.stores_tmpfs import fill_up, small_disk
from support.telemetry_rows import a_row
from support.theft import theft_journal

pytestmark = pytest.mark.influx


@pytest.fixture
def mortal(tmp_path: Path) -> Iterator[InfluxServer]:
    """A server of its own, to be killed."""
    with InfluxServer(tmp_path) as made:
        set_up(made.place, FOR_EVER)
        yield made


def write_on(store: InfluxTelemetry, stored: int) -> int:
    """Write a hundred rows at a time until the server is gone; how many it said yes to."""
    with suppress(StoreError):
        while True:
            store.write([a_row(k, seq=k) for k in range(stored, stored + 100)])
            stored += 100
    return stored


@pytest.mark.fault(29)
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


def test_long_page_is_read_whole(influx: InfluxServer) -> None:
    """1.6.7 marks answers of more than 10,000 rows as cut."""
    store = InfluxTelemetry(influx.new_place())
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


@pytest.mark.fault(35)
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


@pytest.mark.promise(4)
@pytest.mark.fault(29)
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


@pytest.mark.fault(32)
def test_login_that_is_revoked_pauses_and_drops_nothing(influx: InfluxServer) -> None:
    """The offset stands still while the user may not write, then goes on to the end."""
    place = replace(influx.new_place(), user="revoked", secret=new_secret())
    admin = InfluxQuery(influx.place)
    admin.tell(f"CREATE USER revoked WITH PASSWORD '{place.secret}'")
    admin.tell(grant := f'GRANT ALL ON "{place.bucket}" TO "revoked"')
    store, ledger = InfluxTelemetry(place), MemoryProjectLedger()
    rounds, offsets = Rounds(60, Clock()), []

    def wait(seconds: float) -> bool:
        offsets.append(ledger.offset())
        if len(offsets) == 2:
            admin.tell(f'REVOKE ALL ON "{place.bucket}" FROM "revoked"')
        if len(offsets) == 8:
            admin.tell(grant)
        return rounds(seconds)

    a_projector(store, ledger, wait).run()

    assert len(set(offsets[2:8])) == 1
    assert ledger.offset() == len(theft_journal())
    counts = {name: store.count(name) for name in MEASUREMENTS}
    assert ledger.books()["projected", ""] == sum(counts.values())
    store.close()
    admin.close()


def test_refused_rows_are_kept_once_and_bounded(tmp_path: Path, influx: InfluxServer) -> None:
    """With reason and words; a repetition is no second one; erased with their device."""
    store, kept = InfluxTelemetry(influx.new_place()), SqliteRefusedRows(tmp_path / "refused.db")
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
