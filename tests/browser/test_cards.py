"""The cards look as they looked: pictures of their parts, without map and ages, compared.

After a wanted change: ``make browser ARGS="--new-cards -k looks_as"``; look at tests/data/cards.
"""

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Locator, expect

from support.broker import wait_until
from support.screens import PHONE, Look, Screens, in_chinese, in_the_dark
from support.town import Town

pytestmark = pytest.mark.browser
FOLDER = Path(__file__).parents[1] / "data" / "cards"
LOOKS = [PHONE, in_the_dark(in_chinese(PHONE))]
LEVELS = 48
"""A pixel is another one if a colour differs by more, of 255: edges of letters differ by less."""
SHARE = 0.01
"""So many pixels may be others: what another version of a typeface changes."""


@pytest.mark.parametrize("look", LOOKS, ids=[look.name for look in LOOKS])
def test_the_officers_card_looks_as_it_did(
    town: Town, screens: Screens, look: Look, pytestconfig: pytest.Config
) -> None:
    """Head (what, who has it, vehicle, why) and the buttons at the thumb."""
    page = screens.open(f"/app/patrol/{reported(town)}", look, user="officer2")
    bar = page.get_by_role("button").filter(has_text="help" if look.language == "en" else "支援")
    expect(bar.first).to_be_visible()
    head = page.locator("section").first
    for name, part in (("head", head), ("bar", bar.first)):
        compare(part, FOLDER / f"officer-{name}-{look.name}.png", pytestconfig)


@pytest.mark.parametrize("look", LOOKS, ids=[look.name for look in LOOKS])
def test_the_login_looks_as_it_did(
    screens: Screens, look: Look, pytestconfig: pytest.Config
) -> None:
    """The first thing that anybody sees."""
    page = screens.open("/app/login", look)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    compare(page.locator("form"), FOLDER / f"login-{look.name}.png", pytestconfig)


def reported(town: Town) -> str:
    """A case that somebody opened by reporting a vehicle stolen; the same vehicle each time."""
    vehicle = town.registered.vehicles[-5].id
    with town.client() as client:
        assert client.post(f"/v1/vehicles/{vehicle}/report-stolen").is_success

        def cases() -> list[str]:
            rows = client.get("/v1/incidents", params={"open": "true"}).json()["incidents"]
            return [row["id"] for row in rows if row["vehicle_id"] == vehicle]

        wait_until(lambda: bool(cases()), what="a case is opened")
        return cases()[0]


def compare(part: Locator, path: Path, config: pytest.Config) -> None:
    """Fail when a part looks otherwise than its kept picture."""
    taken = Image.open(BytesIO(part.screenshot(animations="disabled"))).convert("RGB")
    if config.getoption("--new-cards", default=False):
        path.parent.mkdir(parents=True, exist_ok=True)
        taken.save(path, optimize=True)
        return
    kept = Image.open(path).convert("RGB")
    assert taken.size == kept.size, f"{path.name}: it has another size"
    apart = np.abs(np.asarray(taken, np.int16) - np.asarray(kept, np.int16)).max(axis=2)
    share = float((apart > LEVELS).mean())
    assert share <= SHARE, f"{path.name}: {share:.1%} of its pixels are others"
