"""The doctor on the pages: owners' links that lead nowhere, a base map that nobody gets."""

import asyncio
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from parkguard.doctor import Finding, Grade, Patient
from parkguard.doctor_web import check_base_map, check_owner_links
from parkguard.settings import Settings
from support.broker import free_port
from support.http_serving import HttpServing, Quiet
from support.tiles import TileServer

OWNERS = {"webhooks": {"owner": {"url": "https://gateway.example/"}}}
RASTER = "/raster/{z}/{x}/{y}.png"


class ForItselfAlone(Quiet, BaseHTTPRequestHandler):
    """A file server as it comes: the whole file, and to pages of its own only."""

    def do_GET(self) -> None:
        """Give the whole file."""
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"PMTiles")


@pytest.fixture
def tiles() -> Iterator[TileServer]:
    """A tile server as it should be."""
    with TileServer((31.82, 117.23)) as tiles:
        yield tiles


def patient(folder: Path, **sections: object) -> Patient:
    """Somebody with these settings."""
    settings = Settings.model_validate({"data_dir": folder, **sections})
    return Patient(settings=settings, is_up=False, now_ms=0)


def look(folder: Path, kind: str, url: str) -> Finding:
    """What the doctor says of a base map."""
    web = {"map": {"kind": kind, "url": url}}
    return asyncio.run(check_base_map(patient(folder, web=web)))


def test_links_to_owners_need_an_address_from_outside(tmp_path: Path) -> None:
    """A warning while they are sent and begin with the machine's own; nothing without owners."""
    web = {"public_url": "https://guard.example"}
    [warned] = check_owner_links(patient(tmp_path, dispatch=OWNERS))
    [well] = check_owner_links(patient(tmp_path, dispatch=OWNERS, web=web))

    assert (warned.grade, warned.found) == (
        Grade.WARN, "begin with http://127.0.0.1:8000, of this machine alone",
    )  # fmt: skip
    assert "web.public_url" in warned.todo
    assert (well.grade, well.found) == (Grade.OK, "begin with https://guard.example")
    assert list(check_owner_links(patient(tmp_path))) == []


@pytest.mark.parametrize(
    ("kind", "path"),
    [("raster", RASTER), ("vector", "/style.json"), ("pmtiles", "/vector.pmtiles")],
)
def test_a_base_map_that_answers_is_well(
    tmp_path: Path, tiles: TileServer, kind: str, path: str
) -> None:
    """One question of each kind, as a browser asks it; an illness is a warning, not a failure."""
    found = look(tmp_path, kind, f"{tiles.address}{path}")
    tiles.is_down = True
    ill = look(tmp_path, kind, f"{tiles.address}{path}")

    assert (found.grade, found.todo) == (Grade.OK, "")
    assert ill.grade is Grade.WARN
    assert ill.found.endswith("says 503")
    assert len(tiles.requests) == 2


def test_a_base_map_whose_host_is_not_there_is_told(tmp_path: Path) -> None:
    """By its host: the rest of the address may hold a key."""
    host = f"127.0.0.1:{free_port()}"
    found = look(tmp_path, "raster", f"http://{host}{RASTER}?tk=secret")

    assert found.grade is Grade.WARN
    assert found.found.startswith(f"{host} does not answer")
    assert "secret" not in found.found + found.todo


@pytest.mark.parametrize(
    ("kind", "words"),
    [("pmtiles", "gives no part of the file"), ("vector", "lets no other origin in")],
)
def test_a_host_that_browsers_would_not_get_it_from_is_told(
    tmp_path: Path, kind: str, words: str
) -> None:
    """No ranges, no CORS."""
    with HttpServing(ForItselfAlone) as server:
        found = look(tmp_path, kind, f"{server.address}/city")

    assert found.grade is Grade.WARN
    assert words in found.found


def test_without_a_host_of_its_own_nobody_is_asked(tmp_path: Path) -> None:
    """No base map, or a path of the proxy before us."""
    none = asyncio.run(check_base_map(patient(tmp_path)))
    path = look(tmp_path, "pmtiles", "/tiles/city.pmtiles")

    assert {none.grade, path.grade} == {Grade.OK}
    assert "proxy" in path.found
