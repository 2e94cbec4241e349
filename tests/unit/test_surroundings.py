"""What is around a vehicle: its home fence, checkpoints of all parts, nothing in a quiet city."""

import msgspec

from alerts.detection.signs import Sign
from alerts.surroundings import SurroundingsState
from devices.control import OpenTicket, PhoneAt
from devices.model import Fence, FenceKind
from devices.readings import EventType
from support.crowd import Crowd, a_site
from support.factories import at_ms, place
from support.scene import Scene


def a_fence(radius_m: float, kind: FenceKind, vehicle_id: str | None = "v-1") -> Fence:
    """A circle about the place where ``v-1`` is parked."""
    lat_deg, lon_deg = place(0)
    return Fence(
        id="f",
        kind=kind,
        lat_deg=lat_deg,
        lon_deg=lon_deg,
        radius_m=radius_m,
        vehicle_id=vehicle_id,
    )


def home_nats(fence: Fence, east_m: float) -> float:
    """What the fence counts for a vehicle that stands so far from its anchor."""
    scene = Scene(fences=(fence,))
    scene.park()
    for _ in range(3):
        scene.wait(10)
        scene.fix(east_m)
    return scene.nats(Sign.HOME)


def test_movement_inside_its_home_counts_against_a_theft() -> None:
    """Its own fence, or one of a depot; leaving it: 0; a district, or a forbidden area, is none."""
    own, depot = a_fence(120, FenceKind.WATCH), a_fence(120, FenceKind.KEEP_IN, None)
    district, forbidden = a_fence(900, FenceKind.KEEP_IN), a_fence(120, FenceKind.KEEP_OUT)

    inside = [home_nats(fence, 60) for fence in (own, depot, district, forbidden)]

    assert inside == [-4, -4, 0, 0]
    assert home_nats(own, 200) == 0


def test_checkpoint_holds_everything() -> None:
    """Saved, loaded and saved again it is the same, part by part, and no part is empty."""
    crowd = Crowd([(5.0 * k, 0.0) for k in range(8)], sites=(a_site(),))
    crowd.stay(120)
    crowd.say(EventType.POWER_CUT, *range(1, 7))
    crowd.say(EventType.REMOVED, 7)
    lat_deg, lon_deg = place(0)
    now_ms = at_ms(crowd.now_s)
    crowd.people(
        PhoneAt(
            at_ms=now_ms, vehicle_id="v-8", lat_deg=lat_deg, lon_deg=lon_deg, acc_m=8.0, t_ms=now_ms
        )
    )
    crowd.people(
        OpenTicket(
            at_ms=now_ms, vehicle_id="v-7", ticket_id="t", ticket="tow", until_ms=now_ms + 600_000
        )
    )
    crowd.wait(2)
    crowd.move(20, lambda k, s: (60 + 5.0 * s, 0.0) if k > 6 else (0.0, 0.0))
    before = msgspec.msgpack.encode(crowd.engine.around.dump())
    crowd.restart()

    after = msgspec.msgpack.encode(crowd.engine.around.dump())

    state = msgspec.msgpack.decode(before, type=SurroundingsState)
    assert before == after
    assert state.groups.cut
    assert state.groups.areas
    assert state.identity.opened
    assert state.silence.suspects
    assert state.phones
    assert state.tickets
    assert crowd.engine._watch.evidence.discounts


def test_quiet_city_keeps_nothing() -> None:
    """Parked vehicles that only report leave no claim, no suspect, and nothing for ticks."""
    crowd = Crowd([(5.0 * k, 0.0) for k in range(20)])

    crowd.stay(300)

    empty = msgspec.msgpack.encode(SurroundingsState())
    assert msgspec.msgpack.encode(crowd.engine.around.dump()) == empty
    assert not crowd.engine.around.waits
