"""A station as staff see it: its box, who empties it, and what was refused of it."""

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from parkguard.clock import wall_ms
from simulators.encode import ChargerStatus, CoinBox, Counters, Port, encode
from support.broker import wait_until
from support.mqtt_client import MqttClient
from support.screens import PHONE, Screens
from support.town import Town

pytestmark = pytest.mark.browser
STATION = "chg-900001"
EVIL = "<img src=x onerror=document.title='taken'>"
"""What a device may say; a page shows it as text."""


@pytest.fixture(scope="module")
def station(town: Town) -> Iterator[str]:
    """A station with a stuck relay and a full box; one thing it says is no message."""
    with town.client() as client:
        asked = {"devices": [{"id": STATION, "cls": "chg", "name": "North gate"}]}
        made = client.post("/v1/devices", json=asked).raise_for_status().json()
    secret, broker = made["devices"][0]["secret"], town.settings.broker
    lines: list[MqttClient] = []

    def is_let_in() -> bool:
        line = MqttClient(broker.host, broker.port, user=STATION, password=secret).connect()
        lines.append(line)
        return not line.refused

    wait_until(is_let_in, what="the broker knows the new station")
    topic = f"{broker.root}/up/chg/{STATION}"
    lines[-1].publish(f"{topic}/status", encode(_status()))
    lines[-1].publish(f"{topic}/event", json.dumps({"id": STATION, "type": EVIL}).encode())
    yield STATION
    for line in lines:
        line.close()


def _status() -> ChargerStatus:
    return ChargerStatus(
        id=STATION, boot="B1", seq=1, t=wall_ms(), rssi_dbm=-70, temp_c=31, mains_v=229.5,
        door_open=False, smoke=False, box=CoinBox(coins=780, amount_fen=78_000, cap_coins=800),
        ctr=Counters(coins_total=4_000, amount_total_fen=400_000),
        ports=[Port(n=1, state="faulted", err="relay_stuck", w=36), Port(n=2, state="available")],
        next_s=3_600.0,
    )  # fmt: skip


def test_who_empties_a_full_box_is_told_to_everybody(screens: Screens, station: str) -> None:
    """By the list on a phone; the station's page says until when, and its port what is wrong."""
    page = screens.open("/app/staff/collection", PHONE, user="staff")
    card = page.get_by_role("row").filter(has_text=station)
    expect(card.get_by_text("Full", exact=True)).to_be_visible()
    card.get_by_role("button", name="I am emptying it").click()
    page.get_by_role("button", name="Say so").click()
    expect(page.get_by_text("Written down")).to_be_visible()
    page.get_by_role("button", name="Close").click()
    expect(card.get_by_text("staff is there until")).to_be_visible(timeout=60_000)

    page.goto(f"{screens.url}/app/staff/chargers/{station}")
    expect(page.get_by_text("staff is there until")).to_be_visible()
    expect(page.get_by_text("relay_stuck")).to_be_visible()
    assert screens.faults == []


def test_what_was_refused_is_text_and_is_run_again(screens: Screens, station: str) -> None:
    """What a replay will do is said before, what came of it after; markup stays text."""
    page = screens.open(f"/app/staff/quarantine?device={station}", user="staff")
    rows = page.get_by_role("table").get_by_role("link")
    rows.first.click()
    expect(page.locator("pre")).to_contain_text(EVIL)
    assert "taken" not in page.title()
    page.go_back()

    page.get_by_role("button", name="Run again").click()
    expect(page.get_by_text("One message matches and is held.")).to_be_visible()
    page.get_by_role("button", name="Run 1 again").click()
    expect(page.get_by_text("will be run within seconds")).to_be_visible()
    expect(rows).to_have_count(2)  # refused anew: another row, with today's reason
    assert screens.faults == []
