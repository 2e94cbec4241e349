"""The demo as a newcomer without a terminal runs it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from support.machine import missing_mosquitto

pytestmark = pytest.mark.broker
KEYS = {
    "made", "received", "accepted", "duplicate", "quarantined", "refused", "gaps", "projected",
    "thinned", "thefts", "detected", "false_incidents", "onset_to_police_ready_s",
    "fix_to_stream_ms", "wills", "balanced",
}  # fmt: skip


def test_demo_of_a_minute_ends_by_itself_with_one_line_of_figures(tmp_path: Path) -> None:
    """Every theft found, no false incident, the books balance, exit 0."""
    if (todo := missing_mosquitto()) is not None:
        pytest.fail(todo)
    environment = {**os.environ, "DEMO_SECONDS": "60", "PARKGUARD_DATA_DIR": str(tmp_path)}  # noqa: TID251 - handed on

    done = subprocess.run(
        [sys.executable, "-m", "parkguard", "demo"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )

    assert done.returncode == 0, done.stderr[-2000:]
    figures = json.loads(done.stdout)
    assert set(figures) == KEYS
    assert figures["balanced"] is True
    assert (figures["thefts"], figures["detected"], figures["false_incidents"]) == (3, 3, 0)
    assert figures["refused"] == 5
    assert figures["fix_to_stream_ms"]["p50"] is not None
