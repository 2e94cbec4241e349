"""The explanation as an answer: thin and true, from a window of a real journal."""

import json
import subprocess
import sys
import time
from math import inf
from pathlib import Path
from threading import Thread

import msgspec
import pytest

from api.explain_port import CannotExplain, ExplainerBusy, ToExplain
from api.explain_schemas import ExplanationOut
from devices.control import AnyControl, RegisterDevices, RegisterVehicles
from devices.entry import Incoming
from parkguard.explain.answer import Told, answer_of
from parkguard.explain.child import explained
from parkguard.explain.order import NOTHING, TOO_LONG, Order
from parkguard.explain.running import NothingToExplain, explain_lines
from parkguard.explain.story import Period, Story
from parkguard.explain.thinning import thinned
from parkguard.replay.reading import read_lines
from parkguard.settings import Settings
from parkguard.settings_explain import ExplainSettings
from parkguard.wiring.explain import CHILD, JournalExplainer
from stores.journal_picking import JournalPicker
from support.explain_files import BAIT, PARKED, STOLEN
from support.factories import a_control, a_device, a_tick, a_vehicle, an_entry, at_ms, fix_bytes
from support.replay_files import Line, encoded
from support.stores_journal import writing_to


def _story(lines: list[Line]) -> Story:
    period = Period(
        vehicle_id="v-1",
        at_ms=at_ms(200),
        from_ms=at_ms(0),
        to_ms=at_ms(400),
        source="ride.jsonl",
        timezone="Asia/Shanghai",
    )
    return explain_lines(Settings(), read_lines(encoded(lines), "ride.jsonl"), period)


def _answer(story: Story, *, points_max: int = 600, onset_ms: int = 0) -> ExplanationOut:
    told = Told(alert_id="x", onset_ms=onset_ms, began_ms=0, neighbours=0, whole_area=True)
    return answer_of(story, told, points_max=points_max)


# -- thinning -------------------------------------------------------------------------------


def test_thinning_keeps_the_extremes_of_every_curve_and_what_must_stay() -> None:
    """A spike of one point among ten thousand is what an explanation is about."""
    count = 10_000
    spike = [float(k == 4_321) for k in range(count)]
    dip = [-5.0 if k == 8_765 else None if k % 2 else 0.0 for k in range(count)]
    kept = thinned([spike, dip], count, 600, keep=[17])

    assert {0, 17, 4_321, 8_765, count - 1} <= set(kept)
    assert kept == sorted(set(kept))
    assert len(kept) <= 603


def test_thinning_leaves_what_is_few() -> None:
    """Nothing to thin, and nothing at all."""
    assert thinned([[1.0] * 50], 50, 50) == list(range(50))
    assert thinned([], 0, 50) == []


# -- the answer -----------------------------------------------------------------------------


def test_answer_has_the_numbers_of_the_story() -> None:
    """Every fix in order of time, rounded to what is drawn; the alert's reasons in words."""
    story = _story(STOLEN)
    alert = story.alerts[0]
    answer = _answer(story, onset_ms=alert.onset_ms)

    fixes = sorted(story.drawn, key=lambda fix: fix.t_ms)
    scored = [fix for fix in fixes if fix.scored]
    columns = answer.fixes.model_dump()
    assert {len(column) for column in columns.values()} == {len(fixes)}
    assert columns["t_ms"] == [fix.t_ms for fix in fixes]
    assert [t for t in columns["total"] if t is not None] == [round(f.total, 2) for f in scored]
    assert answer.decisive is not None
    assert story.decisive is not None
    assert columns["t_ms"][answer.decisive] == story.fixes[story.decisive].t_ms
    last_m = (columns["east_m"][-1] ** 2 + columns["north_m"][-1] ** 2) ** 0.5
    assert last_m == pytest.approx(scored[-1].moved_m, rel=0.02)
    assert {"owner", "police"} <= set(columns["kind"])
    assert answer.raised_again
    assert not _answer(story, onset_ms=alert.onset_ms + 60_000).raised_again
    assert [reason.en for reason in answer.alerts[0].reasons] == [r.text_en for r in alert.reasons]
    assert "police-ready" in answer.verdict.en
    assert "[" not in answer.verdict.en + answer.verdict.zh
    assert "警方" in answer.verdict.zh
    assert [one.code for one in answer.happenings] == [one.code for one in story.happenings]


def test_thinned_answer_is_small_and_keeps_what_decides() -> None:
    """At most about as many points as asked for; the decisive fix and each new level are there."""
    story = _story(STOLEN)
    whole, thin = _answer(story), _answer(story, points_max=50)
    assert story.decisive is not None
    decisive_ms = story.fixes[story.decisive].t_ms

    assert thin.fixes_total == len(story.drawn)
    assert thin.decisive is not None
    assert thin.fixes.t_ms[thin.decisive] == decisive_ms
    assert max(m for m in thin.fixes.moved_m if m is not None) == max(
        m for m in whole.fixes.moved_m if m is not None
    )
    first_police = next(k for k, kind in enumerate(whole.fixes.kind) if kind == "police")
    assert whole.fixes.t_ms[first_police] in thin.fixes.t_ms


def test_answer_explains_silence_too() -> None:
    """Nothing was told: what stood in the way, with how many fixes."""
    answer = _answer(_story(BAIT))

    assert answer.verdict.en == "nothing was told"
    assert answer.alerts == []
    assert any(line.en.startswith("nearest to an alert") for line in answer.because)
    assert {one.code for one in answer.hindrances} >= {"at_anchor"}
    assert all(one.fixes > 0 for one in answer.hindrances)
    assert _answer(_story(PARKED)).decisive is not None


# -- the process ----------------------------------------------------------------------------

ENDS_S = 340
_WAITS = "import signal; signal.pause()"


@pytest.fixture(scope="module")
def ride(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder whose journal holds a theft."""
    folder = tmp_path_factory.mktemp("ride")
    registered: list[AnyControl] = [
        RegisterVehicles(at_ms=at_ms(-2), vehicles=[a_vehicle()]),
        RegisterDevices(at_ms=at_ms(-2), devices=[a_device()]),
    ]
    entries = [a_control(control, at_s=-2) for control in registered]
    for at_s in range(ENDS_S):
        entries.append(a_tick(at_s))
        if at_s % 10 == 0:
            east_m = max(0.0, 5.0 * (at_s - 190))
            entries.append(an_entry(fix_bytes(at_s, seq=at_s, east_m=east_m), at_s=at_s))
    with writing_to(folder / "journal") as writer:
        writer.append([Incoming(*entry[1:]) for entry in entries])
    return folder


def _explainer(folder: Path) -> JournalExplainer:
    patient = ExplainSettings(deadline_s=300)  # a machine that does ten things at once is slow
    settings = Settings(data_dir=folder, explain=patient)
    return JournalExplainer(settings, lambda: at_ms(5_000))


def _alert(onset_s: float = 200, **changes: int) -> ToExplain:
    values = {"raised_ms": at_ms(onset_s + 20), "acted_ms": at_ms(onset_s + 60), "steps": 2}
    return ToExplain(
        alert_id="a-1", vehicle_id="v-1", onset_ms=at_ms(onset_s), **(values | changes)
    )


def test_a_theft_in_the_journal_is_explained_by_a_process_of_its_own(ride: Path) -> None:
    """Through the real program; the second time it is kept, another step makes it anew."""
    explainer = _explainer(ride)

    made = explainer.explain(_alert())

    assert made.alerts[0].kind == "movement"
    assert made.fixes_total == ENDS_S // 10
    assert max(m for m in made.fixes.moved_m if m is not None) > 600
    assert made.to_ms == at_ms(260 + 900)
    assert explainer.explain(_alert()) is made
    assert len(json.dumps(made.model_dump())) < 60_000


def test_a_time_that_is_gone_is_told_by_a_stable_word(ride: Path) -> None:
    """The process gives the word, the explainer adds what to do."""
    order = Order(
        settings={},
        alert_id="a-1",
        vehicle_id="v-1",
        onset_ms=at_ms(-900_000),
        from_ms=at_ms(-901_000),
        to_ms=at_ms(-899_000),
        ends_s=inf,
    )
    reader = JournalPicker(ride / "journal")
    with pytest.raises(NothingToExplain) as told:
        explained(Settings(data_dir=ride), reader, order)
    reader.close()
    says = f"print({told.value.why!r}, end=''); raise SystemExit({NOTHING})"

    with pytest.raises(CannotExplain) as passed_on:
        JournalExplainer(Settings(), lambda: 0, command=(sys.executable, "-c", says)).explain(
            _alert()
        )

    assert (told.value.why, passed_on.value.why) == ("not_held", "not_held")
    assert "retention" in str(passed_on.value)


def test_a_process_that_fails_is_a_fault_of_ours() -> None:
    """Never an empty answer."""
    command = (sys.executable, "-c", "raise SystemExit(1)")

    with pytest.raises(RuntimeError, match="ended with 1"):
        JournalExplainer(Settings(), lambda: 0, command=command).explain(_alert())


def test_what_takes_too_long_is_ended() -> None:
    """Its process, too: the deadline is real time."""
    settings = Settings(explain=ExplainSettings(deadline_s=0.2))
    stuck = (sys.executable, "-c", _WAITS)
    began_s = time.monotonic()

    with pytest.raises(CannotExplain) as told:
        JournalExplainer(settings, lambda: 0, command=stuck).explain(_alert())

    assert told.value.why == "too_long"
    assert time.monotonic() - began_s < 5


def test_a_run_gives_itself_up_and_says_how_far_it_came(ride: Path) -> None:
    """Before it would have to be ended: the people are told what to do, the log how far it came."""
    order = Order(
        settings={"data_dir": str(ride)},
        alert_id="a-1",
        vehicle_id="v-1",
        onset_ms=at_ms(200),
        from_ms=at_ms(0),
        to_ms=at_ms(ENDS_S),
        ends_s=0.0,
    )
    ran = subprocess.run(  # noqa: S603 - our own program
        CHILD, input=msgspec.json.encode(order), capture_output=True, check=False
    )

    assert (ran.returncode, ran.stdout.decode()) == (NOTHING, TOO_LONG)
    assert ran.stderr.decode() == "0% of the journal was read\n"

    says = f"print({TOO_LONG!r}, end=''); raise SystemExit({NOTHING})"
    with pytest.raises(CannotExplain, match=r"45 s .*parkguard explain on the server") as told:
        JournalExplainer(Settings(), lambda: 0, command=(sys.executable, "-c", says)).explain(
            _alert()
        )
    assert told.value.why == TOO_LONG


def test_one_is_made_at_a_time(tmp_path: Path) -> None:
    """Who comes meanwhile is told to come again; afterwards it is free again."""
    command = (sys.executable, "-c", f"open({str(tmp_path / 'began')!r}, 'w'); {_WAITS}")
    settings = Settings(explain=ExplainSettings(deadline_s=1.0))
    explainer = JournalExplainer(settings, lambda: 0, command=command)
    ended: list[CannotExplain] = []

    def first() -> None:
        try:
            explainer.explain(_alert())
        except CannotExplain as exc:
            ended.append(exc)

    thread = Thread(target=first)
    thread.start()
    while not (tmp_path / "began").exists():
        thread.join(0.01)
    with pytest.raises(ExplainerBusy):
        explainer.explain(_alert(steps=9))
    thread.join()

    assert [one.why for one in ended] == ["too_long"]
    with pytest.raises(CannotExplain):  # and not ExplainerBusy
        explainer.explain(_alert())
