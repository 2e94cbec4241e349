"""A tile server on loopback: picture tiles, a style with vector tiles, PMTiles by HTTP ranges.

with TileServer(cross=(31.82, 117.23)) as tiles:
    ...                       # at tiles.address: /raster/{z}/{x}/{y}.png, /style.json,
                              # /vector.pmtiles, /raster.pmtiles
    tiles.asked("raster")     # which tiles a browser asked for
"""

import functools
import json
import re
from http.server import BaseHTTPRequestHandler
from typing import Any

from support.http_serving import HttpServing, Quiet
from support.tile_making import Place, Tile, picture, pmtiles, tile_of, vector_tile

ATTRIBUTION = "© Nobody's map"
SHALLOWEST, DEEPEST, DEEPEST_PICTURES = 10, 14, 17
"""Zooms of an archive; deeper views are drawn from the deepest. Vector tiles bear it, pictures
grow coarse."""
ROUND = 3
"""Tiles of an archive on each side of the cross, at every zoom."""
ARCHIVES = {"/vector.pmtiles": "mvt", "/raster.pmtiles": "png"}
TILE = re.compile(r"^/(raster|vector)/(\d+)/(\d+)/(\d+)\.(png|mvt)$")
RANGE = re.compile(r"^bytes=(\d+)-(\d+)$")
WATER, ROAD = "#ffb0d8", "#7800a0"
"""Colours of the style: the cross is that of the pictures."""


class TileServer(HttpServing):
    """Serves all three kinds.

    Args:
        cross: Where the tiles have a cross, in their own system.

    Attributes:
        cross: The same; it may be set anew.
        requests: Every path that was asked for, and the status it got.
        is_down: Answer 503 to everything.
    """

    def __init__(self, cross: Place) -> None:
        self.cross = cross
        self.is_down = False
        self.requests: list[tuple[str, int]] = []
        self._asked: list[tuple[str, Tile]] = []
        super().__init__(type("Bound", (_Handler,), {"tiles": self}))

    def asked(self, kind: str) -> set[Tile]:
        """Tiles that were asked for: ``raster``, ``vector``, or of ``/vector.pmtiles``."""
        return {tile for what, tile in self._asked if what == kind}

    def forget(self) -> None:
        """Begin to count anew."""
        self.requests.clear()
        self._asked.clear()

    def note(self, kind: str, tile: Tile) -> None:
        """Keep that a tile was asked for."""
        self._asked.append((kind, tile))

    def style(self) -> dict[str, Any]:
        """A style as an operator's tile server gives it: its own glyphs are not there."""
        source = {
            "type": "vector",
            "tiles": [f"{self.address}/vector/{{z}}/{{x}}/{{y}}.mvt"],
            "maxzoom": DEEPEST,
            "attribution": ATTRIBUTION,
        }
        name = {"text-field": ["get", "name"], "text-font": ["Nobody Sans"]}
        layers: list[tuple[str, str, dict[str, Any]]] = [
            ("water", "fill", {"paint": {"fill-color": WATER}}),
            ("roads", "line", {"paint": {"line-color": ROAD, "line-width": 3}}),
            ("places", "symbol", {"layout": name}),
        ]
        return {
            "version": 8,
            "glyphs": f"{self.address}/glyphs/{{fontstack}}/{{range}}.pbf",
            "sources": {"nobody": source},
            "layers": [
                {"id": layer, "type": kind, "source": "nobody", "source-layer": layer, **how}
                for layer, kind, how in layers
            ],
        }


@functools.cache
def archive(cross: Place, kind: str) -> tuple[bytes, dict[int, Tile]]:
    """Make a PMTiles archive of ``mvt`` or ``png``, with the tile that begins at a byte."""
    make, deepest = {"mvt": (vector_tile, DEEPEST), "png": (picture, DEEPEST_PICTURES)}[kind]
    tiles: dict[Tile, bytes] = {}
    for zoom in range(SHALLOWEST, deepest + 1):
        _, column, row = tile_of(cross, zoom)
        for x in range(column - ROUND, column + ROUND + 1):
            for y in range(row - ROUND, row + ROUND + 1):
                tiles[zoom, x, y] = make((zoom, x, y), cross)
    return pmtiles(tiles, kind=kind, attribution=ATTRIBUTION)


class _Handler(Quiet, BaseHTTPRequestHandler):
    tiles: TileServer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer one file."""
        tiles = self.tiles
        if tiles.is_down:
            self._give(503, b"")
        elif tile := TILE.match(self.path):
            at = (int(tile[2]), int(tile[3]), int(tile[4]))
            tiles.note(tile[1], at)
            make = picture if tile[1] == "raster" else vector_tile
            self._give(200, make(at, tiles.cross))
        elif self.path == "/style.json":
            self._give(200, json.dumps(tiles.style()).encode())
        elif kind := ARCHIVES.get(self.path):
            self._part(*archive(tiles.cross, kind))
        else:
            self._give(404, b"")

    def _part(self, whole: bytes, places: dict[int, Tile]) -> None:
        asked = RANGE.match(self.headers.get("Range", ""))
        if asked is None:
            self._give(416, b"")  # a client that takes the whole archive does it wrong
            return
        first, last = int(asked[1]), min(int(asked[2]), len(whole) - 1)
        if first in places:
            self.tiles.note(self.path, places[first])
        self._give(206, whole[first : last + 1], f"bytes {first}-{last}/{len(whole)}")

    def _give(self, status: int, body: bytes, part: str = "") -> None:
        self.tiles.requests.append((self.path, status))
        self.send_response(status)
        self.send_header("Access-Control-Allow-Origin", "*")
        self.send_header("Content-Length", str(len(body)))
        if part:
            self.send_header("Content-Range", part)
            self.send_header("ETag", '"1"')
        self.end_headers()
        self.wfile.write(body)
