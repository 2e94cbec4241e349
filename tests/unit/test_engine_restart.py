"""A replay gives the same ids, levels and notices, however it was cut, batched or repeated."""

from functools import cache
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.model import AlertChange, AlertKind, Effects, Notice
from alerts.open_alert import alert_id_of
from devices.entry import DUP, Entry, EntryKind
from support.theft import ALERT_ID, Brain, theft_journal

JOURNAL = theft_journal()
CUTS = st.lists(st.integers(1, len(JOURNAL) - 1), max_size=12)


def _run(entries: list[Entry], cuts: list[int]) -> Effects:
    """Everything that came of these entries, taken in batches that end at ``cuts``."""
    brain, whole = Brain(), Effects()
    for start, end in pairwise(sorted({0, *cuts, len(entries)})):
        part = brain.take(entries[start:end])
        whole.alerts += part.alerts
        whole.incidents += part.incidents
        whole.notices += part.notices
    return whole


@cache
def _plain() -> Effects:
    """Entry by entry, never interrupted."""
    return _run(JOURNAL, list(range(len(JOURNAL))))


def _by_alert(effects: Effects) -> dict[str, list[AlertChange]]:
    changes: dict[str, list[AlertChange]] = {}
    for change in effects.alerts:
        changes.setdefault(change.alert_id, []).append(change)
    return changes


def _outbox(effects: Effects) -> dict[str, Notice]:
    return {notice.key: notice for notice in effects.notices}


def test_story_of_the_journal() -> None:
    """The theft is found, told, confirmed; its id is known beforehand; the other is left alone."""
    effects = _plain()

    assert [change.what for change in effects.alerts] == [
        "raised",
        "police_ready",
        "owner_told",
        "second_contact",
        "owner_not_me",
        "moved",
    ]
    assert {change.alert_id for change in effects.alerts} == {ALERT_ID}
    assert [opened.incident_id for opened in effects.incidents] == [f"inc-{ALERT_ID[:20]}"]
    assert len(_outbox(effects)) == len(effects.notices)


@pytest.mark.parametrize("k", range(0, len(JOURNAL), 3))
def test_kill_at_any_message_changes_nothing(k: int) -> None:
    """Dump to bytes, load, go on: the same effects afterwards."""
    brain = Brain()
    before = brain.take(JOURNAL[:k])

    after = brain.reborn().take(JOURNAL[k:])

    assert before.alerts + after.alerts == _plain().alerts
    assert before.incidents + after.incidents == _plain().incidents
    assert before.notices + after.notices == _plain().notices


@settings(max_examples=20)
@given(cuts=CUTS)
def test_batches_change_nothing(cuts: list[int]) -> None:
    """Where commits fall decides no version, no key and no word."""
    effects = _run(JOURNAL, cuts)

    assert _by_alert(effects) == _by_alert(_plain())
    assert _outbox(effects) == _outbox(_plain())


@settings(max_examples=20)
@given(cuts=CUTS, repeats=st.lists(st.integers(0, len(JOURNAL) - 1), max_size=30))
def test_duplicates_change_nothing(cuts: list[int], repeats: list[int]) -> None:
    """The broker sends any messages again, at once or a few messages later."""
    entries = list(JOURNAL)
    for k in sorted(repeats, reverse=True):
        if JOURNAL[k].kind == EntryKind.MQTT:
            again = min(k + 1 + k % 4, len(entries))
            late = entries[again - 1]
            copy = JOURNAL[k]._replace(recv_ms=late.recv_ms, elapsed_ms=late.elapsed_ms, flags=DUP)
            entries.insert(again, copy)

    effects = _run(entries, cuts)

    assert _outbox(effects) == _outbox(_plain())


@settings(max_examples=20)
@given(order=st.randoms(use_true_random=False))
def test_order_of_two_devices_within_a_second_changes_no_ids(order: object) -> None:
    """Messages of different devices may overtake each other."""
    entries: list[Entry] = []
    for _, group in _by_moment(JOURNAL):
        messages = [entry for entry in group if entry.kind == EntryKind.MQTT]
        rest = [entry for entry in group if entry.kind != EntryKind.MQTT]
        devices = sorted({entry.topic for entry in messages})
        order.shuffle(devices)  # type: ignore[attr-defined]  # hypothesis' Random
        entries += rest[:2]
        for topic in devices:
            entries += [entry for entry in messages if entry.topic == topic]
        entries += rest[2:]

    effects = _run(entries, list(range(len(entries))))

    assert {c.alert_id for c in effects.alerts} == {ALERT_ID}
    assert [c.level for c in effects.alerts] == [c.level for c in _plain().alerts]
    assert _outbox(effects).keys() == _outbox(_plain()).keys()


def _by_moment(entries: list[Entry]) -> list[tuple[int, list[Entry]]]:
    moments: dict[int, list[Entry]] = {}
    for entry in entries:
        moments.setdefault(-(-entry.recv_ms // 10_000), []).append(entry)
    return list(moments.items())


def test_two_fixes_of_one_tracker_in_a_batch_are_taken_one_by_one() -> None:
    """A bundle of the whole ride in one run gives what its fixes gave alone."""
    mqtt = [entry for entry in JOURNAL if entry.kind == EntryKind.MQTT]
    people = [entry for entry in JOURNAL if entry.kind == EntryKind.CONTROL][:2]

    bundled = _run(people + mqtt, [2])

    alone = _run(people + mqtt, list(range(len(people + mqtt))))
    assert _by_alert(bundled) == _by_alert(alone)
    assert _outbox(bundled) == _outbox(alone)


def test_alert_id_is_made_of_kind_vehicle_tracker_and_onset() -> None:
    """32 hex digits; each part counts."""
    ids = {
        alert_id_of(AlertKind.MOVEMENT, "v-1", 1, 1_000),
        alert_id_of(AlertKind.TAMPER, "v-1", 1, 1_000),
        alert_id_of(AlertKind.MOVEMENT, "v-2", 1, 1_000),
        alert_id_of(AlertKind.MOVEMENT, "v-1", 2, 1_000),
        alert_id_of(AlertKind.MOVEMENT, "v-1", 1, 1_001),
    }

    assert len(ids) == 5
    assert alert_id_of(AlertKind.MOVEMENT, "v-1", 1, 1_000) in ids
    assert {len(id_) for id_ in ids} == {32}


def test_empty_state_survives_a_restart() -> None:
    """A service without a single tracker can be stopped and started."""
    brain = Brain().reborn().reborn()

    effects = brain.take(JOURNAL)

    assert effects.alerts == _plain().alerts
