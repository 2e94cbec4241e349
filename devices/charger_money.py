"""Counters of a charging station, read so that no money and no energy is made up.

Revenue is the increase of the cumulative counters within one boot; coin reports only explain it.
What a counter gained while the station was rebooting is kept apart: a single coin is suspect (a
false pulse at power-on, field case A-30), more is unproven. A counter that falls is a reset.
What an earlier boot tells late was part of what the next boot could not prove: it is taken from
there, so that no increase is booked twice.
"""

from typing import NamedTuple

import msgspec

from devices.model import Profile
from devices.readings import ChargerStatus, CoinKind, CoinReport, Flag

COIN_FEN = 100
"""A coin where nothing else is known: 1 yuan, the largest in daily use; so is wire.md's."""
METER_NOISE_WH = 100
"""A meter that falls by at most this (and not by half) jitters; by more it was reset or rolled
over. 0.1 kWh is the last digit of a plain meter; field case A-20 shows 4 Wh."""
DIPS = 3
"""So many readings in a row below a money counter's mark are a reset; fewer are a bad reading."""
MAX_BOOTS = 4
"""Boots kept, for messages that come after a later boot's."""
SILENT_MS = 600_000
"""A boot with older times is an earlier one, unless the newest has been silent for this long: then
the station's clock went back. Source: our choice; an idle station speaks every 180 s (health.md).
"""

NO_ORDER = int(Flag.NO_TIME | Flag.FUTURE)
"""Records whose time says nothing of their order."""


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


class BootCounters(msgspec.Struct):
    """The newest counters of one boot.

    Attributes:
        heard_ms: Steady clock of its newest word.
        dips: Readings in a row below its mark.
        suspect_fen, between_fen: What its first word gained and nobody has proven since.
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


class Counters(msgspec.Struct):
    """A station's counters, oldest boot first.

    Attributes:
        coin_fen: Value of the last coin told of; 0 = none yet.
        by_amount: It counts amounts: numbers of coins are no money then.
        energy_wh: Counted in this run.
        metered: It has an energy counter.
        suspect_ms: Steady clock of the newest suspect coin; None = none that is open.
    """

    boots: list[BootCounters] = []
    money: Money = msgspec.field(default_factory=Money)
    coin_fen: int = 0
    by_amount: bool = False
    energy_wh: int = 0
    metered: bool = False
    suspect_ms: int | None = None


class MeterStep(NamedTuple):
    """What one reading of an energy meter adds, the mark to go on from, whether it went back."""

    rise_wh: int
    mark_wh: int
    back: bool


def meter_step(mark_wh: int, now_wh: int, wrap_wh: int) -> MeterStep:
    """Read an energy meter.

    Args:
        mark_wh: Its mark so far.
        now_wh: What it says now.
        wrap_wh: It starts again at this; 0 = never.
    """
    if now_wh >= mark_wh:
        return MeterStep(now_wh - mark_wh, now_wh, back=False)
    if mark_wh - now_wh <= min(METER_NOISE_WH, mark_wh // 2):
        return MeterStep(0, mark_wh, back=True)
    over_wh = wrap_wh - mark_wh + now_wh
    if mark_wh <= wrap_wh and over_wh < wrap_wh // 2:
        return MeterStep(over_wh, now_wh, back=False)
    return MeterStep(0, now_wh, back=True)


def take_status(
    counters: Counters, status: ChargerStatus, profile: Profile, elapsed_ms: int
) -> bool:
    """Read the counters of a status; whether it is the newest word of the station."""
    boot = _boot_of(counters, status, elapsed_ms)
    if boot is None:
        return False
    _take_money(counters, boot, (status.coins_total, status.amount_total_fen), profile, elapsed_ms)
    if status.energy_total_wh is not None:
        counters.metered = True
        if boot.energy_wh is None:
            boot.energy_wh = status.energy_total_wh
        else:
            step = meter_step(boot.energy_wh, status.energy_total_wh, profile.meter_wrap_wh)
            counters.energy_wh += step.rise_wh
            boot.energy_wh = step.mark_wh
    return boot is counters.boots[-1]


def take_coins(counters: Counters, report: CoinReport, profile: Profile, elapsed_ms: int) -> None:
    """Read a coin report: it explains, and carries the counters too."""
    if report.kind is CoinKind.INSERT:
        denom_fen, n = report.denom_fen, 1 if report.n is None else report.n
        amount_fen = report.amount_fen
        if amount_fen is None and denom_fen is not None:
            amount_fen = n * denom_fen
        counters.money.explained_fen += max(amount_fen or 0, 0)
        coin_fen = denom_fen or (amount_fen if n == 1 else None)
        if coin_fen is not None and coin_fen > 0:
            counters.coin_fen = coin_fen
    if report.coins_total is not None or report.amount_total_fen is not None:
        uses_boots = bool(counters.boots and counters.boots[-1].boot)
        if report.boot or not uses_boots:  # else nobody can say to which boot it belongs
            boot = _boot_of(counters, report, elapsed_ms)
            if boot is not None:
                totals = report.coins_total, report.amount_total_fen
                _take_money(counters, boot, totals, profile, elapsed_ms)
    if report.kind is CoinKind.COLLECT:  # the box was counted: what was suspect is settled
        counters.suspect_ms = None


def _boot_of(
    counters: Counters, reading: ChargerStatus | CoinReport, elapsed_ms: int
) -> BootCounters | None:
    """The boot a message belongs to; None when there is nothing new to read in it.

    Boots stand in order of time: what a late message tells of an earlier boot is no reason to take
    that boot for the station's present one.
    """
    t_ms = None if reading.flags & NO_ORDER else reading.t_ms
    patient_ms = 0 if reading.flags & Flag.REQUEUED else elapsed_ms  # history takes over nothing
    boot = next((boot for boot in counters.boots if boot.boot == reading.boot), None)
    if boot is None:
        at = _place_of(counters.boots, t_ms, patient_ms)
        if not at and len(counters.boots) >= MAX_BOOTS:
            return None  # older than all that are kept
        boot = BootCounters(reading.boot, reading.seq, t_ms, elapsed_ms)
        counters.boots.insert(at, boot)
        del counters.boots[:-MAX_BOOTS]
        return boot
    if reading.seq is not None and boot.seq is not None:
        if reading.seq <= boot.seq and not reading.flags & Flag.SEQ_BACK:
            return None
    elif t_ms is not None and boot.t_ms is not None and t_ms < boot.t_ms:
        return None
    boot.seq = boot.seq if reading.seq is None else reading.seq
    boot.t_ms = boot.t_ms if t_ms is None else t_ms
    if t_ms is not None and boot is not counters.boots[-1]:
        others = [other for other in counters.boots if other is not boot]
        if _place_of(others, t_ms, patient_ms) == len(others):
            counters.boots = [*others, boot]
    boot.heard_ms = elapsed_ms
    return boot


def _place_of(boots: list[BootCounters], t_ms: int | None, elapsed_ms: int) -> int:
    """Where among ``boots`` one belongs that speaks at ``t_ms``: at the end it is the present."""
    at = len(boots)
    if t_ms is None or not boots or elapsed_ms - boots[-1].heard_ms >= SILENT_MS:
        return at
    while at and t_ms < (boots[at - 1].t_ms or 0):
        at -= 1
    return at


def _take_money(
    counters: Counters,
    boot: BootCounters,
    totals: tuple[int | None, int | None],
    profile: Profile,
    elapsed_ms: int,
) -> None:
    coins, amount_fen = totals
    counters.by_amount |= amount_fen is not None
    first = boot.coins is None and boot.amount_fen is None
    before = _before(counters, boot) if first else boot
    if before is None:  # nothing to compare with: the run begins
        boot.coins, boot.amount_fen = coins, amount_fen
        return
    more_coins, more_fen = _more(before.coins, coins), _more(before.amount_fen, amount_fen)
    fell = min(more_coins or 0, more_fen or 0) < 0
    if fell and not first and not _is_reset(boot, coins, amount_fen):
        return
    boot.dips = 0
    boot.coins = boot.coins if coins is None else coins
    boot.amount_fen = boot.amount_fen if amount_fen is None else amount_fen
    if fell:
        counters.money.resets += 1
        return
    if counters.by_amount:
        gained_fen = more_fen or 0
    else:
        gained_fen = (more_coins or 0) * _coin_fen(counters, profile)
    if not gained_fen:
        return
    _unbook(counters, boot, gained_fen)
    money = counters.money
    money.counter_fen += gained_fen
    if not first:
        money.credited_fen += gained_fen
    elif _is_coin(more_coins, gained_fen, profile):
        money.suspect_fen += gained_fen
        boot.suspect_fen = gained_fen
        counters.suspect_ms = elapsed_ms
    else:
        money.between_boots_fen += gained_fen
        boot.between_fen = gained_fen


def _unbook(counters: Counters, boot: BootCounters, gained_fen: int) -> None:
    """A late word of an earlier boot: the next boot's first one had this increase in it."""
    after = _told_money(counters.boots[counters.boots.index(boot) + 1 :])
    if not after:
        return
    following, money = after[0], counters.money
    between_fen = min(following.between_fen, gained_fen)
    suspect_fen = min(following.suspect_fen, gained_fen)
    following.between_fen -= between_fen
    following.suspect_fen -= suspect_fen
    money.between_boots_fen -= between_fen
    money.suspect_fen -= suspect_fen
    money.counter_fen -= between_fen + suspect_fen
    if suspect_fen and not following.suspect_fen:
        counters.suspect_ms = None


def _is_coin(coins: int | None, gained_fen: int, profile: Profile) -> bool:
    """Whether an increase is exactly one coin."""
    if coins is not None:
        return coins == 1
    if profile.coins_fen:
        return gained_fen in profile.coins_fen
    return gained_fen <= COIN_FEN


def _coin_fen(counters: Counters, profile: Profile) -> int:
    """What a coin is worth; of several kinds the smallest, so that no money is made up."""
    return min(profile.coins_fen) if profile.coins_fen else counters.coin_fen or COIN_FEN


def _before(counters: Counters, boot: BootCounters) -> BootCounters | None:
    """The newest earlier boot that told a money counter."""
    told = _told_money(counters.boots[: counters.boots.index(boot)])
    return told[-1] if told else None


def _told_money(boots: list[BootCounters]) -> list[BootCounters]:
    return [b for b in boots if b.coins is not None or b.amount_fen is not None]


def _more(before: int | None, now: int | None) -> int | None:
    return None if before is None or now is None else now - before


def _is_reset(boot: BootCounters, coins: int | None, amount_fen: int | None) -> bool:
    """Whether a fall within a boot is a reset: to less than half, or one that stays."""
    pairs = [(boot.coins, coins), (boot.amount_fen, amount_fen)]
    if any(now is not None and mark is not None and now < mark / 2 for mark, now in pairs):
        return True
    boot.dips += 1
    return boot.dips >= DIPS
