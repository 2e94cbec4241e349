"""What was made, what is in the journal, in the stores and at the receivers, after a run."""

import csv
import json
import signal
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.chaos_desk import Desk
from benchmarks.chaos_facts import Facts, Keepers, Levels, Numbers, Pace, Told
from benchmarks.chaos_town import ChaosTown
from devices.seen import Seen
from ingest.processor import ProcessorState
from parkguard.wiring.telemetry import build_telemetry
from stores.checkpoints import FileCheckpoints
from stores.journal_reading import SqliteJournalReader
from stores.schema import alert_log, alerts, feed, incidents, outbox
from stores.telemetry_bulk import pages_of

FOREVER_MS = 4_102_444_799_999
PAGE = 5_000
BUG_SIGNALS = frozenset({signal.SIGBUS, signal.SIGSEGV, signal.SIGILL, signal.SIGFPE})
"""Nobody sends these: memory was not what the process thought."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What the world says: owners' notices, the police's cases, the devices, who killed whom."""

    notices: list[dict[str, Any]]
    cases: list[dict[str, Any]]
    keepers: dict[str, Any]
    pace: Pace
    broker_killed_ms: list[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class InJournal:
    """Different records in the journal, read without our decoder."""

    fixes: Numbers
    events: set[tuple[str, str]]
    distinct: int


def read_made(path: Path) -> tuple[Numbers, set[tuple[str, str]]]:
    """Give the fixes and the events that the load wrote down."""
    numbers: Numbers = {}
    events: set[tuple[str, str]] = set()
    with path.open(encoding="utf-8") as file:
        for device, boot, key in csv.reader(file):
            if boot == "event":
                events.add((device, key))
            else:
                numbers.setdefault(device, set()).add(int(key))
    return numbers, events


def read_journal(folder: Path) -> InJournal:
    """Read every segment."""
    reader = SqliteJournalReader(folder)
    fixes: Numbers = {}
    events: set[tuple[str, str]] = set()
    found: set[tuple[str, str, str, str]] = set()
    seq = 0
    while entries := reader.read(seq, PAGE):
        seq = entries[-1].seq
        for entry in entries:
            if not entry.topic:
                continue
            *_, device, channel = entry.topic.split("/")
            said = json.loads(entry.payload)
            if said.get("state") == "lost":
                continue
            if channel == "fix":
                fixes.setdefault(device, set()).add(said["seq"])
            elif channel == "event":
                events.add((device, said["ev_id"]))
            key = said.get("seq") or said.get("ev_id") or entry.payload.decode()
            found.add((channel, device, str(said.get("boot")), str(key)))
    reader.close()
    return InJournal(fixes=fixes, events=events, distinct=len(found))


def read_gaps(town: ChaosTown) -> Numbers:
    """Give the missing numbers as the processor's last checkpoint has them; it must have ended."""
    folder = town.settings.data_dir / "checkpoints"
    found = FileCheckpoints(folder, "processor").newest(town.offsets()[0])
    if found is None:
        return {}
    admission = msgspec.msgpack.decode(found[1], type=ProcessorState).pipeline.admission
    names = {device.slot: device.id for device in admission.registry.devices}
    return {
        names[slot]: {n for _, first, last in missing for n in range(first, last + 1)}
        for slot, state in admission.seen
        if (missing := Seen.load(state).missing())
    }


def count(town: ChaosTown, desk: Desk, said: Said, made_file: Path) -> Facts:
    """Read everything; our parts must have ended, the servers must run."""
    made, events = read_made(made_file)
    journal = read_journal(town.settings.data_dir / "journal")
    stored, rows = _stored(town, set(made), ("fix",))
    return Facts(
        made=made,
        pace=said.pace,
        broker_killed_ms=said.broker_killed_ms,
        journal={device: journal.fixes.get(device, set()) for device in made},
        stored=stored,
        rows=rows,
        gaps=read_gaps(town),
        events_made=events,
        events_kept=journal.events & events,
        distinct=journal.distinct,
        keepers=_keepers(town, said.keepers, set(made)),
        books=town.books(),
        alerts={row["id"]: row["vehicle_id"] for row in town.rows(alerts)},
        levels=_levels((row["alert_id"], row["level"]) for row in town.rows(alert_log)),
        replayed=_replayed(town),
        parked={str(device.vehicle_id) for device in town.registered.devices if device.id in made},
        stolen={vehicle for vehicle, is_theft in town.truths().items() if is_theft},
        incidents=Counter(row["alert_id"] for row in town.rows(incidents)),
        crashes=_crashes(town.folder / "up.log") + _crashes(town.folder / "broker.log"),
        told=_told(town, desk, said),
    )


def _crashes(log: Path) -> list[str]:
    """Parts that ended by a bug (exit code 70), by the last line of the trace, or by a signal."""
    crashed = _said(log, "command_crashed")
    died = [said for said in _said(log, "part_died") if -said["code"] in BUG_SIGNALS]
    return [f"{said['part']}: {said['exception'].splitlines()[-1]}" for said in crashed] + [
        f"{said['name']}: {signal.Signals(-said['code']).name}" for said in died
    ]


def _said(log: Path, event: str) -> list[dict[str, Any]]:
    """The lines of one event; a part that was killed may have left half a line in front of one."""
    lines = log.read_text(errors="replace").splitlines()
    named = [line for line in lines if f'"event": "{event}"' in line]
    return [json.loads(line[line.rindex('{"') :]) for line in named]


def _replayed(town: ChaosTown) -> Levels:
    """Replay the whole journal in a process that nobody kills."""
    out = town.folder / "replayed.jsonl"
    settings = str(town.prepared.settings_file)
    town.output(
        *("parkguard", "--settings", settings, "replay", "--from-journal"),
        *("--since", "30d", "--stride", "0", "--alerts", str(out), "--json"),  # each tick, as live
    )
    steps = map(json.loads, out.read_text(encoding="utf-8").splitlines())
    return _levels((step["alert_id"], step["level"]) for step in steps)


def _levels(steps: Iterable[tuple[str, int]]) -> Levels:
    levels: dict[str, tuple[int, ...]] = {}
    for alert_id, level in steps:
        levels[alert_id] = (*levels.get(alert_id, ()), level)
    return levels


def _keepers(town: ChaosTown, sent: dict[str, Any], others: set[str]) -> Keepers:
    """Fixes and events of a tracker share one numbering."""
    devices = {device.id for device in town.registered.devices} - others
    stored, rows = _stored(town, devices, ("fix", "event"))
    return Keepers(
        made=sum(sent["by_channel"].get(name, 0) for name in ("trk/fix", "trk/event")),
        stored=stored,
        rows=rows,
        unreceipted=sent["unreceipted"] + sent["pending"],
        resent=sent["resent"],
        refused=sent["refused"],
    )


def _told(town: ChaosTown, desk: Desk, said: Said) -> Told:
    sent, numbered = town.rows(outbox), town.rows(feed)
    notices = said.notices + [notice for case in said.cases for notice in case["notices"]]
    return Told(
        due={row["key"] for row in sent if row["channel"] == "webhook"},
        arrived=Counter(notice["id"] for notice in notices),
        repeats=sum(notice["deliveries"] - 1 for notice in notices),
        unsent=sum(row["state"] != "sent" for row in sent),
        feed_due={row["id"] for row in sent if row["channel"] == "feed"},
        feed=[row["id"] for row in numbered],
        feed_sources=Counter(row["outbox_id"] for row in numbered),
        heard=desk.numbers,
        heard_alerts=desk.alerts,
    )


def _stored(
    town: ChaosTown, devices: set[str], measurements: tuple[str, ...]
) -> tuple[Numbers, int]:
    """Numbers of these devices in the telemetry store, and how many rows they have."""
    store = build_telemetry(town.settings)
    stored: Numbers = {}
    rows = 0
    for device in sorted(devices):
        numbers = [
            row.seq
            for measurement in measurements
            for page in pages_of(store, measurement, device, 0, FOREVER_MS)
            for row in page
        ]
        rows += len(numbers)
        stored[device] = set(numbers)
    store.close()
    return stored, rows
