"""Rows that the telemetry store does not take: set aside, counted, and nothing else waits."""

from collections.abc import Sequence

import pytest
import structlog
from typing_extensions import override

from devices.errors import StoreError
from devices.refused import PartialWrite, RefusedRow, StoreReason
from devices.telemetry import Row
from support.fakes import KeptRefused, MemoryTelemetry
from support.plant import ProjectorPlant
from support.theft import theft_journal

JOURNAL = theft_journal()


class Choosy(MemoryTelemetry):
    """Takes no events, and says that every write had an expired row beside them."""

    @override
    def write(self, rows: Sequence[Row]) -> None:
        super().write([row for row in rows if row.measurement != "event"])
        refused = [
            RefusedRow(row, StoreReason.CONFLICT, "no")
            for row in rows
            if row.measurement == "event"
        ]
        if refused:
            raise PartialWrite(refused, expired=1)


class NoRoom(KeptRefused):
    """Nowhere to set rows aside, the first time."""

    def __init__(self) -> None:
        super().__init__()
        self.full = True

    @override
    def keep(self, refused: Sequence[RefusedRow]) -> None:
        if self.full:
            self.full = False
            raise StoreError("disk full", may_pass=True)
        super().keep(refused)


def a_plant() -> ProjectorPlant:
    """A projector with a choosy store."""
    plant = ProjectorPlant(JOURNAL)
    plant.telemetry = Choosy()
    return plant


@pytest.mark.promise(6)
def test_refused_rows_are_set_aside_and_counted() -> None:
    """accepted = projected + thinned + unstored; the offset goes to the end."""
    whole, plant = ProjectorPlant(JOURNAL), a_plant()
    whole.projector.project(JOURNAL)

    plant.start().project(JOURNAL)

    events = [row for row in whole.telemetry.rows.values() if row.measurement == "event"]
    books = plant.book.books
    assert [one.row for one in plant.refused.rows] == events
    assert books["unstored", "conflict"] == len(events) > 0
    assert books["unstored", "expired"] == 1
    assert books["projected", ""] == whole.book.books["projected", ""] - len(events) - 1
    assert plant.book.offset() == JOURNAL[-1].seq


def test_refused_rows_are_logged_without_their_values() -> None:
    """Reasons and numbers: a row is personal."""
    plant = a_plant()

    with structlog.testing.capture_logs() as logs:
        plant.start().project(JOURNAL)

    (line,) = [line for line in logs if line["event"] == "rows_unstored"]
    assert set(line) == {"event", "log_level", "conflict", "expired"}


def test_rows_that_cannot_be_set_aside_are_not_passed_over() -> None:
    """The batch is written again when there is room."""
    plant = a_plant()
    plant.refused = NoRoom()

    plant.start(rounds=40).run()

    assert plant.book.offset() == JOURNAL[-1].seq
    assert plant.book.books["unstored", "conflict"] == len(plant.refused.rows) > 0


@pytest.mark.fault(34)
@pytest.mark.parametrize(("asked_s", "waits"), [(None, [1.0]), (0.2, [1.0]), (3.5, [1, 1, 1, 0.5])])
def test_projector_waits_as_long_as_the_store_asks(
    asked_s: float | None, waits: list[float]
) -> None:
    """In slices of a second, and its status stays fresh all the while."""
    plant = ProjectorPlant(JOURNAL)
    plant.telemetry.fail_next(StoreError("busy", may_pass=True, retry_after_s=asked_s))
    waited: list[float] = []

    def wait(seconds: float) -> bool:
        waited.append(seconds)
        return False

    projector = plant.start(rounds=40)
    projector._wait = wait

    projector.project(JOURNAL)

    assert waited == waits
    assert len(plant.told.lines) == len(waits)
    assert {(ready, reason) for ready, reason, _ in plant.told.lines} == {(False, "busy")}
