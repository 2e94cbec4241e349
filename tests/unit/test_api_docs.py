"""docs/api.md names every operation with its roles, every problem, metric and purpose."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from api.auth import ANONYMOUS
from api.metrics_table import METRICS
from api.problems import PROBLEMS
from api.roles import DEFAULT_PURPOSE, PURPOSES
from support.api_city import client_of
from support.api_world import World, a_world

PAGE = (Path(__file__).parents[2] / "docs" / "api.md").read_text(encoding="utf-8")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """An empty city with open docs."""
    world = a_world(tmp_path, docs_open=True)
    yield world
    world.engine.dispose()


def test_every_operation_stands_there_with_its_roles(world: World) -> None:
    """And nothing stands there that there is not."""
    document = create_app(world.services).openapi()
    described = {
        (method.upper(), path): operation
        for path, item in document["paths"].items()
        for method, operation in item.items()
    }

    rows = re.findall(r"^\| `(GET|POST|PUT|DELETE) (/\S*)` \| (.*) \|$", PAGE, flags=re.MULTILINE)

    named = {(method, path): roles for method, path, roles in rows}
    assert len(named) == len(rows)
    assert named == {
        key: "anybody" if key in ANONYMOUS else operation["description"].rsplit("Roles: ", 1)[1]
        for key, operation in described.items()
    }


def test_every_problem_and_metric_has_its_row() -> None:
    """As the tables in the code say."""
    for code, kind in PROBLEMS.items():
        assert f"| `{code}` | {kind.status} | {kind.title} |" in PAGE
    for name, words in METRICS.items():
        assert f"| `parkguard_{name}` | {words} |" in PAGE


def test_every_purpose_stands_by_its_role() -> None:
    """With the default, if there is one."""
    for role, purposes in PURPOSES.items():
        [row] = re.findall(rf"^\| {role} \|(.*)\|(.*)\|$", PAGE, flags=re.MULTILINE)
        assert set(re.findall(r"`(\w+)`", row[0])) == purposes
        default = DEFAULT_PURPOSE.get(role)
        assert (f"`{default}`" in row[1]) == (default is not None)


def test_the_docs_page_needs_no_other_host(world: World) -> None:
    """A closed network has none: every file comes from here."""
    client: TestClient = client_of(world)
    page = client.get("/docs")

    links = re.findall(r'(?:src|href)="([^"]+)"', page.text)

    assert "://" not in page.text
    for link in links:
        if link.startswith("data:"):
            continue
        answer = client.get(f"/{link}")
        assert answer.status_code == 200, link
        assert len(answer.content) > 100
    assert client.get("/docs/other.js").status_code == 404
    assert client.get("/openapi.json").json()["info"]["title"] == "ParkGuard API"


def test_the_document_has_examples_security_and_problems(world: World) -> None:
    """What a generated client needs."""
    document = create_app(world.services).openapi()

    assert document["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
    for path, item in document["paths"].items():
        for method, operation in item.items():
            assert "application/problem+json" in operation["responses"]["default"]["content"]
            assert ("security" in operation) == ((method.upper(), path) not in ANONYMOUS)
            assert operation["summary"]
    device = document["components"]["schemas"]["DeviceIn"]["properties"]
    assert device["id"]["examples"] == ["trk-000123"]
