"""House rules that ruff and mypy cannot see."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("alerts", "api", "devices", "ingest", "parkguard", "simulators", "stores")
SOURCES = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
TESTS = sorted((ROOT / "tests").rglob("*.py"))
MAX_LINES = 400
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "base", "common", "misc", "manager"}
SLEEP, SKIP, XFAIL = "time" + ".sleep", "pytest" + ".skip", "x" + "fail"
FORBIDDEN_IN_TESTS = (
    re.escape(SLEEP),
    re.escape(SKIP),
    re.escape("mark" + ".skip"),
    XFAIL,
    "import" + "orskip",
    re.escape("mock" + ".patch"),
    "Magic" + "Mock",
)
ALLOWED = {
    # the supervised process of this test is a script of its own that must take its time
    ("tests/e2e/test_up_supervisor.py", re.escape(SLEEP)),
}


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", SOURCES, ids=_name)
def test_file_has_one_purpose(path: Path) -> None:
    """Short enough to be read at once, and not named for being a drawer."""
    assert len(path.read_text().splitlines()) <= MAX_LINES
    assert path.stem not in FORBIDDEN_NAMES


@pytest.mark.parametrize("path", SOURCES, ids=_name)
def test_broad_except_gives_its_reason(path: Path) -> None:
    """``except Exception`` only with a reasoned noqa; ``BaseException`` only to raise again."""
    for number, line in enumerate(path.read_text().splitlines(), start=1):
        if re.search(r"except\b.*[\s(]Exception\b", line):
            assert re.search(r"# noqa: BLE001 - \w+", line), f"line {number}: {line.strip()}"
        assert not re.search(r"except\s*:", line), f"line {number}: bare except"


def test_tests_are_no_package() -> None:
    """pytest imports them by path; a package would hide two tests of one name."""
    assert [_name(path) for path in TESTS if path.name == "__init__.py"] == []


@pytest.mark.parametrize("path", TESTS, ids=_name)
def test_tests_neither_sleep_nor_skip_nor_patch(path: Path) -> None:
    """Poll to a deadline; a missing server fails; fakes are small real classes."""
    text = path.read_text()

    found = {word for word in FORBIDDEN_IN_TESTS if re.search(word, text)}

    assert found - {word for name, word in ALLOWED if name == _name(path)} == set()


def test_way_of_a_message_is_one_page() -> None:
    """Whoever asks what happens to a message reads one function, in this order."""
    page = (ROOT / "alerts" / "pipeline.py").read_text()
    step = page[page.index("def step(") : page.index("def _follow(")]

    places = [step.index(word) for word in ("admit(", "_set_aside(", "_follow(", "_detect(")]

    assert places == sorted(places)


def test_receiver_acknowledges_after_it_appended() -> None:
    """In the source as in the run: the acknowledgement is the last line of the way."""
    page = (ROOT / "ingest" / "receiver.py").read_text()
    receive = page[page.index("def receive(") : page.index("def _from_broker(")]

    assert receive.index("self._append(") < receive.index("self._source.ack(")
