"""The pages: what a browser loads, how soon something is seen, how long its tasks are.

    python -m benchmarks.pages [--loads 5] [--look phone --look desk] [--json]

A town that lived for half a minute, with open cases (``benchmarks.pages_town``); each person opens
the pages of their role in Debian's Chromium. ``cold``: a fresh profile. ``warm``: the same page
once more, when the service worker keeps the pages. Figures are medians over the loads, ms from the
start of the navigation: first and largest contentful paint; ``readable`` is the frame that shows
the first case, row, device or field (``PAGES``). Task figures are of further cold loads, traced,
without WebGL's drawing calls (``benchmarks.browser``). Sizes are of the files by gzip, as the API
sends them. The server and the browser, which draws by software, share the machine's cores.
"""

import argparse
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Browser, Page

from api.pages import read_pages
from benchmarks.browser import (
    NO_DRAWING,
    Look,
    chromium,
    middle,
    person,
    say,
    task_figures,
    traced,
    window,
)
from benchmarks.pages_town import Shown, town
from benchmarks.rig import machine

LIMIT_KB = 400.0
"""All scripts and styles without the map library, by gzip. Source: issue 8, item 8."""
MAP_LIBRARY = ("assets/engine-", "assets/worker-")
"""Chunks that hold MapLibre and its worker (web/src/map/engine.ts, worker.ts)."""
LOOKS = {
    "phone": Look(360, 780, touch=True),
    "slow phone": Look(360, 780, touch=True, slower=4),
    "desk": Look(1440, 900),
}
SETTLED_MS = 400.0
"""So long after it is readable a page is looked at, ms, times the look's slowness."""
PATIENCE_MS = 60_000.0


@dataclass(frozen=True, slots=True)
class Opened:
    """A page and when it is readable.

    Attributes:
        path: Below the service; ``{card}`` is the case with the longest trail.
        who: Who is logged in (``pages_town.PEOPLE``).
        shows: Selector of what is read first.
    """

    path: str
    who: str | None
    shows: str


PAGES = {
    "login": Opened("/app/login", None, "input[type=password]"),
    "patrol list": Opened("/app/patrol", "officer", "main li a[href^='/app/patrol/']"),
    "patrol card": Opened("/app/patrol/{card}", "officer", "main section strong"),
    "desk": Opened("/app/desk", "desk", "main li[data-testid]"),
    "health": Opened("/app/staff/health", "chief", "main a[href^='/app/staff/devices/']"),
}
READABLE = """(() => {
  const shown = %s;
  const look = () => {
    const found = document.querySelector(shown);
    if (found === null || !found.checkVisibility()) return;
    watch.disconnect();
    requestAnimationFrame(() => {
      const painted = new MessageChannel();
      painted.port1.onmessage = () => { window.readableMs = performance.now(); };
      painted.port2.postMessage(0);
    });
  };
  const watch = new MutationObserver(look);
  watch.observe(document, { childList: true, subtree: true, attributes: true });
})()"""
WHEN = """(withinMs) => new Promise((done, fail) => {
  setTimeout(() => fail(new Error("not within the patience")), withinMs);
  const look = () => (%s ? done() : setTimeout(look, 20));
  look();
})"""
"""Waits for a condition; playwright's own way is eval, which the pages' policy forbids."""
PAINTS = """() => new Promise((done) => {
  const first = performance.getEntriesByName("first-contentful-paint")[0].startTime;
  const readable = window.readableMs;
  const files = performance.getEntriesByType("resource")
    .map((one) => [one.name, one.encodedBodySize]);
  new PerformanceObserver((list) => {
    done({ first, largest: list.getEntries().at(-1).startTime, readable, files });
  }).observe({ type: "largest-contentful-paint", buffered: true });
})"""
TIMES = ("first", "largest", "readable")
COLUMNS = ("look", "page", *(f"{state}: {time}" for state in ("cold", "warm") for time in TIMES),
           "files", "kB", "longest task", "worst")  # fmt: skip


def sizes_kb() -> dict[str, float]:
    """Gzip sizes, kB: everything without the map library, the library, the styles in it."""
    totals = {"scripts": 0.0, "styles": 0.0, "map library": 0.0}
    for name, page in read_pages().items():
        if not name.startswith("assets/") or page.packed is None:
            continue
        kind = "styles" if name.endswith(".css") else "scripts"
        totals["map library" if name.startswith(MAP_LIBRARY) else kind] += len(page.packed) / 1000
    totals["without the map library"] = totals["scripts"] + totals["styles"]
    return {name: round(size, 1) for name, size in totals.items()}


def measure(shown: Shown, looks: list[str], loads: int) -> dict[str, Any]:
    """Figures by look and page."""
    found: dict[str, Any] = {}
    with chromium() as browser:
        for look in looks:
            for name, opened in PAGES.items():
                found.setdefault(look, {})[name] = _page(browser, shown, opened, LOOKS[look], loads)
                say(f"{look}, {name}: {loads} loads, {loads} traced")
    return found


def _page(browser: Browser, shown: Shown, opened: Opened, look: Look, loads: int) -> dict[str, Any]:
    address = shown.rig.api_url + opened.path.format(card=shown.card)
    cold: list[Mapping[str, Any]] = []
    warm: list[Mapping[str, Any]] = []
    runs = []
    for _ in range(loads):
        context = person(browser, shown.rig.api_url, look, opened.who)
        context.add_init_script(READABLE % json.dumps(opened.shows))
        for kept in (cold, warm):
            page = window(context, look)
            _read(page, address)
            page.wait_for_timeout(SETTLED_MS * look.slower)
            kept.append(page.evaluate(PAINTS))
            page.evaluate(WHEN % "navigator.serviceWorker.controller !== null", PATIENCE_MS)
            page.close()
        context.close()
        runs.append(_tasks(browser, shown, opened, look))
    files = [(name, size) for name, size in cold[0]["files"] if "/app/" in name]
    return {
        "cold": {time: middle(one[time] for one in cold) for time in TIMES},
        "warm": {time: middle(one[time] for one in warm) for time in TIMES},
        "files": len(files),
        "kb": round(sum(size for _, size in files) / 1000, 1),
        "tasks": task_figures(runs),
    }


def _read(page: Page, address: str) -> None:
    """Open a page and wait until it is readable."""
    page.goto(address)
    page.evaluate(WHEN % "window.readableMs !== undefined", PATIENCE_MS)


def _tasks(browser: Browser, shown: Shown, opened: Opened, look: Look) -> list[float]:
    """The tasks of one cold load, without drawing, ms."""
    context = person(browser, shown.rig.api_url, look, opened.who)
    context.add_init_script(READABLE % json.dumps(opened.shows))
    context.add_init_script(NO_DRAWING)
    page = window(context, look)

    def opening() -> None:
        _read(page, shown.rig.api_url + opened.path.format(card=shown.card))
        page.wait_for_timeout(SETTLED_MS * look.slower)

    tasks = traced(browser, page, opening)
    context.close()
    return tasks


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--loads", type=int, default=5)
    parser.add_argument("--look", action="append", choices=LOOKS, help="of these only")
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    sizes = sizes_kb()
    if sizes["scripts"] == 0:
        sys.exit("the pages are not built; run: make web")
    with town() as shown:
        pages = measure(shown, chosen.look or list(LOOKS), chosen.loads)
        counts = shown.counts
    figures = {
        "machine": machine(),
        "load": round(os.getloadavg()[0], 1),
        "loads": chosen.loads,
        "sizes_kb": sizes,
        "shown": counts,
        "pages": pages,
    }
    print(json.dumps(figures) if chosen.json else _table(figures))
    if sizes["without the map library"] > LIMIT_KB:
        sys.exit(f"larger than {LIMIT_KB:.0f} kB")


def _table(figures: Mapping[str, Any]) -> str:
    """The figures as Markdown."""
    lines = [
        f"{figures['machine']}; load {figures['load']}; medians of {figures['loads']} loads",
        ", ".join(f"{name} {size} kB" for name, size in figures["sizes_kb"].items()),
        ", ".join(f"{name} {count}" for name, count in figures["shown"].items()),
        "",
        f"| {' | '.join(COLUMNS)} |",
        "|---" * len(COLUMNS) + "|",
    ]
    for look, pages in figures["pages"].items():
        for name, one in pages.items():
            times = [f"{one[state][time]:.0f}" for state in ("cold", "warm") for time in TIMES]
            tasks = one["tasks"]
            cells = [look, name, *times, str(one["files"]), f"{one['kb']:.0f}",
                     f"{tasks['longest_ms']:.0f}", f"{tasks['worst_ms']:.0f}"]  # fmt: skip
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
