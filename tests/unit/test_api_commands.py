"""Commands over the API: who may, what is written, what became of them."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from api.roles import Role
from devices.command import CommandKind, Order, command_id
from devices.control import SendCommand, decode
from stores.schema import audit, commands, control
from support.api_city import a_device, a_vehicle, client_of
from support.api_world import HERE, NOW_MS, THERE, World, a_world

ROUTE = "/v1/devices/trk-here/commands"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Two trackers in two districts."""
    world = a_world(tmp_path)
    for name in ("here", "there"):
        a_vehicle(world, name)
        a_device(world, name)
    yield world
    world.engine.dispose()


def put_command(world: World, number: int, **changes: object) -> None:
    """A command as the processor stores it."""
    values: dict[str, object] = {
        "id": f"{number:016x}",
        "device_id": "trk-here",
        "kind": "locate",
        "every_s": 0.0,
        "for_s": 0.0,
        "state": "done",
        "by": "system",
        "why": "suspicion",
        "asked_ms": NOW_MS + number,
        "until_ms": NOW_MS + 60_000,
        "changed_ms": NOW_MS + 2_000,
        "sends": 1,
        "detail": "located",
        "version": 2,
    }
    world.put(commands, **(values | changes))


def test_a_command_is_a_control_row_with_its_audit(world: World) -> None:
    """One transaction; the answer names the command as the processor will."""
    headers = world.headers(Role.OPERATOR, areas=[HERE], name="li")

    answer = client_of(world).post(
        ROUTE, json={"kind": "interval", "every_s": 5, "for_s": 180}, headers=headers
    )

    order = Order(kind=CommandKind.INTERVAL, every_s=5, for_s=180)
    (row,) = world.rows(control)
    (noted,) = world.rows(audit)
    assert answer.status_code == 202
    assert answer.json() == {
        "control_id": row["id"],
        "command_id": command_id("trk-here", order, NOW_MS, "li"),
    }
    assert decode(row["body"]) == SendCommand(
        at_ms=NOW_MS, by="li", device_id="trk-here", order=order
    )
    assert (noted["action"], noted["object"]) == ("command_interval", "device:trk-here")


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"kind": "dance"}, "kind"),
        ({"kind": "interval"}, "interval needs every_s"),
        ({"kind": "interval", "every_s": 0.2}, "every_s is 0 or at least 1"),
        ({"kind": "locate", "every_s": 5}, "locate takes no every_s"),
        ({"kind": "arm", "for_s": 5}, "arm takes no for_s"),
        ({"kind": "find_me", "for_s": -1}, "for_s"),
        ({"kind": "locate", "deadline_s": 1}, "deadline_s"),
        ({"kind": "locate", "deadline_s": "60"}, "deadline_s"),
    ],
)
def test_a_wrong_command_is_refused_with_what_to_do(
    world: World, body: dict[str, object], says: str
) -> None:
    """Nothing is written."""
    headers = world.headers(Role.OPERATOR, areas=[HERE])

    answer = client_of(world).post(ROUTE, json=body, headers=headers)

    assert answer.status_code == 422
    assert says in answer.text
    assert world.rows(control) == []


def test_only_an_admin_disarms(world: World) -> None:
    """It would end the watch over a vehicle."""
    client, body = client_of(world), {"kind": "disarm"}

    refused = client.post(ROUTE, json=body, headers=world.headers(Role.OPERATOR, areas=[HERE]))
    taken = client.post(ROUTE, json=body, headers=world.headers(Role.ADMIN, areas=[HERE]))

    assert (refused.status_code, taken.status_code) == (403, 202)


def test_a_retired_device_takes_none(world: World) -> None:
    """It is disconnected: the answer says so at once."""
    a_device(world, "old", admin="retired", vehicle_id=None)

    answer = client_of(world).post(
        "/v1/devices/trk-old/commands",
        json={"kind": "locate"},
        headers=world.headers(Role.OPERATOR, areas=[HERE]),
    )

    assert answer.status_code == 422
    assert "retired" in answer.text


def test_the_history_comes_newest_first_in_pages(world: World) -> None:
    """Our own questions among those of people."""
    for number in (1, 2, 3):
        put_command(world, number)
    put_command(world, 4, device_id="trk-there")
    client, headers = client_of(world), world.headers(Role.DESK, areas=[HERE])

    first = client.get(f"{ROUTE}?limit=2", headers=headers).json()
    rest = client.get(f"{ROUTE}?limit=2&cursor={first['next']}", headers=headers).json()

    assert [int(c["id"], 16) for c in first["commands"] + rest["commands"]] == [3, 2, 1]
    assert rest["next"] is None
    assert first["commands"][0] == {
        "id": f"{3:016x}",
        "device_id": "trk-here",
        "kind": "locate",
        "every_s": 0.0,
        "for_s": 0.0,
        "state": "done",
        "by": "system",
        "why": "suspicion",
        "asked_ms": NOW_MS + 3,
        "until_ms": NOW_MS + 60_000,
        "changed_ms": NOW_MS + 2_000,
        "sends": 1,
        "detail": "located",
    }


def test_what_lies_elsewhere_is_not_there(world: World) -> None:
    """The same 404 for reading and for sending; owners and attendants may neither."""
    client, elsewhere = client_of(world), world.headers(Role.OPERATOR, areas=[THERE])

    assert client.get(ROUTE, headers=elsewhere).status_code == 404
    assert client.post(ROUTE, json={"kind": "locate"}, headers=elsewhere).status_code == 404
    for role in (Role.OWNER, Role.ATTENDANT, Role.OFFICER):
        given = {"owner_id": "wang"} if role is Role.OWNER else {"areas": [HERE]}
        assert client.get(ROUTE, headers=world.headers(role, **given)).status_code == 403


def test_a_control_of_the_api_is_read_back() -> None:
    """As it stands in the journal."""
    order = Order(kind=CommandKind.FIND_ME, for_s=10)
    control_ = SendCommand(at_ms=1, by="li", device_id="trk-1", order=order)

    assert decode(msgspec.json.encode(control_)) == control_
