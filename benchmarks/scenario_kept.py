"""Runs of the 44 scenarios in a file, a line each: a long run can be stopped and goes on later.

A file of another policy or another share of the quiet times is refused: its runs are of other
scenarios than those that would come after them.
"""

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import msgspec

from alerts.policy import DetectionPolicy, DispatchPolicy
from benchmarks.scenario_run import Ran


class Line(msgspec.Struct, frozen=True):
    """One run; ``policy`` is everything that may be set about detection and dispatch."""

    number: int
    share: float
    policy: str
    ran: Ran


def policy_text() -> str:
    """What decides a run besides the code."""
    return str(sorted({**asdict(DetectionPolicy()), **asdict(DispatchPolicy())}.items()))


class Kept:
    """The runs of one file, or of none: then nothing is kept."""

    def __init__(self, path: Path | None, *, share: float) -> None:
        """Read what was run so far.

        Raises:
            ValueError: The file is of another version, policy or share.
        """
        self._path, self._share, self._policy = path, share, policy_text()
        self._runs: dict[tuple[int, int], Ran] = {}
        if path is None:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists():
            for line in self._read(path):
                self._runs[line.number, line.ran.seed] = line.ran

    def _read(self, path: Path) -> Iterator[Line]:
        for number, raw in enumerate(path.read_bytes().splitlines(), start=1):
            try:
                line = msgspec.json.decode(raw, type=Line)
            except msgspec.DecodeError as exc:
                raise ValueError(
                    f"{path}, line {number}: {exc}; take the line out, or name a new file"
                ) from exc
            if (line.share, line.policy) != (self._share, self._policy):
                raise ValueError(
                    f"{path}, line {number} was run with another policy or --share: name a new file"
                )
            yield line

    def has(self, number: int, seed: int) -> bool:
        """Whether a scenario was run with a seed."""
        return (number, seed) in self._runs

    def add(self, number: int, ran: Ran) -> None:
        """One more; it is in the file when this returns."""
        self._runs[number, ran.seed] = ran
        if self._path is not None:
            line = Line(number=number, share=self._share, policy=self._policy, ran=ran)
            with self._path.open("ab") as lines:
                lines.write(msgspec.json.encode(line) + b"\n")

    def of(self, number: int) -> list[Ran]:
        """All runs of a scenario by seed."""
        of_it = [ran for (one, _), ran in self._runs.items() if one == number]
        return sorted(of_it, key=lambda ran: ran.seed)
