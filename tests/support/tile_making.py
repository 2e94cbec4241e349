"""Tiles of a map that does not exist, made here: pictures, vector tiles, a PMTiles archive.

The ground is of colours that no page of ours has; through one place goes a cross.
"""

import gzip
import io
import json
import math
import struct
from collections.abc import Iterable
from itertools import accumulate, pairwise

import numpy as np
from PIL import Image

Tile = tuple[int, int, int]
"""Zoom, column, row from the north."""
Place = tuple[float, float]
"""Latitude and longitude, degrees, in the map's own system."""

GROUND, GROUND_2 = (244, 214, 232), (232, 196, 222)
"""Of picture tiles in turn, so that their edges show; pale rose is nowhere on our pages."""
CROSS = (120, 0, 160)
TILE_PX = 256
ARM_PX = 1
"""The cross is this wide on both sides of its middle, pixels of a tile."""
EXTENT = 4096
"""Units of a vector tile's side. Source: Mapbox vector tile 2.1, the usual extent."""
ASIDE = -400
"""The name stands so far from the cross, units: our marks are not above it."""
OVER = 64
"""Units drawn beyond the edge, so that lines of neighbours meet."""
POINT, LINE, POLYGON = 1, 2, 3
"""Types of geometry. Source: vector tile 2.1, 4.3.4."""
PM_HEADER = 127
"""Bytes. Source: PMTiles version 3, 3."""


def in_tile(place: Place, tile: Tile, side: int) -> tuple[float, float]:
    """Where a place is, from the north-west corner of a tile of ``side`` units (may be outside)."""
    zoom, column, row = tile
    sine = math.sin(math.radians(place[0]))
    x = 0.5 + place[1] / 360
    y = 0.5 - math.log((1 + sine) / (1 - sine)) / (4 * math.pi)
    return (x * 2**zoom - column) * side, (y * 2**zoom - row) * side


def tile_of(place: Place, zoom: int) -> Tile:
    """The tile a place is in."""
    x, y = in_tile(place, (zoom, 0, 0), 1)
    return zoom, int(x), int(y)


def picture(tile: Tile, cross: Place) -> bytes:
    """A PNG."""
    ground = GROUND if (tile[1] + tile[2]) % 2 else GROUND_2
    pixels = np.full((TILE_PX, TILE_PX, 3), ground, dtype=np.uint8)
    x, y = in_tile(cross, tile, TILE_PX)
    middles = np.arange(TILE_PX) + 0.5
    pixels[:, np.abs(middles - x) <= ARM_PX + 0.5] = CROSS
    pixels[np.abs(middles - y) <= ARM_PX + 0.5, :] = CROSS
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "png")
    return out.getvalue()


# -- vector tiles: protobuf by hand ------------------------------------------------------------


def vector_tile(tile: Tile, cross: Place) -> bytes:
    """Layers ``water`` (all over the tile), ``roads`` (the cross), ``places`` (a name)."""
    x, y = (round(at) for at in in_tile(cross, tile, EXTENT))
    low, high = -OVER, EXTENT + OVER
    inside = [low <= at <= high for at in (x, y)]
    roads = [_line((x, low), (x, high))] * inside[0] + [_line((low, y), (high, y))] * inside[1]
    aside = (x + ASIDE, y + ASIDE)
    places = [_point(*aside)] if all(0 <= at < EXTENT for at in aside) else []
    square = [(low, low), (high, low), (high, high), (low, high)]
    return (
        _layer("water", [_feature(POLYGON, [*_line(*square), 15])])  # 15: close the ring
        + _layer("roads", [_feature(LINE, geometry) for geometry in roads])
        + _layer(
            "places", [_feature(POINT, place, tags=[0, 0]) for place in places], name="Crossing"
        )
    )


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes([*out, number])


def _field(number: int, body: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(body)) + body


def _number(number: int, value: int) -> bytes:
    return _varint(number << 3) + _varint(value)


def _zigzag(value: int) -> int:
    return value << 1 ^ value >> 31


def _point(x: int, y: int) -> list[int]:
    return [1 << 3 | 1, _zigzag(x), _zigzag(y)]


def _line(*corners: tuple[int, int]) -> list[int]:
    moves = [(to[0] - at[0], to[1] - at[1]) for at, to in pairwise(corners)]
    drawn = [_zigzag(delta) for move in moves for delta in move]
    return [*_point(*corners[0]), len(moves) << 3 | 2, *drawn]


def _packed(numbers: Iterable[int]) -> bytes:
    return b"".join(map(_varint, numbers))


def _feature(kind: int, geometry: list[int], *, tags: Iterable[int] = ()) -> bytes:
    return _field(2, _packed(tags)) + _number(3, kind) + _field(4, _packed(geometry))


def _layer(layer: str, features: list[bytes], *, name: str = "") -> bytes:
    if not features:
        return b""
    named = _field(3, b"name") + _field(4, _field(1, name.encode())) if name else b""
    body = _field(1, layer.encode()) + b"".join(_field(2, one) for one in features) + named
    return _field(3, body + _number(5, EXTENT) + _number(15, 2))


# -- PMTiles -----------------------------------------------------------------------------------


def pmtiles(
    tiles: dict[Tile, bytes], *, kind: str, attribution: str
) -> tuple[bytes, dict[int, Tile]]:
    """A version 3 archive (one directory, tiles in the order of their ids), and each tile's place.

    Args:
        tiles: At least one.
        kind: ``mvt`` or ``png``.
        attribution: Stands in its metadata.
    """
    ordered = sorted(tiles, key=_hilbert_id)
    ids = [_hilbert_id(tile) for tile in ordered]
    lengths = [len(tiles[tile]) for tile in ordered]
    steps = [after - before for before, after in zip([0, *ids], ids, strict=False)]
    # the first offset is 0 + 1; a 0 says "after the one before"
    columns = [[len(ids)], steps, [1] * len(ids), lengths, [1] + [0] * (len(ids) - 1)]
    directory = gzip.compress(b"".join(map(_packed, columns)), mtime=0)
    layers = [{"id": name, "fields": dict[str, str]()} for name in ("water", "roads", "places")]
    described = {"attribution": attribution, "vector_layers": layers}
    metadata = gzip.compress(json.dumps(described).encode(), mtime=0)
    data = b"".join(tiles[tile] for tile in ordered)
    zooms = [zoom for zoom, _, _ in tiles]
    at_metadata, at_data = PM_HEADER + len(directory), PM_HEADER + len(directory) + len(metadata)
    everywhere = (-1_800_000_000, -850_000_000, 1_800_000_000, 850_000_000)
    header = struct.pack(
        "<7sB11Q6B4iB2i",
        *(b"PMTiles", 3, PM_HEADER, len(directory), at_metadata, len(metadata)),
        *(at_data, 0, at_data, len(data), len(ids), len(ids), len(ids)),
        *(1, 2, 1, {"mvt": 1, "png": 2}[kind]),  # clustered; gzip inside, tiles as they are
        *(min(zooms), max(zooms), *everywhere, min(zooms), 0, 0),
    )
    assert len(header) == PM_HEADER
    starts = accumulate(lengths, initial=at_data)
    places = dict(zip(starts, ordered, strict=False))
    return header + directory + metadata + data, places


def _hilbert_id(tile: Tile) -> int:
    """Tiles are numbered zoom by zoom along a Hilbert curve. Source: PMTiles version 3, 4.1."""
    zoom, x, y = tile
    number = ((1 << 2 * zoom) - 1) // 3
    side = 1 << zoom
    half = side >> 1
    while half:
        right, low = int(x & half > 0), int(y & half > 0)
        number += half * half * (3 * right ^ low)
        if not low:
            if right:
                x, y = side - 1 - x, side - 1 - y
            x, y = y, x
        half >>= 1
    return number
