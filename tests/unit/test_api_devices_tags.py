"""Tags of answers: 304 to who has it already, a new answer to everybody else."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from api.roles import Role
from devices.causes import Cause
from devices.model import AdminState, DeviceClass
from devices.presence import Presence
from stores.registry import Registry
from stores.registry_devices import NewDevice
from stores.schema import audit
from support.api_city import a_device, client_of, fill
from support.api_world import HERE, NOW_MS, World, a_world

PATHS = (
    "/v1/devices/cam-1/health",
    "/v1/devices/cam-1",
    "/v1/devices",
    "/v1/devices?sort=worst&presence=online",
    "/v1/devices?format=csv",
    "/v1/devices/summary",
)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A city with one of everything, and a camera in slot 3."""
    world = a_world(tmp_path)
    fill(world)
    a_device(world, "1", id="cam-1", cls="cam", vehicle_id=None)
    world.latest.put(3, recv_ms=NOW_MS - 2_000, since_ms=NOW_MS - 60_000)
    yield world
    world.engine.dispose()


def test_who_has_the_answer_is_not_sent_it_again(world: World) -> None:
    """Nothing has changed but the time; with any of the tags named, or with a star."""
    client, headers = client_of(world), world.headers(Role.OPERATOR)
    answers = {path: client.get(path, headers=headers) for path in PATHS}

    world.clock[0] += 5_000

    for path, first in answers.items():
        tag = first.headers["etag"]
        for named in (tag, f'"other", {tag}', tag.removeprefix("W/"), "*"):
            again = client.get(path, headers=headers | {"If-None-Match": named})
            assert (again.status_code, again.content) == (304, b""), path
            assert again.headers["etag"] == tag
        for named in ('W/"other"', "nonsense", tag.replace('"', ""), ""):
            again = client.get(path, headers=headers | {"If-None-Match": named})
            assert again.status_code == 200, path
        assert tag.startswith('W/"')
        assert first.headers["cache-control"] == "private, no-cache"
        assert first.headers["vary"] == "Authorization, Cookie, X-Purpose"


def test_another_answer_has_another_tag(world: World) -> None:
    """Whatever changed in it: presence, a cause, the registry."""
    client, headers = client_of(world), world.headers(Role.OPERATOR)
    tags = {path: client.get(path, headers=headers).headers["etag"] for path in PATHS}

    def presence() -> None:
        world.latest.put(3, presence=Presence.LATE, recv_ms=NOW_MS - 2_000)

    def cause() -> None:
        world.latest.put(3, causes=int(Cause.BLACK), recv_ms=NOW_MS - 2_000)

    def registry() -> None:
        world.latest.put(4, recv_ms=NOW_MS)
        new = [
            NewDevice(id=f"cam-{k}", cls=DeviceClass.CAMERA, secret_hash="$7$", admin=admin)  # noqa: S106
            for k, admin in ((1, AdminState.MAINTENANCE), (2, AdminState.ACTIVE))
        ]
        Registry(world.engine, lambda: NOW_MS).add_devices(new)
        world.clock[0] += 1_000

    for change in (presence, cause, registry):
        change()
        for path, tag in tags.items():
            answer = client.get(path, headers=headers | {"If-None-Match": tag})
            assert (answer.status_code, answer.headers["etag"] != tag) == (200, True), path
            tags[path] = answer.headers["etag"]


def test_the_same_state_for_another_role_is_another_answer(world: World) -> None:
    """A desk sees no profile: its tag is none of the operator's."""
    client = client_of(world)

    tags = {
        client.get("/v1/devices/cam-1", headers=world.headers(role)).headers["etag"]
        for role in (Role.OPERATOR, Role.DESK)
    }

    assert len(tags) == 2


@pytest.mark.parametrize("path", ["/v1/devices/trk-here", "/v1/devices"])
def test_where_a_vehicle_is_is_kept_nowhere(world: World, path: str) -> None:
    """No tag, and each look in the audit."""
    client: TestClient = client_of(world)
    headers = world.headers(Role.OWNER, owner_id="wang") | {"If-None-Match": "*"}

    answers = [client.get(path, headers=headers) for _ in range(2)]

    assert [one.status_code for one in answers] == [200, 200]
    assert {one.headers["cache-control"] for one in answers} == {"no-store"}
    assert not any("etag" in one.headers for one in answers)
    assert len(world.rows(audit)) == 2


def test_a_device_out_of_scope_has_no_tag(world: World) -> None:
    """A star is answered as everything else is: 404."""
    headers = world.headers(Role.OPERATOR, areas=["340103"]) | {"If-None-Match": "*"}

    answer = client_of(world).get("/v1/devices/cam-1/health", headers=headers)

    assert HERE[:6] != "340103"
    assert answer.status_code == 404
    assert "etag" not in answer.headers
