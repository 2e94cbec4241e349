"""A synthetic theft through the real chain: if any part stands still, the outside hears nothing."""

import os
import signal
from collections.abc import Iterator

import pytest

from devices.model import SYNTHETIC_ID
from parkguard.parts import PART_NAMES, SYNTHETIC_PART
from parkguard.private_files import write_private
from parkguard.status_files import PartStatus, read_all
from stores.schema import alerts, feed, incidents, outbox
from support.broker import wait_until
from support.dead_mans_switch import DeadMansSwitch
from support.machine import missing_mosquitto
from support.town import Town

pytestmark = [pytest.mark.broker, pytest.mark.long]
WITHIN_S = 60.0
QUICK = {
    "synthetic": {"on": True, "every_s": 3, "within_s": 3},
    "detection": {"lag_s": 0.5, "owner_min_m": 20, "owner_sigmas": 3, "owner_rate": 1},
    "supervise": {"stuck_s": 600},
}
"""A theft every 3 s and 60 m, and a detection quick enough for it; no watchdog helps."""
CHAIN = ("mosquitto", "ingest", "process", "dispatch")


@pytest.fixture(scope="module")
def switch() -> Iterator[DeadMansSwitch]:
    with DeadMansSwitch() as waiting:
        yield waiting


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory, switch: DeadMansSwitch) -> Iterator[Town]:
    """Everything under ``parkguard up``, the thefts too; the first was seen."""
    if (todo := missing_mosquitto()) is not None:
        pytest.fail(todo)
    with Town(tmp_path_factory.mktemp("town"), settings=QUICK) as town:
        write_private(town.settings.data_dir / "secrets" / "heartbeat_url", switch.url.encode())
        town.up()
        wait_until(lambda: switch.beats, within_s=WITHIN_S, what=f"a heartbeat; {_said(town)}")
        yield town
        assert switch.strays == 0
        assert switch.PATH not in town.parts["up"].said()


@pytest.mark.promise(23)
@pytest.mark.parametrize("part", CHAIN)
def test_whatever_of_the_chain_stands_still_the_heartbeat_stays_away(
    town: Town, switch: DeadMansSwitch, part: str
) -> None:
    """And comes again by itself."""
    pid = town.mosquitto_pid() if part == "mosquitto" else town.pid(part)
    before = _missed(town)
    os.kill(pid, signal.SIGSTOP)
    try:
        wait_until(lambda: _missed(town) > before, within_s=WITHIN_S, what="a theft is missed")
        beats, missed = switch.beats, _missed(town)
        wait_until(lambda: _missed(town) > missed, within_s=WITHIN_S, what="another is missed")
        silent, reason = switch.beats == beats, _said(town).reason
    finally:
        os.kill(pid, signal.SIGCONT)
    wait_until(lambda: switch.beats > beats, within_s=WITHIN_S, what=f"beats; {_said(town)}")

    assert silent
    assert reason.startswith("the synthetic theft was missed while ")


@pytest.mark.promise(23)
def test_people_see_nothing_of_it(town: Town) -> None:
    """No owner, officer or police system; it is in the feed, and the API leaves it out."""
    assert {row["vehicle_id"] for row in town.rows(alerts)} == {SYNTHETIC_ID}
    assert {(row["channel"], row["audience"]) for row in town.rows(outbox)} == {
        ("feed", "synthetic")
    }
    assert {row["audience"] for row in town.rows(feed)} == {"synthetic"}
    assert town.rows(incidents) == []
    with town.client() as client:
        assert client.get("/v1/alerts").json()["alerts"] == []
        assert client.get(f"/v1/vehicles/{SYNTHETIC_ID}").status_code == 404
        assert client.get(f"/v1/devices/{SYNTHETIC_ID}").status_code == 404
        ids = [one["id"] for one in client.get("/v1/devices").json()["devices"]]
        assert ids
        assert SYNTHETIC_ID not in ids
        ready = [part["part"] for part in client.get("/readyz").json()["parts"]]
        assert ready == [*PART_NAMES, SYNTHETIC_PART]
        assert "parkguard_synthetic_theft_last_ok_seconds" in client.get("/metrics").text


def _said(town: Town) -> PartStatus:
    said = read_all(town.settings.data_dir / "run")
    wait_until(lambda: SYNTHETIC_PART in said, what="the part said something")
    return said[SYNTHETIC_PART]


def _missed(town: Town) -> float:
    return _said(town).metrics["synthetic_thefts_missed_total"]
