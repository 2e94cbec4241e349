"""A theft from its first second to the recovered vehicle, through three people's pages at once."""

import re

import pytest
from playwright.sync_api import expect

from support.broker import wait_until
from support.screens import DESK, PHONE, Screens
from support.town import Town

pytestmark = pytest.mark.browser
FOUND_S = 90.0
"""The town's thieves begin within its first minute; the machine may be busy."""


def test_theft_to_recovery_on_the_pages_of_owner_desk_and_officer(
    living: Town, screens: Screens
) -> None:
    """Nobody reloads: the owner says "not me", an officer takes it, finds it; the desk sees it."""
    link, alert_id = newest_link(living)
    owner = screens.person(PHONE).new_page()
    desk = screens.open(f"/app/desk/alerts/{alert_id}", DESK, user="desk")
    officer = screens.open("/app/patrol", PHONE, user="officer")
    expect(officer.get_by_role("heading", level=1)).to_be_visible()
    expect(desk.get_by_role("heading", level=1)).to_be_visible()

    owner.goto(link)
    expect(owner.get_by_role("heading", name="Is it you?")).to_be_visible()
    owner.get_by_role("button", name=re.compile("^Not me")).click()
    expect(owner.get_by_text("A case was opened for the police")).to_be_visible()

    incident_id = incident_of(living, alert_id)
    mine = officer.locator(f"a[href$='/patrol/{incident_id}']")
    expect(mine).to_be_visible()
    mine.click()  # the first press on this page: the hint on sound goes, the press still counts
    for step, said in (
        ("Accept", "You have it"),
        ("En route", "En route"),
        ("Arrived", "On scene"),
    ):
        officer.get_by_role("button", name=step, exact=True).click()
        expect(officer.get_by_text(said).first).to_be_visible()
    desk.goto(f"{screens.url}/app/desk/incidents/{incident_id}")
    expect(desk.get_by_text("officer has it").first).to_be_visible()
    officer.get_by_role("button", name="Found", exact=True).click()
    officer.get_by_role("button", name="Close the case").click()
    officer.get_by_role("button", name="Theft: found", exact=True).click()

    wait_until(lambda: outcome_of(living, incident_id) == "theft_recovered", within_s=20)
    expect(desk.get_by_text("Theft: found").first).to_be_visible()
    expect(owner.get_by_role("heading", name="This is over")).to_be_visible()
    steps = log_of(living, incident_id)
    assert steps == ["acknowledged", "en_route", "on_scene", "recovered", "closed"]


def test_a_link_that_was_tampered_with_shows_nothing(living: Town, screens: Screens) -> None:
    """One other letter, and it is no link; what to do is said."""
    link, _ = newest_link(living)
    last = "A" if link[-1] != "A" else "B"
    page = screens.person(PHONE).new_page()
    page.goto(link[:-1] + last)

    expect(page.get_by_text("This is no valid link")).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("Not me"))).to_have_count(0)


def newest_link(town: Town) -> tuple[str, str]:
    """An owner's link whose alert still waits for an answer, and the alert."""

    def waiting() -> list[tuple[str, str]]:
        with town.client() as client:
            rows = client.get("/v1/alerts", params={"waiting": "true"}).json()["alerts"]
        open_ids = {row["id"] for row in rows}
        notices = town.asked("owner", "notices")["notices"]
        links = [(one["link"], one["alert"]) for one in notices if one["link"]]
        return [(link, alert) for link, alert in links if alert in open_ids]

    wait_until(lambda: bool(waiting()), within_s=FOUND_S, what="an owner is asked")
    return waiting()[-1]


def incident_of(town: Town, alert_id: str) -> str:
    """The case that people work on because of an alert."""

    def found() -> list[str]:
        with town.client() as client:
            rows = client.get("/v1/incidents").json()["incidents"]
        return [row["id"] for row in rows if row["alert_id"] == alert_id]

    wait_until(lambda: bool(found()), within_s=20, what="a case is opened")
    return found()[0]


def outcome_of(town: Town, incident_id: str) -> str | None:
    """How a case ended."""
    with town.client() as client:
        found: str | None = client.get(f"/v1/incidents/{incident_id}").json()["outcome"]
    return found


def log_of(town: Town, incident_id: str) -> list[str]:
    """The steps of people, each once."""
    with town.client() as client:
        log = client.get(f"/v1/incidents/{incident_id}").json()["log"]
    return [row["to_state"] for row in log if row["by"] == "officer"]
