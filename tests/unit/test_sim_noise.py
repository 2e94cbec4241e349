"""The noise of parked receivers against what was measured on real ones."""

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from simulators.gps_noise import (
    SD_RANGE_M,
    TAU_RANGE_S,
    GpsNoise,
    NoiseProfile,
    NoiseSample,
    draw_profile,
)

RECEIVERS, DAYS = 40, 2
DAY_S = 86_400


class Population(NamedTuple):
    """What 40 receivers did in two days each, looked at every second."""

    sd_m: list[float]
    tau_s: list[float]
    excursions: dict[int, float]
    lengths_s: NDArray[np.int64]
    doppler_mps: NDArray[np.float64]
    kurtosis: list[float]


def receiver(seed: int) -> GpsNoise:
    rng = np.random.default_rng([5, seed])
    return GpsNoise(draw_profile(rng), rng)


def lengths_of(outside: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Lengths of the runs of True."""
    edges = np.diff(np.concatenate([[0], outside.astype(np.int64), [0]]))
    return np.flatnonzero(edges == -1) - np.flatnonzero(edges == 1)


def correlation_time_s(values: NDArray[np.float64], step_s: int) -> float:
    """When the autocorrelation falls below 1/e."""
    centred = values - values.mean()
    spectrum = np.fft.rfft(centred, 2 * len(centred))
    correlation = np.fft.irfft(np.abs(spectrum) ** 2)[: len(centred)]
    return float(step_s * np.argmax(correlation < correlation[0] / np.e))


@cache
def population() -> Population:
    times_s = np.arange(0.0, DAYS * DAY_S, 1.0)
    found = Population(
        [], [], dict.fromkeys((30, 50, 100), 0.0), np.zeros(0, np.int64), np.zeros(0), []
    )
    lengths, doppler = [], []
    for seed in range(RECEIVERS):
        sample = receiver(seed).sample(times_s)
        away_m = np.hypot(sample.east_m, sample.north_m)
        for radius_m in found.excursions:
            count = len(lengths_of(away_m > radius_m))
            found.excursions[radius_m] += count / (RECEIVERS * DAYS)
        lengths.append(lengths_of(away_m > 30))
        doppler.append(sample.doppler_mps)
        found.sd_m.append(float(np.sqrt((sample.east_m.var() + sample.north_m.var()) / 2)))
        found.tau_s.append(correlation_time_s(sample.east_m[::5], 5))
        centred = sample.east_m - sample.east_m.mean()
        found.kurtosis.append(float((centred**4).mean() / (centred**2).mean() ** 2))
    return found._replace(lengths_s=np.concatenate(lengths), doppler_mps=np.concatenate(doppler))


def test_standard_deviation_is_in_the_measured_range() -> None:
    """Per axis between 1.3 and 10.8 m, and not all alike."""
    sd_m = population().sd_m

    assert SD_RANGE_M[0] <= min(sd_m)
    assert max(sd_m) <= SD_RANGE_M[1]
    assert max(sd_m) > 2 * min(sd_m)


def test_correlation_time_is_in_the_measured_range() -> None:
    """Between 50 and 620 s."""
    tau_s = population().tau_s

    assert TAU_RANGE_S[0] <= min(tau_s)
    assert max(tau_s) <= TAU_RANGE_S[1]


def test_excursions_are_as_frequent_as_measured() -> None:
    """Beyond 30, 50 and 100 m: 49, 8.4 and 0.9 a day; within a third, 100 m within a half."""
    excursions = population().excursions

    assert abs(excursions[30] / 49.0 - 1) < 0.34
    assert abs(excursions[50] / 8.4 - 1) < 0.34
    assert abs(excursions[100] / 0.9 - 1) < 0.5


def test_excursions_last_as_long_as_measured() -> None:
    """Beyond 30 m p50 is 17 s and p95 is 76 s, within a third."""
    p50_s, p95_s = np.percentile(population().lengths_s, [50, 95])

    assert abs(p50_s / 17.0 - 1) < 0.34
    assert abs(p95_s / 76.0 - 1) < 0.34


def test_tails_are_heavier_than_gaussian() -> None:
    """A Gaussian's kurtosis is 3, a Student-t's with 6 degrees of freedom is 6."""
    assert min(population().kurtosis) > 5.0


def test_parked_doppler_is_as_small_as_measured() -> None:
    """p99 0.83 m/s, never above 1.13 m/s."""
    doppler_mps = population().doppler_mps

    assert abs(float(np.percentile(doppler_mps, 99)) - 0.83) < 0.05
    assert doppler_mps.max() <= 1.13


def as_arrays(sample: NoiseSample) -> NDArray[np.float64]:
    return np.stack([sample.east_m, sample.north_m, sample.acc_m, sample.hdop, sample.doppler_mps])


def test_one_seed_gives_one_noise() -> None:
    """Same seed, same errors; another seed, others."""
    times_s = np.arange(0.0, 3_600.0, 10.0)

    once, again, other = (as_arrays(receiver(seed).sample(times_s)) for seed in (1, 1, 2))

    assert np.array_equal(once, again)
    assert not np.array_equal(once, other)


def test_one_by_one_equals_all_at_once() -> None:
    """The noise is a function of time: how it is asked for changes nothing."""
    times_s = np.arange(0.0, 20_000.0, 37.0)
    single = receiver(3)

    one_by_one = [as_arrays(single.sample(times_s[i : i + 1])) for i in range(len(times_s))]

    assert np.allclose(np.concatenate(one_by_one, axis=1), as_arrays(receiver(3).sample(times_s)))


def test_accuracy_knows_the_size_of_the_noise() -> None:
    """A noisy receiver says so: acc_m is between one and four standard deviations per axis."""
    times_s = np.arange(0.0, DAY_S, 10.0)
    for wander_m in (1.5, 6.0):
        profile = NoiseProfile(wander_m=wander_m, tau_s=120.0, dof=6, excursions_per_day=0.0)
        sample = GpsNoise(profile, np.random.default_rng(1)).sample(times_s)

        assert wander_m <= float(np.median(sample.acc_m)) <= 4.0 * wander_m


def test_satellites_and_hdop_get_worse_together() -> None:
    """In an excursion hdop rises and satellites fall, within what receivers report."""
    sample = receiver(0).sample(np.arange(0.0, DAY_S, 5.0))

    bad = sample.hdop > 2.0
    assert sample.sat[bad].mean() < sample.sat[~bad].mean() - 2
    assert sample.hdop.min() >= 0.6
    assert sample.sat.min() >= 4
