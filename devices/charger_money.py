"""Counters of a charging station, read so that no money and no energy is made up.

Revenue is the increase of the cumulative counters within one boot; coin reports only explain it.
What a counter gained while the station was rebooting is kept apart: a single coin is suspect (a
false pulse at power-on, field case A-30), more is unproven. A counter that falls is a reset.
What an earlier boot tells late was part of what the next boot could not prove: it is taken from
there, so that no increase is booked twice.
"""

from typing import NamedTuple

from devices.charger_counters import BootCounters, Counters, Rise, RiseKind
from devices.model import Profile
from devices.readings import ChargerStatus, CoinKind, CoinReport, Flag

COIN_FEN = 100
"""A coin where nothing else is known: 1 yuan, the largest in daily use; so is wire.md's."""
METER_NOISE_WH = 100
"""A meter that falls by at most this (and not by half) jitters; by more it was reset or rolled
over. 0.1 kWh is the last digit of a plain meter; field case A-20 shows 4 Wh."""
ROLL_COINS, ROLL_NEAR = 65_536, 256
"""A counter of coins that falls from just below the first to just above 0 rolled over, within the
second on both sides. Source: our choice: piles count in 16 bits, and take 256 coins in days."""
DIPS = 3
"""So many readings in a row below a money counter's mark are a reset; fewer are a bad reading."""
MAX_TOLD = 32
"""Coin reports remembered by their total."""
RETRY_MS = 600_000
"""A report with the total of another one within this is a retry; later the counter was reset.
Source: our choice: a pile says a report again 3 times within 30 s (reference/domain.md 2.1)."""
MAX_BOOTS = 4
"""Boots kept, for messages that come after a later boot's."""
SILENT_MS = 600_000
"""A boot with older times is an earlier one, unless the newest has been silent for this long: then
the station's clock went back. Source: our choice; an idle station speaks every 180 s (health.md).
"""

NO_ORDER = int(Flag.NO_TIME | Flag.FUTURE)
"""Records whose time says nothing of their order."""


class Totals(NamedTuple):
    """Money counters as they stood at ``t_ms``; one of them may be unknown."""

    coins: int | None
    amount_fen: int | None
    t_ms: int


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
    counters: Counters, status: ChargerStatus, profile: Profile, *, elapsed_ms: int, t_ms: int
) -> bool:
    """Read the counters of a status; whether it is the newest word of the station.

    Args:
        counters: The station's.
        status: A status, however late.
        profile: How the station counts.
        elapsed_ms: Steady clock at which it was received.
        t_ms: When it was measured as far as anybody knows, ms UTC.
    """
    boot = _boot_of(counters, status, elapsed_ms)
    if boot is None:
        return False
    if status.coins_total is not None or status.amount_total_fen is not None:
        totals = Totals(status.coins_total, status.amount_total_fen, t_ms)
        _take_money(counters, boot, totals, profile, elapsed_ms)
    if status.energy_total_wh is not None:
        counters.metered = True
        if boot.energy_wh is None:
            boot.energy_wh = status.energy_total_wh
        else:
            step = meter_step(boot.energy_wh, status.energy_total_wh, profile.meter_wrap_wh)
            counters.energy_wh += step.rise_wh
            boot.energy_wh = step.mark_wh
    return boot is counters.boots[-1]


class Inserted(NamedTuple):
    """Coins that a report tells of for the first time: their number and amount, fen."""

    coins: int
    fen: int


def take_coins(
    counters: Counters, report: CoinReport, profile: Profile, *, elapsed_ms: int, t_ms: int
) -> Inserted | None:
    """Read a coin report: it explains, and carries the counters too. Arguments: ``take_status``.

    Returns:
        The coins it tells of; None when it tells of none, or of those again.
    """
    inserted = None
    if report.kind is CoinKind.INSERT and not _is_told(counters, report, t_ms):
        denom_fen, n = report.denom_fen, 1 if report.n is None else report.n
        amount_fen = report.amount_fen
        if amount_fen is None and denom_fen is not None:
            amount_fen = n * denom_fen
        inserted = Inserted(n, max(amount_fen or 0, 0))
        counters.money.explained_fen += inserted.fen
        coin_fen = denom_fen or (amount_fen if n == 1 else None)
        if coin_fen is not None and coin_fen > 0:
            counters.coin_fen = coin_fen
            counters.top_fen = max(counters.top_fen, coin_fen)
    if report.coins_total is not None or report.amount_total_fen is not None:
        uses_boots = bool(counters.boots and counters.boots[-1].boot)
        if report.boot or not uses_boots:  # else nobody can say to which boot it belongs
            boot = _boot_of(counters, report, elapsed_ms)
            if boot is not None:
                totals = Totals(report.coins_total, report.amount_total_fen, t_ms)
                _take_money(counters, boot, totals, profile, elapsed_ms)
    if report.kind is CoinKind.COLLECT:  # the box was counted: what was suspect is settled
        counters.suspect_ms = None
    return inserted


def _is_told(counters: Counters, report: CoinReport, t_ms: int) -> bool:
    """Whether these coins were told of: the counter stands where a report left it shortly."""
    total = report.coins_total
    if total is None:
        return False
    for boot, known, known_ms in counters.told:
        if (boot, known) == (report.boot, total) and abs(t_ms - known_ms) <= RETRY_MS:
            return True
    counters.told.append((report.boot, total, t_ms))
    del counters.told[:-MAX_TOLD]
    return False


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
    counters: Counters, boot: BootCounters, totals: Totals, profile: Profile, elapsed_ms: int
) -> None:
    coins, amount_fen, t_ms = totals
    counters.by_amount |= amount_fen is not None
    first = boot.coins is None and boot.amount_fen is None
    before = _before(counters, boot) if first else boot
    if before is None:  # nothing to compare with: the run begins
        boot.coins, boot.amount_fen, boot.read_ms = coins, amount_fen, t_ms
        counters.rises.append(Rise(RiseKind.FIRST, t_ms, t_ms))
        return
    more_coins, more_fen = _rise(before.coins, coins), _more(before.amount_fen, amount_fen)
    fell = min(more_coins or 0, more_fen or 0) < 0
    if fell and not first and not _is_reset(boot, coins, amount_fen):
        return
    from_ms, boot.read_ms, boot.dips = before.read_ms, t_ms, 0
    boot.coins = boot.coins if coins is None else coins
    boot.amount_fen = boot.amount_fen if amount_fen is None else amount_fen
    if fell:
        counters.money.resets += 1
        counters.rises.append(Rise(RiseKind.RESET, t_ms, from_ms))
        return
    coin_fen = _coin_fen(counters, profile)
    gained_fen = (more_fen or 0) if counters.by_amount else (more_coins or 0) * coin_fen
    kind = RiseKind.CREDITED
    if gained_fen:
        if first:
            kind = _unproven(more_coins, gained_fen, profile)
            boot.first_ms, boot.first_from_ms = t_ms, from_ms
        _unbook(counters, boot, gained_fen)
        _book(counters, boot, kind, gained_fen, elapsed_ms)
    cashless_fen = 0
    if counters.by_amount and more_coins is not None:
        top_fen = max(profile.coins_fen, default=counters.top_fen or COIN_FEN)
        cashless_fen = max(0, gained_fen - more_coins * top_fen)
    counters.rises.append(
        Rise(
            kind=kind,
            t_ms=t_ms,
            from_ms=from_ms,
            fen=gained_fen,
            cashless_fen=cashless_fen,
            coins=gained_fen // coin_fen if more_coins is None else more_coins,
            by_amount=more_coins is None,
        )
    )


def _unproven(more_coins: int | None, gained_fen: int, profile: Profile) -> RiseKind:
    """What a boot's first reading gained."""
    return RiseKind.SUSPECT if _is_coin(more_coins, gained_fen, profile) else RiseKind.BETWEEN


def _book(
    counters: Counters, boot: BootCounters, kind: RiseKind, gained_fen: int, elapsed_ms: int
) -> None:
    money = counters.money
    money.counter_fen += gained_fen
    if kind is RiseKind.CREDITED:
        money.credited_fen += gained_fen
    elif kind is RiseKind.SUSPECT:
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
    for kind, fen in ((RiseKind.BETWEEN, between_fen), (RiseKind.SUSPECT, suspect_fen)):
        if fen:
            coins = fen // (counters.coin_fen or COIN_FEN)
            times = following.first_ms, following.first_from_ms
            counters.rises.append(Rise(kind, *times, -fen, coins=-coins, corrects=True))
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


def _rise(before: int | None, now: int | None) -> int | None:
    """Coins gained; a counter at its end begins again at 0."""
    gained = _more(before, now)
    if gained is None or gained >= 0 or before is None or now is None:
        return gained
    over = ROLL_COINS - ROLL_NEAR <= before < ROLL_COINS and now < ROLL_NEAR
    return gained + ROLL_COINS if over else gained


def _is_reset(boot: BootCounters, coins: int | None, amount_fen: int | None) -> bool:
    """Whether a fall within a boot is a reset: to less than half, or one that stays."""
    pairs = [(boot.coins, coins), (boot.amount_fen, amount_fen)]
    if any(now is not None and mark is not None and now < mark / 2 for mark, now in pairs):
        return True
    boot.dips += 1
    return boot.dips >= DIPS
