"""``parkguard health`` on a small city, as people and programs read it."""

import json
from pathlib import Path

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from devices.causes import Cause
from devices.health_events import HealthChange
from devices.presence import Presence
from parkguard.cli import app
from parkguard.cli_shared import CommandError
from parkguard.clock import wall_ms
from parkguard.health_chart import spark, strips
from parkguard.health_words import Lang, lasted
from parkguard.records import open_migrated
from parkguard.settings import Settings
from parkguard.wiring.shared import Places
from stores.health_log import put_changes
from stores.latest_state import LatestStateFile
from stores.records import writing
from stores.schema import devices
from stores.telemetry_sqlite import SqliteTelemetry
from support.telemetry_rows import NOW_MS, a_row

HOUR_MS = 3_600_000
SHORT, ALL = 80, 120


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty-four devices, one of each kind of trouble, a switch that took six along."""
    made = tmp_path_factory.mktemp("city")
    settings = Settings(data_dir=made)
    engine = open_migrated(settings)
    latest = LatestStateFile.create_or_open(Places(made).latest, writable=True)
    now_ms = wall_ms()
    city = [
        ("chg-0007", "chg", "site-3", "active", Presence.ONLINE, Cause.SMOKE | Cause.PORT_FAULT),
        ("cam-0315", "cam", "site-9", "active", Presence.ONLINE, Cause.FROZEN),
        ("cam-0316", "cam", "site-9", "maintenance", Presence.OFFLINE, Cause.SILENT),
        ("trk-0001", "trk", None, "active", Presence.OFFLINE, Cause.SILENT | Cause.BATTERY_LOW),
        ("trk-0002", "trk", None, "active", Presence.LATE, Cause.SILENT),
        ("trk-0003", "trk", None, "retired", Presence.UNKNOWN, Cause.NEVER_HEARD),
        *(
            (f"cam-1{k}", "cam", "site-7", "active", Presence.OFFLINE, Cause.PART_OF_OUTAGE)
            for k in range(6)
        ),
        *((f"trk-9{k:02d}", "trk", None, "active", Presence.SLEEPING, 0) for k in range(32)),
    ]
    with writing(engine) as connection:
        connection.execute(
            sa.insert(devices),
            [
                {
                    "slot": slot,
                    "id": name,
                    "cls": cls,
                    "site_id": site,
                    "area": "340104001",
                    "admin": admin,
                    "secret_hash": "x",
                    "registered_ms": 0,
                    "vendor": "Hik",
                }
                for slot, (name, cls, site, admin, *_) in enumerate(city, 1)
            ],
        )
        put_changes(
            connection,
            [
                HealthChange(
                    slot=2,
                    seq=seq,
                    at_ms=now_ms - hours * HOUR_MS,
                    presence=presence,
                    causes=int(causes),
                    admin="active",
                )
                for seq, hours, presence, causes in [
                    (1, 100, Presence.ONLINE, 0),
                    (2, 50, Presence.OFFLINE, Cause.SILENT),
                    (3, 25, Presence.ONLINE, Cause.FROZEN),
                    (4, 5, Presence.ONLINE, Cause.FROZEN | Cause.DISK_FULL),
                    (5, 2, Presence.ONLINE, Cause.FROZEN),
                ]
            ],
        )
    latest.ensure(len(city))
    for slot, (*_, presence, causes) in enumerate(city, 1):
        row = latest.rows[slot]
        row["version"], row["presence"], row["causes"] = 2, presence, int(causes)
        row["since_ms"], row["recv_ms"] = now_ms - slot * 60_000, now_ms - 60_000
    latest.close()
    engine.dispose()
    return made


def shown(folder: Path, *command: str, width: int = SHORT) -> str:
    """What the command says."""
    env = {"PARKGUARD_DATA_DIR": str(folder), "COLUMNS": str(width)}
    done = CliRunner().invoke(app, ["health", *command], env=env)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.stdout


def test_worst_comes_first_and_one_switch_is_one_line(folder: Path) -> None:
    """Fire, outage, offline, failing, late; maintenance and retired are nobody's trouble."""
    said = json.loads(shown(folder, "--json"))

    wrong = said["wrong"]
    assert [(one["severity"], len(one["devices"])) for one in wrong] == [
        ("fire", 1),
        ("outage", 6),
        ("offline", 1),
        ("failing", 1),
        ("late", 1),
    ]
    assert wrong[1]["where"] == ["site-7"]
    assert said["wrong_total"] == 5
    assert said["counts"]["cam"] == {
        "devices": 8,
        "unknown": 0,
        "online": 1,
        "late": 0,
        "offline": 6,
        "sleeping": 0,
        "degraded": 1,
        "maintenance": 1,
    }
    assert said["counts"]["trk"]["sleeping"] == 32
    assert said["counts"]["trk"]["devices"] == 34


def test_since_is_when_the_cause_began(folder: Path) -> None:
    """Not when another one came and went: 25 hours ago, by the log."""
    [camera] = json.loads(shown(folder, "--cause", "frozen", "--json"))["wrong"]

    since_h = (wall_ms() - _ms(camera["since"])) / HOUR_MS
    assert 24.9 < since_h < 25.1


def _ms(text: str) -> int:
    from api.times import parse_time_ms  # noqa: PLC0415

    return parse_time_ms(text)


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("width", [SHORT, ALL])
def test_table_fits_and_says_everything(folder: Path, width: int, lang: str) -> None:
    """At both widths in both languages; no line is longer than the terminal."""
    text = shown(folder, "--lang", lang, width=width)

    words = {"en": ("FIRE", "smoke", "6 devices"), "zh": ("火警", "烟雾报警", "6 设备")}[lang]
    assert all(word in text for word in (*words, "chg-0007", "cam-0315", "trk-0001", "site-7"))
    assert max(len(line) for line in text.splitlines()) <= width


@pytest.mark.parametrize(
    ("options", "devices"),
    [
        (["--class", "trk"], ["trk-0001", "trk-0002"]),
        (["--site", "site-3"], ["chg-0007"]),
        (["--area", "340103"], []),
        (["--limit", "1"], ["chg-0007"]),
        (["--cause", "battery_low"], ["trk-0001"]),
    ],
)
def test_filters(folder: Path, options: list[str], devices: list[str]) -> None:
    """Each alone."""
    wrong = json.loads(shown(folder, *options, "--json"))["wrong"]

    assert [one["devices"][0] for one in wrong] == devices


def test_story_of_one_device(folder: Path) -> None:
    """Its days, how available it was, what it was through; the same as JSON."""
    telemetry = SqliteTelemetry(Places(folder).telemetry)
    shift_s = (wall_ms() - NOW_MS) / 1000
    rows = [
        a_row(shift_s - hour * 3600, device_id="trk-0001", seq=hour, battery_pct=20 + hour / 12)
        for hour in range(240)
    ]
    telemetry.write(rows)
    telemetry.close()

    text = shown(folder, "cam-0315")
    said = json.loads(shown(folder, "cam-0315", "--json"))
    battery = shown(folder, "trk-0001", "--lang", "zh")

    assert said["spent"]["available"] == pytest.approx(0.75, abs=0.001)
    assert said["spent"]["degraded"] == pytest.approx(0.25, abs=0.001)
    assert [one["presence"] for one in said["spells"]].count("offline") == 1
    assert all(word in text for word in ("available 75.00 %", "the picture is frozen", "█", "·"))
    assert max(len(line) for line in text.splitlines()) <= SHORT
    assert "预计耗尽" in battery
    with pytest.raises(CommandError, match="cam-9999 is not registered"):
        shown(folder, "cam-9999")


def test_a_city_without_devices_says_so(tmp_path: Path) -> None:
    """Nothing is wrong, and nothing has run."""
    assert "nothing is wrong" in shown(tmp_path)


def test_lengths_are_said_in_two_units() -> None:
    """The two largest."""
    assert [lasted(s, Lang.EN) for s in (0, 59, 119, 3_660, 90_000, 864_000, None)] == [
        "0 s",
        "59 s",
        "1 min",
        "1 h 1 min",
        "1 d 1 h",
        "10 d",
        "-",
    ]
    assert lasted(90_061, Lang.ZH) == "1天1小时"


def test_strips_show_the_worst_of_each_half_hour() -> None:
    """A minute of silence is seen; what is to come is blank."""
    from zoneinfo import ZoneInfo  # noqa: PLC0415

    midnight_ms = 1_764_000_000_000
    changes = [
        HealthChange(
            slot=1, seq=k, at_ms=midnight_ms + at_ms, presence=presence, causes=0, admin="active"
        )
        for k, (at_ms, presence) in enumerate(
            [
                (-HOUR_MS, Presence.SLEEPING),
                (10 * 60_000, Presence.OFFLINE),
                (11 * 60_000, Presence.ONLINE),
            ]
        )
    ]

    yesterday, today = strips(changes, 2, midnight_ms + HOUR_MS, ZoneInfo("Asia/Shanghai"))[-2:]

    assert today.begin.hour == 0
    known = [state.word if state else "" for state in (*yesterday.cells, *today.cells)]
    assert [word for word in known if word] == ["sleeping"] * 2 + ["offline", "online"]
    assert spark([(0, 10.0), (50, 20.0)], (0, 100), 4) == "▁ █ "
    assert spark([], (0, 100), 4) == "    "
