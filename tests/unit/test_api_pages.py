"""The pages' files: open to everybody, under a strict policy, kept by their hash."""

import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from api.middleware import SecurityHeaders
from api.pages import Pages, pages_policy, read_pages
from support.api_city import client_of
from support.api_world import a_world

SCRIPT = "export const word = 'parkguard';\n" * 50


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A build."""
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<!doctype html><title>ParkGuard</title>")
    (tmp_path / "sw.js").write_text("self.x = 1")
    (tmp_path / "assets" / "map-Dk3.mjs").write_text(SCRIPT)
    (tmp_path / "icon-192.png").write_bytes(b"\x89PNG")
    return tmp_path


@pytest.fixture
def client(folder: Path) -> Iterator[TestClient]:
    """A client of the layer alone, before an app that says where it is."""
    inner = Starlette(routes=[Route("/{path:path}", lambda _: PlainTextResponse("the API"))])
    pages = Pages(inner, pages=read_pages(folder), map_hosts=("https://tiles.example",))
    with TestClient(SecurityHeaders(pages)) as client:
        yield client


def test_only_the_pages_are_answered_here(client: TestClient) -> None:
    """Everything else goes on, whatever it looks like."""
    assert client.get("/v1/incidents").text == "the API"
    assert client.get("/application").text == "the API"
    assert client.get("/app/").text.startswith("<!doctype html>")
    for path in ("/", "/app"):
        answer = client.get(path, follow_redirects=False)
        assert (answer.status_code, answer.headers["location"]) == (307, "/app/")


def test_an_address_of_the_router_is_the_page_and_a_missing_file_is_none(
    client: TestClient,
) -> None:
    """A reload inside the app works; an old script is not answered with HTML."""
    assert client.get("/app/desk/incidents/inc-1").text.startswith("<!doctype html>")
    assert client.get("/app/assets/gone-1234.js").status_code == 404
    assert client.post("/app/").status_code == 405


@pytest.mark.parametrize("name", ["../deps.py", "..%2fdeps.py", "%2e%2e/%2e%2e/pyproject.toml"])
def test_nothing_outside_the_folder_is_a_page(client: TestClient, name: str) -> None:
    """The files were read once: an address is a key, never a path."""
    assert "parkguard" not in client.get(f"/app/{name}").text.lower().replace(
        "<title>parkguard</title>", ""
    )


def test_files_are_kept_packed_and_typed(client: TestClient) -> None:
    """What has a hash in its name for ever, the rest is asked for again and is then 304."""
    script = client.get("/app/assets/map-Dk3.mjs")
    index = client.get("/app/")
    again = client.get("/app/", headers={"if-none-match": index.headers["etag"]})
    plain = client.get("/app/assets/map-Dk3.mjs", headers={"accept-encoding": "identity"})

    assert script.headers["content-type"].startswith("text/javascript")
    assert "immutable" in script.headers["cache-control"]
    assert script.headers["content-encoding"] == "gzip"
    assert int(script.headers["content-length"]) == len(gzip.compress(SCRIPT.encode(), 9, mtime=0))
    assert script.text == plain.text == SCRIPT
    assert "content-encoding" not in plain.headers
    assert index.headers["cache-control"] == "no-cache"
    assert (again.status_code, again.text) == (304, "")
    assert "content-encoding" not in client.get("/app/icon-192.png").headers


def test_the_policy_lets_in_our_files_and_the_base_map_alone(client: TestClient) -> None:
    """No inline script, no eval, no other host."""
    policy = client.get("/app/").headers["content-security-policy"]

    assert policy == pages_policy(("https://tiles.example",))
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    named = {word for word in policy.split() if "://" in word}
    assert named == {"https://tiles.example;"}
    assert "://" not in pages_policy()


def test_pages_that_were_not_built_say_what_to_do(tmp_path: Path) -> None:
    """The API goes on without them."""
    inner = Starlette(routes=[Route("/livez", lambda _: PlainTextResponse("alive"))])
    client = TestClient(Pages(inner, pages=read_pages(tmp_path / "none")))

    answer = client.get("/app/")

    assert (answer.status_code, "make web" in answer.text) == (503, True)
    assert client.get("/livez").text == "alive"


def test_the_app_serves_them_to_strangers_and_nothing_else(tmp_path: Path) -> None:
    """They hold no data; the API behind them asks who looks."""
    world = a_world(tmp_path)
    client = client_of(world)

    assert client.get("/app/").status_code in {200, 503}  # built, or not
    assert client.get("/app/../v1/books").status_code == 401
    world.engine.dispose()
