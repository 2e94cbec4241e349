"""CPU of the coordinate systems, µs per point: one point alone, and arrays of it.

    python -m benchmarks.crs [--points 20000] [--json]

The baseline in the same run is ``json.loads`` of the fix that brings such a point.
"""

import argparse
import json
from collections.abc import Callable
from functools import partial

import numpy as np

from benchmarks.core import cpu_us, fixes
from devices.crs import Crs, from_wgs84, from_wgs84_arrays, to_wgs84, to_wgs84_arrays
from devices.geo import Floats

BASELINE = "json_loads (baseline)"
SIZES = (1, 1_000, 100_000)
Scalar = Callable[[float, float, Crs], tuple[float, float]]
Arrays = Callable[[Floats, Floats, Crs], tuple[Floats, Floats]]


def _alone(convert: Scalar, points: list[tuple[float, float]], crs: Crs) -> None:
    for lat, lon in points:
        convert(lat, lon, crs)


def _arrays(convert: Arrays, lat: Floats, lon: Floats, crs: Crs, times: int) -> None:
    for _ in range(times):
        convert(lat, lon, crs)


def measure(points: int) -> dict[str, float]:
    """All figures by name; ``points`` around Hefei in each, or one whole array if that is more."""
    rng = np.random.default_rng(1)
    lat, lon = 31.82 + rng.normal(0, 0.1, max(SIZES)), 117.23 + rng.normal(0, 0.1, max(SIZES))
    pairs = [(float(a), float(b)) for a, b in zip(lat[:points], lon[:points], strict=True)]
    payloads = [entry.payload for entry in fixes(points)]
    figures = {BASELINE: cpu_us(lambda: [json.loads(raw) for raw in payloads], points)}
    ways: list[tuple[str, Scalar, Arrays]] = [
        ("to", to_wgs84, to_wgs84_arrays),
        ("from", from_wgs84, from_wgs84_arrays),
    ]
    for crs in (Crs.GCJ02, Crs.BD09):
        for way, scalar, arrays in ways:
            name = f"{way} wgs84, {crs}"
            figures[f"{name}, scalar"] = cpu_us(partial(_alone, scalar, pairs, crs), len(pairs))
            for size in SIZES:
                times = max(1, points // size)
                run = partial(_arrays, arrays, lat[:size], lon[:size], crs, times)
                figures[f"{name}, array of {size:,}"] = cpu_us(run, times * size)
    return figures


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=20_000)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    figures = measure(arguments.points)
    if arguments.json:
        print(json.dumps({name: round(value, 3) for name, value in figures.items()}))
        return
    for name, value in figures.items():
        ratio = value / figures[BASELINE]
        print(f"{name:36s} {value:8.3f} µs CPU per point  {ratio:6.2f} x json.loads")


if __name__ == "__main__":
    main()
