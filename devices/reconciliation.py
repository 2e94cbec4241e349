"""Why the sums of one station and day differ: every fen of a difference has a line. Pure.

Three questions: do coin reports tell what the counters count, do sessions paid by coin take what
the counters count, did people find in the box what the counters counted since it was emptied. The
cumulative counters are the truth; the others explain them (wire.md, Coin).
"""

from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple

from devices.day_facts import DayFacts


class Compared(StrEnum):
    """Which two sums are held against each other; the difference is the second minus the first."""

    REPORTS = "reports"
    SESSIONS = "sessions"
    BOX = "box"


class DifferenceCode(StrEnum):
    """Why two sums differ."""

    CASHLESS_IN_COUNTER = "cashless_in_counter"
    OTHER_DAY = "other_day"
    BEFORE_FIRST = "before_first"
    COUNTER_RESET = "counter_reset"
    NOT_READ_YET = "not_read_yet"
    SETTLED_LATE = "settled_late"
    FIRST_COLLECTION = "first_collection"
    COIN_AT_BOOT = "coin_at_boot"
    BETWEEN_BOOTS = "between_boots"
    MAYBE_CASHLESS = "maybe_cashless"
    NO_REPORTS = "no_reports"
    REPORT_LOST = "report_lost"
    NOT_COUNTED = "not_counted"
    NO_SESSION = "no_session"
    NO_COIN = "no_coin"
    BOX_SHORT = "box_short"
    BOX_OVER = "box_over"

    @property
    def en(self) -> str:
        """For people who read English."""
        return _WORDS[self][0]

    @property
    def zh(self) -> str:
        """For people who read Chinese."""
        return _WORDS[self][1]

    @property
    def is_open(self) -> bool:
        """Whether a person has to look: no cause is known."""
        return self in _OPEN


_C = DifferenceCode
_READ = (_C.CASHLESS_IN_COUNTER, _C.OTHER_DAY, _C.BEFORE_FIRST, _C.COUNTER_RESET, _C.NOT_READ_YET)
_LIKELY = (_C.COIN_AT_BOOT, _C.BETWEEN_BOOTS, _C.MAYBE_CASHLESS)
CODES: dict[Compared, tuple[DifferenceCode, ...]] = {
    Compared.REPORTS: (*_READ, *_LIKELY, _C.NO_REPORTS, _C.REPORT_LOST, _C.NOT_COUNTED),
    Compared.SESSIONS: (*_READ, _C.SETTLED_LATE, *_LIKELY, _C.NO_SESSION, _C.NO_COIN),
    Compared.BOX: (_C.FIRST_COLLECTION, *_LIKELY, _C.COUNTER_RESET, _C.BOX_SHORT, _C.BOX_OVER),
}
"""What a difference of each can be made of."""
_OPEN = frozenset({_C.REPORT_LOST, _C.NOT_COUNTED, _C.NO_SESSION, _C.NO_COIN, _C.BOX_SHORT})
_OPEN |= {_C.BOX_OVER}
_WORDS: dict[DifferenceCode, tuple[str, str]] = {
    _C.CASHLESS_IN_COUNTER: (
        "QR or card money that the counter of amounts holds beside the coins",
        "金额计数中包含扫码或刷卡金额",
    ),
    _C.OTHER_DAY: (
        "taken on one day, first counted on another: the station was silent over midnight",
        "跨日计入: 站点跨零点未上报, 金额计入另一日",
    ),
    _C.BEFORE_FIRST: (
        "from before the first reading of the counters: nobody knows how far they rose",
        "首次读取计数之前的金额, 无法核对",
    ),
    _C.COUNTER_RESET: (
        "from before the counters fell: what they held since the last reading is gone",
        "计数清零前未读取的金额",
    ),
    _C.NOT_READ_YET: (
        "newer than the newest reading of the counters",
        "晚于最近一次计数读取, 尚未计入",
    ),
    _C.SETTLED_LATE: (
        "sessions of days that are closed, settled this day",
        "离线订单: 属于已结账日期, 本日补报",
    ),
    _C.FIRST_COLLECTION: (
        "the box was emptied for the first time: nobody knows what it held before",
        "首次收款, 箱内原有金额未知",
    ),
    _C.COIN_AT_BOOT: (
        "one coin counted exactly at power-on: likely a false pulse, not money",
        "上电瞬间多计一枚, 疑似误脉冲",
    ),
    _C.BETWEEN_BOOTS: (
        "counted from one boot to the next: no report proves it",
        "两次启动之间增加的金额, 无法证实",
    ),
    _C.MAYBE_CASHLESS: (
        "as much was paid by QR or card this day: the counter may hold it, it tells amounts only",
        "当日有等额扫码或刷卡收入, 计数可能已包含",
    ),
    _C.NO_REPORTS: (
        "the station sent no coin report at all this day",
        "当日站点未上报任何投币记录",
    ),
    _C.REPORT_LOST: (
        "counted, but its report never came: stations drop a report after three tries",
        "已计数但投币记录丢失: 站点重试三次后放弃",
    ),
    _C.NOT_COUNTED: (
        "reported, but the counters did not rise",
        "有投币记录但计数未增加",
    ),
    _C.NO_SESSION: (
        "coins without a session: paid and not served, or the session's words were lost",
        "有投币但无订单: 未充电或订单丢失",
    ),
    _C.NO_COIN: (
        "sessions paid by coin for which no coin was counted",
        "投币订单无对应投币计数",
    ),
    _C.BOX_SHORT: (
        "less in the box than was counted since it was emptied",
        "箱内金额少于计数",
    ),
    _C.BOX_OVER: (
        "more in the box than was counted since it was emptied",
        "箱内金额多于计数",
    ),
}


class Difference(NamedTuple):
    """One part of a difference; ``certain``: its amount is known, no rest and no likely cause."""

    code: DifferenceCode
    fen: int
    certain: bool


class Comparison(NamedTuple):
    """Two sums, fen, and every part of what the second has more (or, < 0, less).

    ``first_fen`` is the sum of reports, the counter, or the counter since the last collection;
    ``second_fen`` the counter, the sessions paid by coin, or what people counted.
    """

    compared: Compared
    first_fen: int
    second_fen: int
    lines: tuple[Difference, ...]

    @property
    def difference_fen(self) -> int:
        """The whole difference: the sum of its lines."""
        return self.second_fen - self.first_fen

    @property
    def open_fen(self) -> int:
        """What of it nobody can explain."""
        return sum(line.fen for line in self.lines if line.code.is_open)

    @property
    def unexplained_fen(self) -> int:
        """The same, and what a station that is wont to report did not report at all."""
        silent_fen = sum(line.fen for line in self.lines if line.code is _C.NO_REPORTS)
        return self.open_fen + silent_fen


class Takings(NamedTuple):
    """What a station took on a day, fen.

    Attributes:
        coins_fen: Coins that the counters prove.
        unproven_fen: Coins counted at or between boots: no revenue until the box was counted.
        total_fen: Coins, QR, card and what nobody named, less refunds.
    """

    coins_fen: int
    unproven_fen: int
    card_fen: int
    qr_fen: int
    other_fen: int
    refund_fen: int
    total_fen: int


def takings(facts: DayFacts) -> Takings:
    """Revenue of a day: the counters for coins, the sessions for everything else."""
    unproven_fen = facts.suspect_fen + facts.between_fen
    hidden_fen = 0
    if facts.by_amount:
        lines = compare_reports(facts).lines
        hidden_fen = sum(line.fen for line in lines if line.code is _C.MAYBE_CASHLESS)
    coins_fen = facts.coins_counted_fen - unproven_fen - hidden_fen
    cashless_fen = facts.card_fen + facts.qr_fen + facts.other_fen
    return Takings(
        coins_fen=coins_fen,
        unproven_fen=unproven_fen,
        card_fen=facts.card_fen,
        qr_fen=facts.qr_fen,
        other_fen=facts.other_fen,
        refund_fen=facts.refund_fen,
        total_fen=coins_fen + cashless_fen - facts.refund_fen,
    )


def reconcile(facts: DayFacts) -> list[Comparison]:
    """Compare what there is to compare of a day; a question without words of its own is left out.

    A station that never sends sessions is no station whose sessions are lost.
    """
    found = []
    if facts.report_fen or facts.counter_fen:
        found.append(compare_reports(facts))
    if facts.sessions:
        found.append(_compare_sessions(facts))
    if facts.collections:
        found.append(compare_box(facts))
    return found


def compare_reports(facts: DayFacts) -> Comparison:
    """Counters against coin reports."""
    certain = {
        _C.CASHLESS_IN_COUNTER: facts.cashless_fen,
        _C.OTHER_DAY: -facts.carried_fen,
        _C.BEFORE_FIRST: -facts.report_unseen_fen,
        _C.COUNTER_RESET: -facts.report_wiped_fen,
        _C.NOT_READ_YET: -facts.report_waiting_fen,
    }
    lost = _C.REPORT_LOST if facts.report_coins else _C.NO_REPORTS
    return _compare(
        Compared.REPORTS,
        facts.report_fen,
        facts.counter_fen,
        certain=certain,
        likely=_likely(facts, 1),
        more=lost,
        less=_C.NOT_COUNTED,
    )


def _compare_sessions(facts: DayFacts) -> Comparison:
    certain = {
        _C.CASHLESS_IN_COUNTER: -facts.cashless_fen,
        _C.OTHER_DAY: facts.carried_fen,
        _C.BEFORE_FIRST: facts.session_unseen_fen,
        _C.COUNTER_RESET: facts.session_wiped_fen,
        _C.NOT_READ_YET: facts.session_waiting_fen,
        _C.SETTLED_LATE: facts.late_fen,
    }
    return _compare(
        Compared.SESSIONS,
        facts.counter_fen,
        facts.coin_fen,
        certain=certain,
        likely=_likely(facts, -1),
        more=_C.NO_COIN,
        less=_C.NO_SESSION,
    )


def compare_box(facts: DayFacts) -> Comparison:
    """What people counted against the counters since the box was emptied before."""
    return _compare(
        Compared.BOX,
        facts.box_fen,
        facts.collected_fen,
        certain={_C.FIRST_COLLECTION: facts.box_unknown_fen},
        likely={
            _C.COIN_AT_BOOT: -max(0, facts.box_suspect_fen),
            _C.BETWEEN_BOOTS: -max(0, facts.box_between_fen),
            _C.MAYBE_CASHLESS: -max(0, facts.box_cashless_fen if facts.by_amount else 0),
            _C.COUNTER_RESET: max(0, facts.box_wiped_fen),
        },
        more=_C.BOX_OVER,
        less=_C.BOX_SHORT,
    )


def _likely(facts: DayFacts, sign: int) -> dict[DifferenceCode, int]:
    """What a counter may have more than others tell of, at most."""
    cashless_fen = facts.card_fen + facts.qr_fen if facts.by_amount else 0
    return {
        _C.COIN_AT_BOOT: sign * max(0, facts.suspect_fen),
        _C.BETWEEN_BOOTS: sign * max(0, facts.between_fen),
        _C.MAYBE_CASHLESS: sign * max(0, cashless_fen),
    }


def _compare(
    compared: Compared,
    first_fen: int,
    second_fen: int,
    *,
    certain: dict[DifferenceCode, int],
    likely: dict[DifferenceCode, int],
    more: DifferenceCode,
    less: DifferenceCode,
) -> Comparison:
    """Take off what is certain, then what is likely as far as it goes; the rest has a name too."""
    lines = [Difference(code, fen, certain=True) for code, fen in certain.items() if fen]
    rest_fen = second_fen - first_fen - sum(line.fen for line in lines)
    for code, fen in _as_far_as_needed(likely, rest_fen):
        lines.append(Difference(code, fen, certain=False))
        rest_fen -= fen
    if rest_fen:
        lines.append(Difference(more if rest_fen > 0 else less, rest_fen, certain=False))
    return Comparison(compared, first_fen, second_fen, tuple(lines))


def _as_far_as_needed(
    likely: dict[DifferenceCode, int], rest_fen: int
) -> Iterator[tuple[DifferenceCode, int]]:
    for code, most_fen in likely.items():
        if most_fen * rest_fen > 0:
            fen = min(most_fen, rest_fen) if rest_fen > 0 else max(most_fen, rest_fen)
            rest_fen -= fen
            yield code, fen
