"""Case A-15, what the broker retained comes again with every subscription.

Kind: a message that is delivered late is not news. Fixed twice: retained messages are refused
outside state channels (``devices.topics.RETAINED_OK``, decisions.md 10), and a record older than
ten minutes is in the history lane and raises nothing urgent, however it came (decisions.md 12).
"""

import json
from pathlib import Path
from typing import Any

import pytest

from parkguard.clock import wall_ms
from support.bad_input_run import BEHIND, KEEP_ALL, Outside, fix_now
from support.broker import wait_until
from support.machine import missing_mosquitto

pytestmark = pytest.mark.broker
DEVICE, VEHICLE = "trk-load-000001", "veh-load-000001"
UP = f"pg/v1/up/trk/{DEVICE}"
OLD_MS = 3 * 86_400_000
"""A-15: retained on 02-27, the receiver restarts on 03-02."""


def test_a15_retained_alarms_raise_nothing_at_a_restart_and_are_counted(tmp_path: Path) -> None:
    """A-15: refused as ``retained`` at every start, listed under their device, no alert."""
    if (todo := missing_mosquitto()) is not None:
        pytest.fail(todo)
    with Outside(tmp_path, settings=KEEP_ALL) as city:
        city.say(DEVICE, f"{UP}/event", _sos("old", wall_ms() - OLD_MS), retain=True)
        city.say(DEVICE, f"{UP}/fix", fix_now(1), retain=True)
        city.say(DEVICE, f"{UP}/state", b'{"v":1,"state":"online"}', retain=True)
        city.run(*BEHIND, "api")
        city.settle(3)
        first = city.quarantined()
        city.restart("ingest")
        city.settle(6)
        again = city.quarantined()
        with city.client() as client:
            listed = _rows(client.get("/v1/quarantine", params={"device": DEVICE}).json())
            nothing = client.get("/v1/alerts").json()["alerts"]

            city.say(DEVICE, f"{UP}/event", _sos("late", wall_ms() - OLD_MS))
            city.settle(7)
            late = client.get("/v1/alerts").json()["alerts"]
            city.say(DEVICE, f"{UP}/event", _sos("now", wall_ms()))
            city.settle(8)
            wait_until(lambda: client.get("/v1/alerts").json()["alerts"], what="the live alarm")
            [alert] = client.get("/v1/alerts").json()["alerts"]

        assert (first, again) == ({"retained": 2}, {"retained": 4})
        assert [(reason, retained) for reason, retained in listed] == [("retained", True)] * 4
        assert nothing == []
        assert late == []
        assert alert["vehicle_id"] == VEHICLE
        assert city.numbers(DEVICE) == []


def _rows(page: dict[str, Any]) -> list[tuple[str, bool]]:
    return [(row["reason"], row["retained"]) for row in page["quarantine"]]


def _sos(ev_id: str, t_ms: int) -> bytes:
    return json.dumps({"v": 1, "ev_id": ev_id, "t": t_ms, "type": "sos"}).encode()
