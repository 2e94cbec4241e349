"""People for API tests, and how they log in."""

import httpx2
from argon2 import PasswordHasher
from starlette.testclient import TestClient

from api.cookies import COOKIE
from stores.schema import users
from support.api_world import NOW_MS, World

PASSWORD = "three calm herons"  # noqa: S105 - of nobody
ORIGIN = "http://testserver"
"""Of our own pages, as the test client asks."""

_HASH = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
"""As cheap as can be: the numbers stand in the hash."""


def a_person(world: World, name: str = "wang", **values: object) -> None:
    """Put somebody into the database, an officer of the whole city unless told else."""
    given = {
        "display": "Wang Li",
        "role": "officer",
        "areas": '[""]',
        "language": "zh",
        "password_hash": _HASH,
        "created_ms": NOW_MS,
        "failures": 0,
        "locked_until_ms": 0,
    }
    world.put(users, name=name, **(given | values))


def try_in(client: TestClient, name: str = "wang", password: str = PASSWORD) -> httpx2.Response:
    """Log in as the login page does."""
    body = {"name": name, "password": password}
    return client.post("/v1/session", json=body, headers={"Origin": ORIGIN})


def cookie_of(client: TestClient, name: str = "wang") -> dict[str, str]:
    """The header of a fresh session."""
    line = try_in(client, name).headers["set-cookie"]
    client.cookies.clear()
    return {"Cookie": line.partition(";")[0]}


def session_text(headers: dict[str, str]) -> str:
    """The session in such a header."""
    return headers["Cookie"].removeprefix(f"{COOKIE}=")
