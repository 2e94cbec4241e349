"""Debian's Chromium for the benchmarks of the pages: who looks, at which size, and its tasks.

A task is a turn of the page's main thread by Chromium's trace, in CPU time of that thread: what
other processes take does not count. WebGL is drawn by software where no graphics card is, and a
driver's work stands in the same tasks; ``NO_DRAWING`` leaves what the page and its libraries do.
"""

import json
import shutil
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from secrets import token_urlsafe
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from benchmarks.rig import Rig

ARGUMENTS = (
    "--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
"""As tests/support/screens.py starts it."""
NO_DRAWING = """
for (const name of ["drawElements", "drawArrays"])
  WebGL2RenderingContext.prototype[name] = () => {};
"""
"""Script that replaces the two drawing calls of WebGL that MapLibre makes by nothing."""
TRACED = ("toplevel", "__metadata")
LONG_MS = 50.0
"""A task above this is long. Source: issue 8, item 8; W3C Long Tasks."""
PASSWORD = token_urlsafe(16)
"""Of users that live as long as the run."""


@dataclass(frozen=True, slots=True)
class Look:
    """How somebody looks.

    Attributes:
        slower: Chromium's CPU throttling, times.
    """

    width: int
    height: int
    touch: bool = False
    slower: int = 1


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start the browser; end it."""
    found = shutil.which("chromium")
    if found is None:
        sys.exit("chromium is not installed; run: apt-get install -y chromium fonts-noto-cjk")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=list(ARGUMENTS))
        yield browser
        browser.close()


def add_person(rig: Rig, name: str, role: str) -> None:
    """Add somebody for the whole city who logs in with ``PASSWORD``."""
    words = ("users", "add", name, "--role", role, "--area", "", "--password-stdin")
    subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "parkguard", *words],
        input=f"{PASSWORD}\n".encode(), env=dict(rig.environment), check=True, capture_output=True,
    )  # fmt: skip


def person(browser: Browser, url: str, look: Look, name: str | None) -> BrowserContext:
    """A fresh profile, logged in as ``name``: nothing is cached."""
    context = browser.new_context(
        viewport={"width": look.width, "height": look.height},
        locale="en-GB",
        has_touch=look.touch,
        is_mobile=look.touch,
        device_scale_factor=2 if look.touch else 1,
    )
    if name is not None:
        who = {"name": name, "password": PASSWORD}
        answer = context.request.post(f"{url}/v1/session", data=who, headers={"Origin": url})
        if not answer.ok:
            raise RuntimeError(f"no session: {answer.text()}")
    return context


def window(context: BrowserContext, look: Look) -> Page:
    """An empty page of a profile, as slow as the look says."""
    page = context.new_page()
    if look.slower > 1:
        devtools = context.new_cdp_session(page)
        devtools.send("Emulation.setCPUThrottlingRate", {"rate": look.slower})
    return page


def traced(browser: Browser, page: Page, act: Callable[[], None]) -> list[float]:
    """CPU time of every task of the page's main thread while ``act`` runs, ms."""
    browser.start_tracing(page=page, categories=list(TRACED))
    try:
        act()
    finally:
        trace = browser.stop_tracing()
    return tasks_ms(trace)


def tasks_ms(trace: bytes) -> list[float]:
    """CPU time of every turn of the main threads of a trace, ms."""
    events = json.loads(trace)["traceEvents"]
    mains = {
        (event["pid"], event["tid"])
        for event in events
        if event["name"] == "thread_name" and event["args"].get("name") == "CrRendererMain"
    }
    return [
        event["tdur"] / 1000
        for event in events
        if event["name"] == "ThreadControllerImpl::RunTask"
        and "tdur" in event
        and (event["pid"], event["tid"]) in mains
    ]


def task_figures(runs: Sequence[Sequence[float]]) -> dict[str, Any]:
    """Of the tasks of several runs: the longest by run, and how many were long, ms."""
    longest = [max(tasks, default=0.0) for tasks in runs]
    return {
        "longest_ms": middle(longest),
        "worst_ms": round(max(longest), 1),
        "long_by_run": [sum(task > LONG_MS for task in tasks) for tasks in runs],
        "tasks": round(statistics.median(len(tasks) for tasks in runs)),
    }


def middle(values: Iterable[float]) -> float:
    """Median, to a tenth."""
    return round(statistics.median(values), 1)


def say(line: str) -> None:
    """Progress, on stderr: stdout holds the figures."""
    print(line, file=sys.stderr, flush=True)
