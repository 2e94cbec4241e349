"""Facts about a running broker and what they mean, for the status, the log and the doctor."""

from pathlib import Path

import pytest

from parkguard.broker_persistence import Saves
from parkguard.broker_state import Trouble, assess
from parkguard.doctor import Grade, Patient
from parkguard.doctor_broker import check_broker_state
from parkguard.settings import BrokerSettings, Settings
from parkguard.status_files import StatusFile

MIB = 1_048_576
NOW_MS = 1_764_000_000_000
SETTINGS = BrokerSettings.model_validate({"max_queued": 1000})
WELL = Saves(free_bytes=1000 * MIB, age_s=2.0)


def figures(*, stored: float = 0, retained: float = 0, dropped: float = 0) -> dict[str, float]:
    return {
        "broker_stored_messages": stored,
        "broker_retained_messages": retained,
        "broker_dropped_messages_total": dropped,
    }


@pytest.mark.fault(18, 19)
@pytest.mark.parametrize(
    ("saves", "said", "troubles", "excuse"),
    [
        (WELL, figures(), (), ""),
        (WELL, {}, (), ""),
        (None, {}, (), ""),
        (Saves(free_bytes=63 * MIB), figures(), (Trouble.DISK_LOW,), ""),
        (Saves(free_bytes=200 * MIB, size_bytes=201 * MIB), figures(), (Trouble.DISK_LOW,), ""),
        (
            Saves(free_bytes=0, age_s=31.0),
            figures(),
            (Trouble.DISK_LOW, Trouble.SAVE_LATE),
            "the broker has not saved for long",
        ),
        (
            Saves(free_bytes=1000 * MIB, is_whole=False),
            figures(),
            (Trouble.SAVE_CUT_OFF,),
            "the broker's last save was cut off",
        ),
        (WELL, figures(stored=499), (), ""),
        (WELL, figures(stored=500), (Trouble.QUEUE_LONG,), ""),
        (WELL, figures(stored=800, retained=301), (), ""),
        (WELL, figures(dropped=1), (Trouble.DROPPED,), ""),
        (None, figures(dropped=1), (Trouble.DROPPED,), ""),
    ],
)
def test_what_facts_mean(
    saves: Saves | None, said: dict[str, float], troubles: tuple[Trouble, ...], excuse: str
) -> None:
    """Only a broker that cannot save is not ready; the rest is an alarm."""
    state = assess(saves, said, SETTINGS)

    assert state.troubles == troubles
    assert state.excuse == excuse
    assert {each for each in Trouble if state.metrics[f"broker_{each}"]} == set(troubles)


@pytest.mark.fault(18, 19)
@pytest.mark.parametrize("trouble", Trouble)
def test_the_doctor_tells_of_every_trouble(tmp_path: Path, trouble: Trouble) -> None:
    """With what to do about it."""
    told(tmp_path, {f"broker_{trouble}": 1.0})

    (finding,) = check_broker_state(patient(tmp_path))

    assert finding.check == f"broker_{trouble}"
    assert finding.grade is not Grade.OK
    assert finding.todo
    assert trouble.is_fatal <= finding.is_fatal


def test_a_broker_without_trouble_is_well(tmp_path: Path) -> None:
    """One that says nothing is left to the check of the parts."""
    assert list(check_broker_state(patient(tmp_path))) == []
    told(tmp_path, {"broker_queued_messages": 12.0})

    (finding,) = check_broker_state(patient(tmp_path))

    assert finding.grade is Grade.OK
    assert "12 messages" in finding.found


def told(folder: Path, metrics: dict[str, float]) -> None:
    """The broker's part said so just now."""
    status = StatusFile(folder / "run", "broker", wall_ms=lambda: NOW_MS)
    status.write(ready=True, reason="", metrics=metrics)


def patient(folder: Path) -> Patient:
    settings = Settings.model_validate({"data_dir": folder})
    return Patient(settings=settings, is_up=True, now_ms=NOW_MS)
