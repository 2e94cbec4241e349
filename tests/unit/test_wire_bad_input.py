"""The bad-input list, row by row: quarantined for its reason, or taken and flagged."""

from collections import Counter

import pytest

from devices.admission import Admission
from devices.admitted import Admitted
from devices.control import RegisterDevices
from devices.entry import RETAIN, Entry, EntryKind
from devices.model import DeviceClass
from devices.readings import Flag
from support.bad_input import CHARGER, SENDER, BadInput, bad_input, same_again
from support.factories import ROOT, T0_MS, a_device, a_registry

BAD_INPUT = bad_input(T0_MS)
GOOD = b'{"v":1,"t":%d,"boot":"good","seq":%d,"pos":{"lat":31.8,"lon":117.2}}'


def _admission() -> Admission:
    registry = a_registry(trackers=2)
    charger = a_device(3, id=CHARGER, cls=DeviceClass.CHARGER, vehicle_id=None)
    registry.apply(RegisterDevices(at_ms=0, devices=[charger]))
    return Admission(ROOT, registry=registry)


def _entry(bad: BadInput, payload: bytes) -> Entry:
    topic = f"{ROOT}/up/{bad.cls}/{bad.device_id}/{bad.channel}"
    flags = RETAIN if bad.retained else 0
    return Entry(1, int(EntryKind.MQTT), T0_MS, 0, flags, topic, payload)


def _good(seq: int, device_id: str = SENDER) -> Entry:
    topic = f"{ROOT}/up/trk/{device_id}/fix"
    return Entry(1, int(EntryKind.MQTT), T0_MS, 0, 0, topic, GOOD % (T0_MS, seq))


@pytest.mark.parametrize("bad", BAD_INPUT, ids=lambda bad: bad.id)
def test_row_of_the_bad_input_list(bad: BadInput) -> None:
    """The reason, the raw bytes, the books; and the next good message is taken."""
    admission, books = _admission(), Counter[tuple[str, str]]()
    admission.admit([_entry(bad, payload) for payload in bad.before], books)
    assert books["accepted", ""] == len(bad.before)

    admitted = admission.admit([_entry(bad, bad.payload), _good(1)], books)

    assert admitted.records[-1].reading.boot == "good"
    _is_as_told(bad, admitted)
    assert books["received", ""] == len(bad.before) + 2
    assert books["quarantined", str(bad.reason or "")] == (bad.reason is not None)


def _is_as_told(bad: BadInput, admitted: Admitted) -> None:
    if bad.reason is None:
        assert admitted.refusals == []
        assert Flag(admitted.records[0].reading.flags) == Flag(bad.flags)
    else:
        assert [(one.item, one.reason, one.payload) for one in admitted.refusals] == [
            (-1, bad.reason, bad.payload)
        ]
        assert len(admitted.records) == 1


def test_row_47_same_number_and_bytes_is_a_duplicate() -> None:
    """Counted, not quarantined."""
    admission, books = _admission(), Counter[tuple[str, str]]()

    admitted = admission.admit([_good(1), _good(1)], books)
    same = Entry(1, 0, T0_MS, 0, 0, f"{ROOT}/up/trk/{SENDER}/fix", same_again(T0_MS))
    admitted = admission.admit([same, same], books)

    assert len(admitted.records) == 1
    assert admitted.refusals == []
    assert books == {("received", ""): 4, ("accepted", ""): 2, ("duplicate", ""): 2}


def test_whole_list_mixed_with_good_messages_costs_none_of_them() -> None:
    """One to one, in one run of one admission: every good one accepted, the count exact."""
    admission, books = _admission(), Counter[tuple[str, str]]()
    entries = []
    for k, bad in enumerate(BAD_INPUT):
        entries += [_entry(bad, payload) for payload in bad.before]
        entries += [_entry(bad, bad.payload), _good(k), _good(k, "trk-000002")]

    admitted = admission.admit(entries, books)

    good = Counter(r.device.id for r in admitted.records if r.reading.boot == "good")
    assert good == {SENDER: len(BAD_INPUT), "trk-000002": len(BAD_INPUT)}
    reasons = Counter(str(bad.reason) for bad in BAD_INPUT if bad.reason is not None)
    assert Counter(str(one.reason) for one in admitted.refusals) == reasons
    assert sum(n for (name, _), n in books.items() if name == "quarantined") == reasons.total()


def test_list_has_every_row_it_should() -> None:
    """1 to 52, 62 and 63, but 47 (above) and 50 (a subscriber sees no address)."""
    assert {bad.row for bad in BAD_INPUT} == {*range(1, 53), 56, 62, 63} - {47, 50}
    assert len({bad.id for bad in BAD_INPUT}) == len(BAD_INPUT)
