"""Charging stations over the API, from records through the processor's rows."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
import sqlalchemy as sa

from api.roles import Role
from devices.causes import Cause
from devices.chargers import Chargers
from devices.control import CollectionTask, decode
from devices.model import DeviceClass
from devices.readings import AnyReading, PayKind, PortState
from stores.charging import put_stations
from stores.records import writing
from stores.schema import audit, control, devices
from support.api_city import a_device, client_of
from support.api_world import HERE, NOW_MS, THERE, World, a_world
from support.charger_shop import STOP, a_port, a_status, said
from support.factories import ELAPSED0_MS, T0_MS, a_record
from support.factories import a_device as registered

BEGIN_S = (NOW_MS - T0_MS) / 1000 - 3_600
"""An hour ago, seconds after ``T0_MS``."""


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Three stations: two here, one of them full; one there."""
    world = a_world(tmp_path, timezone="Asia/Shanghai")
    chargers = Chargers()
    for slot, (name, area, coins) in enumerate(
        [("one", HERE, 300), ("two", HERE, 790), ("far", THERE, 10)], start=1
    ):
        a_device(world, name, id=f"chg-{name}", cls="chg", vehicle_id=None, area=area)
        device = registered(slot, id=f"chg-{name}", cls=DeviceClass.CHARGER, vehicle_id=None)
        for reading in _hour(coins):
            chargers.records([a_record(reading, device=device)])
    with writing(world.engine) as connection:
        put_stations(connection, chargers.take_changes(ELAPSED0_MS + 10**9))
    yield world
    world.engine.dispose()


def _status(at_s: float, coins_total: int, box_coins: int) -> AnyReading:
    port = a_port(PortState.CHARGING, w=90.0, session="S-9")
    level = {"box_coins": box_coins, "box_cap_coins": 800}
    return msgspec.structs.replace(a_status(at_s, coins_total=coins_total, ports=port), **level)


def _hour(coins: int) -> list[AnyReading]:
    """Two coins of which nobody told, a session by QR, and a charging port."""
    paid = {"pay": PayKind.QR, "paid_fen": 150, "energy_wh": 300}
    return [
        _status(BEGIN_S, 100, coins),
        msgspec.structs.replace(said(STOP, BEGIN_S + 900, "S-1"), **paid),
        _status(BEGIN_S + 1_800, 102, coins),
    ]


def test_station_with_ports_sessions_and_money(world: World) -> None:
    """Money is for those who may read the books."""
    route = "/v1/chargers/chg-one"
    shown = client_of(world).get(route, headers=world.headers(Role.OPERATOR, areas=[HERE])).json()
    attendant = client_of(world).get(route, headers=world.headers(Role.ATTENDANT, areas=[HERE]))
    far = client_of(world).get(route, headers=world.headers(Role.OPERATOR, areas=[THERE]))

    assert shown["ports"][0].items() >= {"n": 1, "state": "charging", "session": "S-9"}.items()
    assert [one["id"] for one in shown["sessions"]] == ["S-1", "S-9"]
    assert (shown["box"]["coins"], shown["box"]["counted_fen"]) == (300, 30_200)
    assert shown["money"][0]["key"] == "2025-11-25"
    assert shown["money"][0]["total_fen"] == 350
    assert attendant.json()["money"] is None
    assert far.status_code == 404


def test_revenue_with_every_difference(world: World) -> None:
    """By station, by district; as a table each part of a difference has its column."""
    with world.engine.begin() as connection:
        connection.execute(sa.update(devices).values(name="pile 7"))
    client, headers = client_of(world), world.headers(Role.ADMIN)
    by_station = client.get("/v1/revenue", headers=headers).json()
    by_district = client.get("/v1/revenue?by=district&area=340104", headers=headers).json()
    text = client.get("/v1/revenue?format=csv", headers=headers).text
    wrong = client.get("/v1/revenue?from=2025-11-25&to=2025-11-20", headers=headers)
    no_day = client.get("/v1/revenue?from=2025-02-30", headers=headers)

    assert [line["key"] for line in by_station["lines"]] == ["chg-far", "chg-one", "chg-two"]
    assert {line["name"] for line in by_station["lines"]} == {"pile 7"}
    assert {line["name"] for line in by_district["lines"]} == {""}
    assert (by_station["all"]["total_fen"], by_station["all"]["stations"]) == (1_050, 3)
    reports = by_station["lines"][0]["comparisons"][0]
    assert (reports["compared"], reports["difference_fen"]) == ("reports", 200)
    assert [part["code"] for part in reports["lines"]] == ["no_reports"]
    assert [(line["key"], line["total_fen"]) for line in by_district["lines"]] == [("340104", 700)]
    head, first, *_ = (line.split(",") for line in text.lstrip("\ufeff").splitlines())
    row = dict(zip(head, first, strict=True))
    assert row['"reports_no_reports_fen"'] == row['"reports_difference_fen"'] == "200"
    assert (wrong.status_code, no_day.status_code) == (422, 422)


def test_collection_list_begins_with_the_fullest_box(world: World) -> None:
    """The one above 95 %; of the others nobody knows a whole day yet."""
    headers = world.headers(Role.ATTENDANT, areas=[HERE])
    boxes = client_of(world).get("/v1/collection", headers=headers).json()["boxes"]

    assert [(box["id"], box["urgency"]) for box in boxes] == [
        ("chg-two", "full"),
        ("chg-one", "later"),
    ]


def test_who_is_sent_to_a_box_is_in_the_journal_and_the_audit(world: World) -> None:
    """Only to stations in scope."""
    headers = world.headers(Role.OPERATOR, areas=[HERE], name="li")
    body = {"until": NOW_MS + 60_000}
    sent = client_of(world).post("/v1/chargers/chg-one/collection", json=body, headers=headers)
    far = client_of(world).post("/v1/chargers/chg-far/collection", json=body, headers=headers)

    assert (sent.status_code, far.status_code) == (202, 404)
    task = decode(world.rows(control)[0]["body"])
    assert isinstance(task, CollectionTask)
    assert (task.device_id, task.until_ms, task.by) == ("chg-one", NOW_MS + 60_000, "li")
    assert [row["action"] for row in world.rows(audit)] == ["collection"]


def test_list_begins_with_who_is_in_trouble(world: World) -> None:
    """By severity, then ports in trouble; pages go on where they ended, counts are of all."""
    chargers = Chargers()
    faulted = a_port(PortState.FAULTED, err="relay_stuck")
    device = registered(1, id="chg-one", cls=DeviceClass.CHARGER, vehicle_id=None)
    chargers.records([a_record(a_status(BEGIN_S, ports=faulted), device=device)])
    with writing(world.engine) as connection:
        put_stations(connection, chargers.take_changes(ELAPSED0_MS + 10**9))
    world.latest.put(1, recv_ms=NOW_MS)
    world.latest.put(2, recv_ms=NOW_MS, causes=int(Cause.BOX_OPEN))
    world.latest.put(3, recv_ms=NOW_MS)
    client, headers = client_of(world), world.headers(Role.OPERATOR)

    first = client.get("/v1/chargers?limit=2", headers=headers).json()
    second = client.get(f"/v1/chargers?cursor={first['next']}", headers=headers).json()
    bad = client.get("/v1/chargers?trouble=true", headers=headers).json()
    text = client.get("/v1/chargers?format=csv", headers=headers).text
    here = client.get("/v1/chargers", headers=world.headers(Role.DESK, areas=[HERE])).json()

    assert [one["id"] for one in first["chargers"]] == ["chg-two", "chg-one"]
    assert [one["severity"] for one in first["chargers"]] == ["security", "fine"]
    assert [port["err"] for port in first["chargers"][1]["trouble"]] == ["relay_stuck"]
    assert [one["id"] for one in second["chargers"]] == ["chg-far"]
    assert second["next"] is None
    assert (first["stations"], first["in_trouble"], len(bad["chargers"])) == (3, 2, 2)
    assert first["chargers"][0]["box_share"] == pytest.approx(790 / 800)
    assert len(text.splitlines()) == 4
    assert [one["id"] for one in here["chargers"]] == ["chg-two", "chg-one"]


def test_who_empties_the_box_is_shown_until_when(world: World) -> None:
    """And in the collection list, which is a table too."""
    until_ms = NOW_MS + 60_000
    chargers = Chargers()
    device = registered(1, id="chg-one", cls=DeviceClass.CHARGER, vehicle_id=None)
    chargers.records([a_record(_status(BEGIN_S, 100, 300), device=device)])
    task = CollectionTask(at_ms=NOW_MS, by="li", device_id="chg-one", until_ms=until_ms)
    chargers.take_changes(ELAPSED0_MS + 10**9)
    chargers.control(task, 1, recv_ms=NOW_MS, elapsed_ms=ELAPSED0_MS)
    with writing(world.engine) as connection:
        put_stations(connection, chargers.take_changes(ELAPSED0_MS + 2 * 10**9))
    client, headers = client_of(world), world.headers(Role.ATTENDANT)

    box = client.get("/v1/chargers/chg-one", headers=headers).json()["box"]
    listed = client.get("/v1/collection", headers=headers).json()["boxes"]
    text = client.get("/v1/collection?format=csv", headers=headers).text

    assert (box["collector"], box["collector_until_ms"]) == ("li", until_ms)
    assert {one["id"]: one["collector"] for one in listed} == {
        "chg-one": "li", "chg-two": "", "chg-far": "",
    }  # fmt: skip
    assert '"full_low_days"' in text.splitlines()[0]
