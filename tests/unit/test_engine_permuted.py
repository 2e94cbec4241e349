"""Permuted messages: what is decided of a vehicle does not hang on when others are heard."""

import random
from collections.abc import Collection, Iterator
from functools import cache
from itertools import groupby

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.model import AlertChange
from devices.readings import AnyReading, EventType
from support.factories import a_device, a_fix, a_record, an_event
from support.scene import Scene

pytestmark = pytest.mark.promise(9)

Message = tuple[float, int, AnyReading]
"""Received at, seconds; number of the vehicle; what it says."""
SHAKEN, UNFELT, PARKED = 1, 2, 3
"""One is shaken and ridden off, one is ridden off in silence, one stands with noise."""
LATE_S = 60
"""A message may come so late and still be in time. Source: decisions.md, lateness of a theft."""
BEGINS_S, ENDS_S = 200, 480


def _away_m(number: int, at_s: float) -> float:
    """How far east of its place a vehicle truly is."""
    return 0.0 if number == PARKED else max(0.0, 4.0 * (at_s - BEGINS_S - 30 * number))


@cache
def _messages() -> tuple[Message, ...]:
    """Eight minutes of all three, every fix in the same second."""
    rng, said = np.random.default_rng(5), list[Message]()
    drift = np.zeros((3, 2))
    for at_s in range(10, ENDS_S + 1, 10):
        drift = 0.9 * drift + rng.normal(0, 2.0, (3, 2))
        for number in (SHAKEN, UNFELT, PARKED):
            east_m, north_m = drift[number - 1]
            east_m += _away_m(number, at_s) + 1_000 * (number - 1)
            said.append((at_s, number, a_fix(at_s, east_m, north_m)))
    said.append((BEGINS_S + 30, SHAKEN, an_event(EventType.VIBRATION, BEGINS_S + 30)))
    return tuple(sorted(said, key=lambda one: (one[0], one[1])))


def _mixed(order: random.Random, late: Collection[int]) -> Iterator[list[list[Message]]]:
    """Seconds of batches: any order of vehicles, any cut, each one's own order if it is not late.

    A late vehicle's messages come up to ``LATE_S`` late, each by its own.
    """
    said = [
        (at_s + (order.randint(0, LATE_S) if number in late else 0), number, reading)
        for at_s, number, reading in _messages()
    ]
    for _, second in groupby(sorted(said, key=lambda one: one[0]), key=lambda one: one[0]):
        queues: dict[int, list[Message]] = {}
        for message in second:
            queues.setdefault(message[1], []).append(message)
        batches: list[list[Message]] = [[]]
        while queues:
            number = order.choice(sorted(queues))
            if batches[-1] and order.random() < 0.5:
                batches.append([])
            batches[-1].append(queues[number].pop(0))
            if not queues[number]:
                del queues[number]
        yield batches


def _played(seconds: Iterator[list[list[Message]]]) -> Scene:
    """All of it through one engine, a tick each second."""
    scene = Scene(trackers=3)
    for batches in seconds:
        scene.wait(batches[0][0][0] - scene.now_s)
        for batch in batches:
            records = [
                a_record(reading, device=a_device(number), at_s=at_s)
                for at_s, number, reading in batch
            ]
            scene.engine.records(records, scene.effects)
    scene.wait(ENDS_S + LATE_S + 1 - scene.now_s)
    return scene


@cache
def _clean() -> Scene:
    """In order, each message a batch of its own."""
    seconds = groupby(_messages(), key=lambda one: one[0])
    return _played([[message] for message in second] for _, second in seconds)


def _decided(scene: Scene, number: int) -> list[AlertChange]:
    return [one for one in scene.effects.alerts if one.vehicle_id == f"v-{number}"]


def _state(scene: Scene, number: int) -> dict[str, bytes]:
    """What is known of one tracker, but nothing of the others."""
    watch = scene.engine.dump().watch
    room = watch.size
    return {
        name: raw[number * len(raw) // room : (number + 1) * len(raw) // room]
        for name, raw in watch.anchors.items()
    }


def test_two_are_stolen_and_one_is_not() -> None:
    """What the laws below speak of: there is something to decide."""
    clean = _clean()

    assert _decided(clean, SHAKEN)
    assert _decided(clean, UNFELT)
    assert _decided(clean, PARKED) == []


@settings(max_examples=8, deadline=None)
@given(order=st.randoms(use_true_random=False))
def test_order_and_batches_of_independent_vehicles_change_no_decision(
    order: random.Random,
) -> None:
    """Permuted within each second, cut into batches anyhow: the same changes, times and state."""
    scene, clean = _played(_mixed(order, ())), _clean()

    for number in (SHAKEN, UNFELT, PARKED):
        assert _decided(scene, number) == _decided(clean, number)
        assert _state(scene, number) == _state(clean, number)


@settings(max_examples=8, deadline=None)
@given(order=st.randoms(use_true_random=False), punctual=st.sampled_from([SHAKEN, UNFELT]))
def test_lateness_of_others_changes_no_decision_of_a_punctual_vehicle(
    order: random.Random, punctual: int
) -> None:
    """The others' messages come shuffled and up to a minute late, over many batches."""
    late = {SHAKEN, UNFELT, PARKED} - {punctual}

    scene, clean = _played(_mixed(order, late)), _clean()

    assert _decided(scene, punctual) == _decided(clean, punctual)
    assert _state(scene, punctual) == _state(clean, punctual)


@settings(max_examples=8, deadline=None)
@given(order=st.randoms(use_true_random=False))
def test_permuted_messages_of_a_vehicle_add_no_alert(order: random.Random) -> None:
    """All come up to a minute late: who was not alarmed before is not now (detection.md, 5)."""
    scene, clean = _played(_mixed(order, (SHAKEN, UNFELT, PARKED))), _clean()

    for number in (SHAKEN, UNFELT, PARKED):
        told = {change.alert_id for change in _decided(scene, number)}
        assert len(told) <= len({change.alert_id for change in _decided(clean, number)})
