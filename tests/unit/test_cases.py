"""Field cases: awkward data that made real systems go wrong, one file a variant.

The page of a case says which kind it stands for; the files hold what must come of it.
"""

from pathlib import Path

import pytest

from parkguard.replay.reading import read_lines
from parkguard.replay.run import Replay
from parkguard.settings import Settings

CASES = Path(__file__).parents[1] / "data" / "cases"
FILES = sorted(CASES.glob("*/*.jsonl"))


def _name(path: Path) -> str:
    return path.relative_to(CASES).as_posix()


@pytest.mark.parametrize("path", FILES, ids=_name)
def test_case(path: Path) -> None:
    """All that its file expects is seen."""
    run = Replay(Settings(), name=_name(path))
    with path.open("rb") as file:
        run.feed(read_lines(file, _name(path)))
    run.finish()

    assert run.misses == []


def test_cases_are_there_and_expect_something() -> None:
    """A file without an expectation proves nothing."""
    assert FILES
    assert [_name(path) for path in FILES if b'"expect"' not in path.read_bytes()] == []
