"""Base maps in a real browser: asked for, let through, drawn, and our marks where they say.

One service, started anew on each kind, and tiles of the test's own.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

from support.base_maps import GRID_NAME, INCIDENT, MIDDLE, MIDDLE_GCJ02, SITE, MappedCity
from support.broker import wait_until
from support.map_pictures import Colour, MapPicture, blend, colour_of, open_map
from support.screens import DESK, Screens, axe_faults
from support.tile_making import CROSS, GROUND, GROUND_2, Place, tile_of
from support.tiles import ATTRIBUTION, DEEPEST, DEEPEST_PICTURES, WATER, TileServer

pytestmark = pytest.mark.browser

OFF_PX = 1.5
"""A mark may lie so far from the cross below it, pixels: each is drawn to half a pixel."""
EARTH_M = 40_075_016.7
"""Round the equator, metres. Source: Web Mercator's radius of 6,378,137 m."""
VIEW_TILES = 4
"""Tiles on each side of the middle that a view of 700 pixels may need."""
DIMMED = 0.55
"""Pictures in the dark, and how much accent makes water (web/src/map/base.ts)."""
WATER_ACCENT = 0.18
NO_WEBGL = "--disable-3d-apis"
VIEW = "el => [...el.cityMap.getCenter().toArray(), el.cityMap.getZoom()]"
"""Longitude and latitude of the middle, and the zoom."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A base map, and where and how deep its tiles are."""

    kind: str
    path: str
    asked: str
    zoom: int
    crs: str = "wgs84"
    attribution: str = ATTRIBUTION

    @property
    def place(self) -> Place:
        """Where the cross of its tiles is."""
        return MIDDLE if self.crs == "wgs84" else MIDDLE_GCJ02

    def settings(self, tiles: TileServer) -> dict[str, Any]:
        """The same as ``web.map``."""
        url = f"{tiles.address}{self.path}"
        return {
            "kind": self.kind,
            "url": url,
            "crs": self.crs,
            "attribution": self.attribution,
        }

    def colours(self, host: Locator) -> tuple[Colour, tuple[Colour, ...]]:
        """Of its cross, and of its ground."""
        if self.kind == "vector":
            red, green, blue = bytes.fromhex(WATER.removeprefix("#"))
            return CROSS, ((red, green, blue),)
        if self.asked == "/vector.pmtiles":  # drawn in the page's own colours
            accent, ground = colour_of(host, "--accent"), colour_of(host, "--map-ground")
            return colour_of(host, "--map-line"), (blend(accent, ground, WATER_ACCENT),)
        return CROSS, (GROUND, GROUND_2)


RASTER = Kind(kind="raster", path="/raster/{z}/{x}/{y}.png", asked="raster", zoom=17)
VECTOR = Kind(kind="vector", path="/style.json", asked="vector", zoom=DEEPEST, attribution="")
PMTILES = Kind(
    kind="pmtiles", path="/vector.pmtiles", asked="/vector.pmtiles", zoom=DEEPEST, attribution=""
)
GCJ02 = Kind(
    kind="pmtiles",
    path="/raster.pmtiles",
    asked="/raster.pmtiles",
    zoom=DEEPEST_PICTURES,
    crs="gcj02",
)
KINDS = {"vector": VECTOR, "pmtiles": PMTILES, "pictures-gcj02": GCJ02, "raster": RASTER}
"""Where none is set, the style and the archive say themselves whose map it is."""


@pytest.fixture(scope="module")
def tiles() -> Iterator[TileServer]:
    """The tile server."""
    with TileServer(MIDDLE) as tiles:
        yield tiles


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MappedCity]:
    """The service; each test says on which base map."""
    with MappedCity(tmp_path_factory.mktemp("mapped")) as city:
        yield city


@pytest.fixture(scope="module")
def eyes(city: MappedCity) -> Iterator[Screens]:
    """One Chromium for all."""
    with Screens(city.api_url) as eyes:
        yield eyes


def desk_on(kind: Kind, city: MappedCity, tiles: TileServer, eyes: Screens, *flags: str) -> Page:
    """The desk's page on a base map, not loaded yet."""
    tiles.cross, tiles.is_down = kind.place, False
    tiles.forget()
    city.show(kind.settings(tiles))
    return eyes.person(DESK, user="desk", flags=flags).new_page()


def metres_per_px(host: Locator, place: Place) -> float:
    """Of the map as it is shown; a tile of MapLibre's own is 512 pixels wide."""
    zoom = float(host.evaluate("el => el.cityMap.getZoom()"))
    return EARTH_M * math.cos(math.radians(place[0])) / (512 * 2**zoom)


@pytest.mark.parametrize("name", KINDS)
def test_a_base_map_is_drawn_and_our_marks_lie_where_it_says(
    name: str, city: MappedCity, tiles: TileServer, eyes: Screens
) -> None:
    """The tiles' cross, the incident that we store in WGS 84, and a site 217 m east of it."""
    kind = KINDS[name]
    page = desk_on(kind, city, tiles, eyes)
    addresses: list[str] = []
    page.on("request", lambda request: addresses.append(request.url))
    page.goto(f"{city.api_url}/app/desk")
    host = open_map(page)
    picture = MapPicture.take(host)
    cross_colour, ground = kind.colours(host)

    asked = tiles.asked(kind.asked)
    deep, column, row = tile_of(kind.place, kind.zoom)
    assert (deep, column, row) in asked
    for zoom, x, y in asked:
        assert zoom == deep
        assert abs(x - column) <= VIEW_TILES
        assert abs(y - row) <= VIEW_TILES
    assert {status for _, status in tiles.requests} <= {200, 206}

    origins = {f"{urlsplit(one).scheme}://{urlsplit(one).netloc}" for one in addresses}
    assert origins - {"blob://"} == {city.api_url, tiles.address}
    expect(host.get_by_text(ATTRIBUTION)).to_be_in_viewport()

    assert picture.share(*ground) > 0.6
    cross = picture.cross(cross_colour)
    incident = picture.middle(colour_of(host, "--danger"))
    assert math.dist(incident, cross) <= OFF_PX
    east_m = math.radians(SITE[1] - MIDDLE[1]) * EARTH_M / math.tau * math.cos(math.radians(31.82))
    at = (cross[0] + east_m / metres_per_px(host, kind.place), cross[1])
    site = picture.middle(colour_of(host, "--muted"), at=at, within_px=8)
    assert math.dist(site, at) <= OFF_PX
    assert eyes.faults == []
    page.context.close()


def test_nobody_else_is_let_through(city: MappedCity, tiles: TileServer, eyes: Screens) -> None:
    """The policy names the base map's host: another one on this machine hears nothing."""
    page = desk_on(RASTER, city, tiles, eyes)
    page.goto(f"{city.api_url}/app/desk")
    with TileServer(MIDDLE) as stranger:
        for address in (f"{stranger.address}/style.json", f"{tiles.address}/style.json"):
            page.evaluate("address => fetch(address).catch(() => null)", address)
        assert stranger.requests == []

    assert ("/style.json", 200) in tiles.requests
    assert eyes.faults
    assert all(f"{stranger.address}/style.json" in fault for fault in eyes.faults)
    assert any("Content Security Policy" in fault for fault in eyes.faults)
    eyes.faults.clear()
    page.context.close()


def test_a_theme_may_change_below_an_open_map(
    city: MappedCity, tiles: TileServer, eyes: Screens
) -> None:
    """Dark and back: the same map, dimmed and bright again, with its marks in each's colour."""
    page = desk_on(RASTER, city, tiles, eyes)
    page.goto(f"{city.api_url}/app/desk")
    host = open_map(page)
    host.evaluate("el => { window.first = el.cityMap; }")
    seen = [(MapPicture.take(host), colour_of(host, "--danger"))]
    for theme in ("dark", "light"):
        page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
        expect(page.locator("html")).to_have_attribute("data-theme", theme)
        seen.append((MapPicture.take(host), colour_of(host, "--danger")))
    dimmed = [blend(colour, (0, 0, 0), DIMMED) for colour in (GROUND, GROUND_2)]

    (light, in_light), (dark, in_dark), (again, _) = seen
    assert in_dark != in_light
    assert light.share(GROUND, GROUND_2) > 0.6
    assert dark.share(GROUND, GROUND_2) < 0.01
    assert dark.share(*dimmed) > 0.6
    assert again.share(GROUND, GROUND_2) > 0.6
    where = [light.middle(in_light), dark.middle(in_dark), again.middle(in_light)]
    assert max(math.dist(one, where[0]) for one in where) <= OFF_PX
    assert host.evaluate("el => el.cityMap === window.first")
    assert eyes.faults == []
    page.context.close()


def test_a_map_is_used_without_a_mouse(city: MappedCity, tiles: TileServer, eyes: Screens) -> None:
    """Tab to it; arrows and plus move it, not the queue; after it its incidents are a list."""
    page = desk_on(RASTER, city, tiles, eyes)
    page.goto(f"{city.api_url}/app/desk")
    host = open_map(page)
    before = host.evaluate(VIEW)
    canvas = host.get_by_role("region", name="Map")
    press_until(page, "Tab", canvas)
    for grows, key in enumerate(("ArrowRight", "ArrowUp", "+")):
        page.keyboard.press(key)
        wait_until(partial(has_grown, host, before, grows), what=f"{key} moves the map")
    assert "at=" not in page.url
    listed = page.get_by_role("list", name="Incidents on the map, as a list").get_by_role("button")
    press_until(page, "Tab", listed)
    expect(listed).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.get_by_test_id(f"incident:{INCIDENT}")).to_have_attribute("aria-current", "true")
    assert axe_faults(page) == []
    assert eyes.faults == []
    page.context.close()


def has_grown(host: Locator, before: list[float], number: int) -> bool:
    """Whether a number of the view is larger than before."""
    now: list[float] = host.evaluate(VIEW)
    return now[number] > before[number]


def press_until(page: Page, key: str, wanted: Locator) -> None:
    """Press a key until something has the focus."""
    for _ in range(40):
        page.keyboard.press(key)
        if wanted.evaluate("el => el === document.activeElement"):
            return
    pytest.fail(f"{wanted} cannot be reached by {key}")


def test_a_grids_name_stands_once(city: MappedCity, tiles: TileServer, eyes: Screens) -> None:
    """Its outline crosses four tiles; the grid without a name shows its code, deep in."""
    page = desk_on(RASTER, city, tiles, eyes)
    page.goto(f"{city.api_url}/app/desk")
    host = open_map(page)
    labels = host.evaluate(
        """el => el.cityMap.queryRenderedFeatures({layers: ["grid-names"]})
            .map(one => one.properties.label)"""
    )

    assert labels.count(GRID_NAME) == 1
    assert len(labels) == len(set(labels))
    page.context.close()


def test_without_its_base_map_the_desk_still_has_a_map(
    city: MappedCity, tiles: TileServer, eyes: Screens
) -> None:
    """The tile server is down: our own marks are there, and the page says that something is not."""
    page = desk_on(RASTER, city, tiles, eyes)
    tiles.is_down = True
    page.goto(f"{city.api_url}/app/desk")
    host = open_map(page)

    expect(page.get_by_text("Parts of the map are missing")).to_be_visible()
    assert MapPicture.take(host).share(colour_of(host, "--danger")) > 0
    assert eyes.faults == []
    page.context.close()


def test_without_webgl_the_page_says_it_in_words(
    city: MappedCity, tiles: TileServer, eyes: Screens
) -> None:
    """The incidents stand in a list, and choosing one there chooses it in the queue."""
    page = desk_on(RASTER, city, tiles, eyes, NO_WEBGL)
    page.goto(f"{city.api_url}/app/desk")
    expect(page.get_by_role("heading", name="No map in this browser")).to_be_visible()
    listed = page.get_by_role("list", name="Incidents on the map, as a list")
    listed.get_by_role("button").click()
    row = page.get_by_test_id(f"incident:{INCIDENT}")
    expect(row).to_have_attribute("aria-current", "true")

    assert axe_faults(page) == []
    row.get_by_role("link").first.click()
    expect(page).to_have_url(re.compile(f"/incidents/{INCIDENT}$"))
    assert tiles.requests == []
    assert eyes.faults == []
    page.context.close()
