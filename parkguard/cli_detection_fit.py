"""What ``parkguard detection fit`` does: the journal or files again, counted, fitted, written."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from alerts.detection.rates import Rates
from alerts.rate_watch import RateWatch
from parkguard.cli_journal_runs import feed, opened_journal
from parkguard.cli_replay_runs import open_lines
from parkguard.cli_shared import CommandError, refuse
from parkguard.clock import wall_ms
from parkguard.detection_fit import Fitted, curves_of, watched_run
from parkguard.detection_rates import as_text, own_path, own_rates
from parkguard.private_files import ensure_data_dir, write_private
from parkguard.replay.from_journal import JournalReplay
from parkguard.replay.reading import LineError, read_lines
from parkguard.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the command line says; ``file`` None = the journal, ``out`` None = the city's own."""

    file: str | None
    since: str
    since_ms: int
    out: Path | None
    is_dry: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """For people and for programs."""

    data: str
    rows: Sequence[dict[str, object]]
    lines: Sequence[str]

    def as_json(self) -> dict[str, object]:
        """One object."""
        return {"data": self.data, "curves": self.rows, "notes": self.lines}


def run_fit(settings: Settings, asked: Asked) -> Found:
    """Count, fit and write.

    Raises:
        CommandError: There is no journal, or the file cannot be written.
        SettingsError: The own file that is there cannot be used.
    """
    if asked.file is not None:
        data, command = f"replay file {asked.file}", f"parkguard detection fit {asked.file}"
        watch = _of_file(settings, asked.file)
    else:
        data = f"own journal, last {asked.since}"
        command = f"parkguard detection fit --since {asked.since}"
        watch = _of_journal(settings, asked.since_ms)
    fitted = curves_of(
        watch, policy=settings.detection, now_ms=wall_ms(), data=data, command=command
    )
    lines = [*fitted.lacking]
    if fitted.moved_away:
        lines.append(
            f"{fitted.moved_away} alarms left out: the vehicle was moved, not its position"
        )
    if fitted.curves:
        lines.append(_written(settings, asked, fitted))
    rows: list[dict[str, object]] = [
        {
            "site_class": curve.site_class.value,
            "level": curve.level.value,
            "vehicle_days": curve.vehicle_days,
            "measured_to_per_day": curve.lowest_per_day,
            "at_nats": curve.points[-1].nats,
            "other_per_day": curve.other_per_day,
        }
        for curve in fitted.curves
    ]
    return Found(data=data, rows=rows, lines=lines)


def _written(settings: Settings, asked: Asked, fitted: Fitted) -> str:
    """Put the curves over those that the file has already; what was done."""
    path = asked.out or own_path(settings)
    if asked.is_dry:
        return f"nothing was written (--dry-run); it would be {path}"
    old = own_rates(settings) if asked.out is None else Rates()
    try:
        if asked.out is None:
            ensure_data_dir(settings.data_dir)
        write_private(path, as_text(old.under(Rates(curves=tuple(fitted.curves)))).encode())
    except OSError as exc:
        raise CommandError(f"cannot write {path}: {exc.strerror}") from exc
    return f"written: {path}; it takes effect when the processor starts next"


def _of_file(settings: Settings, name: str) -> RateWatch:
    run, watch = watched_run(settings, name)
    try:
        with open_lines(name) as lines:
            run.feed(read_lines(lines, name))
    except LineError as exc:
        refuse(str(exc))
    run.finish()
    return watch


def _of_journal(settings: Settings, since_ms: int) -> RateWatch:
    run, watch = watched_run(settings, "journal")
    with opened_journal(settings) as reader:
        feed(JournalReplay(run, reader, since_ms=wall_ms() - since_ms), settings)
    run.finish()
    return watch
