"""Journal entries become accepted records, refusals and balanced books."""

from collections import Counter
from itertools import pairwise

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from devices.admission import Admission, AdmissionState, split_runs
from devices.admitted import Refusal
from devices.control import Arm, RegisterDevices, RevokeDevice
from devices.entry import RETAIN, Entry, EntryKind
from devices.errors import WireReason
from devices.model import AdminState, DeviceClass
from devices.readings import EventType
from devices.registry import RegistrySnapshot
from support.factories import (
    ROOT,
    T0_MS,
    a_control,
    a_device,
    a_registry,
    a_tick,
    an_entry,
    event_bytes,
    fix_bytes,
)

Books = Counter[tuple[str, str]]

_NUMBERS = st.integers(0, 12)
PAYLOADS = st.one_of(
    st.builds(lambda seq: (fix_bytes(seq, seq=seq), "fix"), _NUMBERS),
    st.builds(lambda seq: (b'{"t":%d}' % (T0_MS + seq), "fix"), _NUMBERS),
    st.builds(lambda at_s: (event_bytes(EventType.TILT, at_s), "event"), _NUMBERS),
    st.builds(
        lambda seqs: (
            b'{"boot":"b1","fixes":[%b]}'
            % b",".join(b'{"seq":%d}' % seq if seq % 3 else b'{"seq":-1}' for seq in seqs),
            "batch",
        ),
        st.lists(_NUMBERS, min_size=1, max_size=6),
    ),
    st.sampled_from([(b"", "fix"), (b"NaN", "batch"), (b"{", "event"), (b"{}", "hb")]),
)
ENTRIES = st.lists(
    st.tuples(PAYLOADS, st.integers(1, 4), st.sampled_from([0, 0, 0, RETAIN])), max_size=40
).map(
    lambda picks: [
        an_entry(payload, at_s=k, seq=k + 1, device=a_device(number), channel=channel, flags=flags)
        for k, ((payload, channel), number, flags) in enumerate(picks)
    ]
)


def _admission() -> Admission:
    """Trackers 1 and 2 are registered, 3 is retired, 4 is unknown."""
    registry = a_registry(trackers=2)
    registry.apply(
        RegisterDevices(at_ms=0, devices=[a_device(3, admin=AdminState.RETIRED, vehicle_id=None)])
    )
    return Admission(ROOT, registry=registry)


def _outcome(admission: Admission, batches: list[list[Entry]]) -> tuple[object, ...]:
    books: Books = Counter()
    records, refusals = [], []
    for batch in batches:
        admitted = admission.admit(batch, books)
        records += admitted.records
        refusals += admitted.refusals
    return records, refusals, books, admission.dump()


def _batches(entries: list[Entry], cuts: list[int]) -> list[list[Entry]]:
    edges = sorted({0, len(entries), *(cut for cut in cuts if cut < len(entries))})
    return [entries[start:end] for start, end in pairwise(edges)]


@given(entries=ENTRIES)
def test_books_balance(entries: list[Entry]) -> None:
    """Received = accepted + duplicate + quarantined, for any mixture."""
    books: Books = Counter()

    admitted = _admission().admit(entries, books)

    quarantined = sum(count for (name, _), count in books.items() if name == "quarantined")
    assert books["received", ""] == (books["accepted", ""] + books["duplicate", ""] + quarantined)
    assert books["accepted", ""] == len(admitted.records)
    assert quarantined == len(admitted.refusals)


@given(entries=ENTRIES, cuts=st.lists(st.integers(0, 40), max_size=6))
def test_any_batching_gives_what_one_by_one_gives(entries: list[Entry], cuts: list[int]) -> None:
    """Records, refusals, books and state are the same."""
    together = _outcome(_admission(), _batches(entries, cuts))

    alone = _outcome(_admission(), [[entry] for entry in entries])

    assert together == alone


@given(entries=ENTRIES, cut=st.integers(0, 40))
def test_checkpoint_in_the_middle_changes_nothing(entries: list[Entry], cut: int) -> None:
    """Dump, to bytes, load, go on."""
    before, after = entries[:cut], entries[cut:]
    first = _admission()
    head = _outcome(first, [before])
    blob = msgspec.msgpack.encode(first.dump())

    second = Admission(ROOT)
    second.load(msgspec.msgpack.decode(blob, type=AdmissionState))

    assert _outcome(second, [after]) == _outcome(first, [after])
    assert head[3] == msgspec.msgpack.decode(blob, type=AdmissionState)


@given(entries=ENTRIES)
def test_repetition_of_everything_gives_duplicates_only(entries: list[Entry]) -> None:
    """What the broker sends again after a crash is taken once."""
    admission = _admission()
    admission.admit(entries, Counter())
    books: Books = Counter()

    again = admission.admit(entries, books)

    assert again.records == []
    assert books["accepted", ""] == 0


def _reason(admission: Admission, entry: Entry) -> WireReason | None:
    refusals = admission.admit([entry], Counter()).refusals
    return refusals[0].reason if refusals else None


def test_unknown_device_is_set_aside_until_it_is_registered() -> None:
    """No memory of the refusal stays: the next message is taken (A-14)."""
    admission = _admission()
    stranger = a_device(9)
    entries = [an_entry(fix_bytes(k, seq=k), at_s=k, seq=k, device=stranger) for k in (1, 2)]

    before = _reason(admission, entries[0])
    admission.control(a_control(RegisterDevices(at_ms=0, devices=[stranger])), Counter())

    assert before is WireReason.UNKNOWN_DEVICE
    assert _reason(admission, entries[1]) is None


def test_revoked_device_is_refused() -> None:
    """What comes after the revocation does not count."""
    admission = _admission()
    device = a_device(1)
    admission.control(a_control(RevokeDevice(at_ms=0, device_id=device.id)), Counter())

    assert _reason(admission, an_entry(fix_bytes(0, seq=0), device=device)) is WireReason.REVOKED


def test_class_of_the_topic_must_be_the_registered_one() -> None:
    """A charger that publishes as a tracker is refused."""
    admission = _admission()
    charger = a_device(5, cls=DeviceClass.CHARGER, vehicle_id=None)
    admission.control(a_control(RegisterDevices(at_ms=0, devices=[charger])), Counter())
    disguised = msgspec.structs.replace(charger, cls=DeviceClass.TRACKER)

    reason = _reason(admission, an_entry(fix_bytes(0, seq=0), device=disguised))

    assert reason is WireReason.CLASS


def test_refusal_keeps_the_raw_bytes_and_the_entry() -> None:
    """Quarantine shows what came, from whom and when."""
    entry = an_entry(b"\xff\xfe", at_s=7, seq=12)

    refusals = _admission().admit([entry], Counter()).refusals

    assert [(r.entry, r.item, r.device_id, r.payload) for r in refusals] == [
        (entry, -1, "trk-000001", b"\xff\xfe")
    ]


def test_gaps_of_a_device_are_named() -> None:
    """For the resend command: boot, first, last."""
    admission = _admission()
    entries = [an_entry(fix_bytes(k, seq=k), at_s=k, seq=k + 1) for k in (0, 1, 4)]

    admission.admit(entries, Counter())

    assert admission.gaps == 2
    assert admission.seen(1).missing() == [("b1", 2, 3)]


def test_broken_control_is_counted_and_stops_nothing() -> None:
    """A control row of a later version must not end the processor."""
    books: Books = Counter()
    broken = a_control(Arm(at_ms=0, vehicle_id="v-1"))._replace(payload=b'{"type":"teleport"}')

    refused = _admission().control(broken, books)

    assert isinstance(refused, Refusal)
    assert refused.reason is WireReason.CONTROL
    assert books == {("control_refused", ""): 1}


@given(kinds=st.lists(st.sampled_from(list(EntryKind)), max_size=30))
def test_runs_keep_the_order_and_stop_at_people_and_ticks(kinds: list[EntryKind]) -> None:
    """Messages between two controls may be taken together, nothing else may."""
    entries = [a_tick(seq=k)._replace(kind=int(kind)) for k, kind in enumerate(kinds)]

    runs = split_runs(entries)

    assert [entry for run in runs for entry in run] == entries
    for run in runs:
        assert len(run) == 1 or all(entry.kind == EntryKind.MQTT for entry in run)
    for left, right in pairwise(runs):
        assert not left[-1].kind == right[0].kind == EntryKind.MQTT


def test_snapshot_of_the_registry_is_its_whole_truth() -> None:
    """Devices, vehicles and what was revoked."""
    snapshot = _admission().registry.snapshot()

    restored = msgspec.msgpack.decode(msgspec.msgpack.encode(snapshot), type=RegistrySnapshot)

    assert restored == snapshot
