"""Evidence alone never makes an alert police-ready, whatever comes, and in whatever order."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.model import Level
from devices.control import PhoneAt
from devices.readings import EventType
from support.ears import Ears
from support.factories import at_ms, place
from support.scene import Scene

SIGNS = [
    EventType.VIBRATION,
    EventType.TILT,
    EventType.FALL,
    EventType.WAKE,
    EventType.TOW,
    EventType.ILLEGAL_IGNITION,
    EventType.POWER_CUT,
    EventType.REMOVED,
    EventType.TAMPER,
    EventType.JAMMING_GNSS,
    EventType.JAMMING_GSM,
    EventType.POWER_RESTORED,
]
STEPS = st.lists(
    st.one_of(
        st.sampled_from(SIGNS),
        st.integers(0, 12).map(lambda missed: ("silent", missed)),
        st.integers(-3_000, 3_000).map(lambda east_m: ("phone", east_m)),
        st.integers(1, 40).map(lambda seconds: ("wait", seconds)),
    ),
    max_size=25,
)


@settings(max_examples=30, deadline=None)
@given(steps=STEPS, noise=st.integers(0, 2**16))
def test_evidence_alone_never_reaches_level_2(
    steps: list[EventType | tuple[str, int]], noise: int
) -> None:
    """At its place, with the noise of a receiver: at most its owner is asked."""
    scene, ears = Scene.parked(), Ears()
    scene.engine.around.hearing = ears
    rng = np.random.default_rng(noise)
    for step in steps:
        if isinstance(step, EventType):
            scene.event(step)
        elif step[0] == "silent":
            ears.missing[1] = step[1]
            scene.wait(1)
        elif step[0] == "phone":
            lat_deg, lon_deg = place(step[1])
            now_ms = at_ms(scene.now_s)
            scene.people(
                PhoneAt(
                    at_ms=now_ms,
                    vehicle_id="v-1",
                    lat_deg=lat_deg,
                    lon_deg=lon_deg,
                    acc_m=8.0,
                    t_ms=now_ms,
                )
            )
        else:
            scene.wait(step[1])
        scene.wait(1)
        scene.fix(*rng.normal(0.0, 4.0, 2).tolist())

    assert all(change.level <= Level.SUSPECTED for change in scene.effects.alerts)
    assert scene.effects.incidents == []
