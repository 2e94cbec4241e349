"""Laws of a station's money: parts add up, late and doubled words change nothing."""

from hypothesis import given, settings
from hypothesis import strategies as st

from devices.day_facts import DayFacts
from devices.readings import AnyReading, PayKind
from devices.reconciliation import CODES, Compared, reconcile
from devices.revenue import revenue_by
from support.charger_shop import CHARGER
from support.factories import T0_MS, a_record
from support.till import DAY, MIDNIGHT_S, Till, charged, coin, counted

_fen = st.integers(-500, 5_000)
FACTS = st.builds(
    DayFacts,
    day=st.just(DAY),
    by_amount=st.booleans(),
    collections=st.integers(0, 2),
    sessions=st.integers(0, 9),
    report_coins=st.integers(0, 9),
    **{name: _fen for name in DayFacts.__struct_fields__ if name.endswith("_fen")},
)


@settings(max_examples=80, deadline=None, derandomize=True)
@given(st.lists(FACTS, min_size=1, max_size=4))
def test_parts_always_add_up_to_the_whole_difference(days: list[DayFacts]) -> None:
    """Of a day, and of many; every code has words and a column."""
    for facts in days:
        for comparison in reconcile(facts):
            assert sum(part.fen for part in comparison.lines) == comparison.difference_fen
            assert {part.code for part in comparison.lines} <= set(CODES[comparison.compared])
    lines, every = revenue_by((str(k % 2), str(k), facts) for k, facts in enumerate(days))
    assert every is not None
    assert every.takings.total_fen == sum(line.takings.total_fen for line in lines)
    for line in (*lines, every):
        for whole in line.comparisons:
            assert sum(part.fen for part in whole.lines) == whole.difference_fen
    assert all(code.en and code.zh for compared in Compared for code in CODES[compared])


Word = tuple[AnyReading, bool, int]
"""One word, whether it comes twice, and how late it comes, seconds."""
_customer = st.tuples(
    st.integers(0, 3), st.sampled_from([0, 0, 5, 1_300, 5_000]), st.booleans(), st.integers(0, 9)
)


@st.composite
def customers(draw: st.DrawFn) -> list[Word]:
    """A day of customers: coin and session, a coin, a session, a code; the counter is reset."""
    words: list[Word] = []
    total, at_s = 10, 0
    for k, (kind, late_s, twice, reset) in enumerate(
        draw(st.lists(_customer, min_size=1, max_size=12))
    ):
        at_s += 700
        words.append((counted(at_s - 300, total), False, 0))
        said_now: list[AnyReading] = []
        if kind != 3:
            total += 1
        if kind in {0, 1}:
            said_now.append(coin(at_s, total))
        if kind != 1:
            said_now += charged(at_s, f"S{k}", PayKind.QR if kind == 3 else PayKind.COIN)
        words += [(word, twice, late_s) for word in said_now]
        total = 0 if reset == 0 else total
    return [*words, (counted(at_s + 60, total), False, 0)]


@settings(max_examples=60, deadline=None, derandomize=True)
@given(customers())
def test_late_and_doubled_words_change_nothing(words: list[Word]) -> None:
    """The facts of the day are those of the words in order, each once."""
    plain, messy = Till(), Till()
    arrivals = [
        (word.t_ms + 1000 * late_s * n, k, n, word)
        for k, (word, twice, late_s) in enumerate(words)
        for n in ((1, 2) if twice else (1,))
    ]
    arrivals.sort(key=lambda arrival: arrival[:3])
    end_s = (arrivals[-1][0] - T0_MS) / 1000

    plain.chargers.records([a_record(word, device=CHARGER) for word, _, _ in words])
    for recv_ms, _, _, word in arrivals:
        messy.chargers.records([a_record(word, device=CHARGER, at_s=(recv_ms - T0_MS) / 1000)])

    assert messy.day() == plain.day()
    assert end_s < MIDNIGHT_S
    for comparison in reconcile(messy.day()):
        assert sum(part.fen for part in comparison.lines) == comparison.difference_fen
