"""What of the feed each role may see; the bounded queue of a reader."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from api.roles import Principal, Role, Scope
from api.stream_scope import OWNER_FIELDS, Viewer, body_for
from api.subscribers import EndReason, StreamEvent, Subscriber
from support.api_city import MASKED, PLATE
from support.api_world import HERE, NOW_MS, THERE


@dataclass(frozen=True, slots=True, kw_only=True)
class AFeedRow:
    """A feed row of an incident here, or what is asked."""

    id: int = 1
    kind: str = "incident"
    action: str = "opened"
    audience: str = "officer"
    area: str = f"{HERE}00101"
    body: Mapping[str, object] = field(
        default_factory=lambda: {
            "vehicle": "veh-here",
            "plate": PLATE,
            "what": "raised",
            "by": "desk-1",
            "grid": f"{HERE}00101",
        }
    )
    caused_recv_ms: int = NOW_MS
    at_ms: int = NOW_MS


def a_viewer(role: Role, *areas: str) -> Viewer:
    """Somebody of a role; an owner has ``veh-here``."""
    if role is Role.OWNER:
        scope, vehicles = Scope(areas=(), owner_id="wang"), frozenset({"veh-here"})
    else:
        scope, vehicles = Scope(areas=areas), frozenset()
    principal = Principal(token_id=str(role), name="n", role=role, scope=scope)
    return Viewer(principal=principal, vehicles=vehicles)


@pytest.mark.parametrize("role", list(Role))
def test_health_notices_go_to_who_keeps_devices_working(role: Role) -> None:
    """Desk, operator, admin in their area; a whole city's outage only city wide."""
    row, keeps = AFeedRow(kind="health_notice"), {Role.DESK, Role.OPERATOR, Role.ADMIN}

    assert (body_for(a_viewer(role, HERE), row) is not None) == (role in keeps)
    assert body_for(a_viewer(role, THERE), row) is None
    assert body_for(a_viewer(role, HERE), AFeedRow(kind="health_notice", area="")) is None


@pytest.mark.parametrize("role", list(Role))
def test_incidents_go_to_who_works_on_them_in_their_area(role: Role) -> None:
    """Officer, desk, operator, admin; never an owner; never another district."""
    row, works = AFeedRow(), {Role.OFFICER, Role.DESK, Role.OPERATOR, Role.ADMIN}

    inside = body_for(a_viewer(role, HERE), row)
    outside = body_for(a_viewer(role, THERE), row)
    nowhere = body_for(a_viewer(role), row)

    assert (inside is not None) == (role in works)
    assert outside is None
    assert nowhere is None


@pytest.mark.parametrize("role", list(Role))
def test_alerts_go_to_the_desk_staff_and_the_owner(role: Role) -> None:
    """Officers get incidents only."""
    row = AFeedRow(kind="alert", audience="desk")

    body = body_for(a_viewer(role, HERE), row)

    assert (body is not None) == (role in {Role.DESK, Role.OPERATOR, Role.ADMIN, Role.OWNER})


def test_a_city_wide_event_is_the_citys_alone() -> None:
    """A vehicle outside every grid goes to the city desk."""
    row = AFeedRow(area="")

    assert body_for(a_viewer(Role.DESK, ""), row) is not None
    assert body_for(a_viewer(Role.OFFICER, HERE), row) is None


def test_an_owner_gets_no_police_detail() -> None:
    """Own vehicles' alerts, listed members only; nothing between machine and desk."""
    owner = a_viewer(Role.OWNER)
    alert = AFeedRow(kind="alert", audience="desk")
    foreign = AFeedRow(kind="alert", audience="desk", body={"vehicle": "veh-there"})
    undelivered = AFeedRow(kind="alert", audience="desk", action="undelivered")

    body = body_for(owner, alert)

    assert body is not None
    assert set(body) <= set(OWNER_FIELDS)
    assert "by" not in body
    assert body_for(owner, foreign) is None
    assert body_for(owner, undelivered) is None


def test_an_operator_reads_masked_plates() -> None:
    """Officers and the desk read them whole."""
    operator = body_for(a_viewer(Role.OPERATOR, HERE), AFeedRow())
    officer = body_for(a_viewer(Role.OFFICER, HERE), AFeedRow())

    assert operator is not None
    assert officer is not None
    assert (operator["plate"], officer["plate"]) == (MASKED, PLATE)


def test_an_unknown_kind_goes_to_nobody() -> None:
    """Default deny: a new kind of event needs a rule."""
    row = AFeedRow(kind="owner_notice")

    assert all(body_for(a_viewer(role, ""), row) is None for role in Role)


def test_a_full_queue_refuses_numbered_events_and_drops_positions() -> None:
    """Positions give way at half; a numbered event that does not fit ends the reader."""
    subscriber = Subscriber(a_viewer(Role.DESK, ""), room=4)
    position = StreamEvent(name="position", data="{}")
    taken = [subscriber.offer(position) for _ in range(10)]

    fits = [subscriber.offer(StreamEvent(name="alert", data="{}", id=n)) for n in range(3)]

    assert all(taken)
    assert fits == [True, True, False]


def test_an_ended_reader_gets_nothing_more() -> None:
    """What waited is thrown away; the first reason stays."""

    async def read() -> StreamEvent | None:
        subscriber = Subscriber(a_viewer(Role.DESK, ""), room=4)
        subscriber.offer(StreamEvent(name="alert", data="{}", id=1))
        subscriber.end(EndReason.SLOW)
        subscriber.end(EndReason.REVOKED)
        assert subscriber.ended is EndReason.SLOW
        return await subscriber.next()

    assert asyncio.run(read()) is None


def test_a_ping_marks_only_what_was_really_sent() -> None:
    """Not before the missed events, not while one is on its way."""

    async def steps() -> list[bool]:
        subscriber = Subscriber(a_viewer(Role.DESK, ""), room=4)
        subscriber.is_live = True
        seen = [subscriber.has_all]
        waiting = asyncio.create_task(subscriber.next())
        await asyncio.sleep(0)
        seen.append(subscriber.has_all)
        subscriber.offer(StreamEvent(name="alert", data="{}", id=1))
        seen.append(subscriber.has_all)
        await waiting
        seen.append(subscriber.has_all)
        return seen

    assert asyncio.run(steps()) == [False, True, False, False]
