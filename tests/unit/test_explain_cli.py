"""The command: words, JSON, pictures, the journal, and errors that say what to do."""

import json
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import sqlalchemy as sa
from PIL import Image
from typer.testing import CliRunner, Result

from devices.control import AnyControl, RegisterDevices, RegisterVehicles
from devices.entry import Entry, Incoming
from devices.readings import EventType
from devices.registry import Registry
from parkguard.cli import app
from parkguard.explain import fonts
from parkguard.explain.wrapping import width_of, wrapped
from parkguard.records import open_migrated
from parkguard.replay.from_journal import JournalReplay
from parkguard.replay.run import Replay
from parkguard.settings import Settings
from stores.registry import Registry as Records
from stores.registry_devices import NewDevice
from stores.schema import audit
from support.cli import exit_of
from support.explain_files import AT, BAIT, STOLEN, written
from support.factories import (
    a_control,
    a_device,
    a_tick,
    a_vehicle,
    an_entry,
    at_ms,
    event_bytes,
    fix_bytes,
)
from support.stores_journal import reading_from, writing_to


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def _call(*words: str, given: bytes | None = None) -> Result:
    return CliRunner().invoke(app, ["explain", *words], input=given)


def _journal(*, ends_s: int = 340) -> None:
    """Parked, shaken, ridden away from 190 s on, in the journal of ``var``."""
    controls: list[AnyControl] = [
        RegisterVehicles(at_ms=at_ms(-2), vehicles=[a_vehicle()]),
        RegisterDevices(at_ms=at_ms(-2), devices=[a_device()]),
    ]
    entries: list[Entry] = [a_control(control, at_s=-2) for control in controls]
    for at_s in range(ends_s):
        entries.append(a_tick(at_s))
        if at_s == 191:
            body = event_bytes(EventType.VIBRATION, at_s)
            entries.append(an_entry(body, at_s=at_s, channel="event"))
        if at_s % 10 == 0:
            east_m = max(0.0, 5.0 * (at_s - 190))
            entries.append(an_entry(fix_bytes(at_s, seq=at_s, east_m=east_m), at_s=at_s))
    with writing_to(Path("var/journal")) as writer:
        writer.append([Incoming(*entry[1:]) for entry in entries])


# -- words and JSON -------------------------------------------------------------------------


def test_theft_is_said_in_the_language_asked_for() -> None:
    """The verdict first, in the city's time."""
    ride = written(STOLEN)

    english, chinese = (
        _call("v-1", ride, "--at", AT),
        _call("v-1", ride, "--at", AT, "--lang", "zh"),
    )

    assert english.exit_code == chinese.exit_code == 0, english.output
    assert "movement: raised at 09:03:" in english.stdout.splitlines()[1]
    assert "+2.0 motion sensor: it was shaken" in english.stdout
    assert "09:05:12 the owner: not me [L3] (owner)" in english.stdout
    assert "移动:09:03:" in chinese.stdout.splitlines()[1]
    assert "+2.0 运动传感器: 车辆震动" in chinese.stdout


def test_nothing_told_is_explained() -> None:
    """How near it came, and what was discounted."""
    said = _call("v-1", written(BAIT), "--at", AT).stdout

    assert "nothing was told" in said
    assert "60 m away" in said
    assert "it counts for 60 s, which ended 1" in said


def test_json_is_one_object_with_words_in_both_languages() -> None:
    """Fixes, happenings, alerts, and the words."""
    told = json.loads(_call("v-1", written(STOLEN), "--at", AT, "--json").stdout)

    assert told["period"]["vehicle_id"] == "v-1"
    assert told["alerts"][0]["level"] == 3
    assert len(told["fixes"]) == 31
    assert told["words"]["en"][0] == told["words"]["zh"][0]
    assert told["words"]["en"][1] != told["words"]["zh"][1]


def test_standard_input_is_a_file_and_another_setting_tells_another_story() -> None:
    """``--set`` as in a replay: a detector that needs 2 km to tell the owner."""
    ride = Path(written(STOLEN)).read_bytes()

    told = _call("v-1", "-", "--at", AT, given=ride)
    deaf = _call("v-1", "-", "--at", AT, "--set", "detection.owner_min_m=2000", given=ride)

    assert "police-ready at" in told.stdout
    assert "police-ready at" not in deaf.stdout


# -- pictures -------------------------------------------------------------------------------


def test_png_is_a_picture_for_a_phone() -> None:
    """1,080 pixels wide, and small."""
    done = _call("v-1", written(BAIT), "--at", AT, "--out", "a.png")

    assert done.exit_code == 0, done.output
    with Image.open("a.png") as picture:
        assert picture.width == 1080
        assert 1_300 < picture.height < 2_400
    assert 20_000 < Path("a.png").stat().st_size < 150_000


def test_svg_is_drawn_the_same_twice_and_holds_its_words() -> None:
    """Well formed; matplotlib keeps each text beside its outlines as a comment."""
    ride = written(STOLEN)
    for name in ("a.svg", "b.svg"):
        assert _call("v-1", ride, "--at", AT, "--out", name).exit_code == 0

    text = Path("a.svg").read_text()
    assert ET.fromstring(text).tag.endswith("svg")  # noqa: S314 - our own
    assert text == Path("b.svg").read_text()
    for words in ("where it was parked", "police radius", "it was shaken +2", "09:03"):
        assert words in text


def test_chinese_picture_has_every_character() -> None:
    """With a font of Debian (``make debian``); a ``?`` would stand for what cannot be drawn."""
    done = _call("v-1", written(STOLEN), "--at", AT, "--lang", "zh", "--out", "a.svg")

    text = Path("a.svg").read_text()
    assert done.stderr == ""
    for words in ("停放点", "警方半径", "车辆震动 +2", "车主确认:不是本人"):
        assert words in text
    assert "?" not in "".join(re.findall(r"<!-- (.*?) -->", text))


def test_without_a_chinese_font_the_picture_is_english_and_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The words stay Chinese; no box stands for a character."""
    monkeypatch.setattr(fonts, "CHINESE", ("No Such Family",))
    monkeypatch.setattr(fonts, "FILES", ("nosuchfile",))
    fonts.typeface.cache_clear()
    try:
        ride = written(STOLEN)
        done = _call("v-1", ride, "--at", AT, "--lang", "zh", "--out", "a.svg")
        face = fonts.typeface()
    finally:
        fonts.typeface.cache_clear()

    assert done.exit_code == 0, done.output
    assert "apt-get install fonts-wqy-microhei" in done.stderr
    assert "车辆震动" in done.stdout
    assert "where it was parked" in Path("a.svg").read_text()
    assert face.drawable("震动 5 m") == "?? 5 m"


def test_missing_extra_is_told_and_words_come_without_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """And no other command loads it."""
    ride = written(STOLEN)
    program = "import sys, parkguard.cli; sys.exit('matplotlib' in sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], check=False)  # noqa: S603 - ours
    monkeypatch.setitem(sys.modules, "matplotlib", None)

    assert _call("v-1", ride, "--at", AT).exit_code == 0
    refused = _call("v-1", ride, "--at", AT, "--out", "a.png")
    assert refused.exit_code == 1
    assert "pip install 'matplotlib>=3.11'" in str(refused.exception)
    assert loaded.returncode == 0


# -- the journal ----------------------------------------------------------------------------


def test_journal_is_explained_up_to_the_end_of_the_period() -> None:
    """What came after it is not seen: the ride has just begun there."""
    _journal()

    whole = json.loads(_call("v-1", "--at", str(at_ms(200)), "--for", "10m", "--json").stdout)
    early = json.loads(_call("v-1", "--at", str(at_ms(150)), "--for", "1m", "--json").stdout)

    assert [one["code"] for one in whole["happenings"][:2]] == ["vibration", "raised"]
    assert whole["alerts"][0]["police_ready_ms"] == at_ms(220)
    assert early["alerts"] == []
    assert [one["t_ms"] for one in early["fixes"]] == [at_ms(s) for s in range(120, 190, 10)]


def test_nothing_is_run_after_the_end_of_the_period() -> None:
    """A long journal costs no more than what was asked for."""
    _journal()
    run = Replay(Settings())

    with reading_from(Path("var/journal")) as reader:
        journal = JournalReplay(run, reader, since_ms=at_ms(50), until_ms=at_ms(180))
        journal.feed(Registry, lambda _done, _total: None)

    assert run.timeline.messages == len(range(50, 181, 10))


def test_those_near_it_tell_what_everybody_tells() -> None:
    """With the vehicle in the records its own area is run; ``--everybody`` runs all."""
    _journal()
    engine = open_migrated(Settings())
    registry = Records(engine, lambda: at_ms(-2))
    registry.add_vehicles([a_vehicle()])
    registry.add_devices(
        [
            NewDevice(id=a_device().id, cls=a_device().cls, secret_hash="-", vehicle_id="v-1")  # noqa: S106
        ]
    )
    engine.dispose()
    words = ("v-1", "--at", str(at_ms(200)), "--for", "10m", "--json")

    near, everybody = _call(*words), _call(*words, "--everybody")

    assert json.loads(near.stdout)["alerts"]
    assert near.stdout == everybody.stdout


def test_a_run_is_given_up_when_it_was_to_be(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The clock goes 50 s between two looks: a minute is over at the third."""
    _journal()
    looks = iter(range(0, 10_000, 50))
    monkeypatch.setattr("parkguard.cli_explain_run.monotonic_s", lambda: next(looks))

    assert exit_of(monkeypatch, "explain", "v-1", "--at", AT, "--longest", "1m") == 1
    said = capsys.readouterr().err
    assert "given up after 1m (--longest): " in said
    assert "take a shorter --warm-up or --for" in said


def test_who_looks_at_a_track_stands_in_the_audit() -> None:
    """Where there are records; the vehicle and the time, in the city's zone."""
    _journal()
    engine = open_migrated(Settings())
    assert _call("v-1", "--at", str(at_ms(200))).exit_code == 0

    with engine.connect() as connection:
        rows = connection.execute(sa.select(audit.c.action, audit.c.object)).all()
    engine.dispose()
    assert [tuple(row) for row in rows] == [("vehicle_explained", "v-1:2025-11-25T09:03:20")]


# -- errors ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("v-2", "ride.jsonl", "--at", AT), 1, "no vehicle v-2 in ride.jsonl: did you mean v-1?"),
        (("x", "ride.jsonl", "--at", AT), 1, "parkguard devices list has them"),
        (
            ("v-1", "ride.jsonl", "--at", "2025-11-25T12:00"),
            1,
            "its last fix before was at 2025-11-25T09:05:10, take --at that time",
        ),
        (("v-1", "ride.jsonl", "--at", "2025-11-24"), 1, "nor before it: take a longer --for"),
        (("v-1", "--at", AT), 1, "there is no journal below var: name the right folder"),
        (("v-1", "ride.jsonl", "--at", "soon"), 2, "write a time such as 2026-11-28T21:30"),
        (("v-1", "ride.jsonl", "--at", "25:00"), 2, "write a time such as"),
        (("v-1", "ride.jsonl", "--at", AT, "--for", "1w"), 2, "such as 1d, 2h, 30m"),
        (("v-1", "ride.jsonl", "--at", AT, "--out", "a.gif"), 2, "ends in .png or .svg"),
        (("v-1", "ride.jsonl", "--at", AT, "--from-journal"), 2, "one of the two"),
        (("v-1", "none.jsonl", "--at", AT), 2, "none.jsonl: No such file"),
        (("v-1", "bad.jsonl", "--at", AT), 2, "bad.jsonl:1: "),
        (("v-1", "ride.jsonl", "--at", AT, "--out", "no/a.png"), 1, "cannot write no/a.png"),
    ],
)  # fmt: skip
def test_error_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
    code: int,
    told: str,
) -> None:
    """One line, and the exit code of a wrong argument (2) or of nothing to say (1)."""
    written(STOLEN)
    Path("bad.jsonl").write_text("{}\n")

    ended = exit_of(monkeypatch, "explain", *words)

    assert (ended, told in capsys.readouterr().err) == (code, True)


def test_time_outside_the_journal_names_what_it_holds(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """From when to when, in the city's zone, and the setting that keeps more."""
    _journal()

    assert exit_of(monkeypatch, "explain", "v-1", "--at", "2025-11-20T12:00") == 1
    said = capsys.readouterr().err
    assert "holds 2025-11-25T08:59:58 to 2025-11-25T09:05:39 (Asia/Shanghai)" in said
    assert "journal.retention_h" in said


# -- lines ----------------------------------------------------------------------------------


def test_wrapped_lines_fit_and_lose_nothing() -> None:
    """Words stay whole, Chinese breaks anywhere but before a comma."""
    text = "离开停放点150米(定位噪声6米);真实移动的可能性是定位误差的1,000,000倍, and more of it"

    for columns in range(12, 60):
        lines = wrapped(text, columns)

        assert all(width_of(line) <= columns + 1 for line in lines)
        assert "".join(lines).replace(" ", "") == text.replace(" ", "")
        assert any("1,000,000" in line for line in lines)
        assert not any(line.startswith((",", ";")) for line in lines)
