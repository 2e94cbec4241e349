"""Trackers that keep records until the platform's receipt lose nothing, whatever the broker loses.

mosquitto and the receiver die by SIGKILL while records wait in the broker's memory: devices that
trust its acknowledgement lose them (test_durability), these send them again.
"""

from pathlib import Path

import pytest

from devices.telemetry import Row
from stores.telemetry_sqlite import SqliteTelemetry
from support.background import Background, wait_unsaved
from support.broker import wait_until
from support.machine import Machine, missing_mosquitto

pytestmark = pytest.mark.broker
TRACKERS = 60
FOREVER_MS = 4_102_444_799_999
SETTINGS = {
    "project": {"parked_row_s": 0},
    "downlinks": {"receipt_s": 1.0, "resend_after_s": 0.5, "resend_again_s": 2.0},
}
"""Nothing is thinned, and the platform answers at the pace of a test."""


@pytest.mark.promise(1, 3)
@pytest.mark.fault(4, 12, 13)
def test_what_a_killed_broker_loses_is_sent_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Made = stored, no gap stays open, every device's memory drains."""
    if (todo := missing_mosquitto()) is not None:
        pytest.fail(todo)
    size = ("--trackers", str(TRACKERS), "--chargers", "0", "--cameras", "0")
    with Machine(tmp_path, registry=("city", *size), settings=SETTINGS) as machine:
        for part in ("broker", "ingest", "process", "project"):
            machine.start(part)
        machine.wait_ready("broker", "ingest", "process", "project")
        city = Background(
            machine, "city", *size, "--report-s", "0.5", "--seconds", "20", "--receipts"
        )
        enough = machine.books()["received"] + 5 * TRACKERS
        wait_until(lambda: machine.books()["received"] >= enough, within_s=40, what="records")
        machine.parts["process"].kill()  # what it had to say to the devices is lost with it
        machine.parts["ingest"].kill()
        wait_unsaved(machine)
        machine.kill_mosquitto()
        machine.wait_ready("broker")
        summary = city.result()
        wait_until(machine.is_quiet, within_s=90, what="everything is stored")
        wait_until(lambda: machine.books()["gaps"] == 0, within_s=60, what="no gap is open")
        books = machine.books()
        rows = _rows(machine)

    numbers = {(row.device_id, row.seq) for row in rows}
    with capsys.disabled():
        print(  # noqa: T201 - the figures of the proof
            f"\nreceipts: made {summary['made']}, resent {summary['resent']}, lost connections "
            f"{summary['lost_connections']}, duplicates {books['duplicate']}, gaps {books['gaps']}"
        )
    assert summary["lost_connections"] > 0
    assert (summary["pending"], summary["unreceipted"]) == (0, 0)
    assert len(rows) == len(numbers)
    for device_id in {device_id for device_id, _ in numbers}:
        mine = sorted(seq for device, seq in numbers if device == device_id)
        assert mine == list(range(1, mine[-1] + 1))
    assert books["gaps"] == 0


def _rows(machine: Machine) -> list[Row]:
    """Every numbered row of every tracker: fixes and events share one numbering."""
    telemetry = SqliteTelemetry(machine.settings.data_dir / "telemetry.db")
    rows = [
        row
        for device in machine.registered.devices
        for measurement in ("fix", "event")
        for row in telemetry.rows(measurement, device.id, 0, FOREVER_MS, None, 100_000)
    ]
    telemetry.close()
    return rows
