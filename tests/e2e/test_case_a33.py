"""Case A-33, half a year of a device that reports every second, asked for five times at once.

Kind: no question costs more than its page. Fixed by a longest period (422 with what to ask
instead), a largest page, and cursors that begin at their key (``api.routes.tracks``,
``stores.telemetry_sqlite``): memory does not grow with the period, and ingest and alerts go on.
"""

import json
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from parkguard.clock import wall_ms
from stores.telemetry_sqlite import SqliteTelemetry
from support.api_server import Listener
from support.bad_input_run import ALL_PARTS, KEEP_ALL, Outside, fix_now
from support.broker import wait_until
from support.machine import missing_mosquitto

pytestmark = pytest.mark.broker
ASKED, THIEVED = "1", "2"
FIXES = 1_000_000
"""Twelve days at 1 Hz: what is written in 5 s here. A half year has 15.7 million."""
HALF_YEAR = {"from": "2025-09-01", "to": "2026-03-01"}
READERS = 5
PAGES_MIN = 5
"""Each reader has read so many pages of 1,000 when the alert is raised, and goes on until it is
told; there are 1,000."""
PAGE_MAX = 1_000
"""Setting ``api.page_max``."""
GROWTH_MAX_MB = 150
"""More memory than this were a page that grows with the period: a million fixes as objects are
2 GB; SQLite's cache of one connection alone is 64 MiB."""
ALERT_MAX_S = 5.0
"""From the broker's PUBACK to the stream; 0.1 s where nothing else runs (docs/benchmarks.md)."""
PURPOSE = {"x-purpose": "ADMIN_CHECK"}


@pytest.fixture
def city(tmp_path: Path) -> Iterator[Outside]:
    """All parts; one of two devices has a million fixes that end now."""
    if (todo := missing_mosquitto()) is not None:
        pytest.fail(todo)
    with Outside(tmp_path, registry=("load", "--devices", "2"), settings=KEEP_ALL) as city:
        _fill(city.settings.data_dir / "telemetry.db", f"trk-load-00000{ASKED}")
        city.run(*ALL_PARTS)
        yield city


def test_a33_half_a_year_five_times_at_once_costs_nobody_anything(
    city: Outside, capsys: pytest.CaptureFixture[str]
) -> None:
    """A-33: refused with a hint, read in pages instead; an alert meanwhile is on time."""
    address = f"/v1/vehicles/veh-load-00000{ASKED}/track"
    thief = f"trk-load-00000{THIEVED}"
    before = city.pids()
    with city.client() as client:
        client.get(address, params={"limit": PAGE_MAX}, headers=PURPOSE)
        small_mb = _memory_mb(city, "VmRSS")
        stream = Listener(url=f"{city.api_url}/v1/stream", headers=dict(client.headers)).start()
        readers = [_Reader(city, address) for _ in range(READERS)]
        wait_until(lambda: all(reader.pages >= PAGES_MIN for reader in readers), within_s=40)

        for seq in range(20):
            city.say(thief, f"pg/v1/up/trk/{thief}/fix", fix_now(seq))
        began = time.monotonic()
        sos = {"v": 1, "ev_id": "a33", "t": wall_ms(), "type": "sos"}
        city.say(thief, f"pg/v1/up/trk/{thief}/event", json.dumps(sos).encode())
        wait_until(lambda: _told(stream), within_s=40, what="the alert is on the stream")
        alert_s = time.monotonic() - began
        for reader in readers:
            reader.stop()
        stream.stop()
        large_mb = _memory_mb(city, "VmHWM")
        city.settle(21)
        ready = client.get("/readyz").status_code

    with capsys.disabled():
        print(  # noqa: T201 - the figures of the case
            f"\nA-33: {READERS} readers took {[reader.pages for reader in readers]} pages of "
            f"{PAGE_MAX}; API {small_mb:.0f} MB before, at most {large_mb:.0f} MB; alert on the "
            f"stream after {alert_s:.2f} s"
        )
    assert [reader.refused for reader in readers] == [_REFUSED] * READERS
    assert {size for reader in readers for size in reader.sizes} == {PAGE_MAX}
    assert all(reader.is_ordered for reader in readers)
    assert large_mb - small_mb < GROWTH_MAX_MB
    assert alert_s < ALERT_MAX_S
    assert city.numbers(thief) == list(range(20))
    assert ready == 200
    assert city.pids() == before


_REFUSED = (422, "invalid", "ask for at most 31 days at once")


class _Reader:
    """Somebody who asks for half a year, and then reads the last 31 days page by page."""

    def __init__(self, city: Outside, address: str) -> None:
        self._city, self._address = city, address
        self.pages = 0
        self.sizes: set[int] = set()
        self.refused: tuple[int, str, str] | None = None
        self.is_ordered = True
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def _read(self) -> None:
        with self._city.client() as client:
            answer = client.get(self._address, params=HALF_YEAR, headers=PURPOSE)
            body = answer.json()
            self.refused = (answer.status_code, body["code"], body["detail"])
            query = {"from": str(wall_ms() - 30 * 86_400_000), "limit": "1000000"}
            last_ms = 0
            while not self._stop.is_set():
                page = client.get(self._address, params=query, headers=PURPOSE).json()
                times = [fix["t_ms"] for fix in page["fixes"]]
                self.is_ordered &= [last_ms, *times] == sorted({last_ms, *times})
                self.sizes.add(len(times))
                last_ms = times[-1]
                query["cursor"] = page["next"]  # None, and refused, after the last page
                self.pages += 1

    def stop(self) -> None:
        """Let it end with the page it reads."""
        self._stop.set()
        self._thread.join(60)
        assert not self._thread.is_alive()


def _told(stream: Listener) -> bool:
    vehicle = f"veh-load-00000{THIEVED}"
    return any(vehicle in str(event.data) for event in stream.events if event.id is not None)


def _memory_mb(city: Outside, name: str) -> float:
    """A line of the API process's status, MB."""
    text = Path(f"/proc/{city.pid('api')}/status").read_text()
    [line] = [line for line in text.splitlines() if line.startswith(f"{name}:")]
    return int(line.split()[1]) / 1024


def _fill(path: Path, device_id: str) -> None:
    """Write the fixes with SQL alone: what the projector would take minutes for."""
    SqliteTelemetry(path).close()
    begin_ms = wall_ms() - FIXES * 1_000
    rows = """
        WITH RECURSIVE k (s) AS (SELECT 0 UNION ALL SELECT s + 1 FROM k WHERE s < :last)
        INSERT INTO fix (device, t_ms, seq, lat_deg, lon_deg, acc_m, source, flags)
        SELECT 1, :begin + s * 1000, s, 31.8 + s * 1e-9, 117.2, 6.5, 'gnss', 0
        FROM k
    """
    db = sqlite3.connect(path)
    db.execute("INSERT INTO device (n, id) VALUES (1, ?)", (device_id,))
    db.execute(rows, {"last": FIXES - 1, "begin": begin_ms})
    db.commit()
    db.close()
