"""CPU of the statistic, µs per fix, by the size of a batch."""

import statistics
import time

import numpy as np

from alerts.detection import statistic
from alerts.policy import DetectionPolicy
from benchmarks.detection_parked import Yard, fixes_of
from simulators.noise_families import seed_of

BATCHES = (1, 256, 4_096, 16_384)
WARM_STEPS, REPEATS = 40, 5
EVERY_S = 10.0


def cost_us(batch: int, family: str = "open") -> float:
    """Median over the repeats; parked vehicles that settled, some of them in excursions."""
    yard = Yard(family, batch, seed_of(family, 0), DetectionPolicy())
    for _ in range(WARM_STEPS):
        yard.report(EVERY_S)
    steps = max(8, min(400, 200_000 // batch))
    figures = []
    for _ in range(REPEATS):
        made = []
        for _ in range(steps):
            yard.now_s += EVERY_S
            errors = yard.field.after(EVERY_S)
            at = errors.east_m, errors.north_m
            made.append(fixes_of(errors, at, errors.doppler_mps, np.arange(batch), yard.now_s))
        began = time.process_time_ns()
        for fixes in made:
            statistic.step(yard.arrays, fixes, yard.policy)
        figures.append((time.process_time_ns() - began) / 1000 / steps / batch)
    return statistics.median(figures)


def costs() -> dict[int, float]:
    """By batch size."""
    return {batch: round(cost_us(batch), 3) for batch in BATCHES}
