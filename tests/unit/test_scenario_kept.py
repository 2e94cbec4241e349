"""Runs of scenarios in a file: what stands there is not run again, what does not fit is refused."""

from pathlib import Path

import pytest

from benchmarks.scenario_kept import Kept
from benchmarks.scenario_run import Ran


def test_runs_stand_in_the_file_when_they_are_done(tmp_path: Path) -> None:
    """Another process goes on where the first one ended; runs come by seed."""
    path = tmp_path / "new" / "runs.jsonl"
    first = Kept(path, share=0.3)
    for seed in (1, 0):
        first.add(14, Ran(seed=seed, misses=["too late"] * seed, owner_s=[2.5]))

    second = Kept(path, share=0.3)

    assert [second.has(14, seed) for seed in (0, 1, 2)] == [True, True, False]
    assert not second.has(15, 0)
    assert second.of(14) == first.of(14)
    assert [ran.seed for ran in second.of(14)] == [0, 1]


def test_nothing_is_kept_without_a_file() -> None:
    """Runs of this process only."""
    kept = Kept(None, share=1.0)
    kept.add(14, Ran(seed=0))

    assert kept.has(14, 0)


@pytest.mark.parametrize(
    ("share", "tail", "said"), [(1.0, b"", "--share"), (0.3, b'{"number":14,', "line 2")]
)
def test_what_does_not_fit_is_refused(tmp_path: Path, share: float, tail: bytes, said: str) -> None:
    """Another share of the quiet times; a line that was cut off."""
    path = tmp_path / "runs.jsonl"
    Kept(path, share=0.3).add(14, Ran(seed=0))
    path.write_bytes(path.read_bytes() + tail)

    with pytest.raises(ValueError, match=said):
        Kept(path, share=share)
