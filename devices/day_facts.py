"""The facts of one charging station on one day of the city: plain numbers."""

import msgspec


class DayFacts(msgspec.Struct, omit_defaults=True):
    """One station on one day. Sums in fen unless named otherwise; all may be 0.

    Attributes:
        day: ``2025-11-25``, of the city.
        counter_fen: All that the money counter rose; ``suspect_fen``, ``between_fen`` of it as in
            ``charger_money.Money``.
        cashless_fen: Of ``counter_fen``, what its counter of coins has not: QR or card.
        by_amount: It counts amounts alone: cashless money in it cannot be told from coins.
        crossing_fen: Of ``counter_fen``, what rose since a reading of ``crossing_from``.
        carried_fen: Counted on a later day though taken on this one; negative where it was counted.
        coins: Coins by the counter; ``resets`` how often it fell.
        report_fen: Coins by reports; ``report_coins`` their number. Of it in spans without a
            counter: ``report_unseen_fen`` before the first reading, ``report_wiped_fen`` before a
            fall, ``report_waiting_fen`` after the newest reading.
        coin_fen, card_fen, qr_fen, other_fen: Paid for sessions that began this day, by how;
            other = nobody said. ``session_*_fen``: of ``coin_fen``, as for reports.
        late_fen: Of ``coin_fen``, sessions of days that are no longer kept.
        sessions, free: Sessions, and those of them that cost nothing by their kind.
        refund_fen: Given back for sessions that began this day.
        energy_wh: Charged in sessions that began this day.
        collected_fen: Counted by people when they emptied the box; ``collections`` how often.
        box_fen: What coins the counter rose since the box was emptied before; of it suspect and
            between boots: ``box_suspect_fen``, ``box_between_fen``; reported before a fall of the
            counter: ``box_wiped_fen``; paid by QR or card meanwhile: ``box_cashless_fen``.
        box_unknown_fen: Counted minus ``box_fen`` where nobody knows what the box held at first.
    """

    day: str
    counter_fen: int = 0
    suspect_fen: int = 0
    between_fen: int = 0
    cashless_fen: int = 0
    by_amount: bool = False
    crossing_fen: int = 0
    crossing_from: str = ""
    carried_fen: int = 0
    coins: int = 0
    resets: int = 0
    report_fen: int = 0
    report_coins: int = 0
    report_unseen_fen: int = 0
    report_wiped_fen: int = 0
    report_waiting_fen: int = 0
    coin_fen: int = 0
    card_fen: int = 0
    qr_fen: int = 0
    other_fen: int = 0
    session_unseen_fen: int = 0
    session_wiped_fen: int = 0
    session_waiting_fen: int = 0
    late_fen: int = 0
    sessions: int = 0
    free: int = 0
    refund_fen: int = 0
    energy_wh: int = 0
    collected_fen: int = 0
    collections: int = 0
    box_fen: int = 0
    box_suspect_fen: int = 0
    box_between_fen: int = 0
    box_wiped_fen: int = 0
    box_cashless_fen: int = 0
    box_unknown_fen: int = 0

    @property
    def coins_counted_fen(self) -> int:
        """Coins taken this day by the counter, proven or not."""
        return self.counter_fen - self.cashless_fen + self.carried_fen
