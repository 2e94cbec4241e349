"""The process that explains one alert: what to do comes as JSON, the answer goes as JSON.

A process of its own, so that the API's event loop is not held up, its memory does not grow, and a
run that takes too long can be ended.
"""

import os
import sys

import msgspec

from devices.errors import JournalError
from parkguard.clock import monotonic_s
from parkguard.explain.answer import Told, answer_of
from parkguard.explain.deadline import Deadline, OutOfTime
from parkguard.explain.near_run import NearRun
from parkguard.explain.order import NOTHING, TOO_LONG, Order
from parkguard.explain.running import NothingToExplain
from parkguard.explain.story import Period
from parkguard.explain.window import FEW
from parkguard.records import open_migrated
from parkguard.settings import Settings
from parkguard.wiring.shared import Places
from stores.journal_picking import JournalPicker

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
    reader = JournalPicker(Places(settings.data_dir).journal)
    try:
        text, code = explained(settings, reader, order), 0
    except NothingToExplain as exc:
        text, code = exc.why, NOTHING
    except OutOfTime as exc:
        sys.stderr.write(f"{exc}\n")
        text, code = TOO_LONG, NOTHING
    except JournalError as exc:
        sys.stderr.write(f"{exc}\n")
        text, code = "unreadable", NOTHING
    finally:
        reader.close()
    sys.stdout.write(text)
    return code


def explained(settings: Settings, reader: JournalPicker, order: Order) -> str:
    """The answer as JSON.

    Raises:
        NothingToExplain: The journal does not hold that time, or nothing of the vehicle.
        JournalError: It cannot be read.
        OutOfTime: The order's end has passed.
    """
    if not reader.last_seq():
        raise NothingToExplain("there is no journal here", why="not_held")
    explain, deadline = settings.explain, Deadline(order.ends_s, monotonic_s)
    records = open_migrated(settings)
    try:
        run = NearRun(
            settings=settings,
            records=records,
            reader=reader,
            period=Period(
                vehicle_id=order.vehicle_id,
                at_ms=order.onset_ms,
                from_ms=order.from_ms,
                to_ms=order.to_ms,
                source="the journal",
                timezone=settings.timezone,
            ),
            since_ms=order.from_ms - round(explain.warm_up_s * 1000),
            deadline=deadline,
            few=FEW,
            stride_ms=STRIDE_MS,
            progress=deadline.come,
        )
        story, near, began_ms = run.explained()
    finally:
        records.dispose()
    told = Told(
        alert_id=order.alert_id,
        onset_ms=order.onset_ms,
        began_ms=began_ms,
        neighbours=near.neighbours,
        whole_area=near.whole_area,
    )
    return answer_of(story, told, points_max=explain.points_max).model_dump_json()


if __name__ == "__main__":
    sys.exit(main())
