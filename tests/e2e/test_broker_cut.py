"""Cables that are cut around the broker, and a second receiver: noticed, and nothing is lost."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from parkguard.locks import hold_lock
from parkguard.settings import Settings
from parkguard.settings_file import write_settings
from support.broker import Mosquitto, wait_until
from support.mqtt_client import MqttClient
from support.source_listener import Listener
from support.tcp_proxy import PathMode, TcpProxy

pytestmark = pytest.mark.broker

BIKE, WORD = "trk-000001", "a-long-enough-word-1"
FIX, STATE = f"pg/v1/up/trk/{BIKE}/fix", f"pg/v1/up/trk/{BIKE}/state"


def device(broker: Mosquitto, *, port: int = 0, keepalive_s: int = 30) -> MqttClient:
    return MqttClient(
        broker.host,
        port or broker.port,
        user=BIKE,
        password=WORD,
        will=(STATE, b"lost"),
        keepalive_s=keepalive_s,
    )


@pytest.mark.fault(16)
def test_a_cut_cable_of_a_device_is_noticed_on_both_sides(tmp_path: Path) -> None:
    """Nobody hears of it: its will is said after 1.5 times its keep-alive, and it comes back."""
    with (
        Mosquitto(tmp_path, {BIKE: WORD}) as broker,
        TcpProxy(broker.port) as path,
        Listener(broker) as listener,
    ):
        bike = device(broker, port=path.port, keepalive_s=2).connect()
        bike.publish(FIX, b"1")
        path.turn(PathMode.DROP)
        bike.send(FIX, b"2")

        wait_until(lambda: b"lost" in listener.heard, what="the broker notices")
        wait_until(lambda: bike.losses, what="the device notices")
        bike.close()
        path.turn(PathMode.PASS)
        with device(broker, port=path.port) as again:
            again.publish(FIX, b"2")
        wait_until(lambda: b"2" in listener.heard)

    assert listener.heard == [b"1", b"lost", b"2"]


@pytest.mark.fault(17)
def test_a_cut_cable_of_ours_is_noticed_and_what_waited_is_heard(tmp_path: Path) -> None:
    """The echo is missing: not ready; the session keeps everything, in order."""
    said = [b"%03d" % number for number in range(150)]
    with (
        Mosquitto(tmp_path, {BIKE: WORD}) as broker,
        TcpProxy(broker.port) as path,
        Listener(broker, port=path.port, silent_ms=1_000) as listener,
        device(broker) as bike,
    ):
        bike.publish(FIX, said[0])
        wait_until(lambda: listener.heard)
        path.turn(PathMode.DROP)
        for payload in said[1:]:
            bike.publish(FIX, payload)

        wait_until(lambda: not listener.source.connected, what="we notice")
        reason = listener.source.reason
        path.turn(PathMode.PASS)
        wait_until(lambda: set(said) <= set(listener.heard), what="all of it is heard")
        wait_until(lambda: listener.source.connected)

        assert listener.source.sessions_lost == 0
    assert "echo is missing" in reason
    assert list(dict.fromkeys(listener.heard)) == said


@pytest.mark.fault(15)
def test_a_broker_that_stands_still_loses_nothing_and_doubles_nothing(tmp_path: Path) -> None:
    """Longer than the keep-alive: devices and we come back, each message is one."""
    with (
        Mosquitto(tmp_path, {BIKE: WORD}) as broker,
        Listener(broker, silent_ms=1_000) as listener,
    ):
        bike = device(broker, keepalive_s=1).connect()
        bike.publish(FIX, b"1")
        assert broker.process is not None
        broker.process.send_signal(signal.SIGSTOP)
        try:
            wait_until(lambda: not listener.source.connected, what="we notice")
            wait_until(lambda: bike.losses, what="the device notices")
        finally:
            broker.process.send_signal(signal.SIGCONT)
        bike.close()
        with device(broker) as again:
            again.publish(FIX, b"2")
        wait_until(lambda: b"2" in listener.heard)
        wait_until(lambda: listener.source.connected)

    assert [payload for payload in listener.heard if payload != b"lost"] == [b"1", b"2"]


@pytest.mark.fault(8)
def test_a_second_receiver_refuses_to_start(tmp_path: Path) -> None:
    """Two of one name would take each other's session for ever; it ends before it connects."""
    file = tmp_path / "settings.json"
    write_settings(Settings.model_validate({"data_dir": tmp_path}), file)
    with hold_lock(tmp_path / "run" / "ingest.lock"):
        second = subprocess.run(  # noqa: S603 - our own command
            [sys.executable, "-m", "parkguard", "--settings", str(file), "ingest"],
            capture_output=True,
            text=True,
            check=False,
        )

    assert second.returncode == 1
    assert f"ingest runs already on this data_dir (process {os.getpid()})" in second.stderr
    assert "broker_connected" not in second.stderr
