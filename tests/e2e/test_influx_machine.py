"""The whole way into a real InfluxDB that dies under load: nothing lost, nobody else waits."""

import threading
from pathlib import Path
from typing import Any

import pytest

from parkguard.status_files import read_all
from stores.telemetry_influx import InfluxTelemetry
from support.broker import wait_until
from support.influx_server import InfluxServer
from support.influx_settings import influx_settings
from support.machine import Machine, missing_mosquitto

pytestmark = [pytest.mark.broker, pytest.mark.influx]
TOTAL, RATE, DEVICES = 10_000, 2_500, 100
FOREVER_MS = 4_102_444_799_999
KEEP_ALL = {"parked_row_s": 0, "checkpoint_s": 2}
"""Nothing is thinned; checkpoints come often, so that restarts begin in the middle."""


def test_every_record_is_in_influxdb_after_kills(tmp_path: Path) -> None:
    """influxd is away in the middle of the load, the projector is killed; the processor goes on."""
    if (todo := missing_mosquitto()) is not None:
        pytest.fail(todo)
    with (
        InfluxServer(tmp_path) as server,
        Machine(
            tmp_path,
            registry=("load", "--devices", str(DEVICES)),
            settings={
                "telemetry": influx_settings(place := server.new_place(), tmp_path / "private"),
                "project": KEEP_ALL,
            },
        ) as machine,
    ):
        for part in ("broker", "ingest", "process", "project", "api"):
            machine.start(part)
        machine.wait_ready("broker", "ingest", "process", "project", "api")
        summary: dict[str, Any] = {}
        words = ("--devices", str(DEVICES), "--rate", str(RATE), "--total", str(TOTAL))
        load = threading.Thread(target=lambda: summary.update(machine.simulate("load", *words)))
        load.start()
        wait_until(lambda: machine.books()["projected"] > 0, within_s=40, what="the first rows")
        server.kill()
        stood_at = machine.offsets()[1]
        machine.parts["project"].kill()
        load.join(60)
        wait_until(
            lambda: machine.books()["received"] >= TOTAL, within_s=40, what="all is processed"
        )
        run_dir = machine.settings.data_dir / "run"
        wait_until(lambda: "InfluxDB" in read_all(run_dir)["project"].reason, what="it is said")
        while_away = (machine.books()["accepted"], machine.offsets()[1])
        server.restart()
        wait_until(lambda: machine.is_settled(TOTAL), within_s=40, what="everything is stored")

        books = machine.books()
        store = InfluxTelemetry(place)
        count = store.count("fix")
        devices = sorted(device.id for device in machine.registered.devices)
        tracks = {device: store.track(device, 0, FOREVER_MS, None, TOTAL) for device in devices}
        store.close()
        vehicle = machine.registered.devices[0].vehicle_id
        with machine.client() as client:
            answer = client.get(
                f"/v1/vehicles/{vehicle}/track?limit=1000", headers={"x-purpose": "ADMIN_CHECK"}
            )

    assert summary["pending"] == 0
    assert while_away[0] == TOTAL
    assert while_away[1] - stood_at <= 2 * machine.settings.project.batch_max
    assert (count, books["projected"], books.get("unstored", 0)) == (TOTAL, TOTAL, 0)
    assert sum(map(len, tracks.values())) == TOTAL
    assert all(len({row.seq for row in track}) == len(track) for track in tracks.values())
    first = tracks[machine.registered.devices[0].id]
    assert [(fix["t_ms"], fix["seq"]) for fix in answer.json()["fixes"]] == [
        (row.t_ms, row.seq) for row in first
    ]
