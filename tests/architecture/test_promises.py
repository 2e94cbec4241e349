"""Every promise and every fault that docs/ lists is tried by the tests that the page names."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = {"promise": ("promises.md", r"P(\d+)"), "fault": ("faults.md", r"(\d+)")}


@pytest.mark.parametrize("marker", PAGES)
def test_the_page_and_the_marked_tests_say_the_same(marker: str) -> None:
    """Row by row: the page names exactly the files whose tests bear the number."""
    listed, marked = _listed(marker), _marked(marker)

    assert listed
    assert listed == marked


def _listed(marker: str) -> dict[int, set[str]]:
    """Number -> test files, from the table rows ``| P1 | ... | `test_x.py` ... |``."""
    page, number = PAGES[marker]
    rows = re.findall(
        rf"^\| *{number} *\|(.*)$", (ROOT / "docs" / page).read_text(), flags=re.MULTILINE
    )
    found = {int(row[0]): set(re.findall(r"`(test_\w+\.py)`", row[1])) for row in rows}
    return {row: files for row, files in found.items() if files}


def _marked(marker: str) -> dict[int, set[str]]:
    """Number -> test files, from ``@pytest.mark.<marker>(numbers)`` in the tests."""
    found: dict[int, set[str]] = {}
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for row in _numbers(ast.parse(path.read_text()), marker):
            found.setdefault(row, set()).add(path.name)
    return found


def _numbers(tree: ast.AST, marker: str) -> Iterator[int]:
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(attr=name, value=ast.Attribute(attr="mark"))) if (
                name == marker
            ):
                yield from (ast.literal_eval(argument) for argument in node.args)
