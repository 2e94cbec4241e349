"""An owner's link: what it shows, what its answers do, and whom it tells nothing."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from alerts.policy import DispatchPolicy
from api.app import create_app
from api.links import Link, make_link
from api.roles import Role
from devices.control import OwnerAnswer, decode
from parkguard.settings import Settings
from parkguard.wiring.owner_links import answer_url, link_keys
from stores.schema import alert_log, alerts, audit, control
from support.api_city import MASKED, PLATE, client_of, fill
from support.api_world import LINK_KEY, NOW_MS, World, a_world, bearer
from support.delivery_rows import a_notice

ENDS_S = NOW_MS // 1000 + 3600


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A city with one of everything; the alert here is of level 2, its owner was told."""
    world = a_world(tmp_path, dispatch=DispatchPolicy(dispatch_without_human=True))
    fill(world)
    yield world
    world.engine.dispose()


@pytest.fixture
def client(world: World) -> TestClient:
    """A client of it."""
    return client_of(world)


def link(
    *, contact: str = "wang", alert_id: str = "alert-here", key: bytes = LINK_KEY
) -> dict[str, str]:
    """Headers of a link."""
    return bearer(make_link(key, Link(alert_id=alert_id, contact=contact, expires_s=ENDS_S)))


def goes_on(world: World, steps: Sequence[tuple[str, int]], *, state: str = "verifying") -> None:
    """Let the alert here go through further steps (what, level), one a second."""
    with world.engine.begin() as connection:
        for number, (what, level) in enumerate(steps, start=2):
            connection.execute(
                sa.insert(alert_log).values(
                    alert_id="alert-here",
                    version=number,
                    what=what,
                    level=level,
                    at_ms=NOW_MS - 20_000 + 1000 * number,
                    t_ms=NOW_MS,
                    moved_m=84.0,
                    by="desk-1",
                )
            )
        level = max([2, *(level for _, level in steps)])
        connection.execute(
            sa.update(alerts).where(alerts.c.id == "alert-here").values(state=state, level=level)
        )


def said(world: World) -> list[tuple[str, str, str]]:
    """What was told to the processor: who, which alert, what."""
    found = [decode(row["body"]) for row in world.rows(control)]
    return [(one.by, one.alert_id, one.answer) for one in found if isinstance(one, OwnerAnswer)]


def test_a_link_shows_its_alert_and_nothing_of_police_work(
    world: World, client: TestClient
) -> None:
    """Vehicle, why, where, what comes next; no plate, no names, no area, no incident."""
    goes_on(world, [("police_ready", 2), ("owner_told", 2)])

    answer = client.get("/v1/link", headers=link())
    shown = answer.json()

    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    assert shown["vehicle"] == {"label": "red Yadea", "plate_masked": MASKED, "kind": "e-bike"}
    assert shown["reasons"] == [{"code": "movement", "en": "moved 84 m", "zh": "84"}]
    assert (shown["position"]["lat_deg"], shown["position"]["age_s"]) == (31.82, 3.0)
    assert (shown["expires_ms"], shown["moved_m"]) == (ENDS_S * 1000, 84.0)
    assert shown["may_say"] == ["me", "not_me"]
    assert (shown["said"], shown["police_told_ms"], shown["ended"]) == (None, None, None)
    assert shown["next"] == [
        {"code": "desk", "at_ms": None, "after_s": None},
        {"code": "police", "at_ms": NOW_MS - 17_000 + 120_000, "after_s": None},
        {"code": "quiet_end", "at_ms": None, "after_s": 1800.0},
    ]
    for secret in (PLATE, "desk-1", "inc-here", "3401"):
        assert secret not in answer.text
    assert {
        (row["by"], row["role"], row["action"], row["purpose"]) for row in world.rows(audit)
    } == {
        ("link:wang", "link", "alert_seen", "OWNER"),
        ("link:wang", "link", "track_seen", "OWNER"),
    }


@pytest.mark.parametrize("word", ["me", "not_me"])
def test_an_answer_is_taken_once(world: World, client: TestClient, word: str) -> None:
    """Sent twice it is one control row and one answer, also after it has ended the alert."""
    first = client.post("/v1/link/answer", json={"answer": word}, headers=link())
    goes_on(world, [("owner_me", 2)], state="dismissed")
    again = client.post("/v1/link/answer", json={"answer": word}, headers=link())

    assert (first.status_code, first.json()["answer"]) == (202, word)
    assert (again.status_code, again.json()) == (202, first.json())
    assert said(world) == [("link:wang", "alert-here", word)]


def test_a_wrong_not_me_is_taken_back(world: World, client: TestClient) -> None:
    """The page says so: what was told, and the one answer that changes something."""
    client.post("/v1/link/answer", json={"answer": "not_me"}, headers=link())
    goes_on(world, [("owner_not_me", 3)], state="confirmed")
    shown = client.get("/v1/link", headers=link()).json()
    taken = client.post("/v1/link/answer", json={"answer": "me"}, headers=link())

    assert shown["said"] == {"answer": "not_me", "at_ms": NOW_MS - 18_000}
    assert (shown["police_told_ms"], shown["may_say"]) == (NOW_MS - 18_000, ["me"])
    assert [one["code"] for one in shown["next"]] == ["patrol"]
    assert taken.status_code == 202
    assert [word for _, _, word in said(world)] == ["not_me", "me"]


@pytest.mark.parametrize(
    ("what", "state"),
    [("owner_me", "dismissed"), ("returned", "expired"), ("incident_closed", "confirmed")],
)
def test_after_the_end_no_place_is_shown(
    world: World, client: TestClient, what: str, state: str
) -> None:
    """How it ended is."""
    goes_on(world, [(what, 2)], state=state)
    shown = client.get("/v1/link", headers=link()).json()

    assert shown["ended"] == {"what": what, "at_ms": NOW_MS - 18_000}
    assert (shown["position"], shown["position_hidden"], shown["track"]) == (None, True, [])
    assert (shown["may_say"], shown["next"]) == ([], [])


@pytest.mark.parametrize(
    ("what", "state"), [("returned", "expired"), ("incident_closed", "confirmed")]
)
def test_an_answer_after_the_end_is_told_how_it_ended(
    world: World, client: TestClient, what: str, state: str
) -> None:
    """Nothing is written."""
    goes_on(world, [(what, 2)], state=state)
    late = client.post("/v1/link/answer", json={"answer": "not_me"}, headers=link())

    assert (late.status_code, late.json()["code"], late.json()["what"]) == (
        409,
        "alert_ended",
        what,
    )
    assert world.rows(control) == []


def test_a_track_that_cannot_be_read_hides_nothing_else(world: World, client: TestClient) -> None:
    """The store of tracks is away: the owner is asked all the same."""

    def away(*_: object) -> None:
        raise sa.exc.OperationalError("track", None, Exception("away"))

    world.track.track = away  # type: ignore[method-assign, assignment]
    answer = client.get("/v1/link", headers=link())

    assert (answer.status_code, answer.json()["track"]) == (200, None)
    assert answer.json()["may_say"] == ["me", "not_me"]


def test_a_link_that_has_ended_says_so(world: World, client: TestClient) -> None:
    """Another 401 than that of a token nobody made."""
    headers, forged = link(), link(key=b"another key")
    known = [
        client.get("/v1/link", headers=one).json()["code"] for one in (bearer("pgl_x"), forged)
    ]
    world.clock[0] = ENDS_S * 1000
    ended = client.get("/v1/link", headers=headers)

    assert (ended.status_code, ended.json()["code"]) == (401, "link_ended")
    assert known == ["unauthenticated"] * 2
    assert client.get("/v1/devices", headers=headers).json()["code"] == "link_ended"


def test_nobody_else_gets_in(world: World, client: TestClient) -> None:
    """No role has a link's right, no token can have its role; a row of it opens nothing."""
    admin = world.headers(Role.ADMIN)
    made = client.post("/v1/tokens", json={"name": "x", "role": "link"}, headers=admin)

    assert client.get("/v1/link", headers=admin).status_code == 403
    assert client.get("/v1/link", headers=world.headers(Role.LINK)).status_code == 403
    assert made.status_code == 422
    assert client.get("/v1/link", headers=link(alert_id="nowhere")).status_code == 404


def test_what_an_owner_is_sent_opens_the_alert(world: World, tmp_path: Path) -> None:
    """The address has the token behind ``#``; police and others are sent none."""
    settings = Settings(data_dir=tmp_path / "data", web={"public_url": "https://guard.example/"})
    more = answer_url(settings)
    notice = {"receiver": "owner:wang", "alert_id": "alert-here", "caused_recv_ms": NOW_MS}
    url = more(a_notice(audience="owner", **notice))["answer_url"]
    page, _, token = url.partition("#")
    object.__setattr__(world.services, "link_keys", link_keys(settings))
    client = TestClient(create_app(world.services))

    assert page == "https://guard.example/app/owner"
    assert client.get("/v1/link", headers=bearer(token)).status_code == 200
    assert more(a_notice(audience="police", **notice)) == {}
    assert more(a_notice(audience="fire", **notice)) == {}
