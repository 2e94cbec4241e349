"""A replay is the live code: it decides nothing by itself, and nothing it runs is its own."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted((ROOT / "parkguard" / "replay").glob("*.py"))
LIVE = ROOT / "ingest" / "processor.py"
WIRING = ROOT / "parkguard" / "wiring"
WIRED = "parkguard.wiring.pipeline.build_pipeline"
PARTS = {
    "alerts.engine.Engine",
    "devices.admission.Admission",
    "devices.foreign.enabled.adapters_of",
    "devices.health.Health",
    "devices.quarantine_bound.QuarantineBound",
}
"""What a pipeline is wired of."""
LOOKS = {
    "admission.registry.devices.get",
    "admission.registry.fences.items",
    "chargers.state",
    "engine.armed_state",
    "engine.cases.open.get",
    "engine.fence_side",
    "engine.trackers",
    "odometer.distance_m",
}
"""All that a replay asks a part of the pipeline for, and the end of the input."""
DECIDES = {
    "devices.wire",
    "devices.payloads",
    "devices.codec",
    "devices.judge",
    "devices.clocks",
    "devices.seen",
    "devices.fitting",
    "alerts.detection",
    "alerts.casebook",
    "alerts.people",
    "alerts.watch",
    "alerts.fences",
    "alerts.batches",
}
"""What decodes, judges and detects: reached through the pipeline alone."""


def _imports(path: Path) -> set[str]:
    """Modules a file imports, with the names it takes from them."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names} | {node.module}
    return found


def _called(path: Path) -> set[str]:
    """Dotted names of everything a file calls, as far as they are written out."""
    tree = ast.parse(path.read_text())
    return {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}


def _asked_of_parts(path: Path) -> set[str]:
    """What a file calls of the parts of a pipeline."""
    return {
        f"{part}.{rest.partition('(')[0]}"
        for call in _called(path)
        for part in ("admission", "bound", "chargers", "engine", "health", "odometer", "units")
        for _, found, rest in [f".{call}".partition(f".{part}.")]
        if found
    }


def _modules_after(*imported: str) -> set[str]:
    """Our modules that are loaded once these are."""
    program = (
        f"import sys; import {', '.join(imported)}; "
        "print('\\n'.join(name for name in sys.modules if name.startswith(('devices', 'alerts'))))"
    )
    done = subprocess.run(  # noqa: S603 - our own Python
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


def test_replay_and_processor_run_the_same_pipeline() -> None:
    """Both take it from one place, and both drive it by ``step``."""
    replay = set().union(*map(_imports, SOURCES))

    for name in ("alerts.pipeline.Pipeline", "alerts.pipeline.Outcome"):
        assert name in replay
        assert name in _imports(LIVE)
    assert "self.pipeline.step" in _called(ROOT / "parkguard" / "replay" / "timeline.py")
    assert "self._pipeline.step" in _called(LIVE)


def test_one_function_wires_the_pipeline_of_both() -> None:
    """Neither the process nor a replay knows how to build a part of it."""
    process, timeline = WIRING / "process.py", ROOT / "parkguard" / "replay" / "timeline.py"

    assert _imports(WIRING / "pipeline.py") >= PARTS
    for path in (process, *SOURCES):
        assert _imports(path) & PARTS == set(), path
    for path in (process, timeline):
        assert WIRED in _imports(path)
        assert "build_pipeline" in _called(path)
    assert {path.name for path in (process, *SOURCES) if "Pipeline" in {*_called(path)}} == set()


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_replay_has_no_code_of_its_own_that_decides(path: Path) -> None:
    """No decoder, no detector, no clock judgement is imported: they come with the pipeline."""
    assert {
        name
        for name in _imports(path)
        for decider in DECIDES
        if name == decider or name.startswith(decider + ".")
    } == set()


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_replay_steps_the_pipeline_and_touches_no_part_of_it(path: Path) -> None:
    """Records, ticks and controls go through ``Pipeline.step``; parts are only looked at."""
    assert _asked_of_parts(path) - LOOKS == set()


def test_nothing_is_allowed_that_no_replay_asks() -> None:
    """The list of looks is the list of what is looked at."""
    assert set().union(*map(_asked_of_parts, SOURCES)) == LOOKS


def test_replay_loads_what_the_processor_loads() -> None:
    """Of the core there is no module that only one of them has for its decisions."""
    live = _modules_after("ingest.processor", "alerts.engine", "devices.health")
    replay = _modules_after("parkguard.replay.run")

    assert {name for name in live if name.startswith(tuple(DECIDES))} - replay == set()
