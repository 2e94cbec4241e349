"""Far more waits for the receiver than its memory may hold: the broker keeps it, in pieces."""

import json
import re
from pathlib import Path

import pytest

from stores.journal_reading import SqliteJournalReader
from support.broker import wait_until
from support.machine import Machine, missing_mosquitto
from support.mqtt_client import MqttClient

pytestmark = pytest.mark.broker
DEVICE = "trk-load-000001"
MESSAGES, EACH_BYTES = 4_000, 60_000
INFLIGHT = 500
LIMIT_MIB = 256
"""Source: fault matrix, row 9."""
WITHIN_S = 120.0


@pytest.mark.promise(11)
@pytest.mark.fault(9)
def test_a_backlog_of_any_size_costs_the_memory_of_what_is_in_flight(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """230 MiB wait in the broker; the receiver takes 30 MiB at a time."""
    if (todo := missing_mosquitto()) is not None:
        pytest.fail(todo)
    settings = {"broker": {"max_inflight": INFLIGHT}}
    registry = ("load", "--devices", "1")
    with Machine(tmp_path, registry=registry, settings=settings) as machine:
        machine.start("broker")
        machine.start("ingest")
        machine.wait_ready("broker", "ingest")
        idle_mib = _peak_mib(machine)
        assert machine.parts["ingest"].end() == 0
        _fill_broker(machine)
        machine.start("ingest")
        wait_until(lambda: _journalled(machine) >= MESSAGES, within_s=WITHIN_S, what="all of it")
        peak_mib = _peak_mib(machine)

    with capsys.disabled():
        print(f"\nreceiver: {idle_mib} MiB idle, {peak_mib} MiB at most over the backlog")  # noqa: T201 - the figures of the proof
    assert peak_mib <= LIMIT_MIB


def _fill_broker(machine: Machine) -> None:
    """Publish until the broker has it all, acknowledged."""
    broker = machine.settings.broker
    password = json.loads(machine.credentials.read_bytes())[DEVICE]
    filling = b" " * EACH_BYTES
    with MqttClient(broker.host, broker.port, user=DEVICE, password=password) as client:
        for number in range(MESSAGES):
            client.publish(f"pg/v1/up/trk/{DEVICE}/fix", b"%d" % number + filling)


def _peak_mib(machine: Machine) -> int:
    """The most memory that the receiver has had."""
    status = Path(f"/proc/{machine.pid('ingest')}/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert found is not None
    return int(found[1]) // 1024


def _journalled(machine: Machine) -> int:
    reader = SqliteJournalReader(machine.settings.data_dir / "journal")
    seq = reader.last_seq()
    reader.close()
    return seq
