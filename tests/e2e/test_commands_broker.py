"""Commands over a real broker: stored, sent, obeyed, answered; API and command line tell it."""

import json
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest

from support.broker import wait_until
from support.machine import Machine, missing_mosquitto
from support.mqtt_client import MqttClient
from support.town import Town, TownSize

pytestmark = pytest.mark.broker
SIZE = TownSize(trackers=6, chargers=0, cameras=0)
WHO = "trk-000002"
ROUTE = f"/v1/devices/{WHO}/commands"
PARTS = ("broker", "ingest", "process", "api")


def test_a_device_is_told_obeys_and_answers(tmp_path: Path) -> None:
    """Every 30 s becomes every second by the API; located by the command line; nothing retained."""
    if (todo := missing_mosquitto()) is not None:
        pytest.fail(todo)
    with Town(tmp_path, size=SIZE, report_s=30.0) as machine:
        for part in PARTS:
            machine.start(part)
        machine.wait_ready(*PARTS)
        city = machine.live(seconds=300, story="quiet", extra="--commands --deaf 0")
        births_and_infos = 2 * 6
        wait_until(
            lambda: machine.books()["received"] >= births_and_infos,
            within_s=60,
            what="all are there",
        )
        with machine.client() as client:
            asked = client.post(ROUTE, json={"kind": "interval", "every_s": 1, "for_s": 30})
            wait_until(lambda: state_of(client) == "done", within_s=30, what="the answer")
            before = machine.books()["received"]
            wait_until(lambda: machine.books()["received"] >= before + 5, what="dense reports")
            located = subprocess.run(  # noqa: S603 - our own command
                [*machine.command("devices"), "command", WHO, "locate", "--wait", "--json"],
                capture_output=True,
                check=False,
            )
            commands = client.get(ROUTE).json()["commands"]
        city.end()
        retained = retained_for(machine, WHO)

    assert asked.status_code == 202
    assert located.returncode == 0, located.stderr.decode()
    answer = json.loads(located.stdout)
    assert (answer["state"], answer["detail"]) == ("done", "located")
    assert [(one["kind"], one["state"], one["sends"]) for one in commands] == [
        ("locate", "done", 1),
        ("interval", "done", 1),
    ]
    assert commands[1]["id"] == asked.json()["command_id"]
    assert commands[1]["detail"] == "every 1 s"
    assert retained == []


def state_of(client: httpx.Client) -> str:
    """How the device's newest command stands."""
    commands: list[dict[str, Any]] = client.get(ROUTE).json()["commands"]
    return str(commands[0]["state"]) if commands else "unknown"


def retained_for(machine: Machine, device_id: str) -> list[tuple[str, bytes, bool]]:
    """What the broker keeps for a device that comes anew."""
    password = json.loads(machine.credentials.read_text())[device_id]
    broker = machine.settings.broker
    with MqttClient("127.0.0.1", broker.port, user=device_id, password=password) as client:
        assert client.subscribe(f"{broker.root}/dn/trk/{device_id}/#")
        client.publish(f"{broker.root}/up/trk/{device_id}/event", b"{}")  # after what was kept
        return list(client.got)
