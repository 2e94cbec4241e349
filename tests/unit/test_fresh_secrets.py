"""Secrets made ahead by a process beside: each is given once, and its hash is its own."""

import os
import signal
from pathlib import Path

from parkguard.importing.fresh_secrets import BESIDE_FROM, FreshSecrets, Secret
from parkguard.passwords import verify_password


def children() -> list[int]:
    """Processes that we started and that were not waited for."""
    listed = Path(f"/proc/self/task/{os.getpid()}/children").read_text()
    return [int(pid) for pid in listed.split()]


def are_right(secrets: list[Secret]) -> bool:
    """Whether each is long enough, unlike all others, and opens its own hash."""
    different = len({one.clear for one in secrets}) == len({one.hashed for one in secrets})
    salts = {one.hashed.split("$")[3] for one in secrets}
    return (
        different
        and len(salts) == len(secrets)
        and all(len(one.clear) == 43 for one in secrets)
        and all(verify_password(one.clear, one.hashed) for one in secrets)
    )


def test_many_come_from_a_process_beside_that_ends_with_us() -> None:
    """More than it makes ahead; afterwards nothing of it is left."""
    before = children()

    with FreshSecrets() as fresh:
        taken = [one for _ in range(5) for one in fresh.take(BESIDE_FROM * 2)]
        beside = set(children()) - set(before)

    assert len(taken) == BESIDE_FROM * 10
    assert are_right(taken)
    assert len(beside) == 1
    assert beside.isdisjoint(children())


def test_few_start_no_process() -> None:
    """A few devices are no reason to start anything."""
    before = children()

    with FreshSecrets() as fresh:
        taken = fresh.take(BESIDE_FROM - 1)
        after = children()

    assert len(taken) == BESIDE_FROM - 1
    assert are_right(taken)
    assert after == before


def test_import_goes_on_when_the_process_beside_is_killed() -> None:
    """What it had made whole counts, half a line does not, the rest is made here."""
    before = children()

    with FreshSecrets() as fresh:
        taken = fresh.take(BESIDE_FROM)
        (beside,) = set(children()) - set(before)
        os.kill(beside, signal.SIGKILL)
        taken += fresh.take(10_000)

    assert len(taken) == BESIDE_FROM + 10_000
    assert are_right(taken)
