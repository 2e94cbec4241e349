"""What the explanation of an alert needs from outside. Adapter: ``parkguard.wiring.explain``."""

from dataclasses import dataclass
from typing import Protocol

from api.explain_schemas import ExplanationOut


class CannotExplain(Exception):
    """There is nothing to explain it with, or it takes too long; the message says what to do.

    Attributes:
        why: The same as a stable word.
    """

    def __init__(self, why: str, message: str) -> None:
        """Say why."""
        super().__init__(message)
        self.why = why


class ExplainerBusy(Exception):
    """Another explanation is being made: ask again in a moment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToExplain:
    """An alert, as far as its explanation depends on it.

    Attributes:
        acted_ms: The newest step that was not a mere update of its place.
        steps: How many such steps there are: with another one the explanation is made anew.
    """

    alert_id: str
    vehicle_id: str
    onset_ms: int
    raised_ms: int
    acted_ms: int
    steps: int


class Explainer(Protocol):
    """Runs the messages about an alert once more. Not scoped: ask after a check."""

    def explain(self, alert: ToExplain) -> ExplanationOut:
        """Give the explanation; takes seconds.

        Raises:
            CannotExplain: As it says.
            ExplainerBusy: Somebody else's is being made.
        """
        ...
