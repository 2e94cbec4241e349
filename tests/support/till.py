"""A charging station whose money is counted by the city's day."""

from zoneinfo import ZoneInfo

import msgspec

from devices.chargers import Chargers, ChargersState
from devices.day_facts import DayFacts
from devices.readings import AnyReading, CoinKind, CoinReport, PayKind
from devices.reconciliation import reconcile
from support.charger_shop import CHARGER, START, STOP, a_status, said
from support.factories import a_record, at_ms

HEFEI = ZoneInfo("Asia/Shanghai")
DAY, NEXT = "2025-11-25", "2025-11-26"
MIDNIGHT_S = 15 * 3_600
"""Seconds after T0 (09:00 in the city) at which the city's day ends."""


class Till:
    """One station and its money; checkpointed after every record."""

    def __init__(self) -> None:
        self.chargers = Chargers(HEFEI)

    def hear(self, *readings: AnyReading, at_s: float | None = None) -> None:
        """Records in order of arrival, received when measured unless told."""
        for reading in readings:
            self.chargers.records([a_record(reading, device=CHARGER, at_s=at_s)])
            blob = msgspec.msgpack.encode(self.chargers.dump())
            self.chargers = Chargers(HEFEI)
            self.chargers.load(msgspec.msgpack.decode(blob, type=ChargersState))

    def day(self, day: str = DAY) -> DayFacts:
        """The facts of a day."""
        station = self.chargers.station(CHARGER.slot)
        assert station is not None
        return next((f for f in station.days.facts if f.day == day), DayFacts(day))

    def why(self, compared: str, day: str = DAY) -> dict[str, int]:
        """The parts of a difference by code."""
        found = {one.compared.value: one for one in reconcile(self.day(day))}
        if compared not in found:
            return {}
        assert sum(p.fen for p in found[compared].lines) == found[compared].difference_fen
        return {part.code.value: part.fen for part in found[compared].lines}


def coin(at_s: float, total: int | None = None, n: int = 1, **more: object) -> CoinReport:
    """A report of coins of 1 yuan, with the counter after them."""
    report = CoinReport(
        t_ms=at_ms(at_s),
        kind=CoinKind.INSERT,
        n=n,
        denom_fen=100,
        amount_fen=100 * n,
        coins_total=total,
    )
    return msgspec.structs.replace(report, **more)


def collect(at_s: float, counted_fen: int | None) -> CoinReport:
    """The box was emptied."""
    return CoinReport(t_ms=at_ms(at_s), kind=CoinKind.COLLECT, by="li", counted_fen=counted_fen)


def counted(at_s: float, coins: int, boot: str = "7", **more: object) -> AnyReading:
    """A status with its counter of coins."""
    return msgspec.structs.replace(a_status(at_s, boot, coins_total=coins), **more)


def charged(
    at_s: float, name: str, pay: PayKind = PayKind.COIN, **more: object
) -> list[AnyReading]:
    """A session from start to stop."""
    paid = {"pay": pay, "paid_fen": 100}
    stop = {"energy_wh": 200, "start_t_ms": at_ms(at_s)}
    return [said(START, at_s, name, **paid), said(STOP, at_s + 600, name, **(paid | stop | more))]


# -- what agrees, and what does not ---------------------------------------------------------
