"""The whole way into a real InfluxDB that is away for a minute, then slow: nobody else waits."""

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from parkguard.status_files import PartStatus, read_all
from stores.telemetry_influx import InfluxTelemetry
from support.broker import wait_until
from support.influx_server import InfluxServer
from support.influx_settings import influx_settings
from support.machine import Machine, missing_mosquitto
from support.tcp_proxy import PathMode, TcpProxy

pytestmark = [pytest.mark.broker, pytest.mark.influx]
RATE, DEVICES = 150, 50
TOTAL = 80 * RATE
"""A minute of outage, and what comes before and after it."""
SLOW_S = 5.0
FOREVER_MS = 4_102_444_799_999
KEEP_ALL = {"parked_row_s": 0, "checkpoint_s": 2, "batch_max": 2_000}
"""Nothing is thinned; checkpoints come often, so that restarts begin in the middle."""
MEMORY_MIB = 20
"""So much more may the receiver take. Source: reliability.md P4."""


class Watched(Machine):
    """A platform of which a test asks how it is."""

    def status(self, part: str) -> PartStatus:
        """What a part said last."""
        return read_all(self.settings.data_dir / "run")[part]

    def lag(self) -> float:
        """Entries of the journal that are not in the telemetry store."""
        return self.status("project").metrics.get("project_lag_entries", 0.0)

    def memory_mib(self, part: str) -> float:
        """Resident memory of a part."""
        lines = Path(f"/proc/{self.pid(part)}/status").read_text().splitlines()
        (kib,) = [line.split()[1] for line in lines if line.startswith("VmRSS")]
        return int(kib) / 1024

    def wait_received(self, records: int) -> None:
        """Wait until the processor has taken so many records in."""
        wait_until(
            lambda: self.books()["received"] >= records, within_s=120, what=f"{records} received"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Minute:
    """What was seen while influxd was away, at its begin and after every third of a minute."""

    lags: list[float]
    memory_mib: list[float]
    ready: dict[str, bool]
    offset_moved: int


def a_minute_away(machine: Watched, server: InfluxServer) -> Minute:
    """Kill influxd and the projector while messages flow, and watch for a minute of messages."""
    server.kill()
    machine.parts["project"].kill()
    begun, stood_at = machine.books()["received"], machine.offsets()[1]
    wait_until(lambda: "InfluxDB" in machine.status("project").reason, what="it is said")
    lags, memory_mib = [machine.lag()], [machine.memory_mib("ingest")]
    for part_s in (20, 40, 60):
        machine.wait_received(begun + part_s * RATE)
        lags.append(machine.lag())
        memory_mib.append(machine.memory_mib("ingest"))
    return Minute(
        lags=lags,
        memory_mib=memory_mib,
        ready={part: machine.status(part).ready for part in ("ingest", "process", "project")},
        offset_moved=machine.offsets()[1] - stood_at,
    )


def slow_writes(machine: Watched, server: InfluxServer, path: TcpProxy) -> None:
    """Start influxd again behind a slow path: intake goes on, and every slow write counts."""
    path.turn(PathMode.DELAY, delay_s=SLOW_S)
    server.restart()
    received, offset = machine.books()["received"], machine.offsets()[1]
    machine.wait_received(min(received + int(2 * SLOW_S * RATE), TOTAL))
    wait_until(
        lambda: machine.offsets()[1] >= offset + machine.settings.project.batch_max,
        within_s=60,
        what="slow writes count",
    )
    path.turn(PathMode.PASS)


@pytest.mark.promise(4)
@pytest.mark.fault(29, 30)
def test_a_minute_without_influxdb_and_slow_writes_cost_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """influxd is killed for 60 s under load, the projector too; then each write takes 5 s."""
    if (todo := missing_mosquitto()) is not None:
        pytest.fail(todo)
    with InfluxServer(tmp_path) as server, TcpProxy(server.port) as path:
        place = server.new_place()
        telemetry: dict[str, Any] = influx_settings(place, tmp_path / "private")
        telemetry["influx"] |= {"url": f"http://127.0.0.1:{path.port}", "timeout_s": 4 * SLOW_S}
        with Watched(
            tmp_path,
            registry=("load", "--devices", str(DEVICES)),
            settings={"telemetry": telemetry, "project": KEEP_ALL},
        ) as machine:
            for part in ("broker", "ingest", "process", "project", "api"):
                machine.start(part)
            machine.wait_ready("broker", "ingest", "process", "project", "api")
            summary: dict[str, Any] = {}
            words = ("--devices", str(DEVICES), "--rate", str(RATE), "--total", str(TOTAL))
            load = threading.Thread(target=lambda: summary.update(machine.simulate("load", *words)))
            load.start()
            wait_until(lambda: machine.books()["projected"] > 0, within_s=40, what="first rows")
            minute = a_minute_away(machine, server)
            slow_writes(machine, server, path)
            load.join(120)
            wait_until(lambda: machine.is_settled(TOTAL), within_s=60, what="everything is stored")
            wait_until(lambda: machine.lag() <= RATE, what="the lag is gone")

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

    with capsys.disabled():
        print(f"\n{minute}; {count} rows of {TOTAL}")  # noqa: T201 - the figures of the proof
    assert (summary["pending"], summary["resent"]) == (0, 0)
    assert minute.ready == {"ingest": True, "process": True, "project": False}
    assert minute.lags == sorted(minute.lags)
    assert minute.lags[-1] - minute.lags[0] >= 40 * RATE
    assert minute.offset_moved <= machine.settings.project.batch_max
    assert max(minute.memory_mib) - minute.memory_mib[0] < MEMORY_MIB
    assert (count, books["projected"], books.get("unstored", 0)) == (TOTAL, TOTAL, 0)
    assert sum(map(len, tracks.values())) == TOTAL
    assert all(len({row.seq for row in track}) == len(track) for track in tracks.values())
    first = tracks[machine.registered.devices[0].id]
    assert [(fix["t_ms"], fix["seq"]) for fix in answer.json()["fixes"]] == [
        (row.t_ms, row.seq) for row in first
    ]
