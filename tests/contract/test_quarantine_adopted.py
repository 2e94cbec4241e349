"""Held messages of devices that are registered now: adopted, retired, strangers of adapters."""

from collections import Counter

import msgspec
import pytest
import sqlalchemy as sa

from alerts.ports import quarantine_row
from api.roles import CITY, Scope
from devices import control as wire
from devices.admission import Admission
from devices.control import RegisterDevices, Requeue
from devices.entry import Entry, EntryKind
from devices.model import AdminState, DeviceClass, Profile
from stores import quarantine_replay
from stores.queries_quarantine import QuarantineQueries
from stores.registry import Registry
from stores.registry_devices import NewDevice
from stores.schema import audit, control, quarantine
from stores.schema import books as books_table
from support.held_messages import ASKED_MS, AUDIT, an_unknown, hold, ledger_on, requeues
from support.stores_records import NOW_MS, a_commit, rows_of


def test_adopted_device_is_registered_before_its_messages_run(engine: sa.Engine) -> None:
    """One transaction: the processor hears of the device, then of what it sent, oldest first."""
    hold(
        engine,
        an_unknown(1, "eb-0999", recv_ms=NOW_MS + 9),
        an_unknown(2, "eb-0999"),
        an_unknown(3, "eb-0998"),
        an_unknown(4, "eb-0999", reason="json"),
        an_unknown(5, "jt808:013912345678", topic="jt808/c/013912345678/up"),
        an_unknown(6, "013912345678"),
        an_unknown(7, "traccar:013912345678", topic="traccar/positions"),
    )
    new = NewDevice(
        id="eb-0999",
        cls=DeviceClass.TRACKER,
        secret_hash="h",  # noqa: S106 - of nobody
        profile=Profile(foreign={"jt808": "013912345678"}),
    )

    made = Registry(engine, lambda: NOW_MS, by="zhao").add_devices([new], adopt=AUDIT)

    heard = [wire.decode(row["body"]) for row in rows_of(engine, control)]
    assert [type(entry) for entry in heard] == [RegisterDevices, Requeue]
    assert [held.row for held in requeues(engine)[0].messages] == [2, 5, 1]
    assert (made.held.queued, made.devices[0].slot) == (3, 1)
    assert len(rows_of(engine, audit)) == 1


def test_adopted_messages_are_accepted_and_the_books_balance(engine: sa.Engine) -> None:
    """Case A-14, held messages included: journal, quarantine, adoption, run again, as in life."""
    topic, payload = "pg/v1/up/trk/eb-0999/fix", b'{"seq": %d, "pos": {"lat": 31.8, "lon": 117.2}}'
    admission, books = Admission("pg/v1"), Counter[tuple[str, str]]()
    sent = [Entry(k, EntryKind.MQTT, NOW_MS + k, k, 0, topic, payload % k) for k in (1, 2)]
    unknown = admission.admit(sent, books)
    refused = [quarantine_row(refusal) for refusal in unknown.refusals]
    ledger_on(engine).commit(a_commit(2, books=dict(books), quarantine=refused))
    new = NewDevice(id="eb-0999", cls=DeviceClass.TRACKER, secret_hash="h")  # noqa: S106 - of nobody

    Registry(engine, lambda: NOW_MS).add_devices([new], adopt=AUDIT)
    after = Counter[tuple[str, str]]()
    records, requeued = [], []
    for seq, row in enumerate(rows_of(engine, control), start=3):
        entry = Entry(seq, EntryKind.CONTROL, NOW_MS + 9000, 9000, 0, "", row["body"])
        told = admission.control(entry, after)
        if isinstance(told, Requeue):
            records += admission.requeue(told, entry, after).records
            requeued += [held.row for held in told.messages]
    ledger_on(engine).commit(a_commit(4, books=dict(after), requeued=requeued))

    assert [record.reading.seq for record in records] == [1, 2]
    counts = {(row["name"], row["reason"]): row["count"] for row in rows_of(engine, books_table)}
    assert counts["received", ""] == counts["accepted", ""] == 2
    assert counts["quarantined", "unknown_device"] == 0
    assert all(row["replayed_ms"] for row in rows_of(engine, quarantine))


def test_adoption_that_fails_leaves_nothing(engine: sa.Engine) -> None:
    """Neither the device nor a mark nor a control row."""
    hold(engine, an_unknown(1, "eb-0999"))
    new = NewDevice(id="eb-0999", cls=DeviceClass.TRACKER, secret_hash="h")  # noqa: S106 - of nobody
    broken = (ASKED_MS, None, "operator", "devices_added", "device:eb-0999", "")

    with pytest.raises(sa.exc.IntegrityError):
        Registry(engine, lambda: NOW_MS).add_devices([new], adopt=broken)  # type: ignore[arg-type]

    assert rows_of(engine, control) == []
    assert [row["queued_ms"] for row in rows_of(engine, quarantine)] == [None]
    assert Registry(engine, lambda: NOW_MS).devices() == []


def test_strangers_of_adapters_are_no_devices(engine: sa.Engine) -> None:
    """A device named like a stranger's phone number neither sees nor runs its rows."""
    hold(engine, an_unknown(1, "jt808:013912345678", topic="jt808/c/013912345678/up"))
    named = NewDevice(id="013912345678", cls=DeviceClass.TRACKER, secret_hash="h", area="34")  # noqa: S106 - of nobody

    made = Registry(engine, lambda: NOW_MS).add_devices([named], adopt=AUDIT)

    assert made.held.queued == 0
    assert QuarantineQueries(engine).page(Scope(areas=("34",)), limit=9) == []


def test_names_of_strangers_are_kept_whole(engine: sa.Engine) -> None:
    """The longest there can be: an adapter's name, a colon and 64 characters."""
    name = "a" * 32 + ":" + "x" * 64
    hold(engine, an_unknown(1, name))

    assert [row.device_id for row in QuarantineQueries(engine).page(CITY, limit=9)] == [name]


def test_retired_device_brings_nothing(engine: sa.Engine) -> None:
    """What it sent would only be refused again; it is there when the device comes back."""
    hold(engine, an_unknown(1, "eb-0999"))
    registry = Registry(engine, lambda: NOW_MS)
    device = NewDevice(id="eb-0999", cls=DeviceClass.TRACKER, secret_hash="h")  # noqa: S106 - of nobody
    gone = msgspec.structs.replace(device, admin=AdminState.RETIRED)

    first = registry.add_devices([gone], adopt=AUDIT)
    second = registry.add_devices([device], adopt=AUDIT)

    assert (first.held.queued, second.held.queued) == (0, 1)


def test_adoption_is_one_call_however_many_devices(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So many messages in all, not for every 500 names; asking again takes the rest."""
    monkeypatch.setattr(quarantine_replay, "ASKED_MAX", 5)
    hold(engine, *(an_unknown(k, f"eb-{k:04d}") for k in range(1200)))
    fleet = [
        NewDevice(id=f"eb-{k:04d}", cls=DeviceClass.TRACKER, secret_hash="h")  # noqa: S106 - of nobody
        for k in range(1200)
    ]

    made = Registry(engine, lambda: NOW_MS).add_devices(fleet, adopt=AUDIT)

    assert (made.held.queued, made.held.left) == (5, 1195)


def test_held_messages_of_a_device_are_run_until_none_is_left(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each call that did something is in the audit."""
    monkeypatch.setattr(quarantine_replay, "ASKED_MAX", 2)
    hold(engine, *(an_unknown(k, "eb-0999") for k in range(5)))
    registry = Registry(engine, lambda: NOW_MS)
    new = NewDevice(id="eb-0999", cls=DeviceClass.TRACKER, secret_hash="h")  # noqa: S106 - of nobody
    [device] = registry.add_devices([new]).devices

    done = [registry.run_held(device, AUDIT) for _ in range(4)]

    assert [(one.queued, one.left) for one in done] == [(2, 3), (2, 1), (1, 0), (0, 0)]
    assert len(rows_of(engine, audit)) == 3
