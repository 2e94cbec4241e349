"""Domain errors of alerts and incidents; the API maps each to problem+json."""


class AlertsError(Exception):
    """Any error a caller of alerts may handle."""


class IllegalTransition(AlertsError):
    """The incident cannot go from ``old`` to ``new``."""

    def __init__(self, old: str, new: str, allowed: list[str]) -> None:
        """Keep what was asked and what would be allowed."""
        super().__init__(
            f"an incident that is {old} cannot become {new}; allowed: {', '.join(allowed) or '-'}"
        )
        self.old, self.new, self.allowed = old, new, allowed


class OutcomeRequired(AlertsError):
    """Closing needs an outcome, because it labels the detector's data."""

    def __init__(self, outcomes: list[str]) -> None:
        """Name the outcomes there are."""
        super().__init__(f"closing needs an outcome, one of: {', '.join(outcomes)}")
        self.outcomes = outcomes
