"""The window of the journal: found by halving, and what nobody asks for is passed over."""

from math import inf
from pathlib import Path

import pytest

from devices.entry import Entry, EntryKind, Incoming
from devices.model import Device, DeviceClass, Profile
from parkguard.explain.deadline import Deadline, OutOfTime
from parkguard.explain.window import FEW, Window, wanted_of
from stores.journal_picking import STRETCH, JournalPicker, TrackerEvents, Wanted
from stores.journal_segments import retire
from support.factories import a_device
from support.stores_journal import a_batch, fill, writing_to

ROOT = "pg/v1"
NEVER = Deadline(inf, lambda: 0.0)
OWN, STRANGER = a_device(1), a_device(2)


def _topic(device: Device, channel: str = "fix") -> str:
    return f"{ROOT}/up/{device.cls.value}/{device.id}/{channel}"


def _write(
    folder: Path, kinds: list[tuple[EntryKind, str]], *, segment_bytes: int = 1 << 30
) -> None:
    with writing_to(folder, segment_bytes=segment_bytes) as writer:
        for k in range(0, len(kinds), 500):
            writer.append(
                [
                    Incoming(int(kind), 1, 1, 0, topic, b"{}" * 50)
                    for kind, topic in kinds[k : k + 500]
                ]
            )


def _read(window: Window, limit: int = 2) -> list[Entry]:
    found: list[Entry] = []
    after_seq = window.first_seq() - 1
    while some := window.read(after_seq, limit):
        assert len(some) <= limit
        found += some
        after_seq = some[-1].seq
    return found


def _window(folder: Path, wanted: Wanted | None, since_ms: int = 0, few: int = FEW) -> Window:
    return Window(JournalPicker(folder), since_ms, wanted=wanted, deadline=NEVER, few=few)


@pytest.mark.parametrize("archived", [False, True])
def test_window_begins_where_its_time_does(tmp_path: Path, archived: bool) -> None:  # noqa: FBT001
    """Over several segments; what lies before is not read when it is much."""
    fill(tmp_path, batches=30, size=100)
    if archived:
        (tmp_path / "readers").mkdir()
        (tmp_path / "readers" / "processor").write_text("3000\n")
        done = retire(tmp_path, now_ms=0, retention_ms=1 << 50, readers=("processor",), at_most=100)
        assert len(done.archived) > 3
    entries = [
        entry for k in range(0, 3_000, 500) for entry in JournalPicker(tmp_path).read(k, 500)
    ]
    since_ms = entries[2_000].recv_ms

    window = _window(tmp_path, None, since_ms, few=100)
    near = _window(tmp_path, None, since_ms, few=100_000)
    late = _window(tmp_path, None, entries[-1].recv_ms + 1)

    assert (window.first_seq(), window.begin_seq()) == (2_001, 2_001)
    assert (near.first_seq(), near.begin_seq()) == (1, 2_001)
    assert (late.begin_seq(), _read(late)) == (3_001, [])
    assert window.last_seq() == 3_000
    assert window.holds(since_ms, since_ms)
    assert not window.holds(entries[-1].recv_ms + 1, 1 << 50)
    assert (window.began_ms(since_ms), near.began_ms(since_ms)) == (since_ms, since_ms)
    assert window.held_ms() == (entries[0].recv_ms, entries[-1].recv_ms)
    assert [entry.seq for entry in _read(window, 70)] == list(range(2_001, 3_001))


def test_window_leaves_out_strangers_and_keeps_everything_else(tmp_path: Path) -> None:
    """Ticks and what people did stay; foreign topics do when one of its devices speaks so."""
    _write(
        tmp_path,
        [
            (EntryKind.MQTT, _topic(OWN)),
            *[(EntryKind.MQTT, _topic(STRANGER))] * 7,
            (EntryKind.MQTT, "owntracks/wang/bike"),
            (EntryKind.TICK, ""),
            (EntryKind.CONTROL, ""),
            *[(EntryKind.MQTT, _topic(STRANGER, "event"))] * 3,
            (EntryKind.MQTT, _topic(OWN, "batch")),
        ],
    )
    foreign = a_device(1, profile=Profile(foreign={"owntracks": "wang/bike"}))

    plain = _read(_window(tmp_path, wanted_of([OWN], ROOT)))
    speaks = _read(_window(tmp_path, wanted_of([foreign], ROOT)))
    events = _read(_window(tmp_path, TrackerEvents(f"{ROOT}/up/")))

    assert [entry.seq for entry in plain] == [1, 10, 11, 15]
    assert [entry.seq for entry in speaks] == [1, 9, 10, 11, 15]
    assert [entry.seq for entry in events] == [12, 13, 14]
    assert plain[0].payload == b"{}" * 50


def test_before_its_time_only_what_people_did_is_read(tmp_path: Path) -> None:
    """What was registered and armed; messages of then are nobody's business."""
    with writing_to(tmp_path) as writer:
        first = a_batch(10)
        writer.append([one._replace(kind=int(EntryKind.CONTROL)) for one in first[:2]])
        writer.append(first[2:])
        writer.append(a_batch(10, first=11))

    window = _window(tmp_path, None, a_batch(1, first=11)[0].recv_ms)

    assert [entry.seq for entry in _read(window, 5)] == [1, 2, *range(11, 21)]


def test_one_message_among_many_strangers_is_found(tmp_path: Path) -> None:
    """More than a stretch of them, over several segments: an empty stretch is not the end."""
    strangers = [(EntryKind.MQTT, _topic(STRANGER))] * (STRETCH + 600)
    _write(tmp_path, [*strangers, (EntryKind.MQTT, _topic(OWN))], segment_bytes=1 << 20)

    found = _read(_window(tmp_path, wanted_of([OWN], ROOT)))

    assert [entry.seq for entry in found] == [STRETCH + 601]


def test_deadline_ends_a_scan_that_finds_nothing(tmp_path: Path) -> None:
    """It is looked at between two stretches, not only when something was found."""
    _write(tmp_path, [(EntryKind.MQTT, _topic(STRANGER))] * (3 * STRETCH))
    looks = iter(range(100))
    deadline = Deadline(1.0, lambda: next(looks))
    window = Window(JournalPicker(tmp_path), 0, wanted=wanted_of([OWN], ROOT), deadline=deadline)

    with pytest.raises(OutOfTime):
        window.read(0, 10)
    assert next(looks) == 3


def test_topics_are_of_the_class_of_each_device() -> None:
    """A tracker's and a gateway's: what admission refuses is not asked for."""
    gateway = a_device(9, id="gw-1", cls=DeviceClass.GATEWAY, vehicle_id=None)

    topics = str(wanted_of([OWN, gateway], ROOT).values["topics"])

    assert _topic(OWN, "batch") in topics
    assert _topic(gateway, "multi") in topics
    assert _topic(gateway, "fix") not in topics
