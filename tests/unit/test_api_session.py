"""Sessions: name and password in, a cookie out; wrong tries wait; other sites may not use it."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from api.login import STRANGERS_MAX, Door, Strangers
from api.login_policy import LoginPolicy
from api.problems import Problem, ProblemCode
from api.roles import PERMISSIONS, Permission, Role
from api.tokens import SESSION_PREFIX, hash_token, new_token, new_token_id
from stores.queries_users import UserQueries
from stores.schema import audit, tokens, users
from support.api_city import client_of, fill
from support.api_people import ORIGIN, PASSWORD, a_person, cookie_of, session_text, try_in
from support.api_world import HERE, NOW_MS, World, a_world

HOUR_MS = 3_600_000


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A city in which one officer may log in; who is refused is told so at once."""
    world = a_world(tmp_path, login=LoginPolicy(refused_s=0.0))
    a_person(world, areas=f'["{HERE}"]')
    yield world
    world.engine.dispose()


@pytest.fixture
def client(world: World) -> TestClient:
    """A browser."""
    return client_of(world)


def test_who_logs_in_is_told_who_they_are(client: TestClient) -> None:
    """The name as people type it; the cookie is for this host, TLS and no script."""
    answer = try_in(client, " Wang ")

    assert answer.status_code == 200
    assert answer.json() == {
        "name": "wang",
        "display": "Wang Li",
        "role": "officer",
        "areas": [HERE],
        "permissions": sorted(PERMISSIONS[Role.OFFICER]),
        "language": "zh",
        "expires_ms": NOW_MS + 12 * HOUR_MS,
    }
    cookie, *attributes = answer.headers["set-cookie"].split("; ")
    assert cookie.startswith(f"__Host-parkguard={SESSION_PREFIX}")
    assert attributes == ["Path=/", "Secure", "HttpOnly", "SameSite=Strict", "Max-Age=43200"]
    assert cookie.partition("=")[2] not in answer.text
    assert answer.headers["cache-control"] == "no-store"


def test_a_session_opens_what_its_role_may(world: World, client: TestClient) -> None:
    """The same rights and the same area as a token of that role."""
    fill(world)
    headers = cookie_of(client)

    whose = client.get("/v1/session", headers=headers)
    may = client.get("/v1/incidents", headers=headers)
    may_not = client.get("/v1/tokens", headers=headers)

    assert whose.json()["name"] == "wang"
    assert whose.json()["expires_ms"] == NOW_MS + 12 * HOUR_MS
    assert [may.status_code, may_not.status_code] == [200, 403]
    assert "inc-there" not in may.text
    assert [row["hash"] for row in world.rows(tokens)] == [hash_token(session_text(headers))]


def test_a_token_may_ask_who_it_is(world: World, client: TestClient) -> None:
    """It has no language and may never end; a DELETE takes no token back."""
    headers = world.headers(Role.AUDITOR, name="books")

    found = client.get("/v1/session", headers=headers).json()
    client.delete("/v1/session", headers=headers)

    assert (found["name"], found["display"], found["role"]) == ("books", "books", "auditor")
    assert (found["language"], found["expires_ms"]) == (None, None)
    assert client.get("/v1/books", headers=headers).status_code == 200


@pytest.mark.parametrize(
    ("name", "password"), [("wang", "three calm heron"), ("nobody", PASSWORD), ("li", PASSWORD)]
)
def test_every_wrong_try_is_one_and_the_same_answer(
    world: World, client: TestClient, name: str, password: str
) -> None:
    """Wrong password, unknown name, disabled: the answer does not tell which."""
    a_person(world, "li", disabled_ms=NOW_MS)

    answer = try_in(client, name, password)

    assert answer.status_code == 401
    assert answer.json() == {
        "type": "/problems/login_refused",
        "title": "Wrong name or password",
        "status": 401,
        "code": "login_refused",
        "wait_s": 0,
    }
    assert "set-cookie" not in answer.headers
    assert world.rows(tokens) == []


@pytest.mark.parametrize("name", ["wang", "nobody"])
def test_who_tries_too_often_waits_twice_as_long_each_time(
    world: World, client: TestClient, name: str
) -> None:
    """Also an unknown name, so that a wait tells nothing; the right password waits, too."""
    waits = [try_in(client, name, "wrong").json()["wait_s"] for _ in range(5)]
    locked = try_in(client, name)
    world.clock[0] += 29_999
    still = try_in(client, name)
    world.clock[0] += 1
    again = try_in(client, name, "wrong")

    assert waits == [0, 0, 0, 0, 30]
    assert (locked.status_code, locked.json()["code"]) == (429, "login_wait")
    assert (locked.json()["wait_s"], locked.headers["retry-after"]) == (30, "30")
    assert (still.status_code, still.headers["retry-after"]) == (429, "1")
    assert (again.status_code, again.json()["wait_s"]) == (401, 60)


def test_the_right_password_after_the_wait_forgets_the_wrong_ones(
    world: World, client: TestClient
) -> None:
    """And five more are free."""
    a_person(world, "li", failures=5, locked_until_ms=NOW_MS)

    inside = try_in(client, "li").status_code
    wrong = try_in(client, "li", "wrong").json()["wait_s"]

    assert (inside, wrong) == (200, 0)
    assert [row["failures"] for row in world.rows(users)] == [1, 0]  # li, wang


def test_logging_out_ends_the_session_at_once(world: World, client: TestClient) -> None:
    """Here and in the database; the browser forgets its cookie; each step is in the audit."""
    headers = cookie_of(client)
    client.get("/v1/session", headers=headers)

    out = client.delete("/v1/session", headers=headers | {"Origin": ORIGIN})

    assert out.status_code == 204
    assert out.headers["set-cookie"].startswith("__Host-parkguard=; ")
    assert out.headers["set-cookie"].endswith("Max-Age=0")
    assert client.get("/v1/session", headers=headers).status_code == 401
    try_in(client, "wang", "wrong")
    rows = [(row["action"], row["by"], row["role"], row["object"]) for row in world.rows(audit)]
    assert rows == [
        ("login", "wang", "officer", "user:wang"),
        ("logout", "wang", "officer", "user:wang"),
        ("login_failed", "wang", "officer", "user:wang"),
    ]


def test_logging_in_again_ends_the_session_that_the_browser_had(client: TestClient) -> None:
    """A session that nobody's browser knows any more is of no use but to a thief."""
    before = cookie_of(client)

    body = {"name": "wang", "password": PASSWORD}
    client.post("/v1/session", json=body, headers=before | {"Origin": ORIGIN})

    assert client.get("/v1/session", headers=before).status_code == 401


def test_a_session_ends_after_twelve_hours(world: World, client: TestClient) -> None:
    """Whatever is done in it; the next login throws its row away."""
    headers = cookie_of(client)
    world.clock[0] += 12 * HOUR_MS - 1
    last = client.get("/v1/session", headers=headers).status_code
    world.clock[0] += 1

    assert (last, client.get("/v1/session", headers=headers).status_code) == (200, 401)
    try_in(client)
    assert len(world.rows(tokens)) == 1


def test_what_changes_a_person_ends_every_session(world: World, client: TestClient) -> None:
    """Disabled, another password, another role: within the five seconds of the cache."""
    book = UserQueries(world.engine)
    entry = (NOW_MS, "cli", "admin", "x", "user:wang", "")
    password_hash = world.rows(users)[0]["password_hash"]
    changes: tuple[Callable[[], bool], ...] = (
        lambda: book.set_role("wang", "auditor", [""], None, audit=entry),
        lambda: book.set_password("wang", password_hash, audit=entry),
        lambda: book.disable("wang", audit=entry),
    )
    for change in changes:
        headers = cookie_of(client)
        before = client.get("/v1/session", headers=headers).status_code
        assert change()
        world.clock[0] += 5_000
        assert (before, client.get("/v1/session", headers=headers).status_code) == (200, 401)
    assert try_in(client).status_code == 401


def test_who_was_changed_while_the_password_was_checked_does_not_get_in(world: World) -> None:
    """The session is opened for the person that was read, or not at all."""
    book = UserQueries(world.engine)
    read = book.one("wang")
    assert read is not None
    entry = (NOW_MS, "wang", "officer", "login", "user:wang", "")
    book.set_role("wang", "auditor", [""], None, audit=entry)

    made = new_token(SESSION_PREFIX)
    opened = book.open_session(
        read, token_id=new_token_id(), token_hash=made.hash, expires_ms=NOW_MS + 1, audit=entry
    )

    assert not opened
    assert world.rows(tokens) == []


def test_sessions_are_in_no_list_of_tokens(world: World, client: TestClient) -> None:
    """Nor can they be taken back or named there."""
    cookie_of(client)
    admin = world.headers(Role.ADMIN)
    session_id = next(row["id"] for row in world.rows(tokens) if row["user_name"])

    listed = client.get("/v1/tokens", headers=admin)
    deleted = client.delete(f"/v1/tokens/{session_id}", headers=admin)

    assert session_id not in listed.text
    assert deleted.status_code == 404


def test_a_session_comes_in_a_cookie_only_and_a_token_in_a_header_only(
    world: World, client: TestClient
) -> None:
    """And a header that is there wins, even a wrong one."""
    headers = cookie_of(client)
    token = world.token(Role.ADMIN)
    tries = (
        {"Authorization": f"Bearer {session_text(headers)}"},
        {"Cookie": f"__Host-parkguard={token}"},
        headers | {"Authorization": "Bearer pgt_wrong"},
        {"Cookie": f"{headers['Cookie']}; __Host-parkguard=pgs_other"},
        {"Cookie": f"parkguard={session_text(headers)}"},
    )

    assert [client.get("/v1/session", headers=it).status_code for it in tries] == [401] * 5


def test_another_site_cannot_use_a_session(client: TestClient) -> None:
    """What changes something must come from our own pages; reading may be a typed address."""
    headers = cookie_of(client)
    tries: tuple[dict[str, str], ...] = (
        {},
        {"Origin": "null"},
        {"Origin": "https://evil.example"},
        {"Origin": f"{ORIGIN}:8001"},
        {"Origin": "https://evil.example", "Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "same-site"},
    )
    for given in tries:
        answer = client.delete("/v1/session", headers=headers | given)

        assert (answer.status_code, answer.json().get("code")) == (403, "cross_site"), given
        assert client.get("/v1/session", headers=headers).status_code == 200


def test_our_own_pages_may(client: TestClient) -> None:
    """Old browsers say it by ``Origin``, new ones by both."""
    for given in ({"Origin": ORIGIN}, {"Sec-Fetch-Site": "same-origin"}):
        headers = cookie_of(client)
        assert client.delete("/v1/session", headers=headers | given).status_code == 204


def test_another_site_cannot_log_anybody_in(world: World, client: TestClient) -> None:
    """Into an account of its own, in which they would then work."""
    body = {"name": "wang", "password": PASSWORD}

    answer = client.post("/v1/session", json=body, headers={"Origin": "https://evil.example"})

    assert (answer.status_code, answer.json()["code"]) == (403, "cross_site")
    assert world.rows(tokens) == []


def test_a_bad_body_says_where_and_not_what(client: TestClient) -> None:
    """The value may be a password."""
    answer = client.post("/v1/session", json={"name": "", "password": "x" * 201, "more": 1})

    assert answer.status_code == 422
    assert {fault["where"] for fault in answer.json()["errors"]} == {
        "body.name",
        "body.password",
        "body.more",
    }
    assert "xxx" not in answer.text


def test_more_than_may_wait_are_told_that_we_are_busy(world: World) -> None:
    """A flood costs the memory of two checks, and others' turn comes as soon as it stops."""
    policy = LoginPolicy(hashes_at_once=1, waiting_max=1, refused_s=0.0)
    crowded = replace(world.services, policy=replace(world.services.policy, login=policy))

    async def all_at_once() -> list[object]:
        door = Door(crowded)
        tries = [door.log_in(f"nobody-{number}", "wrong") for number in range(4)]
        return await asyncio.gather(*tries, return_exceptions=True)

    found = [it.code for it in asyncio.run(all_at_once()) if isinstance(it, Problem)]

    assert sorted(found) == [ProblemCode.BUSY] * 2 + [ProblemCode.LOGIN_REFUSED] * 2


def test_unknown_names_take_no_more_memory_than_ten_thousand(world: World) -> None:
    """The one tried longest ago is forgotten first."""
    strangers = Strangers()
    for number in range(STRANGERS_MAX + 1):
        for _ in range(5 if number < 2 else 1):
            strangers.failed(f"name-{number}", NOW_MS, world.services)

    assert strangers.locked_until_ms("name-0") == 0
    assert strangers.locked_until_ms("name-1") == NOW_MS + 30_000


def test_every_role_may_ask_who_it_is() -> None:
    """But an owner's link, which is nobody's session."""
    may = {role for role, held in PERMISSIONS.items() if Permission.SESSION in held}
    assert may == set(Role) - {Role.LINK}
