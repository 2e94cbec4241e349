"""Case A-23, a broker that forgot our subscriptions.

Kind: an open socket is no proof of anything. Fixed in ``ingest.source``: it subscribes on every
connect, a refused subscription is said, and our own echo must come back through the broker;
without it the part is not ready, subscribes anew, and goes on by itself.
"""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx
import pytest
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion

from ingest.source import MqttSource, SourceSettings
from parkguard.broker import ACL_FILE
from parkguard.broker_rules import INGEST_USER
from parkguard.clock import boottime_ms
from parkguard.status_files import read_all
from support.bad_input_run import ALL_PARTS, KEEP_ALL, Outside, fix_now
from support.broker import Embedded, Mosquitto, wait_until
from support.machine import missing_mosquitto
from support.mqtt_client import MqttClient

pytestmark = pytest.mark.broker
DEVICE = "trk-load-000001"
EVERY_S = 0.05
"""The device says something this often."""
NOTICED_S = 30.0
"""Everything here is a matter of 2 s; a busy machine has longer."""
QUICK = KEEP_ALL | {"ingest": {"echo_s": 0.3, "silent_s": 2}}
"""Settings under which silence is noticed in 2 s instead of 30."""


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outside]:
    """All parts are ready; each test leaves them so."""
    if (todo := missing_mosquitto()) is not None:
        pytest.fail(todo)
    with Outside(tmp_path_factory.mktemp("a23"), settings=QUICK) as city:
        city.run(*ALL_PARTS)
        yield city


def test_a23_messages_flow_again_after_a_restart_without_persistence(city: Outside) -> None:
    """A-23: nobody helps, nobody is started again, and the session at the broker was gone."""
    before, lost = city.pids(), _metric(city, "ingest_reconnects_total")
    with Talking(city) as device, city.client() as client:
        device.wait_heard()
        city.broker.kill()
        city.broker.db.unlink(missing_ok=True)
        wait_until(lambda: _ingest(client)["reason"], within_s=NOTICED_S, what="loss is said")
        city.broker.start()
        device.wait_heard()
        wait_until(lambda: client.get("/readyz").status_code == 200, within_s=NOTICED_S)

        assert city.pids() == before
        assert _metric(city, "ingest_reconnects_total") == lost + 1


def test_a23_a_session_taken_away_is_taken_back(city: Outside) -> None:
    """A-23 is a kind: somebody with our name connects and lets the broker forget our session."""
    before = city.pids()
    with Talking(city) as device:
        device.wait_heard()
        broker = city.broker
        password = broker.passwords[INGEST_USER]
        with MqttClient(broker.host, broker.port, user=INGEST_USER, password=password) as thief:
            wait_until(lambda: thief.losses, within_s=NOTICED_S, what="we are back")
            device.wait_heard()

        assert city.pids() == before


@pytest.mark.parametrize("how", ["stopped", "refused"])
def test_a23_not_ready_while_connected_but_silent(city: Outside, how: str) -> None:
    """A-23: the socket is open and nothing comes; /readyz says so, and heals by itself."""
    before = city.pids()
    silent = _metric(city, "ingest_broker_silences_total")
    silence = {"stopped": _stopped, "refused": _refused}[how]
    with Talking(city) as device, city.client() as client:
        device.wait_heard()
        wait_until(lambda: client.get("/readyz").status_code == 200, within_s=NOTICED_S)
        with silence(city.broker):
            wait_until(lambda: _ingest(client)["reason"], within_s=NOTICED_S, what="it is said")
            answer = client.get("/readyz")
            [part] = [one for one in answer.json()["parts"] if one["part"] == "ingest"]
        wait_until(lambda: client.get("/readyz").status_code == 200, within_s=NOTICED_S)
        device.wait_heard()

        assert answer.status_code == 503
        assert "our own echo is missing" in part["reason"]
        assert _metric(city, "ingest_broker_silences_total") > silent
        assert city.pids() == before


def test_a23_a_refused_subscription_is_said_at_once(tmp_path: Path) -> None:
    """A-23 is a kind: a broker that answers SUBACK 0x80 leaves us connected and deaf."""
    with Embedded(tmp_path) as broker:
        source = MqttSource(
            SourceSettings(
                host=broker.host,
                port=broker.port,
                root="others/v1",
                user=INGEST_USER,
                password=broker.passwords[INGEST_USER],
                max_inflight=100,
                silent_ms=600_000,
                echo_ms=600_000,
            ),
            boottime_ms,
        )
        source.start()
        try:
            wait_until(lambda: "refused our subscription" in source.reason, within_s=NOTICED_S)

            assert not source.connected
        finally:
            source.stop()


class Talking:
    """A device that says a number every 50 ms and connects anew whenever it must."""

    def __init__(self, city: Outside) -> None:
        self._city = city
        self._number = max(city.numbers(DEVICE), default=0)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._talk)
        self._client = paho.Client(CallbackAPIVersion.VERSION2, client_id=DEVICE)
        self._client.username_pw_set(DEVICE, city.broker.passwords[DEVICE])
        self._client.reconnect_delay_set(min_delay=1, max_delay=1)

    def _talk(self) -> None:
        while not self._stop.wait(EVERY_S):
            self._number += 1
            topic = f"pg/v1/up/trk/{DEVICE}/fix"
            self._client.publish(topic, fix_now(self._number), qos=1)

    def wait_heard(self) -> None:
        """Wait until something that it has yet to say is in the telemetry store."""
        said = self._number

        def is_heard() -> bool:
            return max(self._city.numbers(DEVICE), default=0) > said

        wait_until(is_heard, within_s=NOTICED_S, what=f"numbers above {said}")

    def __enter__(self) -> Self:
        self._client.connect(self._city.broker.host, self._city.broker.port)
        self._client.loop_start()
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join()
        self._client.disconnect()
        self._client.loop_stop()


@contextmanager
def _stopped(broker: Mosquitto) -> Iterator[None]:
    """The broker's process stands still and keeps its sockets."""
    assert broker.process is not None
    os.kill(broker.process.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(broker.process.pid, signal.SIGCONT)


@contextmanager
def _refused(broker: Mosquitto) -> Iterator[None]:
    """The broker's rules give us nothing any more, under a living connection."""
    assert broker.process is not None
    acl = broker.files.folder / ACL_FILE
    rules = acl.read_text()
    acl.write_text(rules.replace(f"user {INGEST_USER}\n", "user nobody\n"))
    broker.process.send_signal(signal.SIGHUP)
    try:
        yield
    finally:
        acl.write_text(rules)
        broker.process.send_signal(signal.SIGHUP)


def _ingest(client: httpx.Client) -> dict[str, str]:
    [part] = [one for one in client.get("/readyz").json()["parts"] if one["part"] == "ingest"]
    return dict(part)


def _metric(city: Outside, name: str) -> float:
    return read_all(city.settings.data_dir / "run")["ingest"].metrics[name]
