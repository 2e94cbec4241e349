"""The synthetic theft is a theft to our own detection, round after round, and nobody is told."""

from dataclasses import replace

import pytest

from alerts.engine import Engine
from alerts.pipeline import Outcome, Pipeline
from alerts.policy import DetectionPolicy, DispatchPolicy
from devices.admission import Admission
from devices.control import AnyControl, Arm, Disarm, RegisterDevices, RegisterVehicles
from devices.health import Health
from devices.model import SYNTHETIC_ID, Device, DeviceClass
from devices.presence import PresencePolicy
from parkguard.synthetic_theft import WANTED, theft
from support.factories import ROOT, a_control, an_entry, at_ms
from support.fakes import LatestColumns
from support.rates import thresholds

TRACKER = Device(id=SYNTHETIC_ID, slot=1, cls=DeviceClass.TRACKER, vehicle_id=SYNTHETIC_ID)
POLICY = DetectionPolicy()
QUICK = replace(POLICY, lag_s=0.5, owner_min_m=20.0, owner_sigmas=3.0, owner_rate=1.0)


def a_pipeline(policy: DetectionPolicy) -> Pipeline:
    admission = Admission(ROOT)
    return Pipeline(
        admission=admission,
        health=Health(LatestColumns(), PresencePolicy()),
        engine=Engine(admission.registry, policy, DispatchPolicy(), thresholds=thresholds(policy)),
    )


@pytest.mark.promise(23)
@pytest.mark.parametrize(("every_s", "policy"), [(300.0, POLICY), (30.0, POLICY), (3.0, QUICK)])
def test_every_theft_is_one_alert_for_nobody(every_s: float, policy: DetectionPolicy) -> None:
    """Ten in a row; the tracker is back at the place of the first after every second one."""
    pipeline, seen = a_pipeline(policy), []
    said: tuple[AnyControl, ...] = (
        RegisterVehicles(at_ms=0, vehicles=WANTED.vehicles),
        RegisterDevices(at_ms=0, devices=[TRACKER]),
    )
    for number in range(10):
        at_s = (number + 1) * every_s
        said += (
            Disarm(at_ms=at_ms(at_s), vehicle_id=SYNTHETIC_ID),
            Arm(at_ms=at_ms(at_s), vehicle_id=SYNTHETIC_ID),
        )
        outcome = Outcome()
        stolen = theft(ROOT, boot="b1", number=number, now_ms=at_ms(at_s), every_s=every_s)
        pipeline.step([a_control(one, at_s=at_s) for one in said], outcome)
        pipeline.step([an_entry(p, at_s=at_s, device=TRACKER) for p in stolen.payloads], outcome)
        seen.append([n.action for n in outcome.effects.notices if n.action == "raised"])
        assert {n.audience for n in outcome.effects.notices} == {"synthetic"}
        assert not outcome.effects.incidents
        assert not outcome.refusals
        said = ()

    assert seen == [["raised"]] * 10
