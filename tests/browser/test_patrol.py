"""The patrol's phone: without a connection and back, two officers at once, a call for help."""

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from support.broker import wait_until
from support.screens import PHONE, Screens, axe_faults, overflow_px
from support.town import Town

pytestmark = pytest.mark.browser
POLL_MS = 100
PATIENCE_MS = 15_000


def ask(context: BrowserContext, screens: Screens, path: str, key: str) -> list[dict[str, str]]:
    """A list that the API answers this person."""
    answer = context.request.get(f"{screens.url}{path}")
    assert answer.ok, answer.text()
    found: list[dict[str, str]] = answer.json()[key]
    return found


def a_case(town: Town, screens: Screens, context: BrowserContext, which: int) -> str:
    """The id of a new case: somebody reports a vehicle stolen that nobody has asked for yet."""
    vehicle = town.registered.vehicles[which].id
    answer = context.request.post(
        f"{screens.url}/v1/vehicles/{vehicle}/report-stolen", headers={"Origin": screens.url}
    )
    assert answer.ok, answer.text()
    found: list[str] = []

    def is_open() -> bool:
        open_now = ask(context, screens, "/v1/incidents?open=true&limit=1000", "incidents")
        found[:] = [one["id"] for one in open_now if one["vehicle_id"] == vehicle]
        return bool(found)

    wait_until(is_open, what=f"an incident on {vehicle}")
    return found[0]


def open_case(context: BrowserContext, screens: Screens, case: str) -> Page:
    """The card, on a phone whose pages are kept for the way without a connection."""
    page = context.new_page()
    page.goto(f"{screens.url}/app/patrol/{case}")
    expect(button(page, "Need help")).to_be_visible()
    for _ in range(PATIENCE_MS // POLL_MS):
        if page.evaluate("() => navigator.serviceWorker.controller !== null"):
            return page
        page.wait_for_timeout(POLL_MS)
    raise AssertionError("the service worker has not taken the page over")


def button(page: Page, name: str) -> Locator:
    """The button that is called so."""
    return page.get_by_role("button", name=name, exact=True)


def states(context: BrowserContext, screens: Screens, case: str) -> list[str]:
    """What stands in its log."""
    return [step["to_state"] for step in ask(context, screens, f"/v1/incidents/{case}", "log")]


def test_taps_without_a_connection_are_sent_once_in_order(town: Town, screens: Screens) -> None:
    """Two taps offline, a reload offline: the card is there, the taps are; back, they are sent."""
    context = screens.person(PHONE, user="officer")
    case = a_case(town, screens, context, -1)
    page = open_case(context, screens, case)
    button(page, "Accept").click()
    expect(page.get_by_text("You have it")).to_be_visible()

    context.set_offline(True)
    button(page, "En route").click()
    expect(page.get_by_text("1 tap waits to be sent")).to_be_visible()
    button(page, "Arrived").click()
    expect(page.get_by_text("2 taps wait to be sent")).to_be_visible()
    page.reload()
    expect(page.get_by_text("2 taps wait to be sent")).to_be_visible()
    expect(page.get_by_text("Saved card of")).to_be_visible()
    expect(page.get_by_text("No connection since")).to_be_visible()
    expect(button(page, "Found")).to_be_visible()
    assert axe_faults(page) == []
    assert overflow_px(page) == 0
    assert states(context, screens, case)[-1] == "acknowledged"  # asked past the page

    context.set_offline(False)
    expect(page.get_by_text("wait to be sent")).to_have_count(0)
    expect(page.get_by_text("No connection since")).to_have_count(0)
    log = ask(context, screens, f"/v1/incidents/{case}", "log")

    assert [step["to_state"] for step in log][-3:] == ["acknowledged", "en_route", "on_scene"]
    assert all(step["tapped_ms"] is not None for step in log[-2:])
    button(page, "Found").click()
    button(page, "Close the case").click()
    button(page, "Theft: found").click()
    expect(page.get_by_text("This case is closed: Theft: found.")).to_be_visible()
    assert states(context, screens, case)[-2:] == ["recovered", "closed"]
    context.close()


def test_of_two_officers_one_has_it_and_the_other_is_told(town: Town, screens: Screens) -> None:
    """The second one's tap was made without a connection; it leaves the queue."""
    first = screens.person(PHONE, user="officer")
    second = screens.person(PHONE, user="officer2")
    case = a_case(town, screens, first, -2)
    mine, theirs = open_case(first, screens, case), open_case(second, screens, case)
    second.set_offline(True)
    button(theirs, "Accept").click()
    expect(theirs.get_by_text("1 tap waits to be sent")).to_be_visible()

    button(mine, "Accept").click()
    expect(mine.get_by_text("You have it")).to_be_visible()
    second.set_offline(False)

    expect(theirs.get_by_text("Not done: Accept")).to_be_visible()
    expect(theirs.get_by_text("officer has this case.")).to_be_visible()
    expect(theirs.get_by_text("waits to be sent")).to_have_count(0)
    expect(button(theirs, "En route")).to_have_count(0)
    button(theirs, "I have read it").click()
    expect(theirs.get_by_text("Not done: Accept")).to_have_count(0)
    assert states(first, screens, case).count("acknowledged") == 1
    first.close()
    second.close()


def test_a_call_for_help_is_seen_by_the_others_at_once(town: Town, screens: Screens) -> None:
    """Two presses; the other officer's card and the list show it by themselves."""
    first = screens.person(PHONE, user="officer")
    second = screens.person(PHONE, user="officer2")
    case = a_case(town, screens, first, -3)
    mine, theirs = open_case(first, screens, case), open_case(second, screens, case)

    button(mine, "Need help").click()
    button(mine, "Call for help now").click()

    expect(theirs.get_by_text("Help was called by officer")).to_be_visible()
    expect(theirs.get_by_text("Person in danger")).to_be_visible()
    theirs.goto(f"{screens.url}/app/patrol")
    expect(theirs.get_by_role("link", name="Person in danger").first).to_be_visible()
    assert states(first, screens, case).count("help") == 1
    first.close()
    second.close()
