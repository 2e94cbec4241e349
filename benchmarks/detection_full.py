"""Open-street vehicle-days at 15 s, as many as are asked for, in chunks that can be resumed.

    nice -n 19 python -m benchmarks.detection_full var/detection_full.jsonl [--vehicle-days 370000]

Each line of the file is a chunk of 2,000 receivers for a day that nobody else drew; a chunk of
another policy is refused. ``python -m benchmarks.detection --full FILE`` reports it.
"""

import argparse
import os
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from pathlib import Path

import msgspec

from alerts.policy import DetectionPolicy
from benchmarks.detection_parked import Peaks, parked
from parkguard.cli_progress import long_work

FAMILIES = ("open", "open-harsh")
"""Taken in turn: reporting families of open sites that the method is built for."""
EVERY_S = 15.0
VEHICLES, HOURS = 2_000, 24.0
FIRST_NUMBER = 1_000
"""First of their seeds: the other runs use lower ones."""


class Chunk(msgspec.Struct, frozen=True):
    """One line of the file."""

    family: str
    number: int
    vehicle_days: float
    owner: list[float]
    police: list[float]
    sensed: list[float]
    told: int
    ready: list[float]
    sure: int
    cpu_s: float
    policy: str


DECIDES = (
    *("tau_", "lag_", "prior_", "max_samples", "owner_min", "owner_sigmas", "owner_alone"),
    *("police_min", "police_sigmas", "police_leap", "leap_", "gate_", "slow_", "kept_"),
    *("still_", "agree_"),
)
"""Beginnings of the names in a policy that decide the figures; rates and thresholds do not."""


def policy_text(policy: DetectionPolicy) -> str:
    """What decides the figures of a chunk."""
    return str(sorted((k, v) for k, v in asdict(policy).items() if k.startswith(DECIDES)))


def read(path: Path) -> list[Chunk]:
    """What was run so far.

    Raises:
        ValueError: A chunk was run with another policy, or with other columns.
    """
    if not path.exists():
        return []
    try:
        chunks = [msgspec.json.decode(line, type=Chunk) for line in path.read_bytes().splitlines()]
    except msgspec.ValidationError as exc:
        raise ValueError(f"{path} was run by another version ({exc}): name a new file") from exc
    if any(chunk.policy != policy_text(DetectionPolicy()) for chunk in chunks):
        raise ValueError(f"{path} was run with another policy: name a new file")
    return chunks


def run_chunk(family: str, number: int) -> Chunk:
    """A day of 2,000 receivers."""
    began, policy = time.process_time(), DetectionPolicy()
    peaks = parked(
        family, vehicles=VEHICLES, hours=HOURS, every_s=EVERY_S, number=number, policy=policy
    )
    finite = [peak for peak in peaks.owner if peak < float("inf")]
    weighed = [peak for peak in peaks.sensed if peak < float("inf")]
    return Chunk(
        family=family,
        number=number,
        vehicle_days=peaks.vehicle_days,
        owner=[round(peak, 2) for peak in finite],
        police=[round(peak, 2) for peak in peaks.police],
        sensed=[round(peak, 2) for peak in weighed],
        told=len(peaks.sensed) - len(weighed),
        ready=[round(peak, 2) for peak in peaks.ready],
        sure=len(peaks.owner) - len(finite),
        cpu_s=round(time.process_time() - began, 1),
        policy=policy_text(policy),
    )


def as_peaks(chunks: list[Chunk]) -> Peaks:
    """All of them together."""
    together = Peaks(vehicle_days=0.0)
    for chunk in chunks:
        owner = chunk.owner + [float("inf")] * chunk.sure
        together += Peaks(
            vehicle_days=chunk.vehicle_days,
            owner=owner,
            police=chunk.police,
            sensed=chunk.sensed + [float("inf")] * chunk.told,
            ready=chunk.ready,
        )
    return together


def main() -> None:
    """Run what is missing; stop it at any time."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--vehicle-days", type=int, default=370_000)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes")
    arguments = parser.parse_args()
    arguments.file.parent.mkdir(parents=True, exist_ok=True)
    done = read(arguments.file)
    with long_work() as progress, ProcessPoolExecutor(arguments.workers) as pool:
        task = progress.add_task("vehicle-days", total=arguments.vehicle_days)
        while (days := sum(chunk.vehicle_days for chunk in done)) < arguments.vehicle_days:
            progress.update(task, completed=days)
            places = range(len(done), len(done) + arguments.workers)
            families = [FAMILIES[place % len(FAMILIES)] for place in places]
            numbers = [FIRST_NUMBER + place for place in places]
            for chunk in pool.map(run_chunk, families, numbers):
                with arguments.file.open("ab") as lines:
                    lines.write(msgspec.json.encode(chunk) + b"\n")
                done.append(chunk)


if __name__ == "__main__":
    main()
