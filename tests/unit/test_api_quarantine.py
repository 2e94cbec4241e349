"""What was refused: by scope, with raw bytes; the books add up or say that they do not."""

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from api.roles import Role
from stores.schema import audit, books
from support.api_city import a_refusal, client_of, fill
from support.api_world import HERE, World, a_world


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A city with one of everything, and a refusal of a stranger."""
    world = a_world(tmp_path)
    fill(world)
    a_refusal(world, 3, "stranger", reason="unknown_device", payload=b"\xff\x00")
    yield world
    world.engine.dispose()


@pytest.fixture
def client(world: World) -> TestClient:
    """A client of it."""
    return client_of(world)


def test_strangers_are_the_citys_and_devices_their_areas(world: World, client: TestClient) -> None:
    """Newest first."""

    def ids(areas: list[str], query: str = "") -> list[int]:
        headers = world.headers(Role.OPERATOR, areas=areas)
        page = client.get(f"/v1/quarantine{query}", headers=headers).json()
        return [row["id"] for row in page["quarantine"]]

    assert ids([""]) == [3, 2, 1]
    assert ids([HERE]) == [1]
    assert ids([]) == []
    assert ids([""], "?reason=unknown_device") == [3]
    assert ids([""], "?device=trk-there") == [2]


def test_one_row_has_its_raw_bytes(world: World, client: TestClient) -> None:
    """As text too where it is text; the look is noted."""
    headers = world.headers(Role.OPERATOR)

    text = client.get("/v1/quarantine/1", headers=headers).json()
    raw = client.get("/v1/quarantine/3", headers=headers).json()

    assert text["payload_text"] == '{"lat": 31.8'
    assert (raw["payload_text"], base64.b64decode(raw["payload_base64"])) == (None, b"\xff\x00")
    assert [row["object"] for row in world.rows(audit)] == ["quarantine:1", "quarantine:3"]


def test_pages_hold_every_row_once(world: World, client: TestClient) -> None:
    """By number, downwards."""
    headers, seen, cursor = world.headers(Role.OPERATOR), [], ""
    while True:
        page = client.get(f"/v1/quarantine?limit=2{cursor}", headers=headers).json()
        seen += [row["id"] for row in page["quarantine"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"

    assert seen == [3, 2, 1]


def test_books_say_whether_they_balance(world: World, client: TestClient) -> None:
    """received = accepted + duplicate + quarantined; accepted = projected + thinned."""
    for reader, name, reason, count in (
        ("processor", "received", "", 10),
        ("processor", "accepted", "", 6),
        ("processor", "duplicate", "", 1),
        ("processor", "quarantined", "json", 2),
        ("processor", "quarantined", "utf8", 1),
        ("projector", "projected", "", 4),
        ("projector", "thinned", "", 1),
    ):
        world.put(books, reader=reader, name=name, reason=reason, count=count)

    answer = client.get("/v1/books", headers=world.headers(Role.AUDITOR, areas=[""])).json()

    assert [balance["balanced"] for balance in answer["balances"]] == [True, False]
    assert [(one["left"], one["right"]) for one in answer["balances"]] == [(10, 10), (6, 5)]
    assert len(answer["lines"]) == 7
