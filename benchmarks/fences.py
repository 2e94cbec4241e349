"""CPU of fences and of routing to patrol grids, µs per fix, in a city's numbers of each.

    python -m benchmarks.fences [--sites 5662] [--drawn 2000] [--grids 6595] [--json]

The baseline in the same run is the naive loop: every fix against every fence, or every grid.
"""

import argparse
import json
import math
import time
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from shapely import Point
from shapely.geometry.base import BaseGeometry

from alerts.fence_pairs import Heard
from alerts.fences import FenceWatch
from alerts.routing import GridIndex
from alerts.rules.fence_area import F8, Area
from alerts.rules.geofence import At, Membership, step
from benchmarks.core import cpu_us
from devices.geo import M_PER_DEG_LAT
from devices.model import Fence, FenceKind, Grid

LAT_DEG, LON_DEG = 31.82, 117.23
EAST_M = M_PER_DEG_LAT * math.cos(math.radians(LAT_DEG))
CITY_M = 15_000.0
"""Half the width of the city."""
FLEET, RIDING = 4_000, 0.1
SIGMA_M = 5.0
"""Parked noise per axis."""
EVERY_S, ROUNDS = 10.0, 20
BATCHES = (1, 256, 4_000)
NAIVE_FIXES = 20
DISTRICTS, DISTRICT_CORNERS = 13, 2_000


def _place(x: float, y: float) -> tuple[float, float]:
    return LAT_DEG + y / M_PER_DEG_LAT, LON_DEG + x / EAST_M


def _star(x: float, y: float, radii_m: F8) -> list[list[float]]:
    angles = np.linspace(0, 2 * np.pi, len(radii_m), endpoint=False)
    places = [
        _place(x + r * math.cos(a), y + r * math.sin(a))
        for r, a in zip(radii_m.tolist(), angles.tolist(), strict=True)
    ]
    return [[lon, lat] for lat, lon in [*places, places[0]]]


def _fences(rng: np.random.Generator, sites: int, drawn: int, middles: F8) -> list[Fence]:
    """Sites (circles, outlines, some with a yard), what staff drew (up to 2 km), districts."""
    made = []
    for k in range(sites):
        x, y = middles[k].tolist()
        lat_deg, lon_deg = _place(x, y)
        fence = Fence(id=f"site-{k}", kind=FenceKind.KEEP_IN)
        if k % 2:
            radii_m = rng.uniform(35, 70, int(rng.integers(6, 24)))
            rings = [_star(x, y, radii_m)] + ([_star(x, y, radii_m / 4)] if k % 10 == 1 else [])
            made.append(_drawn(fence.id, FenceKind.KEEP_IN, rings))
        else:
            made.append(
                Fence(
                    id=fence.id,
                    kind=FenceKind.KEEP_IN,
                    lat_deg=lat_deg,
                    lon_deg=lon_deg,
                    radius_m=float(rng.uniform(35, 70)),
                )
            )
    kinds = list(FenceKind)
    for k in range(drawn):
        x, y = rng.uniform(-CITY_M, CITY_M, 2).tolist()
        radii_m = rng.uniform(0.7, 1.0, int(rng.integers(5, 60))) * rng.uniform(60, 1_000)
        made.append(_drawn(f"drawn-{k}", kinds[k % len(kinds)], [_star(x, y, radii_m)]))
    for k in range(DISTRICTS if drawn else 0):
        x, y = rng.uniform(-CITY_M, CITY_M, 2).tolist()
        radii_m = rng.uniform(0.99, 1.0, DISTRICT_CORNERS) * 6_000
        made.append(_drawn(f"district-{k}", FenceKind.WATCH, [_star(x, y, radii_m)]))
    return made


def _drawn(fence_id: str, kind: FenceKind, rings: Sequence[object]) -> Fence:
    return Fence(id=fence_id, kind=kind, geometry={"type": "Polygon", "coordinates": list(rings)})


def _grids(count: int) -> list[Grid]:
    """A chessboard; every edge has corners of its own, as real outlines have."""
    side = math.ceil(math.sqrt(count))
    width_m = 2 * CITY_M / side
    made = []
    for k in range(count):
        x, y = -CITY_M + (k % side) * width_m, -CITY_M + (k // side) * width_m
        steps = np.linspace(0, 1, 9)[:-1]
        corners = [(x + s * width_m, y) for s in steps]
        corners += [(x + width_m, y + s * width_m) for s in steps]
        corners += [(x + width_m - s * width_m, y + width_m) for s in steps]
        corners += [(x, y + width_m - s * width_m) for s in steps]
        places = [_place(*corner) for corner in corners]
        ring = [[lon, lat] for lat, lon in [*places, places[0]]]
        made.append(Grid(id=f"{k:014d}", geometry={"type": "Polygon", "coordinates": [ring]}))
    return made


def _rounds(rng: np.random.Generator, middles: F8) -> list[Heard]:
    """A fleet parked at sites, one in ten riding at 8 m/s; one fix of each per round."""
    at = middles[rng.integers(0, len(middles), FLEET)] + rng.normal(0, 20, (FLEET, 2))
    angles = rng.uniform(0, 2 * np.pi, FLEET)
    speeds = np.where(rng.random(FLEET) < RIDING, 8.0, 0.0)
    ways = np.stack([np.cos(angles), np.sin(angles)], axis=1) * speeds[:, None]
    names = [f"v-{k}" for k in range(FLEET)]
    rounds = []
    for turn in range(ROUNDS):
        x, y = (at + ways * (turn * EVERY_S) + rng.normal(0, SIGMA_M, (FLEET, 2))).T
        t_ms = np.full(FLEET, round((1 + turn) * EVERY_S * 1000), np.int64)
        lat_deg, lon_deg = LAT_DEG + y / M_PER_DEG_LAT, LON_DEG + x / EAST_M
        acc_m = rng.choice([4.0, 8.0, 15.0], FLEET)
        parked_m = np.where(speeds == 0, np.inf, np.nan)
        rounds.append(Heard(names, lat_deg, lon_deg, acc_m, t_ms, t_ms, parked_m))
    return rounds


def _naive(areas: Sequence[Area], heard: Heard, members: dict[tuple[str, str], Membership]) -> None:
    """Some fixes, each against every fence."""
    for k in range(NAIVE_FIXES):
        lat_deg, lon_deg = float(heard.lat_deg[k]), float(heard.lon_deg[k])
        acc_m, t_ms = float(heard.acc_m[k]), int(heard.t_ms[k])
        for area in areas:
            x, y = area.local(lat_deg, lon_deg)
            away_m = math.hypot(x, y)
            if area.circle_m:
                depth_m = area.circle_m - away_m
            elif away_m > 3 * area.size_m + 1_000:  # no geometry for what is far away
                depth_m = -away_m
            else:
                depth_m = area.depth_m(x, y)
            member = members.setdefault((heard.vehicles[k], area.fence.id), Membership())
            at = At(x, y, depth_m, acc_m, t_ms, t_ms, float(heard.parked_m[k]))
            step(area, member, at)


def _route_naive(shapes: Sequence[BaseGeometry], heard: Heard) -> None:
    for k in range(NAIVE_FIXES):
        point = Point(heard.lon_deg[k], heard.lat_deg[k])
        next((shape for shape in shapes if shape.intersects(point)), None)


def _seconds(run: Callable[[], object]) -> float:
    began = time.process_time()
    run()
    return time.process_time() - began


def _stepped(fences: Sequence[Fence], rounds: Sequence[Heard], size: int) -> tuple[float, int]:
    """CPU per fix in batches of a size, µs, after a first round; and how many events."""
    watch = FenceWatch()
    watch.follow(fences)
    watch.step(rounds[0])
    fixes, events = 0, 0
    began = time.process_time()
    for heard in rounds[1:] if size > 1 else rounds[1:3]:
        for start in range(0, FLEET, size):
            part = heard.some(np.arange(start, min(start + size, FLEET)))
            events += len(watch.step(part))
            fixes += len(part.vehicles)
    return (time.process_time() - began) * 1e6 / fixes, events


def _routed(index: GridIndex, heard: Heard, size: int) -> None:
    for start in range(0, FLEET, size):
        index.grids_of(heard.lat_deg[start : start + size], heard.lon_deg[start : start + size])


def measure(*, sites: int, drawn: int, grids: int, seed: int = 1) -> dict[str, float]:
    """All figures by name: µs of CPU per fix, seconds of CPU to build."""
    rng = np.random.default_rng(seed)
    middles = rng.uniform(-CITY_M, CITY_M, (sites, 2))
    fences, rounds = _fences(rng, sites, drawn, middles), _rounds(rng, middles)
    watch = FenceWatch()
    figures = {"fences": float(len(fences)), "grids": float(grids)}
    figures["draw all fences, s"] = _seconds(lambda: watch.follow(fences))
    areas = [area for fence in fences if (area := watch.area_of(fence.id)) is not None]
    members: dict[tuple[str, str], Membership] = {}
    figures["naive loop, fences (baseline)"] = cpu_us(
        partial(_naive, areas, rounds[1], members), NAIVE_FIXES
    )
    for size in BATCHES:
        figures[f"fences, batches of {size}"], _ = _stepped(fences, rounds, size)
    registered = _grids(grids)
    figures["draw all grids, s"] = _seconds(lambda: GridIndex(registered))
    index = GridIndex(registered)
    figures["draw them again, one changed, s"] = _seconds(
        lambda: GridIndex([*registered[1:], _grids(1)[0]], index)
    )
    shapes = list(index.shapes.values())
    figures["naive loop, grids (baseline)"] = cpu_us(
        partial(_route_naive, shapes, rounds[1]), NAIVE_FIXES
    )
    for size in BATCHES:
        run = partial(_routed, index, rounds[1], size)
        figures[f"grids, batches of {size}"] = cpu_us(run, FLEET)
    return figures


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sites", type=int, default=5_662)
    parser.add_argument("--drawn", type=int, default=2_000)
    parser.add_argument("--grids", type=int, default=6_595)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    figures = measure(sites=arguments.sites, drawn=arguments.drawn, grids=arguments.grids)
    if arguments.json:
        print(json.dumps({name: round(value, 3) for name, value in figures.items()}))
        return
    for name, value in figures.items():
        unit = "" if name in {"fences", "grids"} or name.endswith(", s") else "µs CPU per fix"
        print(f"{name:34s} {value:10.2f} {unit}")


if __name__ == "__main__":
    main()
