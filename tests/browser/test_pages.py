"""Every page, at both sizes, in both languages and themes: whole, readable, calm."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from support.screens import (
    DESK,
    PHONE,
    Look,
    Screens,
    axe_faults,
    in_chinese,
    in_the_dark,
    overflow_px,
)

pytestmark = pytest.mark.browser
PAGES = {
    "/app/login": None,
    "/app/owner": None,
    "/app/patrol": "officer",
    "/app/desk": "desk",
    "/app/staff/health": "staff",
    "/app/staff/cameras": "staff",
    "/app/staff/chargers": "staff",
    "/app/staff/collection": "staff",
    "/app/staff/revenue": "staff",
    "/app/staff/quarantine": "staff",
    "/app/staff/books": "staff",
    "/app/staff/nothing": "staff",
}
"""Page -> who looks at it; None: somebody without login."""
LOOKS = [in_the_dark(in_chinese(PHONE)), PHONE, in_chinese(DESK)]
CHINESE = re.compile(r"[\u4e00-\u9fff]")
SMALLEST_PX = 24
"""Source: WCAG 2.2, 2.5.8 (target size, minimum)."""


@pytest.mark.parametrize("look", LOOKS, ids=[look.name for look in LOOKS])
def test_every_page_is_whole(screens: Screens, look: Look, tmp_path: Path) -> None:
    """It has a title in the reader's language, fits its window, and axe finds nothing serious."""
    faults: list[str] = []
    for user in dict.fromkeys(PAGES.values()):
        context = screens.person(look, user=user)
        page = context.new_page()
        for path in [path for path, who in PAGES.items() if who == user]:
            page.goto(f"{screens.url}{path}")
            title = page.get_by_role("heading", level=1).first
            expect(title).to_be_visible()
            page.wait_for_load_state("networkidle") if user is None else page.wait_for_timeout(700)
            page.screenshot(path=tmp_path / f"{path.replace('/', '_')}-{look.name}.png")
            faults += [f"{path}: {fault}" for fault in axe_faults(page)]
            if over := overflow_px(page):
                faults.append(f"{path}: {over} px wider than the window")
            if (look.language == "zh") != bool(CHINESE.search(title.inner_text())):
                faults.append(f"{path}: not in {look.language}")
        context.close()

    assert faults == [], f"pictures in {tmp_path}"


def test_a_stranger_is_led_to_the_login_and_back(screens: Screens) -> None:
    """The address that was asked for is where one arrives."""
    page = screens.open("/app/staff/health?state=offline")
    expect(page).to_have_url(re.compile(r"/app/login$"))


def test_keyboard_alone_is_enough_to_get_in(screens: Screens) -> None:
    """Tab and Enter; the first Tab offers to skip the menu."""
    page = screens.open("/app/staff/health", DESK, user="staff")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.keyboard.press("Tab")
    focused = page.evaluate("() => document.activeElement.getAttribute('href')")

    assert focused == "#content"
