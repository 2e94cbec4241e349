"""What is kept of refusals: so much per device and day, so much a day in all, no more memory."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.quarantine_bound import (
    DAY_MS,
    ROW_BYTES,
    BoundState,
    QuarantineBound,
    QuarantinePolicy,
    bound_id,
    bound_size,
)

DAY = 20_000
SMALL = QuarantinePolicy(bytes_per_device_day=1000, rows_per_device_day=4, bytes_per_day=2500)


def taken(bound: QuarantineBound, *asked: tuple[str, int], day: int = DAY) -> list[bool]:
    """Answers to refusals of (id, size) on one day."""
    return [bound.take(name, day * DAY_MS + k, size) for k, (name, size) in enumerate(asked)]


def test_device_may_fill_its_bytes_to_the_last_one() -> None:
    """What does not fit is refused, and a smaller one after it is not."""
    bound = QuarantineBound(SMALL)

    assert taken(bound, ("a", 600), ("a", 401), ("a", 400), ("a", 1)) == [True, False, True, False]


def test_device_may_have_so_many_rows() -> None:
    """However small; the others are not concerned."""
    bound = QuarantineBound(SMALL)

    assert taken(bound, *[("a", 1)] * 5, ("b", 1)) == [True, True, True, True, False, True]


def test_invented_ids_do_not_fill_the_disk() -> None:
    """The city's bound holds whoever it is; what was refused does not count."""
    bound = QuarantineBound(SMALL)

    answers = taken(bound, *[(f"x{k}", 900) for k in range(5)], ("a", 700))

    assert answers == [True, True, False, False, False, True]


def test_forgotten_id_begins_anew_within_the_citys_bound() -> None:
    """So many ids are counted apart, those refused last."""
    bound = QuarantineBound(SMALL, max_ids=2)

    assert taken(bound, ("a", 900), ("b", 1), ("a", 1), ("c", 1), ("b", 1000)) == [True] * 5
    assert [name for name, _, _ in bound.dump().ids] == ["c", "b"]
    assert taken(bound, ("c", 597), ("d", 1)) == [True, False]


def test_memory_is_bounded() -> None:
    """Ten times more ids than are counted apart."""
    bound = QuarantineBound(max_ids=100)

    taken(bound, *[(f"x{k}", 1) for k in range(1000)])

    assert len(bound.dump().ids) == 100


@pytest.mark.parametrize(
    ("step_days", "is_new_day"),
    [(1, True), (2, True), (0, False), (-1, False), (-2, True), (-5000, True)],
)
def test_day_rolls_with_the_receive_time(step_days: int, is_new_day: bool) -> None:  # noqa: FBT001 - a table
    """A clock that goes back over midnight empties nothing; one that was far ahead is mended."""
    bound = QuarantineBound(SMALL)
    taken(bound, ("a", 1000))

    assert taken(bound, ("a", 1000), day=DAY + step_days) == [is_new_day]


@given(
    st.lists(
        st.tuples(st.sampled_from("abcd"), st.integers(0, 1200), st.integers(0, 3)), max_size=60
    ),
    st.integers(0, 60),
)
def test_checkpoint_changes_no_answer(asked: list[tuple[str, int, int]], cut: int) -> None:
    """A processor that is killed and started decides as one that ran through."""

    def run(bound: QuarantineBound, some: list[tuple[str, int, int]]) -> list[bool]:
        return [bound.take(name, (DAY + day) * DAY_MS, size) for name, size, day in some]

    through, before = QuarantineBound(SMALL, max_ids=3), QuarantineBound(SMALL, max_ids=3)
    expected = run(through, asked)
    answers = run(before, asked[:cut])
    blob = msgspec.msgpack.encode(before.dump())
    after = QuarantineBound(SMALL, max_ids=3)
    after.load(msgspec.msgpack.decode(blob, type=BoundState))

    assert answers + run(after, asked[cut:]) == expected


@given(st.lists(st.tuples(st.text(max_size=3), st.integers(0, 2000)), max_size=80))
def test_never_more_than_the_bounds(asked: list[tuple[str, int]]) -> None:
    """In bytes of all, and in bytes and rows of each."""
    bound = QuarantineBound(SMALL)
    kept = [one for one, took in zip(asked, taken(bound, *asked), strict=True) if took]

    assert sum(size for _, size in kept) <= 2500
    for name in {name for name, _ in kept}:
        sizes = [size for whose, size in kept if whose == name]
        assert sum(sizes) <= 1000
        assert len(sizes) <= 4


@pytest.mark.parametrize(
    ("device_id", "topic", "whose"),
    [
        ("trk-1", "pg/v1/up/trk/trk-2/fix", "trk-1"),
        ("", "pg/v1/up/bus/trk-2/fix", "trk-2"),
        ("", "pg/v1/up/trk/TRK!/fix", "TRK!"),
        ("", "a/b", "a"),
        ("", "a", ""),
        ("", "", ""),
        ("", f"pg/{'x' * 70_000}/fix", "x" * 64),
        ("y" * 90, "t", "y" * 64),
    ],
)
def test_refusal_counts_for_its_device_or_its_topics(
    device_id: str, topic: str, whose: str
) -> None:
    """Ids are cut, so that a long topic fills no memory."""
    assert bound_id(device_id, topic) == whose


def test_size_is_what_the_row_takes() -> None:
    """A topic may be as long as a payload, and an empty message is a row all the same."""
    assert bound_size("", "", b"") == ROW_BYTES
    assert bound_size("é\ud800", "ab", b"xyz") == ROW_BYTES + 3 + 2 + 3
