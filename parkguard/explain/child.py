"""The process that explains one alert: what to do comes as JSON, the answer goes as JSON.

A process of its own, so that the API's event loop is not held up, its memory does not grow, and a
run that takes too long can be ended.
"""

import os
import sys

import msgspec

from devices.errors import JournalError
from devices.registry import Registry
from parkguard.explain.answer import Told, answer_of
from parkguard.explain.order import NOTHING, Order
from parkguard.explain.running import NothingToExplain, explain_journal
from parkguard.explain.story import Period
from parkguard.explain.window import Window
from parkguard.explain.witness_devices import Chosen, chosen
from parkguard.records import open_migrated
from parkguard.settings import Settings
from parkguard.wiring.shared import Places, registered
from stores.journal_reading import SqliteJournalReader

STRIDE_MS = 5_000
"""Ticks are taken in strides of so long (``replay.striding``). Ours: nothing that is drawn is finer
than a tracker's reports."""
_NICE = 5
"""Behind the parts that detect."""


def main() -> int:
    """Explain what standard input names."""
    os.nice(_NICE)
    order = msgspec.json.decode(sys.stdin.buffer.read(), type=Order)
    settings = Settings.model_validate(order.settings)
    reader = SqliteJournalReader(Places(settings.data_dir).journal)
    try:
        text, code = explained(settings, reader, order), 0
    except NothingToExplain as exc:
        text, code = exc.why, NOTHING
    except JournalError as exc:
        sys.stderr.write(f"{exc}\n")
        text, code = "unreadable", NOTHING
    finally:
        reader.close()
    sys.stdout.write(text)
    return code


def explained(settings: Settings, reader: SqliteJournalReader, order: Order) -> str:
    """The answer as JSON.

    Raises:
        NothingToExplain: The journal does not hold that time, or nothing of the vehicle.
        JournalError: It cannot be read.
    """
    if not reader.last_seq():
        raise NothingToExplain("there is no journal here", why="not_held")
    explain = settings.explain
    known = _registry(settings)
    devices = chosen(known, order.vehicle_id, explain.neighbours_max)
    began_ms = order.from_ms - round(explain.warm_up_s * 1000)
    window = Window(
        reader,
        began_ms,
        root=settings.broker.root,
        devices=None if len(devices.ids) == len(known.devices) else devices.ids,
    )
    period = Period(
        vehicle_id=order.vehicle_id,
        at_ms=order.onset_ms,
        from_ms=order.from_ms,
        to_ms=order.to_ms,
        source="the journal",
        timezone=settings.timezone,
    )
    story = explain_journal(
        settings,
        window,
        period,
        warm_up_ms=order.from_ms - began_ms,
        fallback=lambda: devices.registry,
        progress=lambda _done, _total: None,
        stride_ms=STRIDE_MS,
    )
    answer = answer_of(
        story,
        _told(order, devices, max(began_ms, window.begins_ms())),
        points_max=explain.points_max,
    )
    return answer.model_dump_json()


def _told(order: Order, devices: Chosen, began_ms: int) -> Told:
    return Told(
        alert_id=order.alert_id,
        onset_ms=order.onset_ms,
        began_ms=began_ms,
        neighbours=devices.neighbours,
        whole_area=devices.whole_area,
    )


def _registry(settings: Settings) -> Registry:
    engine = open_migrated(settings)
    try:
        return registered(engine)
    finally:
        engine.dispose()


if __name__ == "__main__":
    sys.exit(main())
