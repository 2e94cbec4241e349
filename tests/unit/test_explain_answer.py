"""The explanation as an answer: thin and true, from a window of a real journal."""

import json
import sys
import time
from pathlib import Path
from threading import Thread

import pytest

from api.explain_port import CannotExplain, ExplainerBusy, ToExplain
from api.explain_schemas import ExplanationOut
from devices.control import AnyControl, RegisterDevices, RegisterVehicles
from devices.entry import Entry, EntryKind, Incoming
from devices.model import DeviceClass
from devices.registry import Registry, RegistrySnapshot
from parkguard.explain.answer import Told, answer_of
from parkguard.explain.child import explained
from parkguard.explain.order import NOTHING, Order
from parkguard.explain.running import NothingToExplain, explain_lines
from parkguard.explain.story import Period, Story
from parkguard.explain.thinning import thinned
from parkguard.explain.window import Window
from parkguard.explain.witness_devices import chosen
from parkguard.replay.reading import read_lines
from parkguard.settings import Settings
from parkguard.settings_explain import ExplainSettings
from parkguard.wiring.explain import JournalExplainer
from stores.journal_reading import SqliteJournalReader
from support.explain_files import BAIT, PARKED, STOLEN
from support.factories import a_control, a_device, a_tick, a_vehicle, an_entry, at_ms, fix_bytes
from support.replay_files import Line, encoded
from support.stores_journal import fill as fill_journal
from support.stores_journal import writing_to

FIX_TOPIC = "pg/v1/up/trk/{}/fix"


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


# -- window and neighbours ------------------------------------------------------------------


def test_window_begins_where_its_time_does(tmp_path: Path) -> None:
    """Found by halving over several segments; what lies before is not read when it is much."""
    fill_journal(tmp_path, batches=30, size=100)
    reader = SqliteJournalReader(tmp_path)
    entries = [entry for k in range(0, 3_000, 500) for entry in reader.read(k, 500)]
    since_ms = entries[2_000].recv_ms

    window = Window(reader, since_ms, root="pg/v1", devices=None, few=100)
    near = Window(reader, since_ms, root="pg/v1", devices=None, few=100_000)

    assert window.first_seq() == next(e.seq for e in entries if e.recv_ms >= since_ms)
    assert window.begins_ms() == since_ms
    assert near.first_seq() == 1
    assert window.last_seq() == 3_000
    reader.close()


def test_window_leaves_out_strangers_and_keeps_everything_else(tmp_path: Path) -> None:
    """Ticks, controls and topics that are not ours stay; the end is told by an empty read."""
    kinds = [
        (EntryKind.MQTT, FIX_TOPIC.format("a")),
        *[(EntryKind.MQTT, FIX_TOPIC.format("b"))] * 7,
        (EntryKind.MQTT, "owntracks/wang/bike"),
        (EntryKind.TICK, ""),
        (EntryKind.CONTROL, ""),
        *[(EntryKind.MQTT, FIX_TOPIC.format("b"))] * 3,
    ]
    with writing_to(tmp_path) as writer:
        writer.append([Incoming(int(kind), 1, 1, 0, topic, b"{}") for kind, topic in kinds])
    reader = SqliteJournalReader(tmp_path)
    window = Window(reader, 0, root="pg/v1", devices={"a"})

    found: list[Entry] = []
    while some := window.read(found[-1].seq if found else 0, 2):
        found += some

    assert [entry.seq for entry in found] == [1, 9, 10, 11]
    reader.close()


def test_neighbours_are_of_its_area_those_of_its_site_first() -> None:
    """The vehicle's own tracker always; what is left out is told."""
    own = a_device(id="own", slot=0, area="340104001", site_id="s-1")
    same_site = a_device(id="site", slot=9, area="340104001", site_id="s-1", vehicle_id="v-2")
    same_area = a_device(id="area", slot=2, area="340104001", site_id="s-2", vehicle_id="v-3")
    charger = a_device(id="chg", slot=3, cls=DeviceClass.CHARGER, area="340104001", vehicle_id=None)
    far = a_device(id="far", slot=1, area="340104002", vehicle_id="v-4")
    registry = Registry(
        RegistrySnapshot(devices=[own, same_site, same_area, charger, far], vehicles=[a_vehicle()])
    )

    two, all_ = chosen(registry, "v-1", 2), chosen(registry, "v-1", 10)

    assert two.ids == {"own", "site", "area"}
    assert (two.neighbours, two.whole_area) == (2, False)
    assert all_.ids == {"own", "site", "area", "chg"}
    assert (all_.neighbours, all_.whole_area) == (3, True)
    assert set(two.registry.vehicles) == {"v-1"}
    assert chosen(registry, "v-9", 10).ids == set()


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
    )
    reader = SqliteJournalReader(ride / "journal")
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
