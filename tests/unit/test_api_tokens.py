"""Tokens: shown once, taken back at once; no admin gives more than their own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from api.roles import Role
from api.tokens import hash_token
from stores.schema import audit, tokens
from support.api_city import client_of
from support.api_world import HERE, NOW_MS, THERE, World, a_world, bearer


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """An empty city."""
    world = a_world(tmp_path)
    yield world
    world.engine.dispose()


@pytest.fixture
def client(world: World) -> TestClient:
    """A client of it."""
    return client_of(world)


def test_a_new_token_works_and_is_shown_once(world: World, client: TestClient) -> None:
    """The database keeps its hash alone."""
    admin = world.headers(Role.ADMIN, name="root")
    body = {"name": "chen", "role": "officer", "areas": [HERE], "expires": "2026-01-01"}

    made = client.post("/v1/tokens", json=body, headers=admin)
    listed = client.get("/v1/tokens", headers=admin)

    assert made.status_code == 201
    token = made.json()["token"]
    assert client.get("/v1/incidents", headers=bearer(token)).status_code == 200
    assert token not in listed.text
    assert "hash" not in listed.text
    assert hash_token(token) in {row["hash"] for row in world.rows(tokens)}
    assert [(row["by"], row["action"]) for row in world.rows(audit)] == [("root", "token_made")]


def test_a_revoked_token_is_refused_at_once_here(world: World, client: TestClient) -> None:
    """The process that revokes does not wait for its own cache."""
    admin = world.headers(Role.ADMIN)
    token = world.token(Role.DESK)
    before = client.get("/v1/incidents", headers=bearer(token)).status_code

    gone = client.delete(f"/v1/tokens/{world.tokens[token]}", headers=admin).status_code
    again = client.delete(f"/v1/tokens/{world.tokens[token]}", headers=admin).status_code

    after = client.get("/v1/incidents", headers=bearer(token)).status_code
    assert (before, gone, again, after) == (200, 204, 204, 401)
    assert [row["action"] for row in world.rows(audit)] == ["token_revoked"]


@pytest.mark.parametrize(
    ("areas", "role", "status"),
    [
        ([HERE], "officer", 201),
        ([f"{HERE}00101"], "admin", 201),
        ([HERE[:6]], "officer", 403),
        ([""], "desk", 403),
        ([HERE, THERE], "officer", 403),
        ([], "metrics", 403),
        ([], "officer", 422),
    ],
)
def test_an_admin_gives_areas_inside_their_own_only(
    world: World, client: TestClient, areas: list[str], role: str, status: int
) -> None:
    """A district's admin cannot make a city's."""
    body = {"name": "x", "role": role, "areas": areas}
    headers = world.headers(Role.ADMIN, areas=[HERE])

    assert client.post("/v1/tokens", json=body, headers=headers).status_code == status


def test_a_districts_admin_neither_sees_nor_revokes_others(
    world: World, client: TestClient
) -> None:
    """Foreign and nonexistent tokens are the same 404."""
    city, mine = world.token(Role.ADMIN), world.token(Role.OFFICER, areas=[f"{HERE}001"])
    owner = world.token(Role.OWNER, areas=[HERE], owner_id="wang")
    headers = world.headers(Role.ADMIN, areas=[HERE])

    listed = client.get("/v1/tokens", headers=headers).json()["tokens"]
    answers = [
        client.delete(f"/v1/tokens/{token_id}", headers=headers)
        for token_id in (world.tokens[city], world.tokens[owner], "tok_nowhere")
    ]

    assert world.tokens[mine] in {one["id"] for one in listed}
    assert not {world.tokens[city], world.tokens[owner]} & {one["id"] for one in listed}
    assert [answer.status_code for answer in answers] == [404] * 3
    assert len({answer.text for answer in answers}) == 1


@pytest.mark.parametrize(
    "body",
    [
        {"name": "x", "role": "owner"},
        {"name": "x", "role": "desk", "areas": [""], "owner_id": "wang"},
        {"name": "", "role": "metrics"},
        {"name": "x", "role": "metrics", "expires": str(NOW_MS)},
        {"name": "x", "role": "metrics", "expires": "never"},
        {"name": "x", "role": "desk", "areas": ["hefei"]},
    ],
)
def test_a_senseless_token_is_refused(
    world: World, client: TestClient, body: dict[str, object]
) -> None:
    """What would see nothing, or is over already, is a slip."""
    answer = client.post("/v1/tokens", json=body, headers=world.headers(Role.ADMIN))

    assert answer.status_code == 422
