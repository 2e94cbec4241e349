"""Late, doubled, shuffled: the projected history and the last position are the same."""

from collections import Counter
from itertools import pairwise
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.admission import Admission
from devices.entry import Entry
from devices.health import Health
from devices.presence import PresencePolicy
from devices.rows import to_row
from devices.telemetry import Row
from support.factories import ROOT, a_registry, an_entry, at_ms, fix_bytes
from support.fakes import LatestColumns
from support.plant import ProjectorPlant
from support.theft import theft_journal

END_S = 500.0
"""Everything is received now: what is old then is late in any order."""
COLUMNS = ("fix_t_ms", "lat_deg", "lon_deg", "acc_m", "speed_mps", "course_deg", "source")
Point = tuple[int, int]
TRACKS = st.lists(
    st.tuples(st.integers(0, 60), st.integers(-400, 400)), min_size=1, max_size=24,
    unique_by=lambda point: point[0],
)  # fmt: skip


def _entries(track: list[Point]) -> list[Entry]:
    """Every point is one numbered fix, 10 s apart."""
    return [
        an_entry(fix_bytes(-10.0 * (60 - k), seq=k, east_m=east), at_s=END_S, seq=1 + n)
        for n, (k, east) in enumerate(track)
    ]


def _history(entries: list[Entry], batches: list[int]) -> tuple[dict[object, Row], object]:
    """Rows by key, and the row of LatestState, after these entries in these batches."""
    admission, latest = Admission(ROOT, registry=a_registry()), LatestColumns()
    health = Health(latest, PresencePolicy())
    for device in admission.registry.devices.values():
        health.register(device)
    rows: dict[object, Row] = {}
    edges = sorted({0, len(entries), *(cut % (len(entries) + 1) for cut in batches)})
    for start, end in pairwise(edges):
        records = admission.admit(entries[start:end], Counter()).records
        health.records(records)
        made = [to_row(record) for record in records]
        rows |= {(row.measurement, row.device_id, row.t_ms, row.seq): row for row in made}
    latest_row = latest.rows[1] if len(latest.rows) > 1 else None
    assert latest_row is not None
    return rows, [latest_row[name].item() for name in COLUMNS]


def _without_flags(rows: dict[object, Row]) -> dict[object, tuple[object, ...]]:
    """SEQ_BACK and gap closing depend on the order by their nature; what was measured does not."""
    return {key: row.fields[:12] for key, row in rows.items()}


@settings(max_examples=80)
@given(
    track=TRACKS,
    order=st.randoms(use_true_random=False),
    doubles=st.lists(st.integers(0, 23), max_size=12),
    batches=st.lists(st.integers(0, 40), max_size=4),
)
@pytest.mark.promise(9)
def test_permuted_and_doubled_track_gives_the_same_history(
    track: list[Point], order: Random, doubles: list[int], batches: list[int]
) -> None:
    """By key the same rows, and the same last believed position (reliability.md P9)."""
    entries = _entries(track)
    mixed = entries + [entries[k % len(entries)] for k in doubles]
    order.shuffle(mixed)

    rows, last = _history(mixed, batches)

    told, expected = _history(entries, [])
    assert _without_flags(rows) == _without_flags(told)
    np.testing.assert_equal(last, expected)
    assert last[0] == at_ms(-10.0 * (60 - max(k for k, _ in track)))  # type: ignore[index]


@settings(max_examples=30)
@given(track=TRACKS, order=st.randoms(use_true_random=False))
@pytest.mark.promise(9)
def test_one_far_future_point_never_freezes_the_last_position(
    track: list[Point], order: Random
) -> None:
    """It is kept, but no position is newer for it (reliability.md 44)."""
    entries = _entries(track)
    future = an_entry(fix_bytes(86_400 * 365.0, seq=99, east_m=9_999), at_s=END_S, seq=99)
    mixed = [*entries, future]
    order.shuffle(mixed)

    rows, last = _history(mixed, [])

    assert len(rows) == len(entries) + 1
    np.testing.assert_equal(last, _history(entries, [])[1])


@settings(max_examples=20)
@given(cuts=st.lists(st.integers(0, 90), max_size=4), again=st.integers(0, 60))
def test_redelivered_journal_projects_the_same_rows(cuts: list[int], again: int) -> None:
    """What the broker sends twice after a crash changes no row of the store."""
    journal = theft_journal()
    tail = [entry for entry in journal[-again:] if entry.topic] if again else []
    longer = [
        entry._replace(seq=seq) for seq, entry in enumerate([*journal, *tail], start=1)
    ]  # the same messages, received again at the end
    once, twice = ProjectorPlant(journal), ProjectorPlant(longer)

    once.projector.project(journal)
    edges = sorted({0, len(longer), *cuts})
    for start, end in pairwise(edges):
        twice.projector.project(longer[start:end])

    assert twice.telemetry.rows == once.telemetry.rows
