"""The sweep of reliability.md P30: every operation, every role, own, foreign, no objects.

It is made from the OpenAPI document: a new route is swept without a line here, or fails for
want of an example.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from api.app import create_app
from api.auth import ANONYMOUS
from api.links import Link, make_link
from api.openapi import roles_of
from api.problems import MEDIA_TYPE
from api.roles import AREA_ROLES, PERMISSIONS, PURPOSES, Permission, Role
from stores.schema import control, tokens
from support.api_city import a_device, client_of, fill
from support.api_world import HERE, LINK_KEY, NOW_MS, World, a_world, bearer

OBJECTS = {
    "device_id": ("trk-here", "trk-there", "trk-nowhere"),
    "charger_id": ("chg-here", "chg-there", "chg-nowhere"),
    "camera_id": ("cam-here", "cam-there", "cam-nowhere"),
    "vehicle_id": ("veh-here", "veh-there", "veh-nowhere"),
    "alert_id": ("alert-here", "alert-there", "alert-nowhere"),
    "incident_id": ("inc-here", "inc-there", "inc-nowhere"),
    "fence_id": ("fence-here", "fence-there", "fence-nowhere"),
    "row_id": ("1", "2", "999"),
    "token_id": ("tok_mine", "tok_theirs", "tok_nowhere"),
}
"""Path parameter -> an object here, one there, and none."""

CITY_WIDE = {
    ("post", "/v1/quarantine/replay"),
    ("post", "/v1/quarantine/adopt"),
    ("post", "/v1/quarantine/{row_id}/replay"),
}
"""Operations that need the whole city: a district's token is refused, whatever the object."""

CREATES = {("put", "/v1/fences/{fence_id}")}
"""Operations for which a nonexistent object is no error."""

CIRCLE = {"lat_deg": 31.8, "lon_deg": 117.2, "radius_m": 200, "vehicle_id": "veh-here"}
BODIES: dict[tuple[str, str], dict[str, Any]] = {
    ("post", "/v1/devices"): {"devices": [{"id": "trk-new", "cls": "trk", "area": HERE}]},
    ("post", "/v1/devices/{device_id}/commands"): {"kind": "locate"},
    ("post", "/v1/devices/{device_id}/swap"): {"new": "trk-here"},
    ("post", "/v1/devices/{device_id}/maintenance"): {"on": True},
    ("post", "/v1/chargers/{charger_id}/collection"): {"until": NOW_MS + 3_600_000},
    ("post", "/v1/vehicles"): {"vehicles": [{"id": "veh-new", "area": HERE}]},
    ("post", "/v1/places"): {"sites": [{"id": "site-new", "area": HERE}]},
    ("put", "/v1/fences/{fence_id}"): CIRCLE,
    ("post", "/v1/fences"): {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "id": "fence-new",
                "properties": {"radius_m": 200, "vehicle_id": "veh-here"},
                "geometry": {"type": "Point", "coordinates": [117.2, 31.8]},
            }
        ],
    },
    ("post", "/v1/vehicles/{vehicle_id}/phone"): {"lat_deg": 31.8, "lon_deg": 117.2, "acc_m": 9.0},
    ("post", "/v1/vehicles/{vehicle_id}/ticket"): {
        "id": "work-1",
        "ticket": "attendant",
        "until": NOW_MS + 3_600_000,
    },
    ("post", "/v1/vehicles/{vehicle_id}/ticket/close"): {"id": "work-1"},
    ("post", "/v1/alerts/{alert_id}/answer"): {"answer": "not_me"},
    ("post", "/v1/link/answer"): {"answer": "not_me"},
    ("post", "/v1/alerts/{alert_id}/verdict"): {"verdict": "confirm"},
    ("post", "/v1/demoted/lift"): {"subject": "device:trk-here"},
    ("post", "/v1/incidents/{incident_id}/acknowledge"): {},
    ("post", "/v1/incidents/{incident_id}/move"): {"state": "false_alarm"},
    ("post", "/v1/incidents/{incident_id}/close"): {"outcome": "test"},
    ("post", "/v1/incidents/{incident_id}/help"): {"reason": "test"},
    ("post", "/v1/quarantine/replay"): {"reason": "json"},
    ("post", "/v1/quarantine/adopt"): {"device": {"id": "trk-new", "cls": "trk", "area": HERE}},
    ("post", "/v1/tokens"): {"name": "new", "role": "officer", "areas": [HERE]},
}
"""A good body for every operation that takes one."""

QUERIES: dict[str, dict[str, Any]] = {"/v1/cameras/near": {"lat": 31.8, "lon": 117.2}}
"""What an operation cannot do without."""

STREAMS = {"/v1/stream"}
"""Never end: swept for refusals only, and listened to in the end-to-end tests."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation of the document."""

    method: str
    path: str
    roles: frozenset[str]

    @property
    def needs_city(self) -> bool:
        """Whether a district's token is refused."""
        return (self.method, self.path) in CITY_WIDE

    @property
    def parameter(self) -> str | None:
        """The object it names, if any."""
        found = re.findall(r"{(\w+)}", self.path)
        return found[0] if found else None

    def address(self, which: int) -> str:
        """Its address with the object here (0), there (1) or nowhere (2)."""
        name = self.parameter
        return self.path if name is None else self.path.format(**{name: OBJECTS[name][which]})


_documents: list[dict[str, Any]] = []


def document_of(world: World) -> dict[str, Any]:
    """The OpenAPI document; it is the same for every world."""
    if not _documents:
        _documents.append(create_app(world.services).openapi())
    return _documents[0]


def operations(world: World) -> list[Operation]:
    """All operations of the OpenAPI document but the anonymous ones."""
    document = document_of(world)
    found = []
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if (method.upper(), path) in ANONYMOUS:
                continue
            roles = operation["description"].rsplit("Roles: ", 1)[1].split(", ")
            found.append(Operation(method=method, path=path, roles=frozenset(roles)))
    return found


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A city with one of everything, and two tokens to be found."""
    world = a_world(tmp_path)
    fill(world)
    for name in ("here", "there"):
        for cls in ("chg", "cam"):
            a_device(world, name, id=f"{cls}-{name}", cls=cls, vehicle_id=None)
    mine, theirs = world.token(Role.OFFICER, areas=[HERE]), world.token(Role.ADMIN, areas=[""])
    for token, name in ((mine, "tok_mine"), (theirs, "tok_theirs")):
        with world.engine.begin() as connection:
            connection.execute(
                sa.update(tokens).where(tokens.c.id == world.tokens[token]).values(id=name)
            )
    yield world
    world.engine.dispose()


def headers_of(world: World, role: Role) -> dict[str, str]:
    """A token of the role for this district (or its owner), with a purpose where one is needed."""
    if role is Role.OWNER:
        return world.headers(role, owner_id="wang")
    if role is Role.LINK:
        link = Link(alert_id="alert-here", contact="wang", expires_s=NOW_MS // 1000 + 60)
        return bearer(make_link(LINK_KEY, link))
    headers = world.headers(role, areas=[HERE] if role in AREA_ROLES else [])
    purposes = sorted(PURPOSES.get(role, ()))
    return headers | ({"X-Purpose": purposes[0]} if purposes else {})


def ask(
    client: TestClient, operation: Operation, which: int, headers: dict[str, str]
) -> tuple[int, str, str]:
    """Call an operation: status, media type, text."""
    answer = client.request(
        operation.method,
        operation.address(which),
        json=BODIES.get((operation.method, operation.path)),
        params=QUERIES.get(operation.path),
        headers=headers,
    )
    return answer.status_code, answer.headers.get("content-type", ""), answer.text


def test_the_sweep_knows_every_object_and_body(world: World) -> None:
    """A new kind of object or body needs its example here."""
    document = document_of(world)
    for operation in operations(world):
        described = document["paths"][operation.path][operation.method]
        assert operation.parameter is None or operation.parameter in OBJECTS
        if "requestBody" in described:
            assert (operation.method, operation.path) in BODIES


def test_the_document_names_the_roles_of_the_table(world: World) -> None:
    """The roles of every operation are those of one permission."""
    known = {frozenset(roles_of(permission)) for permission in Permission}

    assert all(operation.roles in known for operation in operations(world))


@pytest.mark.parametrize("role", list(Role))
def test_foreign_and_nonexistent_objects_are_the_same_404(world: World, role: Role) -> None:
    """For every operation this role has; what it has not is the same 403 for all objects."""
    client, headers = client_of(world), headers_of(world, role)
    for operation in operations(world):
        if operation.parameter is None:
            continue
        foreign = ask(client, operation, 1, headers)
        may = role in operation.roles and not operation.needs_city

        assert foreign[0] == (404 if may else 403), (operation, foreign)
        if (operation.method, operation.path) not in CREATES:
            assert foreign == ask(client, operation, 2, headers), operation


@pytest.mark.parametrize("role", list(Role))
def test_every_operation_answers_its_roles_and_refuses_the_others(world: World, role: Role) -> None:
    """Own objects: no 500, no 401, and 403 exactly for the roles that the document leaves out."""
    client, district = client_of(world), headers_of(world, role)
    city = world.headers(role, areas=[""]) if role in AREA_ROLES else district
    for operation in operations(world):
        if operation.path in STREAMS and role in operation.roles:
            continue
        headers = city if operation.needs_city else district
        status, media_type, text = ask(client, operation, 0, headers)

        if role in operation.roles:
            assert status in {200, 201, 202, 204, 409, 503}, (operation, status, text)
        else:
            assert status == 403, (operation, status, text)
        if status >= 400:
            assert media_type == MEDIA_TYPE, operation


@pytest.mark.parametrize("role", sorted(AREA_ROLES))
def test_what_needs_the_city_refuses_a_district(world: World, role: Role) -> None:
    """The same 403 for the own object, a foreign one and none; nothing is written."""
    client, headers = client_of(world), headers_of(world, role)
    swept = [operation for operation in operations(world) if operation.needs_city]

    found = {
        (operation.path, *ask(client, operation, which, headers)[:2])
        for operation in swept
        for which in (0, 1, 2)
    }

    assert {(method, path) for method, path in CITY_WIDE} == {(o.method, o.path) for o in swept}
    assert {status for _, status, _ in found} == {403}
    assert len(found) == len(CITY_WIDE)
    assert world.rows(control) == []


@pytest.mark.parametrize("credential", ["anonymous", "garbage", "expired", "revoked"])
def test_no_operation_answers_without_a_valid_token(world: World, credential: str) -> None:
    """Every operation of the document, existing object or not: one and the same 401."""
    tokens = {
        "anonymous": {},
        "garbage": {"Authorization": "Bearer pgt_x"},
        "expired": world.headers(Role.ADMIN, expires_ms=NOW_MS - 1),
        "revoked": world.headers(Role.ADMIN, revoked_ms=NOW_MS - 1),
    }
    client = client_of(world)
    found = {
        ask(client, operation, which, tokens[credential])
        for operation in operations(world)
        for which in (0, 1, 2)
    }

    assert {(status, media_type) for status, media_type, _ in found} == {(401, MEDIA_TYPE)}
    assert len(found) == 1


@pytest.mark.parametrize("role", sorted(AREA_ROLES))
def test_no_list_holds_anything_foreign(world: World, role: Role) -> None:
    """Lists, with every filter off: nothing of the other district is in the text."""
    client, headers = client_of(world), headers_of(world, role)
    lists = [
        operation
        for operation in operations(world)
        if operation.method == "get"
        and operation.parameter is None
        and operation.path.startswith("/v1/")
        and operation.path not in STREAMS
        and role in operation.roles
    ]
    for operation in lists:
        status, _, text = ask(client, operation, 0, headers)

        assert status == 200
        assert "there" not in text, operation
        assert "tok_theirs" not in text, operation


@pytest.mark.parametrize("role", [Role.ADMIN, Role.OFFICER, Role.OWNER])
def test_hostile_parameters_are_never_a_fault(world: World, role: Role) -> None:
    """Every query parameter of every operation with values that break things elsewhere."""
    client, headers = client_of(world), headers_of(world, role)
    document = document_of(world)
    hostile = ["", "0", "-1", "9" * 40, "%00", "%F0%9F%98%80", "' OR 1=1 --", "A" * 3000, "NaN"]
    refused = ["-1", "9" * 40, "A" * 3000, "%00"]
    for operation in operations(world):
        if operation.method != "get" or role not in operation.roles:
            continue
        values = refused if operation.path in STREAMS else hostile
        described = document["paths"][operation.path]["get"].get("parameters", [])
        for parameter in described:
            if parameter["in"] != "query":
                continue
            for value in values:
                answer = client.get(
                    f"{operation.address(0)}?{parameter['name']}={value}", headers=headers
                )
                assert answer.status_code != 500, (operation, parameter["name"], value)


def test_the_table_of_roles_is_what_the_document_says() -> None:
    """Admins may everything but what a link may; devices nothing but read the docs."""
    assert PERMISSIONS[Role.ADMIN] == frozenset(Permission) - {Permission.LINK}
    assert PERMISSIONS[Role.LINK] == {Permission.LINK}
    assert PERMISSIONS[Role.DEVICE] == {Permission.DOCS, Permission.SESSION}
