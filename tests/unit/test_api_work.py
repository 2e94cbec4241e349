"""Phones and tickets over the API: who may say what, and the rows it leaves."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec
import pytest

from api.roles import Role
from devices import control as wire
from devices.control import CloseTicket, OpenTicket, PhoneAt
from devices.model import Vehicle
from stores.schema import audit, control, vehicles
from support.api_city import client_of, fill
from support.api_world import HERE, NOW_MS, World, a_world

PHONE = {"lat_deg": 31.8, "lon_deg": 117.2, "acc_m": 9.0}
TICKET = {"id": "job-17", "ticket": "tow", "until": NOW_MS + 3_600_000}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A city with one of everything."""
    world = a_world(tmp_path)
    fill(world)
    yield world
    world.engine.dispose()


def post(world: World, path: str, body: Mapping[str, object], role: Role) -> int:
    """The status of one call by a token of this district, or its owner."""
    owner = role is Role.OWNER
    headers = world.headers(
        role, owner_id="wang" if owner else None, areas=[] if owner else [HERE], name=f"{role}-1"
    )
    return client_of(world).post(f"/v1/vehicles/{path}", json=body, headers=headers).status_code


def test_phone_is_a_control_row_and_no_audit(world: World) -> None:
    """A row of the audit for each place would be a diary of the owner."""
    status = post(world, "veh-here/phone", PHONE, Role.OWNER)

    assert status == 202
    [row] = world.rows(control)
    assert wire.decode(row["body"]) == PhoneAt(
        at_ms=NOW_MS, by="owner-1", vehicle_id="veh-here", t_ms=NOW_MS, **PHONE
    )
    assert row["kind"] == "phone_at"
    assert world.rows(audit) == []


def test_phone_says_when_it_was_there(world: World) -> None:
    """In any usual form of time."""
    post(world, "veh-here/phone", PHONE | {"t": "2025-11-25T08:29:40Z"}, Role.OWNER)

    [row] = world.rows(control)
    said = wire.decode(row["body"])
    assert isinstance(said, PhoneAt)
    assert said.t_ms == NOW_MS - 20_000


@pytest.mark.parametrize("role", [Role.OFFICER, Role.DESK, Role.OPERATOR, Role.ATTENDANT])
def test_only_the_owner_speaks_for_his_phone(world: World, role: Role) -> None:
    """It could stand a theft down."""
    assert post(world, "veh-here/phone", PHONE, role) == 403
    assert world.rows(control) == []


@pytest.mark.parametrize(
    "wrong",
    [{"acc_m": -1.0}, {"lat_deg": 91.0}, {"acc_m": "9"}, {"speed": 3.0}, {"t": "yesterday"}],
)
def test_phone_that_makes_no_sense_is_refused(world: World, wrong: dict[str, object]) -> None:
    """422, and no row."""
    assert post(world, "veh-here/phone", PHONE | wrong, Role.OWNER) == 422
    assert world.rows(control) == []


def test_ticket_and_its_end_are_logged(world: World) -> None:
    """Control and audit rows name who opened what for which vehicle."""
    opened = post(world, "veh-here/ticket", TICKET, Role.OPERATOR)
    closed = post(world, "veh-here/ticket/close", {"id": "job-17"}, Role.OPERATOR)

    assert (opened, closed) == (202, 202)
    assert [wire.decode(row["body"]) for row in world.rows(control)] == [
        OpenTicket(
            at_ms=NOW_MS,
            by="operator-1",
            vehicle_id="veh-here",
            ticket_id="job-17",
            ticket="tow",
            until_ms=NOW_MS + 3_600_000,
        ),
        CloseTicket(at_ms=NOW_MS, by="operator-1", vehicle_id="veh-here", ticket_id="job-17"),
    ]
    assert [(row["action"], row["by"], row["object"]) for row in world.rows(audit)] == [
        ("ticket_tow", "operator-1", "vehicle:veh-here ticket:job-17"),
        ("ticket_closed", "operator-1", "vehicle:veh-here ticket:job-17"),
    ]


@pytest.mark.parametrize(
    ("role", "ticket", "status"),
    [
        (Role.ATTENDANT, "attendant", 202),
        (Role.ATTENDANT, "tow", 403),
        (Role.OWNER, "maintenance", 403),
        (Role.OFFICER, "tow", 403),
        (Role.OPERATOR, "attendant", 202),
    ],
)
def test_who_may_open_which_ticket(world: World, role: Role, ticket: str, status: int) -> None:
    """A ticket silences the detector: an attendant's only arms it."""
    assert post(world, "veh-here/ticket", TICKET | {"ticket": ticket}, role) == status


def test_ticket_of_the_past_or_of_no_kind_is_refused(world: World) -> None:
    """With what to do."""
    past = post(world, "veh-here/ticket", TICKET | {"until": NOW_MS - 1}, Role.OPERATOR)
    other = post(world, "veh-here/ticket", TICKET | {"ticket": "borrowed"}, Role.OPERATOR)

    assert (past, other) == (422, 422)
    assert world.rows(control) == []


def test_hours_of_a_vehicle_are_registered(world: World) -> None:
    """As minutes of the day; a time of no day is refused."""
    headers = world.headers(Role.OPERATOR, areas=[HERE])
    vehicle = {"id": "veh-night", "area": HERE, "hours": [{"begin": "22:00", "end": "06:30"}]}
    client = client_of(world)

    made = client.post("/v1/vehicles", json={"vehicles": [vehicle]}, headers=headers)
    wrong = vehicle | {"id": "veh-wrong", "hours": [{"begin": "24:00", "end": "06:30"}]}
    refused = client.post("/v1/vehicles", json={"vehicles": [wrong]}, headers=headers)

    bodies = {row["id"]: row["body"] for row in world.rows(vehicles)}
    assert (made.status_code, refused.status_code) == (201, 422)
    assert msgspec.json.decode(bodies["veh-night"], type=Vehicle).hours == ((1_320, 390),)
