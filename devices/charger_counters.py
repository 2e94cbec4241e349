"""What is remembered of a charging station's counters, and what one reading of them was."""

from enum import StrEnum
from typing import NamedTuple

import msgspec


class Money(msgspec.Struct):
    """Money in this run, fen. ``counter_fen`` is the sum of the next three.

    Attributes:
        counter_fen: All increases of the counter.
        credited_fen: Within a boot: revenue.
        suspect_fen: One coin exactly, in the first message of a boot.
        between_boots_fen: Other increases from one boot to the next: unproven.
        explained_fen: What coin reports tell of; explains, adds nothing.
        resets: How often a counter fell.
    """

    counter_fen: int = 0
    credited_fen: int = 0
    suspect_fen: int = 0
    between_boots_fen: int = 0
    explained_fen: int = 0
    resets: int = 0


class RiseKind(StrEnum):
    """What one reading of the money counters was."""

    FIRST = "first"
    CREDITED = "credited"
    SUSPECT = "suspect"
    BETWEEN = "between"
    RESET = "reset"


class Rise(NamedTuple):
    """One reading of the money counters against the one before it.

    Attributes:
        t_ms, from_ms: Times of the two readings, ms UTC.
        fen: What was gained, may be 0; of it ``cashless_fen`` is in the counter of amounts and
            not in that of coins.
        coins: Coins gained.
        by_amount: There is no counter of coins to compare with.
        corrects: No reading: what was booked of another one and is taken back, ``fen`` < 0.
    """

    kind: RiseKind
    t_ms: int
    from_ms: int
    fen: int = 0
    cashless_fen: int = 0
    coins: int = 0
    by_amount: bool = False
    corrects: bool = False


class BootCounters(msgspec.Struct):
    """The newest counters of one boot.

    Attributes:
        heard_ms: Steady clock of its newest word.
        dips: Readings in a row below its mark.
        suspect_fen, between_fen: What its first word gained and nobody has proven since.
        read_ms: Time of its newest money counters, ms UTC.
        first_ms, first_from_ms: Times of its first reading and of the one before that.
    """

    boot: str
    seq: int | None = None
    t_ms: int | None = None
    heard_ms: int = 0
    coins: int | None = None
    amount_fen: int | None = None
    energy_wh: int | None = None
    dips: int = 0
    suspect_fen: int = 0
    between_fen: int = 0
    read_ms: int = 0
    first_ms: int = 0
    first_from_ms: int = 0


class Counters(msgspec.Struct):
    """A station's counters, oldest boot first.

    Attributes:
        coin_fen: Value of the last coin told of, ``top_fen`` of the greatest; 0 = none yet.
        by_amount: It counts amounts: numbers of coins are no money then.
        energy_wh: Counted in this run.
        metered: It has an energy counter.
        suspect_ms: Steady clock of the newest suspect coin; None = none that is open.
        rises: What was read since somebody took it.
        told: Boot, total and time of the newest coin reports: a retry says the same total.
    """

    boots: list[BootCounters] = []
    money: Money = msgspec.field(default_factory=Money)
    coin_fen: int = 0
    top_fen: int = 0
    by_amount: bool = False
    energy_wh: int = 0
    metered: bool = False
    suspect_ms: int | None = None
    rises: list[Rise] = []
    told: list[tuple[str, int, int]] = []
