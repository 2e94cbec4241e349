"""Every error is problem+json and tells nothing of the inside."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from api.problems import MEDIA_TYPE, PROBLEMS, ProblemCode
from api.roles import Role
from api.system_rows import BookCount, QuarantineLine, QuarantineRow, Queued, ReasonCount
from support.api_city import client_of, fill
from support.api_world import World, a_world


class Failing:
    """A quarantine that fails in its own way."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def page(self, *_: object, **__: object) -> Sequence[QuarantineLine]:
        """Fail."""
        raise self._error

    def held(self, *_: object, **__: object) -> tuple[int, int]:
        """Fail."""
        raise self._error

    def reasons(self, *_: object) -> Sequence[ReasonCount]:
        """Fail."""
        raise self._error

    def queue(self, *_: object, **__: object) -> Queued:
        """Fail."""
        raise self._error

    def one(self, *_: object) -> QuarantineRow | None:
        """Fail."""
        raise self._error

    def counts(self) -> Sequence[BookCount]:
        """Fail."""
        raise self._error


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A city with one of everything."""
    world = a_world(tmp_path)
    fill(world)
    yield world
    world.engine.dispose()


def test_every_code_has_a_status_and_a_title() -> None:
    """The table is whole."""
    assert set(PROBLEMS) == set(ProblemCode)


@pytest.mark.parametrize(
    ("method", "path", "content", "status", "code"),
    [
        ("GET", "/v1/nothing", None, 404, "not_found"),
        ("GET", "/v1/devices/", None, 404, "not_found"),
        ("PATCH", "/v1/devices", None, 405, "method_not_allowed"),
        ("GET", "/v1/devices?limit=0", None, 422, "invalid"),
        ("GET", "/v1/devices?limit=1e9", None, 422, "invalid"),
        ("GET", "/v1/devices?presence=gone", None, 422, "invalid"),
        ("GET", "/v1/devices?area=hefei", None, 422, "invalid"),
        ("GET", "/v1/devices?cursor=AAAA", None, 422, "invalid"),
        ("GET", "/v1/devices/%00", None, 422, "invalid"),
        ("GET", "/v1/devices/" + "x" * 65, None, 422, "invalid"),
        ("GET", "/v1/quarantine/99999999999999999999999", None, 422, "invalid"),
        ("GET", "/v1/quarantine?device=%F0%9F%9A%B2", None, 422, "invalid"),
        ("GET", "/v1/alerts?level=9", None, 422, "invalid"),
        ("GET", "/v1/incidents?state=asleep", None, 422, "invalid"),
        ("GET", "/v1/stream?last_event_id=abc", None, 422, "invalid"),
        ("GET", "/v1/vehicles/veh-here/track?from=soon", None, 422, "invalid"),
        ("POST", "/v1/devices", b"{", 400, "bad_request"),
        ("POST", "/v1/devices", b"\xff\xfe{}", 400, "bad_request"),
        ("POST", "/v1/devices", b"[" * 100_000, 400, "bad_request"),
        ("POST", "/v1/devices", b'{"devices":' + b"9" * 5000 + b"}", 400, "bad_request"),
        ("POST", "/v1/devices", b"", 422, "invalid"),
        ("POST", "/v1/devices", b"{}", 422, "invalid"),
        ("POST", "/v1/devices", b'{"devices":[],"x":1}', 422, "invalid"),
        ("POST", "/v1/tokens", b'{"name":"\\ud800","role":"metrics"}', 422, "invalid"),
        ("POST", "/v1/tokens", b'{"name":"a\\u0000","role":"metrics"}', 422, "invalid"),
        ("POST", "/v1/tokens", b'{"name":"a","role":"root"}', 422, "invalid"),
        ("POST", "/v1/incidents/inc-here/close", b"{}", 422, "invalid"),
        ("PUT", "/v1/fences/f", b'{"radius_m":NaN,"lat_deg":1,"lon_deg":1}', 422, "invalid"),
        ("PUT", "/v1/fences/f", b'{"radius_m":true,"lat_deg":1,"lon_deg":1}', 422, "invalid"),
        ("PUT", "/v1/fences/f", b'{"radius_m":"9","lat_deg":1,"lon_deg":1}', 422, "invalid"),
        ("POST", "/v1/places", b'{"grids":[{"id":"34","geometry":{}}]}', 422, "invalid"),
    ],
)
def test_a_wrong_request_is_a_problem_not_a_fault(
    world: World, *, method: str, path: str, content: bytes | None, status: int, code: str
) -> None:
    """Status, code and media type; never 500."""
    headers = world.headers(Role.ADMIN) | {"Content-Type": "application/json"}

    answer = client_of(world).request(method, path, content=content, headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == MEDIA_TYPE
    assert answer.json()["status"] == status


def test_a_validation_problem_names_the_place_but_not_the_value(world: World) -> None:
    """What was sent may be a secret, so it is not sent back."""
    body = {"name": "x", "role": "metrics", "password": "hunter2-hunter2"}

    answer = client_of(world).post("/v1/tokens", json=body, headers=world.headers(Role.ADMIN))

    assert answer.json()["errors"][0]["where"] == "body.password"
    assert "hunter2" not in answer.text


def test_a_wrong_method_says_which_are_right(world: World) -> None:
    """RFC 9110 wants Allow with 405."""
    client, headers = client_of(world), world.headers(Role.ADMIN)

    allowed = [
        client.patch(path, headers=headers).headers["allow"]
        for path in ("/v1/books", "/v1/devices", "/v1/fences/f1")
    ]

    assert allowed == ["GET", "GET, POST", "DELETE, GET, PUT"]


def test_a_bug_is_500_without_its_words(world: World) -> None:
    """The server logs the trace; the client learns nothing of it."""
    quarantine = Failing(ZeroDivisionError("secret plan at 31.82"))
    broken = replace(world, services=replace(world.services, quarantine=quarantine))

    answer = client_of(broken).get("/v1/books", headers=world.headers(Role.ADMIN))

    assert answer.status_code == 500
    assert answer.json()["code"] == "internal"
    assert "31.82" not in answer.text
    assert "Error" not in answer.text


def test_a_busy_store_is_503_and_worth_another_try(world: World) -> None:
    """A locked database is nobody's bug."""
    error = sa.exc.OperationalError("SELECT 1", {}, Exception("database is locked"))
    busy = replace(world, services=replace(world.services, quarantine=Failing(error)))

    answer = client_of(busy).get("/v1/books", headers=world.headers(Role.ADMIN))

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert "SELECT" not in answer.text


def test_a_body_over_the_limit_is_refused(world: World) -> None:
    """By its announced length, and by what really comes."""
    headers = world.headers(Role.ADMIN)
    client = client_of(world)

    def pieces() -> Iterator[bytes]:
        for _ in range(20):
            yield b"x" * 100_000

    announced = client.post("/v1/places", content=b"x" * 1_048_577, headers=headers)
    streamed = client.post("/v1/places", content=pieces(), headers=headers)

    assert (announced.status_code, streamed.status_code) == (413, 413)


def test_every_answer_carries_the_security_headers(world: World) -> None:
    """Errors too; and the docs page has a policy of its own."""
    client, headers = client_of(world), world.headers(Role.ADMIN)

    answers = [client.get(path, headers=headers) for path in ("/livez", "/v1/books", "/x", "/docs")]

    for answer in answers:
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert "script-src 'self'" in answers[-1].headers["content-security-policy"]
