"""Tokens and permissions: nothing is answered to strangers, nothing to the wrong role."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.routing import iter_route_contexts
from starlette.testclient import TestClient

from api.app import create_app
from api.auth import ANONYMOUS, Gate, permission_of, refuse_open_routes
from api.roles import AREA_ROLES, DEFAULT_PURPOSE, PERMISSIONS, PURPOSES, Permission, Role
from api.system_rows import TokenRow
from api.tokens import hash_token, new_token
from support.api_city import client_of, fill
from support.api_world import NOW_MS, World, a_world, bearer


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A city with one of everything."""
    world = a_world(tmp_path)
    fill(world)
    yield world
    world.engine.dispose()


@pytest.fixture
def client(world: World) -> TestClient:
    """A client without a token."""
    return client_of(world)


def test_every_route_names_one_permission(world: World) -> None:
    """A route without one cannot be merged (reliability.md P31)."""
    app = create_app(world.services)

    named = {
        (method, route.path): permission_of(route)
        for route in iter_route_contexts(app.routes)
        for method in route.methods or ()
    }

    assert {key for key, permission in named.items() if permission is None} == ANONYMOUS
    assert set(Permission) == {permission for permission in named.values() if permission}


def test_an_app_with_an_open_route_does_not_start() -> None:
    """Default deny is checked when the app is built, included routers too."""
    router = APIRouter(prefix="/v1")
    router.add_api_route("/secret", lambda: "plate")
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.include_router(router)

    with pytest.raises(RuntimeError, match="/v1/secret"):
        refuse_open_routes(app)


def test_roles_and_purposes_agree() -> None:
    """Every role has its row; a default purpose is an allowed one; who looks has purposes."""
    assert set(PERMISSIONS) == set(Role)
    assert all(purpose in PURPOSES[role] for role, purpose in DEFAULT_PURPOSE.items())
    looking = {role for role, held in PERMISSIONS.items() if Permission.TRACK_READ in held}
    assert looking == set(PURPOSES)
    assert Role.OWNER not in AREA_ROLES


def test_only_livez_and_logging_in_are_anonymous(client: TestClient) -> None:
    """Docs, unknown addresses and wrong methods are refused before anything is looked at."""
    for path in ("/docs", "/openapi.json", "/readyz", "/metrics", "/v1/devices", "/nothing"):
        answer = client.get(path)

        assert (path, answer.status_code) == (path, 401)
        assert answer.headers["www-authenticate"].startswith("Bearer")
    assert client.post("/v1/devices", content=b"{").status_code == 401
    assert client.post("/livez").status_code == 401
    assert client.post("/v1/session", content=b"{").status_code == 422
    assert client.get("/livez").status_code == 200


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer pgt_",
        "Bearer pgt_" + "A" * 43,
        "Bearer pgt_" + "A" * 5000,
        "Bearer \xe9",
        "Basic cGd0XzE6",
        "bearer eyJhbGciOiJub25lIn0.e30.",
    ],
)
def test_a_bad_credential_is_one_and_the_same_401(client: TestClient, header: str) -> None:
    """The answer does not say what was wrong."""
    answer = client.get("/v1/books", headers={b"Authorization": header.encode("latin-1")})

    assert answer.status_code == 401
    assert answer.json()["code"] == "unauthenticated"
    assert "detail" not in answer.json()


def test_expired_and_revoked_tokens_are_refused(world: World, client: TestClient) -> None:
    """At the very moment of their end."""
    expired = world.headers(Role.ADMIN, expires_ms=NOW_MS)
    revoked = world.headers(Role.ADMIN, revoked_ms=NOW_MS - 1)
    alive = world.headers(Role.ADMIN, expires_ms=NOW_MS + 1)

    codes = [client.get("/v1/books", headers=it).status_code for it in (expired, revoked, alive)]

    assert codes == [401, 401, 200]


def test_a_token_that_expires_while_believed_is_refused(world: World, client: TestClient) -> None:
    """The cache keeps the row, not the judgement."""
    headers = world.headers(Role.ADMIN, expires_ms=NOW_MS + 1_000)
    first = client.get("/v1/books", headers=headers).status_code
    world.clock[0] += 1_000

    second = client.get("/v1/books", headers=headers).status_code

    assert (first, second) == (200, 401)


def test_a_revocation_elsewhere_counts_within_five_seconds(
    world: World, client: TestClient
) -> None:
    """Another process revokes; this one believes its cache for 5 s at most."""
    token = world.token(Role.ADMIN)
    first = client.get("/v1/books", headers=bearer(token)).status_code
    now_ms = world.services.now_ms()
    audit = (now_ms, "x", "admin", "token_revoked", "token", "")
    world.services.tokens.revoke(world.tokens[token], audit=audit)  # type: ignore[arg-type]
    world.clock[0] += 3_999
    cached = client.get("/v1/books", headers=bearer(token)).status_code
    world.clock[0] += 1_001

    after = client.get("/v1/books", headers=bearer(token)).status_code

    assert (first, cached, after) == (200, 200, 401)


def test_of_many_at_once_one_asks_again(world: World) -> None:
    """Before what is known of a token ends: a hundred requests cost one look, and none waits."""
    token, looks = f"Bearer {world.token(Role.ADMIN)}", []
    by_hash = world.services.tokens.by_hash

    def look(token_hash: str) -> TokenRow | None:
        looks.append(world.clock[0])
        return by_hash(token_hash)

    world.services.tokens.by_hash = look  # type: ignore[method-assign]
    gate, begun = Gate(world.services), world.clock[0]

    async def ask(count: int) -> None:
        assert None not in await asyncio.gather(*(gate.principal(token) for _ in range(count)))

    asyncio.run(ask(1))
    for after_ms in (3_999, 4_000, 8_100):
        world.clock[0] = begun + after_ms
        asyncio.run(ask(100))

    assert [at - begun for at in looks] == [0, 4_000, 8_100]


def test_docs_are_open_on_loopback_only(tmp_path: Path) -> None:
    """Elsewhere any valid token opens them."""
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    local, public = a_world(tmp_path / "a", docs_open=True), a_world(tmp_path / "b")
    paths = ("/docs", "/openapi.json", "/docs/swagger-ui.css", "/docs/start.js")

    opened = [client_of(local).get(path).status_code for path in paths]
    closed = [client_of(public).get(path).status_code for path in paths]
    headers = public.headers(Role.DEVICE)
    let_in = [client_of(public).get(path, headers=headers).status_code for path in paths]

    assert opened == [200] * 4
    assert closed == [401] * 4
    assert let_in == [200] * 4
    assert client_of(local).get("/v1/books").status_code == 401
    for world in (local, public):
        world.engine.dispose()


def test_a_token_is_random_and_only_its_hash_is_kept(world: World) -> None:
    """256 bits behind a known prefix; the database never sees the text."""
    first, second = new_token(), new_token()

    assert first.plain != second.plain
    assert first.plain.startswith("pgt_")
    assert len(first.plain) == len("pgt_") + 43
    assert first.hash == hash_token(first.plain)
    token = world.token(Role.ADMIN)
    row = world.services.tokens.by_hash(hash_token(token))
    assert row is not None
    assert token not in repr(row)
