"""The room of the journal's disk in the receiver's status, and an alarm before intake stops."""

from pathlib import Path

import pytest
import structlog

from parkguard.journal_watch import JournalWatch
from parkguard.settings import JournalSettings
from support.fakes import Told
from support.stores_tmpfs import fill_up, small_disk


@pytest.mark.promise(5)
def test_short_disk_is_said_once_and_stands_in_every_status(tmp_path: Path) -> None:
    """While there is more than the reserve; and its end is said, too."""
    told = Told()
    settings = JournalSettings(alarm_mb=2, reserve_mb=1)
    with small_disk(tmp_path / "disk", kib=4096) as disk, structlog.testing.capture_logs() as said:
        watch = JournalWatch(told, disk, settings)
        for ballast_kib in (0, 2600, 2600, 0):
            (disk / "ballast").unlink(missing_ok=True)
            if ballast_kib:
                fill_up(disk, leave_bytes=(4096 - ballast_kib) << 10)
            watch.write(ready=True, reason="", metrics={"ingest_queue": 3.0})

    metrics = [each for _, _, each in told.lines]
    assert [each["journal_disk_short"] for each in metrics] == [0, 1, 1, 0]
    assert all(each["journal_free_bytes"] > each["journal_reserve_bytes"] for each in metrics)
    assert all(each["ingest_queue"] == 3 for each in metrics)
    assert [line["event"] for line in said] == ["journal_disk_short", "journal_disk_roomy"]
