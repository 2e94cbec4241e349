"""The desk's map in Chromium with 100,000 sites known: marks drawn, time to idle, long tasks.

    python -m benchmarks.screens_map [--sites 100000] [--quick] [--json]

One platform (``parkguard up``); the sites come in by ``POST /v1/places``; a desk's person looks at
``/app/desk`` in Debian's Chromium, headless, at 1440 x 900. The map is opened, then moved through
``VIEWS``, and then once more: each time it has come to rest the marks in view are counted by
``queryRenderedFeatures``. ``layer`` is the answer of ``/v1/maps/sites``: packed bytes, ms of the
first (packs it) and of a later one.

A task is a turn of the page's main thread by Chromium's trace, in CPU time of that thread: what
other processes take does not count. WebGL is drawn by software here, and a driver's work stands in
the same tasks, so everything is measured twice: as it is, and with the two drawing calls of WebGL
replaced by nothing (``no drawing``): there the tasks are what our page and MapLibre compute.
``sites 0`` beside it says what of that comes of the sites. ``load`` is the machine's load average.
"""

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import httpx
from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.rig import Rig, machine, platform
from benchmarks.telling import told

CHROMIUM = (
    "--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
NO_DRAWING = """
for (const name of ["drawElements", "drawArrays"])
  WebGL2RenderingContext.prototype[name] = () => {};
"""
MAP = "document.querySelector('[data-ready=true]')?.cityMap"
VIEWS = ((117.23, 31.82, 10), (117.28, 31.80, 12), (117.23, 31.83, 13), (117.24, 31.82, 15),
         (117.2401, 31.8201, 18), (117.3, 31.8, 9))  # fmt: skip
"""Longitude, latitude, zoom."""
MIDDLES = ((31.82, 117.23), (31.79, 117.31), (31.86, 117.29), (31.74, 117.2), (31.6, 117.87))
LONG_MS = 50.0
PASSWORD = "long enough for a bench"  # noqa: S105 - of a user that lives as long as the run
PART = 1_000


def places(count: int) -> Iterator[dict[str, Any]]:
    """Sites round the middles of a city, in parts that one call takes."""
    chance = random.Random(1)  # noqa: S311 - where they stand
    for start in range(0, count, PART):
        sites = []
        for number in range(start, min(start + PART, count)):
            lat_deg, lon_deg = chance.choice(MIDDLES)
            sites.append({
                "id": f"site-{number:06d}",
                "name": f"翠庭园{number % 500}区{number % 7}号门",
                "area": "340104001",
                "lat_deg": round(lat_deg + chance.gauss(0, 0.03), 6),
                "lon_deg": round(lon_deg + chance.gauss(0, 0.035), 6),
            })  # fmt: skip
        yield {"sites": sites}


def fill(rig: Rig, sites: int) -> dict[str, Any]:
    """Register sites and a person; say how the layer answers."""
    words = ("users", "add", "bench", "--role", "desk", "--area", "", "--password-stdin")
    subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "parkguard", *words],
        input=f"{PASSWORD}\n".encode(), env=dict(rig.environment), check=True,
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    took_ms: list[float] = []
    packed = 0
    with httpx.Client(**rig.client()) as client:
        for part in places(sites):
            client.post("/v1/places", json=part).raise_for_status()
        for _ in range(4):
            began = time.perf_counter()
            with client.stream("GET", "/v1/maps/sites") as answer:
                packed = sum(len(raw) for raw in answer.iter_raw())
            took_ms.append(round(1000 * (time.perf_counter() - began), 1))
    return {"packed_bytes": packed, "first_ms": took_ms[0], "later_ms": min(took_ms[1:])}


def come_to_rest(page: Page, *, within_s: float = 120.0) -> None:
    """Wait until nothing moves and nothing is being loaded."""
    deadline = time.monotonic() + within_s
    rests = f"() => {{ const m = {MAP}; return !!m && !m.isMoving() && m.areTilesLoaded(); }}"
    while not page.evaluate(rests):
        if time.monotonic() > deadline:
            raise TimeoutError("the map did not come to rest")
        page.wait_for_timeout(50)


def go(page: Page, view: tuple[float, float, int]) -> None:
    """Glide to a view and wait until the map rests."""
    page.evaluate(
        f"([lon, lat, zoom]) => {{ {MAP}.easeTo({{center: [lon, lat], zoom, duration: 400}}); }}",
        list(view),
    )
    page.wait_for_timeout(500)
    come_to_rest(page)


def look(browser: Browser, url: str, *, draws: bool) -> dict[str, Any]:
    """Open the desk's map and move it; figures by name."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    who = {"name": "bench", "password": PASSWORD}
    answer = context.request.post(f"{url}/v1/session", data=who, headers={"Origin": url})
    if not answer.ok:
        raise RuntimeError(answer.text())
    page = context.new_page()
    if not draws:
        page.add_init_script(NO_DRAWING)
    browser.start_tracing(page=page, categories=["toplevel", "__metadata"])
    began = time.monotonic()
    page.goto(f"{url}/app/desk")
    come_to_rest(page)
    idle_s = time.monotonic() - began
    opened = tasks_ms(browser.stop_tracing())
    browser.start_tracing(page=page, categories=["toplevel", "__metadata"])
    for view in VIEWS:
        go(page, view)
    moved = tasks_ms(browser.stop_tracing())
    drawn = []  # outside the trace: counting is this benchmark's own work
    for view in VIEWS:
        go(page, view)
        drawn.append(page.evaluate(f"() => {MAP}.queryRenderedFeatures().length"))
    context.close()
    return {
        "idle_s": round(idle_s, 1),
        "marks_in_view": drawn,
        "opening": long_ones(opened),
        "moving": long_ones(moved),
        "load": round(os.getloadavg()[0], 1),
    }


def tasks_ms(trace: bytes) -> list[float]:
    """CPU time of every turn of the page's main thread, ms."""
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


def long_ones(tasks: list[float]) -> dict[str, Any]:
    """How many tasks there were, those above 50 ms, the longest."""
    long = sorted((round(each) for each in tasks if each > LONG_MS), reverse=True)
    return {"tasks": len(tasks), "long_ms": long[:10], "max_ms": round(max(tasks, default=0), 1)}


def city(sites: int) -> dict[str, Any]:
    """One platform with so many sites."""
    with platform(("load", "--devices", "10")) as rig:
        layer = fill(rig, sites)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium"), args=list(CHROMIUM)
            )
            figures = {
                "no drawing": look(browser, rig.api_url, draws=False),
                "as it is": look(browser, rig.api_url, draws=True),
            }
            browser.close()
    return {"layer": layer, **figures}


def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    """Everything; figures by name."""
    counts = (0, arguments.sites)
    return {"machine": machine(), **{f"sites {count}": city(count) for count in counts}}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sites", type=int, default=100_000)
    parser.add_argument("--quick", action="store_true", help="5,000 sites")
    told(parser, measure, quick={"sites": 5_000})


if __name__ == "__main__":
    main()
