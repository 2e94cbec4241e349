"""The grid hash of claims finds what a loop over all of them finds."""

import math

import numpy as np
import pytest

from alerts.neighbours import Claim, Neighbours, apart_m
from devices.geo import M_PER_DEG_LAT

REACH_M = 300.0


def a_claim(slot: int, east_m: float, north_m: float, *, at_s: int, lat_deg: float) -> Claim:
    """A claim near a place at that latitude."""
    east_per_deg = M_PER_DEG_LAT * math.cos(math.radians(lat_deg))
    return Claim(
        slot=slot,
        vehicle_id=f"v-{slot}",
        lat_deg=lat_deg + north_m / M_PER_DEG_LAT,
        lon_deg=117.2 + east_m / east_per_deg,
        at_ms=at_s * 1000,
    )


@pytest.mark.parametrize("lat_deg", [0.0, 31.8, -45.0, 68.0])
def test_index_finds_what_a_loop_finds(lat_deg: float) -> None:
    """At every latitude, over the borders of cells; a claim is not its own neighbour."""
    rng = np.random.default_rng(7)
    for _ in range(20):
        claims = [
            a_claim(slot, *rng.uniform(-700, 700, 2), at_s=int(rng.integers(90)), lat_deg=lat_deg)
            for slot in range(1, 30)
        ]
        index = Neighbours(REACH_M, claims)

        found = {one.slot for one in index.near(claims[0], 60_000)}

        assert found == {
            one.slot
            for one in claims[1:]
            if abs(one.at_ms - claims[0].at_ms) <= 60_000 and apart_m(one, claims[0]) <= REACH_M
        }


def test_newest_claim_of_a_slot_replaces_the_older() -> None:
    """A vehicle that moved on is where it is now, and nowhere else."""
    index = Neighbours(REACH_M)
    index.put(a_claim(1, 0, 0, at_s=0, lat_deg=31.8))
    index.put(a_claim(1, 5_000, 0, at_s=10, lat_deg=31.8))

    near = list(index.near(a_claim(2, 0, 0, at_s=10, lat_deg=31.8), 60_000))
    far = index.near(a_claim(2, 5_000, 0, at_s=10, lat_deg=31.8), 60_000)

    assert (near, [one.slot for one in far]) == ([], [1])


def test_what_is_old_is_forgotten() -> None:
    """Nothing is kept for a quiet city."""
    index = Neighbours(REACH_M, [a_claim(k, 0, 0, at_s=k, lat_deg=31.8) for k in range(1, 50)])

    index.prune(40_000)

    assert sorted(index.claims) == list(range(40, 50))
    index.prune(10**9)
    assert index.claims == {}
