"""A restart changes nothing that was decided, and our own outage is nobody's silence."""

import json
import shutil
import signal
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from parkguard.clock import monotonic_s, wall_ms
from parkguard.first_start import prepare
from parkguard.parts import PART_NAMES
from parkguard.records import open_migrated
from parkguard.settings import Settings
from parkguard.status_files import read_all
from stores.checkpoints import FileCheckpoints
from stores.schema import alerts, incidents, metadata, outbox
from support.broker import wait_until
from support.machine import Runs, missing_mosquitto
from support.presence_watch import PresenceWatch
from support.town import Town

pytestmark = [pytest.mark.broker, pytest.mark.long]
WITHIN_S = 60.0
SLACK_S = 9.0
"""With this a tracker that reports every second is offline after 2 x 1 s + 9 s = 11 s of silence.
Devices wait up to 8 s before they try a broker again that went away (``simulators.connection``)."""
OUTAGE_S = 12.0
DECIDED = {
    "alerts": ("id", "vehicle_id", "kind", "level", "state", "onset_ms", "raised_ms", "version"),
    "alert_log": ("alert_id", "version", "what", "level", "at_ms", "t_ms", "moved_m", "by"),
    "incidents": ("id", "alert_id", "vehicle_id", "kind", "onset_ms", "opened_ms"),
    "outbox": ("key", "kind", "action", "receiver", "alert_id", "incident_id", "body"),
    "books": ("name", "reason", "count"),
    "quarantine": ("seq", "item", "device_id", "reason"),
}
"""What the processor alone writes; case numbers and acknowledgements are people's."""

Table = list[tuple[Any, ...]]


@dataclass(slots=True, kw_only=True)
class Afternoon:
    """What was seen of one town.

    Attributes:
        restarts: Of the processor: exit code, entry of the checkpoint it began from, its offset.
        silent: Devices that were offline before the outage, until they spoke after it.
        presences: Devices by presence: every change until all spoke again after the outage.
        truths: Vehicles that something happened to: whether they were stolen.
        decided: By table, what the restarted processor wrote.
        unbroken: The same of one that read the same journal without a stop.
    """

    restarts: list[tuple[int, int, int]] = field(default_factory=list)
    silent: list[str] = field(default_factory=list)
    presences: list[Counter[str]] = field(default_factory=list)
    truths: dict[str, bool] = field(default_factory=dict)
    notices: list[dict[str, Any]] = field(default_factory=list)
    cases: list[dict[str, Any]] = field(default_factory=list)
    decided: dict[str, Table] = field(default_factory=dict)
    unbroken: dict[str, Table] = field(default_factory=dict)


@pytest.fixture(scope="module")
def afternoon(tmp_path_factory: pytest.TempPathFactory) -> Afternoon:
    """Thefts, three restarts of the processor, one of them after an outage of all that listens."""
    if (todo := missing_mosquitto()) is not None:
        pytest.fail(todo)
    folder, seen = tmp_path_factory.mktemp("town"), Afternoon()
    settings = {
        "process": {"checkpoint_s": 1},
        "presence": {"slack_s": SLACK_S, "late_factor": 2.0},
    }
    with Town(folder, settings=settings) as town:
        for part in PART_NAMES:
            town.start(part)
        town.wait_ready(*PART_NAMES)
        town.open_offices()
        city = town.live(seconds=180, answer_s=2.0)
        _wait_rows(town, alerts, 1)
        seen.restarts.append(_restart(town, signal.SIGKILL))
        _wait_rows(town, alerts, 2)
        _let_outage_pass(town, seen)
        _wait_rows(town, alerts, 4)
        seen.restarts.append(_restart(town, signal.SIGTERM))
        _wait_rows(town, incidents, 3)
        wait_until(lambda: not _due(town), within_s=WITHIN_S, what="everybody is told")
        city.end()
        wait_until(town.is_quiet, within_s=WITHIN_S, what="everything is decided")
        for part in ("ingest", "process"):
            town.parts[part].end()
        seen.truths = town.truths()
        seen.notices = town.asked("owner", "notices")["notices"]
        seen.cases = town.asked("police", "cases")["cases"]
        seen.decided = _decided(town.engine)
        with _unbroken(town, folder / "again") as engine:
            seen.unbroken = _decided(engine)
    return seen


def test_a_restarted_processor_decides_what_one_that_never_stopped_does(
    afternoon: Afternoon, capsys: pytest.CaptureFixture[str]
) -> None:
    """From a checkpoint, from nothing, in good order: the same alerts, words, notices, books."""
    (killed, cold, stopped), ours = afternoon.restarts, afternoon.decided

    differing = [name for name in DECIDED if ours[name] != afternoon.unbroken[name]]

    with capsys.disabled():
        sizes = {name: len(rows) for name, rows in ours.items()}
        print(f"\nrestarts (code, checkpoint, committed) {afternoon.restarts}, rows {sizes}")  # noqa: T201 - the figures of the proof
    assert differing == []
    assert killed[0] == cold[0] == -signal.SIGKILL
    assert 0 < killed[1] <= killed[2]  # from a checkpoint, and what came after it again
    assert cold[1] == 0 < cold[2]  # from the first entry
    assert stopped[0] == 0
    assert stopped[1] == stopped[2]  # from where it ended


def test_a_theft_is_one_alert_and_told_once_over_restarts(afternoon: Afternoon) -> None:
    """Every vehicle has one alert, its owner one notice, the desk one case of every theft."""
    raised, opened = afternoon.decided["alerts"], afternoon.decided["incidents"]
    told = Counter(notice["alert"] for notice in afternoon.notices)

    assert set(Counter(vehicle for _, vehicle, *_ in raised).values()) == {1}
    assert told == Counter(alert for alert, *_ in raised)
    assert {vehicle for _, _, vehicle, *_ in opened} == {
        vehicle for vehicle, stolen in afternoon.truths.items() if stolen
    }
    assert sorted(case["incident"] for case in afternoon.cases) == [row[0] for row in opened]


@pytest.mark.promise(19)
def test_our_own_outage_is_nobodys_silence(
    afternoon: Afternoon, capsys: pytest.CaptureFixture[str]
) -> None:
    """Broker, receiver and processor were away longer than any tracker may be silent."""
    worst = max(seen["offline"] for seen in afternoon.presences)

    with capsys.disabled():
        late = max(seen["late"] for seen in afternoon.presences)
        print(f"\noutage of {OUTAGE_S} s: at most {worst} offline, {late} late")  # noqa: T201 - the figures of the proof
    assert worst == len(afternoon.silent) == 1  # the camera that really fell silent
    assert {vehicle for _, vehicle, *_ in afternoon.decided["alerts"]} <= set(afternoon.truths)


def _let_outage_pass(town: Town, seen: Afternoon) -> None:
    """Kill all that listens, for ``OUTAGE_S``, and the processor's checkpoints.

    Watches until everybody who was not silent before has spoken again.
    """
    watch = PresenceWatch(town)
    wait_until(watch.offline, within_s=WITHIN_S, what="the camera that fell silent is offline")
    seen.silent = watch.offline()
    town.kill_mosquitto()
    for part in ("broker", "ingest"):
        town.parts[part].end(signal.SIGKILL)
    code = town.parts["process"].end(signal.SIGKILL)
    for checkpoint in (town.settings.data_dir / "checkpoints").glob("processor-*"):
        checkpoint.unlink()
    seen.restarts.append((code, *_standing(town)))
    back_s = monotonic_s() + OUTAGE_S
    wait_until(lambda: monotonic_s() >= back_s, within_s=2 * OUTAGE_S)
    began_ms = wall_ms()
    for part in ("broker", "ingest", "process"):
        town.start(part)
    wait_until(
        lambda: watch.everybody_but(seen.silent) <= watch.heard_since(began_ms),
        within_s=WITHIN_S,
        what=f"everybody spoke again: {watch.changes}",
    )
    town.wait_ready("broker", "ingest", "process")
    seen.presences = watch.changes
    watch.close()


def _wait_rows(town: Town, table: sa.Table, count: int) -> None:
    wait_until(
        lambda: len(town.rows(table)) >= count, within_s=WITHIN_S, what=f"{count} {table.name}"
    )


def _restart(town: Town, number: signal.Signals) -> tuple[int, int, int]:
    """End the processor and start it again: exit code, checkpoint it begins from, its offset."""
    code = town.parts["process"].end(number)
    checkpoint, committed = _standing(town)
    town.start("process")
    town.wait_ready("process")
    return code, checkpoint, committed


def _standing(town: Town) -> tuple[int, int]:
    """Where a processor that starts now begins, and how far the last one committed."""
    committed, _ = town.offsets()
    folder = town.settings.data_dir / "checkpoints"
    found = FileCheckpoints(folder, "processor").newest(committed)
    return found[0] if found else 0, committed


def _due(town: Town) -> list[dict[str, Any]]:
    return [row for row in town.rows(outbox) if row["state"] == "due"]


@contextmanager
def _unbroken(town: Town, folder: Path) -> Iterator[sa.Engine]:
    """The records of a processor that reads the town's whole journal without a stop."""
    data = folder / "data"
    values = town.settings.model_dump(mode="json") | {"data_dir": str(data)}
    folder.mkdir()
    prepared = prepare(Settings.model_validate(values))
    shutil.copytree(town.settings.data_dir / "journal", data / "journal")
    engine = open_migrated(prepared.settings)
    words = ("-m", "parkguard", "--settings", str(prepared.settings_file), "process")
    run = Runs([[sys.executable, *words]], folder / "process.log")

    def read_out() -> bool:
        said = read_all(data / "run").get("process")
        return said is not None and said.ready and not said.metrics["process_lag_entries"]

    try:
        wait_until(read_out, within_s=WITHIN_S, what="the other processor has read everything")
    finally:
        run.end()  # it commits what it has read
    yield engine
    engine.dispose()


def _decided(engine: sa.Engine) -> dict[str, Table]:
    """What the processor wrote, by table, sorted."""
    found: dict[str, Table] = {}
    with engine.connect() as connection:
        for name, columns in DECIDED.items():
            table = metadata.tables[name]
            query = sa.select(*(table.c[column] for column in columns))
            if name == "outbox":  # rows of the dispatcher and of the API
                query = query.where(
                    table.c.key.not_like("case_accepted:%"), table.c.key.not_like("incident:%")
                )
            rows = connection.execute(query)
            found[name] = sorted(
                (
                    tuple(_value(name, value) for name, value in row.items())
                    for row in rows.mappings()
                ),
                key=str,
            )
    return found


def _value(name: str, value: object) -> object:
    """A body as what it says: 2 and 2.0 are one number."""
    return json.loads(value) if name == "body" and isinstance(value, str) else value
