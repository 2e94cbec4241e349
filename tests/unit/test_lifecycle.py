"""The incident's transition table never skips and never loses an outcome."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.errors import IllegalTransition, OutcomeRequired
from alerts.lifecycle import TRANSITIONS, IncidentState, Outcome, move

STATES = list(IncidentState)


def test_work_from_opening_to_closing() -> None:
    """The ordinary way of an incident."""
    state = IncidentState.OPEN

    for new in ("assigned", "acknowledged", "en_route", "on_scene", "recovered"):
        state = move(state, IncidentState(new))
    state = move(state, IncidentState.CLOSED, outcome=Outcome.THEFT_RECOVERED)

    assert state is IncidentState.CLOSED


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("open", "on_scene"),
        ("open", "recovered"),
        ("assigned", "en_route"),
        ("recovered", "open"),
        ("recovered", "not_found"),
        ("closed", "open"),
        ("closed", "closed"),
        ("open", "open"),
    ],
)
def test_skip_is_refused_and_says_what_is_allowed(old: str, new: str) -> None:
    """Nobody recovers what nobody acknowledged; closed is the end."""
    with pytest.raises(IllegalTransition) as refused:
        move(IncidentState(old), IncidentState(new), outcome=Outcome.TEST)

    assert refused.value.allowed == sorted(TRANSITIONS[IncidentState(old)])


@pytest.mark.parametrize("old", [state for state in STATES if state is not IncidentState.CLOSED])
def test_closing_needs_an_outcome_from_every_state(old: IncidentState) -> None:
    """It labels the detector's data."""
    with pytest.raises(OutcomeRequired) as refused:
        move(old, IncidentState.CLOSED)

    assert refused.value.outcomes == sorted(Outcome)
    assert move(old, IncidentState.CLOSED, outcome=Outcome.UNKNOWN) is IncidentState.CLOSED


def test_table_names_every_state() -> None:
    """A new state without a row fails here."""
    assert set(TRANSITIONS) == set(IncidentState)


@given(steps=st.lists(st.sampled_from(STATES), max_size=20))
def test_no_order_of_steps_leaves_the_table(steps: list[IncidentState]) -> None:
    """Whatever people press: a refused step changes nothing, closed stays closed."""
    state, closed = IncidentState.OPEN, False

    for new in steps:
        try:
            moved = move(state, new, outcome=Outcome.TEST)
        except IllegalTransition:
            assert new not in TRANSITIONS[state]
        else:
            assert not closed
            state, closed = moved, moved is IncidentState.CLOSED

    assert closed == (state is IncidentState.CLOSED)
