"""The supervisor on real processes: small stubs stand in for the parts."""

import asyncio
import itertools
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from parkguard.parts import Part
from parkguard.settings import Settings
from parkguard.supervisor import (
    NotReady,
    PartChange,
    PartEvent,
    RestartPolicy,
    Supervisor,
)
from support.broker import wait_until

STUB = """
import signal, sys
def bye(*_):
    open(sys.argv[2], "a").write(sys.argv[1] + "\\n")
    sys.exit(0)
signal.signal(signal.SIGTERM, bye)
open(sys.argv[2], "a").write("+" + sys.argv[1] + "\\n")
while True:
    signal.pause()
"""
"""Writes "+name" when it runs and "name" when it is asked to end."""

DEAF = STUB.replace("signal.SIGTERM, bye", "signal.SIGTERM, signal.SIG_IGN")

READY = """
import sys, time, pathlib, signal
from parkguard.status_files import StatusFile
status = StatusFile(pathlib.Path(sys.argv[1]), "slow", wall_ms=lambda: time.time_ns() // 10**6)
status.write(ready=False, reason="warms up", metrics={})
time.sleep(0.3)
status.write(ready=True, reason="", metrics={})
signal.pause()
"""


def stub(name: str, diary: Path, *, code: str = STUB) -> Part:
    return Part(name=name, command=(sys.executable, "-c", code, name, str(diary)), reports=False)


def settings_in(folder: Path) -> Settings:
    return Settings.model_validate({"data_dir": folder})


async def until(fact: Callable[[], object], *, within_s: float = 10.0) -> None:
    async with asyncio.timeout(within_s):
        for _ in itertools.repeat(None):
            if fact():
                return
            await asyncio.sleep(0.01)


def lines(diary: Path) -> list[str]:
    return diary.read_text().split() if diary.exists() else []


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "Z" not in Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1][:3]


def test_a_killed_part_is_started_again_and_said(tmp_path: Path) -> None:
    """kill -9 of one part touches no other, and is told with its signal and the wait."""
    diary = tmp_path / "diary"
    events: list[PartEvent] = []

    async def story() -> tuple[dict[str, int], dict[str, int]]:
        supervisor = Supervisor(
            settings_in(tmp_path), [stub("a", diary), stub("b", diary)], on_event=events.append
        )
        await supervisor.start()
        await until(lambda: {"+a", "+b"} <= set(lines(diary)))
        before = supervisor.pids
        os.kill(before["a"], signal.SIGKILL)
        await until(lambda: lines(diary).count("+a") == 2)
        after = supervisor.pids
        await supervisor.stop()
        return before, after

    before, after = asyncio.run(story())

    assert after["a"] != before["a"]
    assert after["b"] == before["b"]
    died = [event for event in events if event.change is PartChange.DIED]
    assert [(event.part, event.code, event.wait_s) for event in died] == [("a", -9, 0.2)]


def test_waits_double_up_to_a_limit(tmp_path: Path) -> None:
    """A part that dies at once is not hammered."""
    policy = RestartPolicy(first_s=0.02, longest_s=0.1)
    waits: list[float] = []

    async def story() -> None:
        supervisor = Supervisor(
            settings_in(tmp_path),
            [Part(name="broken", command=("false",), reports=False)],
            policy=policy,
            on_event=lambda event: waits.append(event.wait_s),
        )
        await supervisor.start()
        await until(lambda: supervisor.restarts["broken"] >= 5)
        await supervisor.stop()

    asyncio.run(story())

    assert [wait for wait in waits if wait][:5] == [0.02, 0.04, 0.08, 0.1, 0.1]


def test_a_healthy_stretch_forgives_earlier_deaths(tmp_path: Path) -> None:
    """After it ran for long the first wait counts again."""
    policy = RestartPolicy(first_s=0.02, healthy_s=0.1)
    waits: list[float] = []

    async def story() -> None:
        supervisor = Supervisor(
            settings_in(tmp_path),
            [Part(name="tired", command=("sleep", "0.2"), reports=False)],
            policy=policy,
            on_event=lambda event: waits.append(event.wait_s),
        )
        await supervisor.start()
        await until(lambda: supervisor.restarts["tired"] >= 3)
        await supervisor.stop()

    asyncio.run(story())

    assert {wait for wait in waits if wait} == {0.02}


def test_parts_stop_in_the_opposite_order(tmp_path: Path) -> None:
    """The last started ends first, and each is gone before the next is asked."""
    diary = tmp_path / "diary"

    async def story() -> None:
        supervisor = Supervisor(
            settings_in(tmp_path), [stub(name, diary) for name in ("broker", "ingest", "api")]
        )
        await supervisor.start()
        await until(lambda: len(lines(diary)) == 3)
        await supervisor.stop()

    asyncio.run(story())

    assert lines(diary)[3:] == ["api", "ingest", "broker"]


def test_a_part_that_will_not_end_is_killed(tmp_path: Path) -> None:
    """It costs the others nothing but its share of the time."""
    diary = tmp_path / "diary"
    events: list[PartEvent] = []

    async def story() -> float:
        supervisor = Supervisor(
            settings_in(tmp_path),
            [stub("broker", diary), stub("deaf", diary, code=DEAF)],
            policy=RestartPolicy(stop_s=0.6),
            on_event=events.append,
        )
        await supervisor.start()
        await until(lambda: {"+broker", "+deaf"} <= set(lines(diary)))
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        await supervisor.stop()
        return loop.time() - began_s

    took_s = asyncio.run(story())

    stopped = {e.part: e.code for e in events if e.change is PartChange.STOPPED}
    assert stopped == {"broker": 0, "deaf": -signal.SIGKILL}
    assert took_s < 2


def test_nothing_outlives_a_killed_supervisor(tmp_path: Path) -> None:
    """Even kill -9 of the supervisor leaves no orphan: parts are asked to end by the kernel."""
    diary = tmp_path / "diary"
    script = f"""
import asyncio, pathlib
from parkguard.parts import Part
from parkguard.settings import Settings
from parkguard.supervisor import Supervisor
async def main():
    parts = [Part(name=n, command={(sys.executable, "-c", STUB)!r} + (n, {str(diary)!r}),
                  reports=False) for n in ("a", "b")]
    supervisor = Supervisor(Settings.model_validate({{"data_dir": {str(tmp_path)!r}}}), parts)
    await supervisor.start()
    await asyncio.Event().wait()
asyncio.run(main())
"""
    parent = subprocess.Popen([sys.executable, "-c", script])  # noqa: S603 - our own script
    wait_until(lambda: {"+a", "+b"} <= set(lines(diary)))
    status = msgspec.json.decode((tmp_path / "run/up.json").read_bytes())
    pids = [part["pid"] for part in status["parts"].values()]
    assert all(alive(pid) for pid in pids)

    parent.kill()
    parent.wait()

    wait_until(lambda: not any(alive(pid) for pid in pids), what="both parts to be gone")
    assert {"a", "b"} <= set(lines(diary))


@pytest.mark.parametrize("code", [2, 78])
def test_a_part_that_refuses_at_once_is_not_tried_again(tmp_path: Path, code: int) -> None:
    """Wrong settings and refused secrets do not heal by restarting."""

    async def story() -> Supervisor:
        supervisor = Supervisor(
            settings_in(tmp_path), [Part(name="fussy", command=("sh", "-c", f"exit {code}"))]
        )
        await supervisor.start()
        with pytest.raises(NotReady, match="fussy does not run"):
            await supervisor.wait_ready(5)
        await supervisor.stop()
        return supervisor

    supervisor = asyncio.run(story())

    assert supervisor.refused_code == code
    assert supervisor.restarts == {"fussy": 0}


def test_ready_means_every_part_said_so_itself(tmp_path: Path) -> None:
    """A stale file of an earlier run does not count; the reason of a slow part is passed on."""
    run = tmp_path / "run"
    slow = Part(name="slow", command=(sys.executable, "-c", READY, str(run)))

    async def story() -> list[str]:
        seen: list[str] = []
        supervisor = Supervisor(settings_in(tmp_path), [slow])
        await supervisor.start()

        def look() -> bool:
            seen.append(supervisor.waiting_for().get("slow", ""))
            return not seen[-1]

        await until(look)
        await supervisor.wait_ready(5)
        await supervisor.stop()
        return seen

    seen = asyncio.run(story())

    assert [key for key, _ in itertools.groupby(seen)] == [
        "has not said anything yet",
        "warms up",
        "",
    ]
