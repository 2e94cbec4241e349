"""The steady clock: goes on over restarts and reboots, never falls."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parkguard.clock import CarriedClock, SteadyClock


class World:
    """Wall clock, boot clock and boot name, all set by hand."""

    def __init__(self) -> None:
        self.wall_ms = 1_764_000_000_000
        self.boottime_ms = 5_000
        self.boot = "boot-a"

    def clock(self, anchor: Path, last: tuple[int, int] | None) -> SteadyClock:
        return SteadyClock(
            anchor,
            last=last,
            wall=lambda: self.wall_ms,
            boottime=lambda: self.boottime_ms,
            boot=lambda: self.boot,
        )

    def passes(self, ms: int) -> None:
        self.wall_ms += ms
        self.boottime_ms += ms

    def reboots(self, *, away_ms: int) -> None:
        self.wall_ms += away_ms
        self.boottime_ms = 1_000
        self.boot += "+"


def test_an_empty_journal_starts_at_zero(tmp_path: Path) -> None:
    """There is nothing before the first entry."""
    world = World()

    clock = world.clock(tmp_path / "anchor", None)
    world.passes(250)

    assert clock.elapsed_ms() == 250


def test_a_restart_in_one_boot_counts_the_time_away(tmp_path: Path) -> None:
    """By the boot clock: a wall clock that was stepped meanwhile changes nothing."""
    world = World()
    first = world.clock(tmp_path / "anchor", None)
    world.passes(1_000)
    last = (first.elapsed_ms(), world.wall_ms)
    world.passes(60_000)
    world.wall_ms -= 3_600_000

    again = world.clock(tmp_path / "anchor", last)

    assert again.elapsed_ms() == 61_000


def test_a_reboot_counts_wall_time(tmp_path: Path) -> None:
    """The last entry plus the wall time gone by."""
    world = World()
    first = world.clock(tmp_path / "anchor", None)
    world.passes(1_000)
    last = (first.elapsed_ms(), world.wall_ms)
    world.reboots(away_ms=30_000)

    again = world.clock(tmp_path / "anchor", last)
    world.passes(10)

    assert again.elapsed_ms() == 31_010


def test_a_wall_clock_put_back_over_a_reboot_stands_still(tmp_path: Path) -> None:
    """Time never runs backwards: the difference is cut at zero."""
    world = World()
    last = (5_000, world.wall_ms)
    world.reboots(away_ms=-3_600_000)

    clock = world.clock(tmp_path / "anchor", last)

    assert clock.elapsed_ms() == 5_000


def test_a_broken_anchor_is_made_anew(tmp_path: Path) -> None:
    """The file is derived: the journal's last entry takes its place."""
    anchor = tmp_path / "anchor"
    anchor.write_bytes(b"\x00\x01 not json")
    world = World()

    clock = world.clock(anchor, (7_000, world.wall_ms))

    assert clock.elapsed_ms() == 7_000
    assert world.clock(anchor, None).elapsed_ms() == 7_000


Step = Callable[[World], None]
STEPS: st.SearchStrategy[Step] = st.one_of(
    st.integers(0, 10**8).map(lambda ms: lambda world: world.passes(ms)),
    st.integers(-(10**9), 10**9).map(lambda ms: lambda world: world.reboots(away_ms=ms)),
    st.integers(-(10**9), 10**9).map(lambda ms: lambda world: step_wall(world, ms)),
)


def step_wall(world: World, ms: int) -> None:
    world.wall_ms += ms


@given(st.lists(STEPS, max_size=20))
def test_it_never_falls_whatever_happens(tmp_path_factory: object, steps: list[Step]) -> None:
    """Any mixture of running, rebooting and stepping the wall clock."""
    anchor = Path(str(tmp_path_factory.mktemp("clock"))) / "anchor"  # type: ignore[attr-defined]
    world = World()
    last: tuple[int, int] | None = None
    for step in steps:
        step(world)
        clock = world.clock(anchor, last)
        assert last is None or clock.elapsed_ms() >= last[0]
        last = (clock.elapsed_ms(), world.wall_ms)


@pytest.mark.promise(39)
@pytest.mark.parametrize("leap_ms", [3_600_000, -3_600_000, 10 * 31_557_600_000])
def test_waits_are_counted_as_if_nobody_had_touched_the_clock(leap_ms: int) -> None:
    """An hour on, an hour back, ten years on."""
    world = World()
    clock = CarriedClock(wall=lambda: world.wall_ms, boottime=lambda: world.boottime_ms)
    before_ms = clock()

    world.wall_ms += leap_ms
    world.passes(1_000)

    assert clock() - before_ms == 1_000
