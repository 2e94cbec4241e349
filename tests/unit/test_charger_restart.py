"""What is stored of a station is the same, whatever moment the processor is killed at."""

import msgspec
import pytest
from typing_extensions import override

from alerts.ports import ProcessCommit
from devices.control import RegisterDevices
from devices.entry import Entry
from support.charger_shop import CHARGER
from support.factories import a_control, a_tick, an_entry, at_ms
from support.fakes import MemoryLedger
from support.plant import ProcessorPlant

COIN = {"kind": "insert", "n": 1, "denom_fen": 100, "amount_fen": 100, "port": 1}


class StationLedger(MemoryLedger):
    """Keeps stations as the records do: by slot, and by slot and day."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: dict[tuple[int, str], bytes] = {}

    @override
    def commit(self, commit: ProcessCommit) -> None:
        """Upsert."""
        super().commit(commit)
        for change in commit.stations:
            if change.now:
                self.rows[change.slot, "now"] = change.now
            self.rows |= {(change.slot, day): body for day, body in change.days}


def _said(at_s: float, channel: str, **words: object) -> Entry:
    body = msgspec.json.encode({"v": 1, "t": at_ms(at_s), **words})
    return an_entry(body, at_s=at_s, device=CHARGER, channel=channel)


def _journal() -> list[Entry]:
    """Ten minutes: a status a minute, two customers, a lost report, a tick every 5 s."""
    paid = {"session": "S-1", "port": 1, "pay": "coin", "paid_fen": 100, "start_t": at_ms(95)}
    words = [
        _said(90, "coin", **COIN, ctr={"coins_total": 11}),
        _said(95, "session", kind="start", **paid),
        _said(400, "session", kind="stop", energy_wh=40, stop="full", **paid),
    ]
    for k in range(10):
        ports = [{"n": 1, "state": "charging" if 1 < k < 7 else "available"}]
        total = 10 + (k > 1) + (k > 4)
        words.append(
            _said(60 * k, "status", boot="7", seq=k, ctr={"coins_total": total}, ports=ports)
        )
    words += [a_tick(5.0 * k + 1) for k in range(122)]
    words.sort(key=lambda entry: entry.recv_ms)
    first = a_control(RegisterDevices(at_ms=0, devices=[CHARGER]))
    return [e._replace(seq=k) for k, e in enumerate([first, *words], start=1)]


JOURNAL = _journal()


def _lives(*sizes: int) -> dict[tuple[int, str], bytes]:
    """Each life commits half of what it steps over and dies; only the last one goes to the end."""
    plant = ProcessorPlant(JOURNAL)
    ledger = plant.ledger = StationLedger()
    for size in sizes:
        processor = plant.start()
        for n in (size // 2, size - size // 2):
            entries = plant.journal.read(ledger.offset(), n)
            if entries:
                processor.step(entries)
            if n == size // 2 and entries:
                processor.commit()
                processor.checkpoint()
    processor = plant.start()
    processor.step(plant.journal.read(ledger.offset(), len(JOURNAL)))
    processor.commit()
    return ledger.rows


@pytest.mark.parametrize("sizes", [(7,), (31, 17, 3), (60, 60), (100, 5, 20)])
def test_rows_of_a_killed_processor_are_those_of_one_that_lived(sizes: tuple[int, ...]) -> None:
    """The day's money and how the station stands."""
    whole, killed = _lives(), _lives(*sizes)

    assert sorted(key for _, key in whole) == ["2025-11-25", "now"]
    assert killed == whole
