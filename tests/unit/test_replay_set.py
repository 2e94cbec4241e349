"""``--set section.key=value`` changes one run, and a typing error is found before it."""

import pytest

from parkguard.settings import Settings, SettingsError
from parkguard.settings_overrides import overridden
from support.replay_files import run_of, theft


def test_settings_are_changed_by_their_dotted_path() -> None:
    """Policies and sections, numbers, truth values and texts; the others stay."""
    before = Settings()
    after = overridden(
        before,
        [
            "detection.police_rate=1e-6",
            "policy.dispatch_without_human=true",
            "policy.silent_owner_s = 5",
            "broker.root=pg/v9",
            "timezone=Europe/Berlin",
        ],
    )

    assert after.detection.police_rate == 1e-6
    assert after.policy.dispatch_without_human is True
    assert after.policy.silent_owner_s == 5
    assert after.broker.root == "pg/v9"
    assert after.timezone == "Europe/Berlin"
    assert after.detection.owner_rate == before.detection.owner_rate
    assert overridden(before, []) == before


@pytest.mark.parametrize(
    ("assignment", "words"),
    [
        ("detection.police_rte=1e-6", "did you mean detection.police_rate"),
        ("police_rate=1e-6", "there is no such setting"),
        ("detection=9", "there is no such setting"),
        ("detection.police_rate.x=9", "there is no such setting"),
        ("detection.police_rate", "write section.key=value"),
        ("detection.police_rate=high", "valid number"),
        ("detection.police_rate=0", "above 0 and at most 1"),
        ("detection.police_rate=12", "false alarms per vehicle-day"),
        ("detection.owner_rate=-1e-3", "at most 1 (1e-6 is one in a million"),
        ("detection.owner_rate=NaN", "at most 1"),
        ("policy.dispatch_without_human=perhaps", "valid boolean"),
        ("broker.kind=pigeon", "mosquitto"),
        ("=1", "there is no such setting"),
    ],
)
def test_wrong_setting_is_refused(assignment: str, words: str) -> None:
    """With the nearest names, or with what may stand there."""
    with pytest.raises(SettingsError) as refused:
        overridden(Settings(), [assignment])

    assert words in str(refused.value)
    assert assignment.split("=", maxsplit=1)[0] in str(refused.value)


def test_every_fault_is_told_at_once() -> None:
    """Not one after the other."""
    with pytest.raises(SettingsError) as refused:
        overridden(Settings(), ["detection.a=1", "policy.b=2"])

    assert len(refused.value.faults) == 2


def test_another_rate_decides_otherwise() -> None:
    """The same ride: no alert where it can never be reached, an incident where the city allows."""
    deaf = overridden(Settings(), ["detection.owner_rate=1e-300", "detection.slow_s=1e9"])
    alone = overridden(
        Settings(), ["policy.dispatch_without_human=true", "policy.silent_owner_s=10"]
    )
    deaf = overridden(deaf, ["detection.police_rate=1e-300"])
    longer = theft()

    assert run_of(longer, deaf).timeline.observed.changes == []
    assert run_of(longer).timeline.observed.incidents == []
    assert len(run_of(longer, alone).timeline.observed.incidents) == 1
