"""Vehicles: plates and places by role, arming, reports; the control rows they leave."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from api.roles import Role
from devices import control as wire
from devices.control import Arm, Disarm, ReportStolen
from devices.latest import ArmedState
from stores.schema import audit, control, incidents
from support.api_city import MASKED, PLATE, client_of, fill
from support.api_world import HERE, NOW_MS, THERE, World, a_world


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A city with one of everything."""
    world = a_world(tmp_path)
    fill(world)
    yield world
    world.engine.dispose()


def close_incidents(world: World) -> None:
    """End people's work on every vehicle."""
    with world.engine.begin() as connection:
        connection.execute(sa.update(incidents).values(state="closed"))


@pytest.mark.parametrize(
    ("role", "plate", "incident"),
    [
        (Role.OFFICER, PLATE, "inc-here"),
        (Role.DESK, PLATE, "inc-here"),
        (Role.ADMIN, PLATE, "inc-here"),
        (Role.OPERATOR, MASKED, "inc-here"),
        (Role.OWNER, PLATE, None),
    ],
)
def test_plates_are_masked_by_role(
    world: World, role: Role, plate: str, incident: str | None
) -> None:
    """Owners see their plate but nothing of police work."""
    headers = world.headers(role, owner_id="wang" if role is Role.OWNER else None)

    answer = client_of(world).get("/v1/vehicles/veh-here", headers=headers).json()

    assert (answer["plate"], answer["incident_id"]) == (plate, incident)


@pytest.mark.parametrize(
    ("role", "actions"),
    [
        (Role.OFFICER, ["position_seen", "plate_seen"]),
        (Role.DESK, ["plate_seen"]),
        (Role.OPERATOR, []),
        (Role.OWNER, ["position_seen"]),
    ],
)
def test_what_is_shown_unmasked_is_in_the_audit(
    world: World, role: Role, actions: list[str]
) -> None:
    """Places and plates, by the vehicle and by its case."""
    client = client_of(world)
    headers = world.headers(role, owner_id="wang" if role is Role.OWNER else None)

    client.get("/v1/vehicles/veh-here", headers=headers)
    client.get("/v1/incidents/inc-here", headers=headers)

    seen = [row["action"] for row in world.rows(audit)]
    by_case = ["plate_seen"] if role in {Role.OFFICER, Role.DESK} else []
    assert seen == actions + by_case
    assert {row["object"] for row in world.rows(audit)} <= {"vehicle:veh-here"}


def test_without_an_open_incident_police_see_neither_plate_nor_place(world: World) -> None:
    """The vehicle itself is there: it lives in their area."""
    world.latest.put(1, fix_t_ms=NOW_MS, lat_deg=31.8, lon_deg=117.2, level=2, recv_ms=NOW_MS)
    client, headers = client_of(world), world.headers(Role.OFFICER, areas=[HERE])
    during = client.get("/v1/vehicles/veh-here", headers=headers).json()
    close_incidents(world)

    after = client.get("/v1/vehicles/veh-here", headers=headers).json()

    assert (during["plate"], during["position"]["lat_deg"], during["level"]) == (PLATE, 31.8, 2)
    assert (after["plate"], after["position"], after["level"]) == (MASKED, None, 0)


def test_an_incident_in_my_area_shows_me_a_vehicle_from_elsewhere(world: World) -> None:
    """It was ridden here; when the case closes it is not mine to see."""
    with world.engine.begin() as connection:
        there = incidents.c.id == "inc-there"
        connection.execute(sa.update(incidents).where(there).values(area=f"{HERE}00101"))
    client, headers = client_of(world), world.headers(Role.OFFICER, areas=[HERE])
    during = client.get("/v1/vehicles/veh-there", headers=headers).status_code
    close_incidents(world)

    after = client.get("/v1/vehicles/veh-there", headers=headers).status_code

    assert (during, after) == (200, 404)


def test_a_vehicle_of_mine_in_a_foreign_incident_shows_no_place(world: World) -> None:
    """Police see a place by an incident in their own area only."""
    with world.engine.begin() as connection:
        here = incidents.c.id == "inc-here"
        connection.execute(sa.update(incidents).where(here).values(area=f"{THERE}00101"))
    headers = world.headers(Role.OFFICER, areas=[HERE])

    answer = client_of(world).get("/v1/vehicles/veh-here", headers=headers).json()

    assert (answer["position"], answer["incident_id"], answer["plate"]) == (None, None, MASKED)


@pytest.mark.parametrize("state", list(ArmedState))
def test_the_armed_state_is_a_word(world: World, state: ArmedState) -> None:
    """Disarmed, settling, armed."""
    world.latest.put(1, armed=int(state), fix_t_ms=NOW_MS, lat_deg=1.0, lon_deg=1.0)
    headers = world.headers(Role.OWNER, owner_id="wang")

    answer = client_of(world).get("/v1/vehicles/veh-here", headers=headers).json()

    assert answer["armed"] == state.name.lower()


@pytest.mark.parametrize(
    ("verb", "kind", "action"),
    [
        ("arm", Arm, "vehicle_armed"),
        ("disarm", Disarm, "vehicle_disarmed"),
        ("report-stolen", ReportStolen, "vehicle_reported"),
    ],
)
def test_an_owners_button_is_a_control_row_and_an_audit_row(
    world: World, verb: str, kind: type[Arm | Disarm | ReportStolen], action: str
) -> None:
    """202 names the control row; its bytes decode; the processor does the rest."""
    headers = world.headers(Role.OWNER, owner_id="wang", name="wang")

    answer = client_of(world).post(f"/v1/vehicles/veh-here/{verb}", headers=headers)

    assert answer.status_code == 202
    [row] = world.rows(control)
    assert answer.json() == {"control_id": row["id"]}
    assert wire.decode(row["body"]) == kind(at_ms=NOW_MS, by="wang", vehicle_id="veh-here")
    assert [(one["action"], one["object"]) for one in world.rows(audit)] == [
        (action, "vehicle:veh-here")
    ]


def test_officers_report_but_do_not_disarm(world: World) -> None:
    """Standing a vehicle down is the owner's."""
    client, headers = client_of(world), world.headers(Role.OFFICER, areas=[HERE])

    reported = client.post("/v1/vehicles/veh-here/report-stolen", headers=headers).status_code
    disarmed = client.post("/v1/vehicles/veh-here/disarm", headers=headers).status_code

    assert (reported, disarmed) == (202, 403)


def test_an_owner_token_without_an_owner_sees_nothing(world: World) -> None:
    """Vehicles that nobody owns do not become everybody's."""
    with world.engine.begin() as connection:
        connection.execute(sa.text("UPDATE vehicles SET owner_id = ''"))
    client = client_of(world)

    for owner_id in ("", None):
        headers = world.headers(Role.OWNER, owner_id=owner_id)
        assert client.get("/v1/vehicles/veh-here", headers=headers).status_code == 404
        assert client.get("/v1/devices", headers=headers).json()["devices"] == []
