"""Two people register the same new id in the same moment: one has it, the other is told."""

from functools import partial

import pytest
import sqlalchemy as sa

from api.roles import Role
from api.tokens import hash_token
from stores.records import writing
from stores.records_turns import Turn, take_turn
from stores.schema import audit, control, devices, vehicles
from support.api_city import client_of
from support.api_world import a_world_on
from support.postgres_server import PostgresServer
from support.postgres_sessions import Running, wait_for_waiters
from support.stores_records import rows_of

CAMERA = {"id": "cam-1", "cls": "cam"}
BIKE = {"id": "veh-1", "plate": "皖A12345", "owner_id": "wang"}


def post_twice(
    request: pytest.FixtureRequest, engine: sa.Engine, path: str, body: dict[str, object]
) -> list[tuple[int, dict[str, object]]]:
    """Two requests that meet at the write; gives status and answer of both, the lower first."""
    world = a_world_on(engine)
    admin = world.headers(Role.ADMIN)
    with writing(engine) as connection:
        take_turn(connection, Turn.CONTROL)
        calls = [
            Running(partial(client_of(world).post, path, json=body, headers=admin)) for _ in "ab"
        ]
        if engine.dialect.name == "postgresql":  # both have looked, and wait to write
            server: PostgresServer = request.getfixturevalue("postgres")
            wait_for_waiters(server, 2)
    answers = [call.answer() for call in calls]
    return sorted(((each.status_code, each.json()) for each in answers), key=lambda each: each[0])


def test_second_device_of_one_id_is_refused(
    request: pytest.FixtureRequest, engine: sa.Engine
) -> None:
    """The first one's password stays good; nothing of the second is written."""
    (created, made), (refused, told) = post_twice(
        request, engine, "/v1/devices", {"devices": [CAMERA]}
    )

    assert (created, refused, told["code"]) == (201, 409, "already_registered")
    [row] = rows_of(engine, devices)
    shown = made["devices"]
    assert isinstance(shown, list)
    assert row["secret_hash"] == hash_token(shown[0]["secret"])
    assert len(rows_of(engine, control)) == len(rows_of(engine, audit)) == 1


def test_second_vehicle_of_one_id_is_refused(
    request: pytest.FixtureRequest, engine: sa.Engine
) -> None:
    """Its owner is the one who came first."""
    (created, _), (refused, told) = post_twice(
        request, engine, "/v1/vehicles", {"vehicles": [BIKE]}
    )

    assert (created, refused, told["code"]) == (201, 409, "already_registered")
    assert len(rows_of(engine, vehicles)) == len(rows_of(engine, control)) == 1
