"""Chromium looking at the pages of a real service: phones and desks, logged in or not.

with Screens(machine.api_url) as screens:
    page = screens.open("/app/desk", DESK, user="desk")
"""

import shutil
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    expect,
    sync_playwright,
)

from support.machine import Machine

CHROMIUM = shutil.which("chromium")
ARGUMENTS = (
    "--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
"""Source: environment notes on Debian's Chromium; nothing leaves the machine."""
AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
PASSWORD = "long enough for a test"  # noqa: S105 - of users that live as long as a test
PATIENCE_MS = 20_000
"""What should be seen may take so long on a busy machine."""
HARMLESS = ("Failed to load resource",)
"""What Chromium says of every answer that is an error; the pages handle these."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How somebody looks at it."""

    width: int = 1440
    height: int = 900
    language: str = "en"
    theme: str = "light"
    touch: bool = False

    @property
    def name(self) -> str:
        """For files: ``phone-zh-dark``."""
        return f"{'phone' if self.touch else 'desk'}-{self.language}-{self.theme}"


DESK = Look()
PHONE = Look(width=360, height=740, touch=True)


def in_chinese(look: Look) -> Look:
    """The same in Chinese."""
    return replace(look, language="zh")


def in_the_dark(look: Look) -> Look:
    """The same, dark."""
    return replace(look, theme="dark")


def missing_chromium() -> str | None:
    """What to do when there is no browser, or no pages."""
    if CHROMIUM is None:
        return "chromium is not installed; run: apt-get install -y chromium fonts-noto-cjk"
    if not AXE.exists():
        return "the pages are not built; run: make web"
    return None


def add_user(machine: Machine, name: str, role: str, *areas: str, display: str = "") -> None:
    """Add somebody who logs in with ``PASSWORD``, by the command line."""
    words = [name, "--role", role, "--password-stdin"]
    for area in areas:
        words += ["--area", area]
    if display:
        words += ["--display", display]
    done = subprocess.run(  # noqa: S603 - our own command
        [*machine.command("users"), "add", *words],
        input=f"{PASSWORD}\n".encode(),
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()[-2000:]


class Screens:
    """One Chromium; each person has a context (cookies, storage) of their own.

    Args:
        url: Root of the service.
    """

    def __init__(self, url: str) -> None:
        if (todo := missing_chromium()) is not None:
            pytest.fail(todo)
        expect.set_options(timeout=PATIENCE_MS)
        self.url = url
        self.faults: list[str] = []
        self._playwright = sync_playwright().start()
        self._browsers: dict[tuple[str, ...], Browser] = {}

    def _browser(self, flags: tuple[str, ...]) -> Browser:
        if flags not in self._browsers:
            self._browsers[flags] = self._playwright.chromium.launch(
                executable_path=CHROMIUM, args=[*ARGUMENTS, *flags]
            )
        return self._browsers[flags]

    def person(
        self, look: Look = DESK, *, user: str | None = None, flags: tuple[str, ...] = ()
    ) -> BrowserContext:
        """Somebody with a browser of their own, logged in as ``user``.

        Args:
            look: How they look at it.
            user: None for somebody who is not logged in.
            flags: Of a Chromium that is not as the others'.
        """
        context = self._browser(flags).new_context(
            viewport={"width": look.width, "height": look.height},
            locale="zh-CN" if look.language == "zh" else "en-GB",
            timezone_id="Asia/Shanghai",
            color_scheme="dark" if look.theme == "dark" else "light",
            has_touch=look.touch,
            is_mobile=look.touch,
            device_scale_factor=2 if look.touch else 1,
            geolocation={"latitude": 31.8206, "longitude": 117.2272},
            permissions=["geolocation"],
        )
        context.set_default_timeout(PATIENCE_MS)
        context.on("console", self._hear)
        context.on("weberror", lambda error: self.faults.append(f"threw: {error.error}"))
        if user is not None:
            self.log_in(context, user)
        return context

    def log_in(self, context: BrowserContext, user: str) -> None:
        """Log in as the page does; the cookie goes to the context."""
        answer = context.request.post(
            f"{self.url}/v1/session",
            data={"name": user, "password": PASSWORD},
            headers={"Origin": self.url},
        )
        assert answer.ok, answer.text()

    def open(self, path: str, look: Look = DESK, *, user: str | None = None) -> Page:
        """A page of a person of its own."""
        page = self.person(look, user=user).new_page()
        page.goto(f"{self.url}{path}")
        return page

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith(HARMLESS):
            self.faults.append(f"{message.page and message.page.url}: {message.text}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close every window; what a console complained of fails the test."""
        for browser in self._browsers.values():
            browser.close()
        self._playwright.stop()
        if error is None:
            assert self.faults == []


def axe_faults(page: Page) -> list[str]:
    """What axe-core finds serious or critical on a page, with the elements."""
    page.evaluate(AXE.read_text())
    found: dict[str, Any] = page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{one['id']}: {one['help']}: {[node['html'][:160] for node in one['nodes']][:3]}"
        for one in found["violations"]
        if one["impact"] in {"serious", "critical"}
    ]


def overflow_px(page: Page) -> int:
    """By how much a page is wider than its window."""
    return int(
        page.evaluate(
            "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
    )
