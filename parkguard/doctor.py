"""``parkguard doctor``: looks at every part and says what to do. Changes nothing."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from parkguard.locks import is_held
from parkguard.settings import Settings, SettingsError
from parkguard.settings_file import read_settings


class Grade(StrEnum):
    """How a check came out; FAIL makes the doctor's exit code 1."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The result of one check.

    Attributes:
        found: What is so.
        todo: What to do about it; "" when nothing.
    """

    check: str
    grade: Grade
    found: str
    todo: str = ""

    @property
    def is_fatal(self) -> bool:
        """Whether something is broken."""
        return self.grade is Grade.FAIL

    def as_row(self) -> dict[str, object]:
        """For a table or JSON."""
        return {
            "check": self.check,
            "grade": self.grade.value,
            "found": self.found,
            "todo": self.todo,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """What is looked at.

    Attributes:
        settings: Of the running ``up`` when there is one, else those in effect here.
        is_up: Whether ``parkguard up`` (or the demo) runs on this ``data_dir``.
        now_ms: Wall clock, ms UTC.
    """

    settings: Settings
    is_up: bool
    now_ms: int

    @property
    def run_dir(self) -> Path:
        """Where locks and status files are."""
        return self.settings.data_dir / "run"

    def absent(self, check: str, what: str) -> Finding:
        """Something is not there: broken while ``up`` runs, else just not started yet."""
        if self.is_up:
            return Finding(check=check, grade=Grade.FAIL, found=what, todo="see the log of `up`")
        return Finding(check=check, grade=Grade.WARN, found=what, todo="start `parkguard up`")


Check = Callable[[Patient], Iterable[Finding]]
SlowCheck = Callable[[Patient], Awaitable[Finding]]


def admit(settings: Settings, *, now_ms: int) -> Patient:
    """Say whether ``up`` runs on this ``data_dir``, and with which settings."""
    run_dir = settings.data_dir / "run"
    is_up = is_held(run_dir / "up.lock")
    if is_up:
        # one of another version is passed over: ports may then show as not reachable
        with contextlib.suppress(SettingsError):
            settings = read_settings(run_dir / "settings.json")
    return Patient(settings=settings, is_up=is_up, now_ms=now_ms)


def examine(
    patient: Patient, checks: Iterable[Check], slow_checks: Iterable[SlowCheck]
) -> list[Finding]:
    """Run every check; the findings in order."""
    found = [finding for check in checks for finding in check(patient)]
    found += asyncio.run(_gather(patient, slow_checks))
    return found


async def _gather(patient: Patient, checks: Iterable[SlowCheck]) -> list[Finding]:
    return list(await asyncio.gather(*(check(patient) for check in checks)))
