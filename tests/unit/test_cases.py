"""Field cases: awkward data that made real systems go wrong, one file a variant.

The page of a case says which kind it stands for; the files hold what must come of it.
"""

import re
from pathlib import Path

import pytest

from parkguard.replay.reading import read_lines
from parkguard.replay.run import Replay
from parkguard.settings import Settings

TESTS = Path(__file__).parents[1]
CASES = TESTS / "data" / "cases"
ROWS = {
    row[2:6]: row
    for row in (TESTS.parent / "docs" / "cases.md").read_text().split("\n## ")[0].splitlines()
    if row.startswith("| A-")
}
"""The table of docs/cases.md by case."""
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


def test_the_page_has_a_row_for_every_case_and_every_variant() -> None:
    """33 cases; what a row names is there, and what is there is named."""
    folders = sorted(path.name for path in CASES.iterdir())

    assert folders == [f"A-{k:02d}" for k in range(1, 34)]
    assert sorted(ROWS) == folders
    for path in FILES:
        assert f"`{path.stem.removeprefix('variant-')}`" in ROWS[path.parent.name], path


def test_what_the_page_names_exists() -> None:
    """Tests by file, modules by import path, functions by name."""
    for case, row in ROWS.items():
        tests = re.findall(r"\btest_[a-z0-9_]+", row)
        assert tests, case
        for name in tests:
            folder = "e2e" if name.startswith("test_case_") else "unit"
            assert (TESTS / folder / f"{name}.py").exists(), (case, name)
        for name in re.findall(r"`((?:alerts|api|devices|ingest)\.[A-Za-z0-9_.]+)", row):
            assert _is_there(name.split(".")), (case, name)


def _is_there(parts: list[str]) -> bool:
    """A module, a package, or a function or class of a module."""
    root = TESTS.parent
    if (root.joinpath(*parts)).is_dir() or root.joinpath(*parts).with_suffix(".py").exists():
        return True
    module = root.joinpath(*parts[:-1]).with_suffix(".py")
    text = module.read_text() if module.exists() else ""
    return f"def {parts[-1]}(" in text or f"class {parts[-1]}" in text
