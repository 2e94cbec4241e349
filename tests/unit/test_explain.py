"""What is explained is what the engine had: its numbers, its words, and that looking is free."""

from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from alerts.hindrances import Hindrance, hindrances_of, words_of
from alerts.model import AlertKind, Group, Level
from alerts.sight import Look, Sight, Sights
from devices.admitted import Record
from devices.control import AnyControl
from devices.entry import Entry
from devices.readings import EventType
from parkguard.explain.picture_series import Series, silences, unwatched
from parkguard.explain.running import explain_lines
from parkguard.explain.step_words import EVENTS, STEPS
from parkguard.explain.story import Period, Story
from parkguard.explain.words import GROUPS, KINDS, LEVELS, SHORT, Narrator
from parkguard.replay.reading import read_lines
from parkguard.replay.run import Replay
from parkguard.settings import Settings
from support.explain_files import BAIT, PARKED, STOLEN
from support.factories import at_ms
from support.replay_files import Line, encoded, event, fix, outputs_of, run_of, side


class Notes:
    """An observer that writes down the engine's own arrays, by the time of the fix."""

    def __init__(self) -> None:
        self.seen: dict[int, dict[str, Any]] = {}

    def heard(self, records: list[Record]) -> None:
        """Not needed."""

    def acted(self, control: AnyControl, entry: Entry) -> None:
        """Not needed."""

    def saw(self, look: Look) -> None:
        """The one fix of this round."""
        (record,) = look.records
        self.seen[record.reading.t_ms] = {
            "score": look.moved.score[0],
            "moved_m": look.moved.moved_m[0],
            "sigma_m": look.moved.sigma_m[0],
            "scored": look.moved.scored[0],
            "total": look.total[0],
            "alone": look.moved.alone[0],
            "owner_threshold": look.owner_threshold[0],
            "police_threshold": look.police_threshold[0],
        }


def _period(from_s: float = 0, to_s: float = 400) -> Period:
    return Period(
        vehicle_id="v-1",
        at_ms=at_ms((from_s + to_s) / 2),
        from_ms=at_ms(from_s),
        to_ms=at_ms(to_s),
        source="ride.jsonl",
        timezone="Asia/Shanghai",
    )


@cache
def _story_of(name: str) -> Story:
    """One of the files, run once."""
    return _story({"stolen": STOLEN, "bait": BAIT, "parked": PARKED}[name])


def _story(lines: list[Line], period: Period | None = None) -> Story:
    numbered = read_lines(encoded(lines), "ride.jsonl")
    return explain_lines(Settings(), numbered, period or _period())


def _run(lines: list[Line], observer: Notes | Sights | None) -> Replay:
    run = Replay(Settings())
    if observer is not None:
        run.timeline.show_to(observer)
    run.feed(read_lines(encoded(lines), "-"))
    run.finish()
    return run


@pytest.mark.parametrize("lines", [STOLEN, BAIT], ids=["stolen", "bait"])
def test_numbers_are_those_of_the_engine(lines: list[Line]) -> None:
    """Score, sum, distance, noise and thresholds of every fix, through JSON, to the last digit."""
    notes = Notes()
    _run(lines, notes)

    told = msgspec.json.decode(msgspec.json.encode(_story(lines)))["fixes"]

    assert [fix["t_ms"] for fix in told] == list(notes.seen)
    for one in told:
        assert {name: one[name] for name in notes.seen[one["t_ms"]]} == notes.seen[one["t_ms"]]


@pytest.mark.parametrize("name", ["stolen", "bait"])
def test_radii_are_those_of_the_shapes(name: str) -> None:
    """What is drawn as a circle is what the detector asks for."""
    judged = [fix for fix in _story_of(name).fixes if fix.scored]

    for fix_ in judged:
        assert fix_.owner_shape <= (fix_.moved_m > fix_.owner_radius_m)
        assert fix_.police_shape <= (fix_.moved_m > fix_.police_radius_m)
        assert fix_.alone <= (fix_.moved_m > fix_.alone_radius_m)
    assert {fix_.moved_m > fix_.owner_radius_m for fix_ in judged} == {True, False}


def test_looking_changes_nothing() -> None:
    """Alerts and state are the same bytes with an observer and without, over a restart, too."""
    lines = [*STOLEN[:24], side(225, "restart", down_s=1), *STOLEN[24:]]
    sights = Sights("v-1")

    watched = _run(lines, sights)

    assert outputs_of(watched) == outputs_of(run_of(lines))
    assert len(sights.fixes) == sum(line.get("kind") == "mqtt" for line in lines) - 1


def test_theft_is_told_by_the_fix_that_caused_it() -> None:
    """Its alert, its steps, the witness that counted, and the fix that made it police-ready."""
    story = _story_of("stolen")

    (alert,) = story.alerts
    ready = next(h for h in story.happenings if h.code == "police_ready")
    assert story.decisive is not None
    decisive = story.fixes[story.decisive]
    assert (decisive.reached, decisive.recv_ms) == ("police", ready.at_ms)
    assert alert.police_ready_ms == ready.at_ms
    assert decisive.total == decisive.score + 2 > decisive.police_threshold
    assert [(sign.code, sign.counted) for sign in decisive.signs] == [("vibration", 2)]
    assert [h.code for h in story.happenings] == [
        "vibration",
        "raised",
        "owner_told",
        "police_ready",
        "owner_not_me",
    ]
    assert story.level == alert.level == 3
    (span,) = story.signs
    assert (span.from_ms, span.to_ms, span.counted) == (at_ms(191), at_ms(251), 2)
    assert Hindrance.POSITION_ALONE.value not in story.hindrances


def test_bait_says_what_spoke_against_it() -> None:
    """Nothing told: how far it was, what was missing, and the shake that was over."""
    story = _story_of("bait")

    assert story.alerts == ()
    assert story.level == -1
    assert story.decisive is not None
    fix_of_bait = story.fixes[story.decisive]
    assert at_ms(260) <= fix_of_bait.t_ms < at_ms(290)
    assert fix_of_bait.moved_m == pytest.approx(60.0, abs=1.0)
    shake = next(sign for sign in fix_of_bait.signs if sign.code == "vibration")
    assert (shake.counted, shake.why) == (0, "expired")
    assert shake.ends_s == pytest.approx((at_ms(160) - fix_of_bait.recv_ms) / 1000)
    assert "no longer counted" in shake.text_en
    assert "不再计入" in shake.text_zh
    assert Hindrance.FEW_FIXES in hindrances_of(fix_of_bait)


def test_parked_one_stands_where_it_was_parked() -> None:
    """Every fix after it settled; before it, nobody watched."""
    story = _story_of("parked")

    assert story.hindrances == {"settling": 7, "at_anchor": 33}
    assert story.happenings == ()


def test_disarmed_late_and_broken_fixes_say_why_they_are_not_judged() -> None:
    """The lane, the order and the leap are told apart."""
    lines = [
        *PARKED,
        fix(405, seq=9_001),
        {**fix(403, seq=9_002), "recv_t": at_ms(406)},
        fix(410, east_m=9_000.0, seq=9_003),
        fix(420, seq=9_004),
        side(425, "disarm", vehicle="v-1", by="wang"),
        fix(430, seq=9_005),
        {**fix(100, seq=9_006, east_m=1.0), "recv_t": at_ms(1_000)},
    ]

    story = _story(lines, _period(0, 1_001))

    last = {fix.t_ms: hindrances_of(fix) for fix in story.fixes[-6:]}
    assert last == {
        at_ms(405): [Hindrance.AT_ANCHOR],
        at_ms(403): [Hindrance.OUT_OF_ORDER],
        at_ms(410): [Hindrance.LEAP_HELD],
        at_ms(420): [Hindrance.AT_ANCHOR],
        at_ms(430): [Hindrance.DISARMED],
        at_ms(100): [Hindrance.JUDGED_LATE],
    }
    assert [(h.kind, h.code, h.by) for h in story.happenings] == [("act", "disarm", "wang")]


def test_another_vehicle_is_not_in_the_story() -> None:
    """Neither its fixes nor its events nor its alerts."""
    other: Line = {"kind": "device", "class": "trk", "id": "trk-2", "vehicle": "v-2"}
    shaken = event(191, EventType.TILT, who="trk/trk-2")
    near = [fix(at_s, who="trk/trk-2", east_m=5.0) for at_s in range(0, 190, 10)]
    lines = sorted([*near, shaken, *PARKED[1:]], key=lambda line: int(str(line["recv_t"])))

    story = _story([PARKED[0], other, *lines])

    assert {fix.device_id for fix in story.fixes} == {"trk-1"}
    assert story.happenings == ()


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_words_are_of_one_language(lang: str) -> None:
    """Chinese holds Chinese in every sentence; English none at all."""
    for name in ("stolen", "bait", "parked"):
        told = Narrator(_story_of(name), lang).lines()

        chinese = [any("一" <= letter <= "鿿" for letter in line) for line in told[1:]]
        assert all(chinese) if lang == "zh" else not any(chinese)


def test_every_hindrance_has_words_with_its_numbers() -> None:
    """In both languages, for every way a fix may fall short."""
    sight = Sight(
        t_ms=0, recv_ms=0, device_id="trk-1", lat_deg=None, lon_deg=None, acc_m=None,
        speed_mps=None, hdop=None, sat=None, ignition=None, moved_m=41.6, owner_radius_m=35.0,
        police_radius_m=80.0, outside=1, farther=1, total=3.25, owner_threshold=8.0,
        police_threshold=12.0,
    )  # fmt: skip

    words = {one: words_of(one, sight) for one in Hindrance}

    assert set(SHORT) == {one.value for one in Hindrance}
    assert all(en and zh and en != zh for en, zh in words.values())
    assert "42 m away" in words[Hindrance.NEAR][0]
    assert "3.2 of 8.0 nats" in words[Hindrance.LIKE_NOISE][0]


def test_levels_kinds_and_groups_have_words() -> None:
    """Numbers and codes of the core, each with its word."""
    assert len(LEVELS) == len(Level)
    assert set(GROUPS) == set(Group)
    assert set(KINDS) == set(AlertKind)
    assert {"raised", "police_ready", "owner_told"} <= set(STEPS)
    assert set(EVENTS) <= set(EventType)


def test_every_hindrance_stands_in_the_page() -> None:
    """Who meets a code in the JSON finds what it means."""
    page = (Path(__file__).resolve().parents[2] / "docs" / "explain.md").read_text()

    assert [one.value for one in Hindrance if f"`{one.value}`" not in page] == []


@pytest.mark.parametrize("name", ["explain_theft.png", "explain_quiet.png"])
def test_pictures_of_the_page_are_there_and_small(name: str) -> None:
    """``make pictures`` draws them."""
    docs = Path(__file__).resolve().parents[2] / "docs"

    assert f"(img/{name})" in (docs / "explain.md").read_text()
    assert 20_000 < (docs / "img" / name).stat().st_size < 150_000


def test_no_line_leads_over_what_was_not_judged() -> None:
    """A silence of five minutes and a disarmed stretch are holes, and named as what they are."""
    lines = [
        *PARKED,
        *(fix(at_s) for at_s in range(700, 760, 10)),
        side(761, "disarm", vehicle="v-1", by="wang"),
        *(fix(at_s) for at_s in range(770, 800, 10)),
        side(801, "arm", vehicle="v-1", by="wang"),
        *(fix(at_s) for at_s in range(810, 870, 10)),
    ]
    story = _story(lines, _period(0, 900))

    series = Series(story)

    assert list(silences(story)) == [(at_ms(390), at_ms(700))]
    assert list(unwatched(story))[1:] == [(at_ms(770), at_ms(820))]
    holes = np.flatnonzero(np.isnan(series.times)).tolist()
    assert np.flatnonzero(np.isnan(series.of(lambda fix: fix.score))).tolist() == holes
    assert [series.fixes[hole - k].t_ms for k, hole in enumerate(holes)] == [
        at_ms(700),
        at_ms(840),
    ]
