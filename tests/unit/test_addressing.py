"""People's words find the alert that an engine has of the matter they speak of."""

import msgspec
import pytest

from alerts.addressing import addressed
from devices.control import AnyControl, Delivered, DeskVerdict, Disarm, IncidentMoved, OwnerAnswer
from support.factories import at_ms
from support.scene import Scene

OTHER = "f" * 32
WORDS: list[AnyControl] = [
    OwnerAnswer(at_ms=at_ms(0), vehicle_id="v-1", alert_id=OTHER, answer="not_me"),
    DeskVerdict(at_ms=at_ms(0), alert_id=OTHER, verdict="dismiss"),
    Delivered(at_ms=at_ms(0), alert_id=OTHER, notice="owner_notice", receiver="owner:wang"),
    IncidentMoved(at_ms=at_ms(0), incident_id="inc", alert_id=OTHER, state="closed"),
]


@pytest.fixture(scope="module")
def scene() -> Scene:
    """``v-1`` is being stolen."""
    made = Scene()
    made.steal()
    return made


@pytest.mark.parametrize("word", WORDS, ids=lambda word: type(word).__name__)
def test_word_on_an_alert_of_then_is_about_the_vehicles_open_one(
    scene: Scene, word: AnyControl
) -> None:
    """Of whatever kind it is; the rest of it stays."""
    own = scene.alert.alert_id

    said = addressed(word, "v-1", scene.engine.cases)

    assert said == msgspec.structs.replace(word, alert_id=own)
    assert addressed(said, "v-2", scene.engine.cases) is said


@pytest.mark.parametrize("vehicle", [None, "v-2"])
def test_word_stays_where_nothing_is_known_of_its_vehicle(
    scene: Scene, vehicle: str | None
) -> None:
    """No alert is open on it, or nobody knows whose it was."""
    for word in (*WORDS, Disarm(at_ms=at_ms(0), vehicle_id="v-1")):
        assert addressed(word, vehicle, scene.engine.cases) is word
