"""A back-test of a journal with known outcomes, and ticks that are taken in strides."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from benchmarks.backtest_city import City
from devices.control import AnyControl, Disarm, RegisterDevices, RegisterVehicles
from devices.entry import Entry, EntryKind, Incoming
from devices.listening import MAX_TICK_MS
from devices.presence import Presence
from parkguard.cli import app
from parkguard.clock import wall_ms
from parkguard.records import open_migrated
from parkguard.replay.from_journal import JournalReplay
from parkguard.replay.run import Replay
from parkguard.replay.striding import Strides
from parkguard.settings import Settings
from stores.journal_reading import SqliteJournalReader
from support.factories import (
    ELAPSED0_MS,
    a_control,
    a_device,
    a_registry,
    a_tick,
    a_vehicle,
    an_entry,
    at_ms,
    fix_bytes,
)
from support.stores_journal import writing_to

DAYS = 0.06
BLIND = (
    "detection.owner_min_m=5000",
    "detection.police_min_m=5000",
    "detection.slow_min_m=5000",
    "detection.kept_min_m=5000",
)


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An hour and a half of 12 vehicles: two thefts, closed as such, two dismissed excursions."""
    folder = tmp_path_factory.mktemp("city")
    records = open_migrated(Settings(data_dir=folder))
    lived = City(
        vehicles=12,
        days=DAYS,
        per_day=370,
        thefts_a_day=35,
        t0_ms=wall_ms() - round(DAYS * 86_400_000),
        seed=3,
    ).live(folder / "journal", records, lambda *_: None)
    records.dispose()
    assert (lived.thefts, lived.excursions, lived.incidents) == (2, 2, 2)
    return folder


def _tested(city: Path, *assignments: str, out: tuple[str, ...] = ()) -> dict[str, object]:
    """What the command says of the back-test."""
    options = [word for one in assignments for word in ("--set", one)]
    command = ["replay", "--from-journal", "--since", "1d", "--json", *options, *out]
    done = CliRunner().invoke(app, command, env={"PARKGUARD_DATA_DIR": str(city)})
    assert done.exit_code == 0, done.output
    said: dict[str, object] = json.loads(done.stdout)["backtest"]
    return said


def _steps(said: dict[str, object]) -> dict[str, dict[str, int]]:
    steps = said["steps"]
    assert isinstance(steps, list)
    return {line["step"]: line for line in steps}


def test_the_settings_of_then_send_the_same_again(city: Path) -> None:
    """Nothing is missed, avoided or new; people's words come to the same alerts."""
    said = _tested(city)
    steps = _steps(said)

    assert said["labelled"] == 4
    assert {line["only_live"] + line["only_candidate"] for line in steps.values()} == {0}
    assert {line["earlier"] + line["later"] for line in steps.values()} == {0}
    notice, incident = steps["owner_notice"], steps["incident"]
    assert (notice["true_kept"], notice["false_kept"]) == (2, 2)
    assert (incident["both"], incident["true_kept"]) == (2, 2)


def test_a_blind_candidate_misses_thefts_and_avoids_false_alarms(city: Path) -> None:
    """Known outcomes, step by step, and the week's counts."""
    said = _tested(city, *BLIND)
    steps = _steps(said)

    notice, incident = steps["owner_notice"], steps["incident"]
    assert (notice["both"], notice["true_missed"], notice["false_avoided"]) == (0, 2, 2)
    assert (incident["only_live"], incident["true_missed"]) == (2, 2)
    weeks = said["weeks"]
    assert isinstance(weeks, list)
    assert sum(week["sent"] for week in weeks if week["step"] == "incident") == 2
    assert {week["candidate"] for week in weeks} == {0}


def test_every_tick_gives_what_strides_give(city: Path) -> None:
    """Alerts, levels and moments."""
    assert _tested(city, out=("--stride", "0")) == _tested(city)


def test_picture_is_drawn_and_named_when_it_cannot_be(city: Path, tmp_path: Path) -> None:
    """An SVG with the weeks; another ending is refused before anything runs."""
    picture = tmp_path / "rate.svg"

    _tested(city, *BLIND, out=("--picture", str(picture)))
    refused = CliRunner().invoke(
        app,
        ["replay", "--from-journal", "--picture", str(tmp_path / "rate.txt")],
        env={"PARKGUARD_DATA_DIR": str(city)},
    )

    assert picture.read_text(encoding="utf-8").startswith("<?xml")
    assert refused.exit_code == 1
    assert "ends in .png or .svg" in str(refused.exception)


@pytest.mark.parametrize("stride_ms", [0, 30_000])
def test_silence_is_counted_whole_in_strides(tmp_path: Path, stride_ms: int) -> None:
    """A tracker that promised a report every 10 s and says nothing for 20 min is offline."""
    said: list[AnyControl] = [
        RegisterVehicles(at_ms=at_ms(0), vehicles=[a_vehicle()]),
        RegisterDevices(at_ms=at_ms(0), devices=[a_device()]),
    ]
    entries = [a_control(control) for control in said]
    entries += [an_entry(fix_bytes(k, seq=k), at_s=k) for k in (1, 11, 21)]
    entries = sorted([*entries, *map(a_tick, range(1_200))], key=lambda entry: entry.recv_ms)
    with writing_to(tmp_path) as writer:
        writer.append([Incoming(*entry[1:]) for entry in entries])
    run, reader = Replay(Settings()), SqliteJournalReader(tmp_path)

    JournalReplay(run, reader, since_ms=0, stride_ms=stride_ms).feed(a_registry, lambda *_: None)

    reader.close()
    assert run.timeline.latest.rows["presence"][1] == Presence.OFFLINE


# -- strides ------------------------------------------------------------------------------------


@st.composite
def _journals(draw: st.DrawFn) -> list[Entry]:
    """Ticks a second with messages, people's words, lost brokers and outages of ours between."""
    entries: list[Entry] = []
    at_s = 0
    for what in draw(st.lists(st.sampled_from("tttttmmcdo"), max_size=80)):
        match what:
            case "m":
                entries.append(an_entry(b"{}", at_s=at_s))
            case "c":
                entries.append(a_control(Disarm(at_ms=at_ms(at_s), vehicle_id="v-1"), at_s=at_s))
            case "o":
                at_s += 20
            case _:
                at_s += 1
                entries.append(a_tick(at_s, connected=int(what == "t")))
    return [entry._replace(seq=seq) for seq, entry in enumerate(entries, start=1)]


@settings(max_examples=80)
@given(entries=_journals(), stride_s=st.sampled_from([0, 5, 30]), cut=st.integers(1, 20))
def test_strides_lose_nothing_but_ticks(entries: list[Entry], stride_s: int, cut: int) -> None:
    """Messages and words in order, listening time whole, nothing passes what people did."""
    strides = Strides(stride_s * 1000)
    taken = [
        stride
        for start in range(0, len(entries), cut)
        for stride in strides.cut(entries[start : start + cut])
    ]
    taken += strides.rest()

    flat = [entry for stride in taken for entry in stride.entries]
    kept = [entry for entry in entries if entry.kind != EntryKind.TICK or not entry.flags]
    assert [entry for entry in flat if entry in kept] == kept
    assert {entry.seq for entry in flat} <= {entry.seq for entry in entries}
    assert _listened_ms(
        [(entry, stride.longest_tick_ms) for stride in taken for entry in stride.entries]
    ) == (_listened_ms([(entry, MAX_TICK_MS) for entry in entries]))


def _listened_ms(entries: list[tuple[Entry, int]]) -> int:
    """As ``devices.listening`` counts it."""
    listened_ms, last_ms = 0, -1
    for entry, longest_ms in entries:
        if entry.kind == EntryKind.TICK:
            passed_ms = entry.elapsed_ms - last_ms if last_ms >= 0 else 0
            listened_ms += min(passed_ms, longest_ms) if entry.flags else 0
            last_ms = entry.elapsed_ms
    assert last_ms < 0 or last_ms > ELAPSED0_MS
    return listened_ms
