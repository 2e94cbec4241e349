"""Held messages run again: after an upgrade, after an adoption; the books move them, once."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices import codec, plain_objects
from devices.admission import Admission
from devices.admitted import Admitted, Refusal
from devices.control import Held, RegisterDevices, Requeue
from devices.entry import RETAIN
from devices.errors import WireReason
from devices.readings import Flag
from support.factories import (
    ROOT,
    a_control,
    a_device,
    a_registry,
    an_entry,
    at_ms,
    fix_bytes,
)

Books = Counter[tuple[str, str]]
VERSION_2 = b'{"v":2,"boot":"b1","seq":%d,"t":%d,"pos":{"lat":31.8,"lon":117.2}}'
STRANGER = a_device(9)


def _held(refusals: list[Refusal]) -> Requeue:
    messages = [
        Held(
            row=k,
            recv_ms=one.entry.recv_ms,
            topic=one.entry.topic,
            retained=bool(one.entry.flags & RETAIN),
            reason=str(one.reason),
            payload=one.payload,
        )
        for k, one in enumerate(refusals, start=1)
    ]
    return Requeue(at_ms=at_ms(9_000), messages=messages)


def _again(
    admission: Admission, refusals: list[Refusal], books: Books, *, at_s: float = 9_000
) -> Admitted:
    requeue = _held(refusals)
    return admission.requeue(requeue, a_control(requeue, at_s=at_s, seq=99), books)


def _sum(books: Books) -> tuple[int, int, int, int]:
    quarantined = sum(n for (name, _), n in books.items() if name == "quarantined")
    received, accepted, duplicate = (books[name, ""] for name in _NAMES)
    assert received == accepted + duplicate + quarantined
    return received, accepted, duplicate, quarantined


_NAMES = ("received", "accepted", "duplicate")


@pytest.fixture
def upgrade(monkeypatch: pytest.MonkeyPatch) -> "Upgrade":
    """A program that knows schema version 2 once it is installed."""
    return Upgrade(monkeypatch)


class Upgrade:
    """Reads version 2 as version 1: what a later program would do for these messages."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch

    def install(self) -> None:
        """Let the version check pass 2."""
        parse = plain_objects.parse
        self._monkeypatch.setattr(
            codec,
            "read",
            lambda *args: codec.read_fields(args[0], _as_1(parse(args[1])), *args[2:]),
        )
        for module in ("devices.wire", "devices.fix_lane"):
            self._monkeypatch.setattr(f"{module}.read", codec.read)


def _as_1(fields: object) -> object:
    return fields | {"v": 1} if isinstance(fields, dict) else fields


def test_version_2_is_held_and_taken_after_the_upgrade(upgrade: "Upgrade") -> None:
    """Nothing was lost meanwhile, no gap was told, the records stand at their own time."""
    admission, books = Admission(ROOT, registry=a_registry()), Books()
    entries = [an_entry(VERSION_2 % (k, at_ms(k)), at_s=k, seq=k + 1) for k in range(5)]
    refusals = admission.admit(entries, books).refusals
    gaps = admission.gaps

    upgrade.install()
    admitted = _again(admission, refusals, books)

    assert {one.reason for one in refusals} == {WireReason.VERSION}
    assert gaps == admission.gaps == 0
    assert [record.reading.t_ms for record in admitted.records] == [at_ms(k) for k in range(5)]
    assert _sum(books) == (5, 5, 0, 0)


def test_held_messages_are_judged_by_the_time_they_came() -> None:
    """Two hours later they are late, but they were no future and are no new clock."""
    admission, books = Admission(ROOT, registry=a_registry()), Books()
    entry = an_entry(fix_bytes(0, seq=1), at_s=0, device=STRANGER)
    refusals = admission.admit([entry], books).refusals
    admission.registry.apply(RegisterDevices(at_ms=0, devices=[STRANGER]))

    (record,) = _again(admission, refusals, books).records

    assert record.reading.flags == Flag.REQUEUED | Flag.LATE
    assert (record.reading.t_ms, record.entry.recv_ms) == (at_ms(0), at_ms(0))
    assert _sum(books) == (1, 1, 0, 0)


def test_held_messages_teach_no_clock() -> None:
    """What was held is no live word: the clock of today is not that of then."""
    admission, books = Admission(ROOT, registry=a_registry()), Books()
    entries = [
        an_entry(fix_bytes(10 * k + 28_800, seq=k), at_s=10 * k, seq=k + 1, device=STRANGER)
        for k in range(5)
    ]
    refusals = admission.admit(entries, books).refusals
    admission.registry.apply(RegisterDevices(at_ms=0, devices=[STRANGER]))

    _again(admission, refusals, books)

    assert admission.clock_offset_ms(STRANGER.slot) == 0


def test_what_is_refused_again_stays_in_quarantine_under_its_new_reason() -> None:
    """Adopted, but one of its messages is no message: rows of one control differ by number."""
    admission, books = Admission(ROOT, registry=a_registry()), Books()
    bodies = [b"", b"{}x", fix_bytes(2, seq=2), b'{"v":2}']
    entries = [an_entry(body, at_s=k, device=STRANGER) for k, body in enumerate(bodies)]
    refusals = admission.admit(entries, books).refusals
    admission.registry.apply(RegisterDevices(at_ms=0, devices=[STRANGER]))

    again = _again(admission, refusals, books)

    assert [(one.item, str(one.reason)) for one in again.refusals] == [
        (0, "empty"),
        (1, "json"),
        (2, "version"),
    ]
    assert books["quarantined", "unknown_device"] == 0
    assert _sum(books) == (4, 1, 0, 3)


def test_message_that_is_run_twice_is_taken_once() -> None:
    """Two people press the button: the second time it is a duplicate."""
    admission, books = Admission(ROOT, registry=a_registry()), Books()
    entry = an_entry(fix_bytes(0, seq=1), device=STRANGER)
    refusals = admission.admit([entry, entry], books).refusals
    admission.registry.apply(RegisterDevices(at_ms=0, devices=[STRANGER]))

    records = _again(admission, refusals, books).records

    assert len(records) == 1
    assert _sum(books) == (2, 1, 1, 0)


def test_held_retained_message_is_still_retained() -> None:
    """Running it again does not make an alarm of it."""
    admission, books = Admission(ROOT, registry=a_registry()), Books()
    body = b'{"ev_id":"a","type":"sos"}'
    refusals = admission.admit([an_entry(body, channel="event", flags=RETAIN)], books).refusals

    again = _again(admission, refusals, books)

    assert [one.reason for one in again.refusals] == [WireReason.RETAINED]
    assert _sum(books) == (1, 0, 0, 1)


BODIES = st.sampled_from(
    [
        (b"", "fix"),
        (fix_bytes(1, seq=1), "fix"),
        (fix_bytes(2, seq=2), "fix"),
        (b'{"boot":"b1","seq":3,"v":2}', "fix"),
        (b'{"boot":"b1","fixes":[{"seq":4},{"seq":5,"t":1},{"seq":6}]}', "batch"),
        (b'{"boot":"b1","fixes":[{"seq":7,"own":NaN},{"seq":8}]}', "batch"),
        (b'{"fixes":[]}', "batch"),
    ]
)


@given(bodies=st.lists(BODIES, max_size=8), rounds=st.integers(1, 3))
def test_books_balance_however_often_it_is_run(
    bodies: list[tuple[bytes, str]], rounds: int
) -> None:
    """Adopted, run again and again: every record is accepted at most once, none is forgotten."""
    admission, books = Admission(ROOT, registry=a_registry()), Books()
    entries = [
        an_entry(body, at_s=k, seq=k + 1, device=STRANGER, channel=channel)
        for k, (body, channel) in enumerate(bodies)
    ]
    refusals = admission.admit(entries, books).refusals
    admission.registry.apply(RegisterDevices(at_ms=0, devices=[STRANGER]))
    accepted = []

    for _ in range(rounds):
        again = _again(admission, refusals, books)
        refusals = again.refusals
        accepted += [(r.reading.boot, r.reading.seq) for r in again.records]
        _, taken, _, quarantined = _sum(books)
        assert (taken, quarantined) == (len(accepted), len(refusals))

    assert len(set(accepted)) == len(accepted)
    assert admission.gaps >= 0
