"""The demo as a newcomer without a terminal runs it, on files and on real servers."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from parkguard.demo_servers import listens
from support.machine import missing_mosquitto

pytestmark = pytest.mark.broker
KEYS = {
    "made", "received", "accepted", "duplicate", "quarantined", "refused", "gaps", "projected",
    "thinned", "unstored", "thefts", "detected", "false_incidents", "onset_to_police_ready_s",
    "fix_to_stream_ms", "wills", "store", "records", "balanced",
}  # fmt: skip


def _figures(tmp_path: Path, *words: str, **environment: str) -> dict[str, Any]:
    """Play the demo to its end; gives the one line that it prints."""
    if (todo := missing_mosquitto()) is not None:
        pytest.fail(todo)
    done = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "parkguard", "demo", *words],
        env={**os.environ, "PARKGUARD_DATA_DIR": str(tmp_path), **environment},  # noqa: TID251 - handed on
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    figures: dict[str, Any] = json.loads(done.stdout)
    assert set(figures) == KEYS
    assert figures["balanced"] is True
    return figures


def test_demo_of_a_minute_ends_by_itself_with_one_line_of_figures(tmp_path: Path) -> None:
    """Every theft found, no false incident, the books balance, exit 0."""
    figures = _figures(tmp_path, DEMO_SECONDS="60")

    assert (figures["store"], figures["records"]) == ("sqlite", "sqlite")
    assert (figures["thefts"], figures["detected"], figures["false_incidents"]) == (3, 3, 0)
    assert figures["refused"] == 5
    assert figures["fix_to_stream_ms"]["p50"] is not None


@pytest.mark.influx
@pytest.mark.postgres
def test_demo_on_real_servers_starts_and_ends_them(tmp_path: Path) -> None:
    """The same story with tracks in InfluxDB and records in PostgreSQL; no file of either."""
    home, picture = tmp_path / "demo", tmp_path / "demo.svg"
    stores = ("--store", "influx", "--records", "postgres")

    figures = _figures(tmp_path, *stores, "--seconds", "45", "--json", "--picture", str(picture))

    assert (figures["store"], figures["records"]) == ("influx", "postgres")
    assert figures["projected"] > figures["unstored"] == figures["false_incidents"] == 0
    assert figures["detected"] > 0  # the van begins too late for so short a story
    assert {"records.db", "telemetry.db"} & {path.name for path in home.iterdir()} == set()
    shown = picture.read_text().replace("&#160;", " ")
    assert "telemetry in InfluxDB 1." in shown
    assert "records in PostgreSQL on 127.0.0.1:" in shown
    used = json.loads((home / "run" / "settings.json").read_bytes())
    urls = (used["telemetry"]["influx"]["url"], used["records"]["url"])
    assert not any(listens(urlsplit(url).port or 0) for url in urls)
