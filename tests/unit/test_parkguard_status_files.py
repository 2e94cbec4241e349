"""A part can say how it is on a disk without a free byte."""

from pathlib import Path

import pytest

from parkguard.status_files import StatusFile, read_all
from support.stores_tmpfs import fill_up, small_disk


@pytest.mark.fault(19, 24)
def test_a_full_disk_silences_no_part(tmp_path: Path) -> None:
    """Longer or shorter words stand in the old file's place; then it is replaced again."""
    with small_disk(tmp_path / "disk", kib=100) as disk:
        status = StatusFile(disk / "run", "broker", wall_ms=lambda: 1)
        status.write(ready=True, reason="", metrics={"a": 1.0})
        ballast = fill_up(disk)

        said = []
        for reason in ("the disk is full, and that is a long story", "full"):
            status.write(ready=False, reason=reason, metrics={"a": 2.0})
            said.append(read_all(disk / "run")["broker"].reason)
        ballast.unlink()
        status.write(ready=True, reason="", metrics={})

        assert said == ["the disk is full, and that is a long story", "full"]
        assert read_all(disk / "run")["broker"].ready
        assert [path.name for path in (disk / "run").iterdir()] == ["broker.json"]
