"""Duplicates are told exactly and gaps are counted, whatever the order of arrival."""

from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.seen import MAX_BOOTS, MAX_SPANS, RECENT, RING, Seen, Taken

ARRIVALS = st.lists(
    st.tuples(st.sampled_from(["a", "b", "c"]), st.integers(0, 40)), min_size=1, max_size=120
)


def _missing(numbers: set[int]) -> int:
    return max(numbers) - min(numbers) + 1 - len(numbers)


@given(arrivals=ARRIVALS)
def test_agrees_with_a_set(arrivals: list[tuple[str, int]]) -> None:
    """New means not in the set; the open gaps are the holes of each boot's range."""
    seen, model, gaps = Seen(), defaultdict[str, set[int]](set), 0

    for boot, seq in arrivals:
        new, change = seen.take_number(boot, seq)
        gaps += change
        assert new == (seq not in model[boot])
        model[boot].add(seq)

    assert gaps == sum(_missing(numbers) for numbers in model.values())
    holes = {(boot, seq) for boot, first, last in seen.missing() for seq in range(first, last + 1)}
    assert holes == {
        (boot, seq)
        for boot, numbers in model.items()
        for seq in set(range(min(numbers), max(numbers))) - numbers
    }


@given(arrivals=ARRIVALS, cut=st.integers(0, 120))
def test_restart_forgets_nothing(arrivals: list[tuple[str, int]], cut: int) -> None:
    """A dump taken at any moment goes on as if nothing had happened."""
    kept, restarted = Seen(), Seen()

    for k, (boot, seq) in enumerate(arrivals):
        if k == cut:
            restarted = Seen.load(restarted.dump())
        restarted.take_key(seq)
        kept.take_key(seq)
        assert restarted.take_number(boot, seq) == kept.take_number(boot, seq)

    assert restarted.missing() == kept.missing()
    assert restarted.dump() == kept.dump()


def test_numbers_in_order_take_one_span() -> None:
    """The ordinary case costs four words however long it lasts."""
    seen = Seen()

    for seq in range(100_000):
        assert seen.take_number("a", seq) == (True, 0)

    assert seen.dump() == ("a", [0, 99_999], [], [], [0] * RECENT, 0, [], [])


def test_gap_closes_when_its_numbers_come() -> None:
    """Three missing, one of them comes late, the others too."""
    seen = Seen()
    seen.take_number("a", 10)

    changes = [seen.take_number("a", seq)[1] for seq in (14, 12, 11, 13)]

    assert changes == [3, -1, -1, -1]
    assert seen.missing() == []


def test_restart_of_the_device_is_no_gap() -> None:
    """A new boot counts from its own start; the old one's holes stay open."""
    seen = Seen()
    for boot, seq in [("a", 5), ("a", 8), ("b", 0), ("b", 1)]:
        seen.take_number(boot, seq)

    assert seen.missing() == [("a", 6, 7)]


def test_back_fill_of_an_earlier_boot_is_told_apart() -> None:
    """A buffer from before the restart: its old part is a duplicate, its new part is not."""
    seen = Seen()
    for boot, seq in [("a", 1), ("a", 2), ("b", 1)]:
        seen.take_number(boot, seq)

    assert seen.take_number("a", 2) == (False, 0)
    assert seen.take_number("a", 3) == (True, 0)
    assert seen.take_number("b", 1) == (False, 0)


def test_record_without_number_is_known_by_its_hash() -> None:
    """The newest ``RING`` hashes are remembered."""
    seen = Seen()

    first = [seen.take_key(key) for key in range(RING)]

    assert all(first)
    assert not any(seen.take_key(key) for key in range(RING))
    assert seen.take_key(RING)
    assert seen.take_key(0)


def test_memory_of_a_device_is_bounded() -> None:
    """A device that skips every other number or restarts for ever costs no more than this."""
    seen = Seen()

    for seq in range(0, 4 * MAX_SPANS, 2):
        seen.take_number("a", seq)
    for restart in range(3 * MAX_BOOTS):
        seen.take_number(f"b{restart}", 1)

    boot, spans, older, ring, *_ = seen.dump()
    assert (boot, spans, ring) == (f"b{3 * MAX_BOOTS - 1}", [1, 1], [])
    assert len(older) == MAX_BOOTS


def test_oldest_span_is_forgotten_first_and_loses_nothing() -> None:
    """Past ``MAX_SPANS`` the newest holes can still be filled, and a late one is still taken."""
    seen = Seen()
    for seq in range(0, 2 * MAX_SPANS + 2, 2):
        seen.take_number("a", seq)

    newest = 2 * MAX_SPANS - 1
    assert seen.take_number("a", newest) == (True, -1)
    assert seen.take_number("a", 1)[0]


# -- does a number tell the truth -----------------------------------------------------------

T = 1_764_032_400_000
SAME, OTHER = 111, 222


def _taken(*said: tuple[str, int, int, int]) -> list[str]:
    seen = Seen()
    return [seen.take(*one)[0].name for one in said]


@pytest.mark.parametrize(
    ("said", "taken"),
    [
        ([("a", 7, T, SAME), ("a", 7, T, SAME)], "DUPLICATE"),
        ([("a", 7, T, SAME), ("a", 7, T, OTHER)], "CONFLICT"),
        ([("a", 0, T, SAME), ("a", 0, T, OTHER)], "CONFLICT"),
        ([("a", 7, T, SAME), ("a", 8, T + 1, SAME), ("a", 7, T, SAME)], "DUPLICATE"),
        ([("a", 7, T, SAME), ("b", 7, T + 1, OTHER)], "NEW"),
        ([("a", 7, T, SAME), ("b", 1, T + 1, SAME), ("a", 7, T, OTHER)], "DUPLICATE"),
        ([("a", 7, T, SAME), ("b", 1, T + 1, SAME), ("a", 6, T - 1, OTHER)], "NEW"),
        ([("a", 40, T, SAME), ("a", 3, T + 1, OTHER)], "BACK"),
        ([("a", 40, T, SAME), ("a", 3, T - 1, OTHER)], "NEW"),
        ([("a", 40, T, SAME), ("a", 3, T, OTHER)], "NEW"),
        ([("a", 40, T, SAME), ("a", 3, 0, OTHER)], "NEW"),
        ([("a", 40, 0, SAME), ("a", 3, T, OTHER)], "NEW"),
        ([("a", 40, T, SAME), ("a", 99, T + 1, OTHER)], "NEW"),
    ],
)
def test_number_that_lies_is_told(said: list[tuple[str, int, int, int]], taken: str) -> None:
    """A repetition, a clone, a counter set back, back-fill: by number, time and content (A-12)."""
    assert _taken(*said)[-1] == taken


def test_number_of_long_ago_with_a_newer_time_is_a_clone() -> None:
    """Its content is forgotten, but it cannot have been measured after all the others."""
    said = [("a", seq, T + seq, SAME) for seq in range(3 * RECENT)]

    assert _taken(*said, ("a", 1, T + 1, OTHER))[-1] == "DUPLICATE"
    assert _taken(*said, ("a", 1, T + 9_999, OTHER))[-1] == "CONFLICT"


@given(arrivals=ARRIVALS, cut=st.integers(0, 120))
def test_restart_forgets_no_content(arrivals: list[tuple[str, int]], cut: int) -> None:
    """What is a repetition before a restart is one after it."""
    kept, restarted = Seen(), Seen()

    for k, (boot, seq) in enumerate(arrivals):
        if k == cut:
            restarted = Seen.load(restarted.dump())
        said = boot, seq, T + seq % 7, seq % 3
        assert restarted.take(*said) == kept.take(*said)
        assert restarted.hold(boot, seq + 1) == kept.hold(boot, seq + 1)

    assert restarted.dump() == kept.dump()


@given(arrivals=ARRIVALS)
def test_same_record_again_is_never_anything_but_a_duplicate(
    arrivals: list[tuple[str, int]],
) -> None:
    """Whatever came between: the broker may send anything twice."""
    seen, content = Seen(), {key: k for k, key in enumerate(dict.fromkeys(arrivals))}
    known = set()

    for boot, seq in arrivals:
        taken, _ = seen.take(boot, seq, T + content[boot, seq], content[boot, seq])
        assert (taken is Taken.DUPLICATE) == ((boot, seq) in known)
        known.add((boot, seq))


# -- numbers that are held ------------------------------------------------------------------


def test_held_number_is_no_gap() -> None:
    """It came, and was refused for something else: nobody need send it again."""
    seen = Seen()
    changes = [seen.take("a", 1, T, SAME)[1], seen.take("a", 3, T, SAME)[1], seen.hold("a", 2)]

    assert changes == [0, 1, -1]


def test_held_number_that_is_taken_after_all_is_counted_once() -> None:
    """Run again from quarantine: the gap that was closed does not close again."""
    seen = Seen()
    for seq in (1, 3):
        seen.take("a", seq, T, SAME)
    seen.hold("a", 2)

    assert seen.take("a", 2, T, SAME) == (Taken.NEW, 0)
    assert seen.hold("a", 2) == 0


@given(
    picks=st.lists(
        st.tuples(st.sampled_from(["take", "hold"]), st.integers(0, 30)), min_size=1, max_size=60
    )
)
def test_gaps_are_the_numbers_that_never_came(picks: list[tuple[str, int]]) -> None:
    """Taken or held between the lowest and the highest that was taken: not missing."""
    seen, taken, held, gaps = Seen(), set[int](), set[int](), 0

    for how, seq in picks:
        gaps += seen.hold("a", seq) if how == "hold" else seen.take("a", seq, 0, seq)[1]
        (held if how == "hold" else taken).add(seq)

    if taken:
        inside = {seq for seq in held | taken if min(taken) <= seq <= max(taken)}
        assert gaps == max(taken) - min(taken) + 1 - len(inside)


@given(arrivals=ARRIVALS, held=st.sets(st.integers(0, 40)), gone=st.sets(st.integers(0, 40)))
def test_marks_stand_before_what_might_still_come(
    arrivals: list[tuple[str, int]], held: set[int], gone: set[int]
) -> None:
    """Against sets: of the newest boot everything up to the mark is taken, held or forgone."""
    seen, taken = Seen(), defaultdict[str, set[int]](set)
    for boot, seq in arrivals:
        seen.take_number(boot, seq)
        taken[boot].add(seq)
    boot = arrivals[-1][0]
    for seq in sorted(held):
        seen.hold(boot, seq)
    for seq in sorted(gone):
        seen.forgo((boot, seq, seq))

    _, first, upto = next(mark for mark in seen.marks() if mark[0] == boot)

    wanted = {seq for b, begin, end in seen.wanted() if b == boot for seq in range(begin, end + 1)}
    gaps = {seq for b, begin, end in seen.gaps() if b == boot for seq in range(begin, end + 1)}
    holes = set(range(min(taken[boot]), max(taken[boot]))) - taken[boot]
    assert (first, wanted, gaps) == (min(taken[boot]), holes - held - gone, holes - held)
    assert not wanted & set(range(first, upto + 1))
    assert upto + 1 in wanted or upto >= max(taken[boot])
