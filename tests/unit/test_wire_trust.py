"""Who may speak for whom, which numbers lie, whose clock is off: admission over whole journals."""

import json
from collections import Counter

import pytest

from devices.admission import Admission
from devices.admitted import Admitted
from devices.control import RegisterDevices
from devices.entry import RETAIN, Entry
from devices.errors import WireReason
from devices.model import AdminState, Device, DeviceClass, Profile
from devices.readings import Fix, Flag
from support.factories import (
    ROOT,
    a_device,
    a_registry,
    an_entry,
    at_ms,
    fix_bytes,
)

GATEWAY = a_device(10, id="gw-1", cls=DeviceClass.GATEWAY, vehicle_id=None)
CHILD = a_device(11, profile=Profile(gateway="gw-1"))
SIBLING = a_device(12, id="chg-1", cls=DeviceClass.CHARGER, profile=Profile(gateway="gw-1"))
OTHERS_CHILD = a_device(13, profile=Profile(gateway="gw-2"))
RETIRED = a_device(14, profile=Profile(gateway="gw-1"), admin=AdminState.RETIRED)
HOUR_S = 3_600


class Run:
    """An admission, its books, and everything that came of it."""

    def __init__(self) -> None:
        registry = a_registry(trackers=2)
        devices = [GATEWAY, CHILD, SIBLING, OTHERS_CHILD, RETIRED]
        registry.apply(RegisterDevices(at_ms=0, devices=devices))
        self.admission = Admission(ROOT, registry=registry)
        self.books: Counter[tuple[str, str]] = Counter()

    def admit(self, *entries: Entry) -> Admitted:
        """Take entries and check the books."""
        admitted = self.admission.admit(list(entries), self.books)
        quarantined = sum(n for (name, _), n in self.books.items() if name == "quarantined")
        taken = self.books["accepted", ""] + self.books["duplicate", ""]
        assert self.books["received", ""] == taken + quarantined
        return admitted


def _multi(*items: tuple[Device, str, bytes], at_s: float = 0, flags: int = 0) -> Entry:
    written = b",".join(
        b'{"class":"%b","id":"%b","channel":"%b","msg":%b}'
        % (device.cls.encode(), device.id.encode(), channel.encode(), message)
        for device, channel, message in items
    )
    payload = b'{"v":1,"items":[%b]}' % written
    return an_entry(payload, at_s=at_s, device=GATEWAY, channel="multi", flags=flags)


# -- gateways -------------------------------------------------------------------------------


def test_gateway_speaks_for_its_children() -> None:
    """Their records are theirs: slot, vehicle and numbers."""
    run = Run()

    admitted = run.admit(
        _multi((CHILD, "fix", fix_bytes(0, seq=1)), (SIBLING, "status", b'{"boot":"a","seq":1}'))
    )

    assert [record.device.id for record in admitted.records] == [CHILD.id, SIBLING.id]
    assert run.admission.seen(CHILD.slot).missing() == []
    assert run.books == {("received", ""): 2, ("accepted", ""): 2}


@pytest.mark.parametrize(
    ("device", "channel", "reason"),
    [
        (OTHERS_CHILD, "fix", WireReason.GATEWAY),
        (a_device(1), "fix", WireReason.GATEWAY),
        (GATEWAY, "info", WireReason.GATEWAY),
        (GATEWAY, "multi", WireReason.GATEWAY),
        (a_device(99), "fix", WireReason.UNKNOWN_DEVICE),
        (RETIRED, "fix", WireReason.REVOKED),
        (a_device(11, cls=DeviceClass.CAMERA), "hb", WireReason.CLASS),
        (CHILD, "status", WireReason.CHANNEL),
    ],
)
def test_gateway_that_speaks_for_others_is_refused(
    device: Device, channel: str, reason: WireReason
) -> None:
    """Only children registered to it; the good child beside is taken (decisions.md 9)."""
    run = Run()

    admitted = run.admit(
        _multi((device, channel, fix_bytes(0, seq=1)), (CHILD, "fix", fix_bytes(0, seq=1)))
    )

    assert [(one.item, one.reason) for one in admitted.refusals] == [(0, reason)]
    assert [record.device.id for record in admitted.records] == [CHILD.id]


def test_child_named_otherwise_inside_is_refused() -> None:
    """The item names one child, its message another."""
    message = json.dumps({"id": SIBLING.id, "seq": 1}).encode()

    admitted = Run().admit(_multi((CHILD, "fix", message)))

    assert [one.reason for one in admitted.refusals] == [WireReason.ID]


@pytest.mark.parametrize("channel", ["status", "state", "info"])
def test_retained_message_of_a_gateway_is_refused_whole(channel: str) -> None:
    """Even where the child's own topic may be retained (decisions.md 10)."""
    device = SIBLING if channel == "status" else CHILD

    admitted = Run().admit(_multi((device, channel, b'{"state":"online"}'), flags=RETAIN))

    assert [(one.item, one.reason) for one in admitted.refusals] == [(-1, WireReason.RETAINED)]


def test_children_are_taken_in_measured_order() -> None:
    """One message is one moment: whoever measured first comes first (A-06)."""
    seconds = [40, 10, 30, 20]

    admitted = Run().admit(
        _multi(*((CHILD, "fix", fix_bytes(s, seq=s)) for s in seconds), at_s=50),
        _multi((CHILD, "fix", fix_bytes(5, seq=5)), at_s=51),
    )

    assert [record.reading.seq for record in admitted.records] == [10, 20, 30, 40, 5]


def test_refusals_of_one_message_have_numbers_of_their_own() -> None:
    """Quarantine knows them by entry and item: none may hide another."""
    bad = b'{"seq":2,"pos":{"lat":91,"lon":117}}'
    batch = b'{"boot":"a","fixes":[{"seq":1},%b,%b]}' % (bad, bad)

    admitted = Run().admit(
        _multi((CHILD, "batch", batch), (CHILD, "fix", bad), (CHILD, "fix", bad))
    )

    items = [one.item for one in admitted.refusals]
    assert len(items) == 4
    assert len(set(items)) == 4


def test_what_is_held_of_a_gateway_reads_as_its_message() -> None:
    """Run again on the gateway's topic every held part is the same part."""
    bad = b'{"seq":2,"pos":{"lat":91,"lon":117}}'
    batch = b'{"boot":"a","fixes":[{"seq":1},%b]}' % bad
    refusals = Run().admit(_multi((CHILD, "batch", batch), (CHILD, "fix", bad))).refusals

    for one in refusals:
        again = Run().admit(one.entry._replace(payload=one.payload))
        assert [refused.reason for refused in again.refusals] == [one.reason]
        assert [refused.device_id for refused in again.refusals] == [CHILD.id]


# -- retained -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("device", "channel", "payload", "taken"),
    [
        (SIBLING, "status", b'{"boot":"a","seq":1}', True),
        (SIBLING, "state", b'{"state":"online"}', True),
        (CHILD, "info", b'{"model":"x"}', True),
        (CHILD, "fix", b"{}", False),
        (CHILD, "batch", b'{"fixes":[{}]}', False),
        (CHILD, "event", b'{"ev_id":"a","type":"sos"}', False),
        (CHILD, "ack", b'{"cmd_id":"a"}', False),
        (SIBLING, "session", b'{"kind":"start"}', False),
        (SIBLING, "coin", b'{"kind":"insert"}', False),
        (SIBLING, "event", b'{"ev_id":"a","type":"smoke"}', False),
    ],
)
def test_retained_is_for_state_alone(
    device: Device, channel: str, payload: bytes, *, taken: bool
) -> None:
    """Elsewhere it is of unknown age: quarantined (decisions.md 10)."""
    admitted = Run().admit(an_entry(payload, device=device, channel=channel, flags=RETAIN))

    assert [one.reason for one in admitted.refusals] == ([] if taken else [WireReason.RETAINED])
    assert [bool(r.reading.flags & Flag.RETAINED) for r in admitted.records] == [True] * taken


# -- numbers --------------------------------------------------------------------------------


def test_number_taken_by_another_record_is_a_conflict() -> None:
    """The first is kept, the second set aside (reliability.md 48)."""
    run = Run()
    first, clone = fix_bytes(0, seq=7), fix_bytes(0, seq=7, east_m=400)

    admitted = run.admit(an_entry(first), an_entry(clone), an_entry(first))

    assert [record.reading.seq for record in admitted.records] == [7]
    assert [(one.reason, one.payload) for one in admitted.refusals] == [
        (WireReason.CONFLICT, clone)
    ]
    assert run.books["duplicate", ""] == 1


def test_conflict_in_a_batch_holds_its_element_alone() -> None:
    """Run again, the good elements of the batch are not received a second time."""
    run = Run()
    run.admit(an_entry(fix_bytes(0, seq=7)))
    other = fix_bytes(0, seq=7, east_m=400)
    batch = b'{"fixes":[%b,%b]}' % (fix_bytes(1, seq=8), other)

    (refusal,) = run.admit(an_entry(batch, channel="batch")).refusals

    assert (refusal.item, refusal.reason) == (1, WireReason.CONFLICT)
    assert len(json.loads(refusal.payload)["fixes"]) == 1


def test_number_that_fell_is_taken_and_flagged() -> None:
    """A clone, or a counter set back (reliability.md 49)."""
    admitted = Run().admit(
        *[an_entry(fix_bytes(at_s, seq=seq), at_s=at_s) for at_s, seq in ((0, 40), (10, 3))]
    )

    assert [record.reading.flags for record in admitted.records] == [0, Flag.SEQ_BACK]


@pytest.mark.parametrize("bad", [b'"v":2', b'"t":"now"', b'"bat":{"pct":true}', b'"own":NaN'])
def test_refused_message_leaves_no_gap(bad: bytes) -> None:
    """It came: nobody need send it again. The open gaps never fall below none."""
    run = Run()

    for seq, more in ((1, b'"v":1'), (2, bad), (3, b'"v":1'), (9, bad), (0, bad)):
        run.admit(an_entry(b'{"boot":"a","seq":%d,%b}' % (seq, more)))
        assert run.admission.gaps == 0


def test_refused_element_of_a_batch_leaves_no_gap() -> None:
    """The same for its elements, whose boot may be the batch's."""
    run = Run()
    batch = b'{"boot":"a","fixes":[{"seq":1},{"seq":2,"pos":{"lat":91,"lon":1}},{"seq":3}]}'

    run.admit(an_entry(batch, channel="batch"))

    assert run.admission.gaps == 0


# -- clocks ---------------------------------------------------------------------------------


def _fixes(ahead_s: list[float], *, start_s: float = 0, every_s: float = 10) -> list[Entry]:
    """Live fixes whose clock is so far ahead."""
    return [
        an_entry(
            fix_bytes(start_s + every_s * k + ahead, seq=round(start_s) + k),
            at_s=start_s + every_s * k,
        )
        for k, ahead in enumerate(ahead_s)
    ]


def test_offset_is_learnt_after_three_live_messages_and_unlearnt_after_three() -> None:
    """8 h ahead: three records say FUTURE, then the clock is known; set right, known again."""
    run = Run()

    wrong = run.admit(*_fixes([8 * HOUR_S] * 5)).records
    right = run.admit(*_fixes([0.0] * 5, start_s=100)).records

    learnt = Flag.TIME_LEARNT
    assert [r.reading.flags for r in wrong] == [Flag.FUTURE] * 3 + [learnt] * 2
    assert [r.reading.t_ms for r in wrong[3:]] == [at_ms(30), at_ms(40)]
    assert [r.reading.flags for r in right] == [learnt | Flag.LATE] * 3 + [0] * 2
    assert run.admission.clock_offset_ms(1) == 0


def test_each_device_has_its_own_clock() -> None:
    """And a restart forgets none."""
    run = Run()
    run.admit(*_fixes([8 * HOUR_S] * 3))

    second = Admission(ROOT)
    second.load(run.admission.dump())

    assert [second.clock_offset_ms(slot) for slot in (1, 2)] == [8 * HOUR_S * 1_000, 0]


def test_flushed_buffer_teaches_no_offset() -> None:
    """An hour of records that come in a minute, as single fixes or as a batch."""
    run = Run()
    singles = [
        an_entry(fix_bytes(10 * k - HOUR_S, seq=k), at_s=k / 6, seq=k + 1) for k in range(360)
    ]
    fixes = b",".join(fix_bytes(10 * k - HOUR_S, seq=1_000 + k) for k in range(100))
    batch = an_entry(b'{"backfill":true,"fixes":[%b]}' % fixes, at_s=60, channel="batch")

    admitted = run.admit(*singles, batch)

    assert run.admission.clock_offset_ms(1) == 0
    assert len(admitted.records) == 460
    assert all(
        record.reading.t_ms == at_ms(10 * (k % 1_000) - HOUR_S)
        for record in admitted.records
        if (k := record.reading.seq) is not None
    )


def test_learnt_offset_holds_for_every_channel_of_the_device() -> None:
    """The event of a shaken vehicle stands at its true time."""
    run = Run()
    run.admit(*_fixes([8 * HOUR_S] * 3))
    body = b'{"ev_id":"e","type":"tilt","t":%d}' % at_ms(30 + 8 * HOUR_S)

    (record,) = run.admit(an_entry(body, at_s=30, channel="event")).records

    assert record.reading.t_ms == at_ms(30)
    assert json.loads(record.reading.ext)["t"] == at_ms(30 + 8 * HOUR_S)


def test_profile_of_the_device_is_used() -> None:
    """How it speaks comes from the registry: commas for it, not for its neighbour."""
    run = Run()
    comma = a_device(1, profile=Profile(decimal=","))
    run.admission.registry.apply(RegisterDevices(at_ms=0, devices=[comma]))
    body = b'{"bat":{"pct":"61,5"}}'

    records = run.admit(an_entry(body), an_entry(body, device=a_device(2))).records

    fixes = [record.reading for record in records]
    assert [fix.battery_pct for fix in fixes if isinstance(fix, Fix)] == [61.5, None]
