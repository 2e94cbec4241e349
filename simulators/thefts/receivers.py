"""What one receiver hears over time: the measured population, or a family by name."""

from collections.abc import Sequence

import numpy as np

from simulators.gps_noise import GpsNoise, NoiseProfile, NoiseSample, draw_profile
from simulators.noise_families import FAMILIES
from simulators.noise_field import draw
from simulators.outgoing import generator

MEASURED = "measured"
"""Receivers under open sky, drawn from the population that ``gps_noise`` was fitted to."""
ROOFED = "roofed"
ROOFED_PROFILE = NoiseProfile(wander_m=10.0, tau_s=400.0, dof=6, excursions_per_day=250.0)
"""Near the mouth of a garage: assumed, a wider wander than any measured receiver had."""


def heard(name: str, times_s: Sequence[float], *, seed: int, who: str) -> NoiseSample:
    """Errors of one receiver at ascending times; ``acc_m`` is NaN where it gives none.

    Raises:
        KeyError: No such family (``noise_families.FAMILIES``, and the two above).
    """
    rng = generator(seed, "thefts", "receiver", name, who)
    if name in {MEASURED, ROOFED}:
        profile = draw_profile(rng) if name == MEASURED else ROOFED_PROFILE
        return GpsNoise(profile, rng).sample(np.asarray(times_s))
    errors = draw(FAMILIES[name], vehicles=1, times_s=times_s, seed=int(rng.integers(2**62)))
    return NoiseSample(
        east_m=errors.east_m[:, 0],
        north_m=errors.north_m[:, 0],
        acc_m=errors.acc_m[:, 0],
        hdop=errors.hdop[:, 0],
        sat=errors.sat[:, 0],
        doppler_mps=errors.doppler_mps[:, 0],
    )
