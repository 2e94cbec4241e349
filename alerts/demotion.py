"""Trackers and rules that cried wolf: three false alarms in 30 days and they are demoted.

A demoted one still asks the owner (level 1) and no longer makes an alert police-ready by itself; a
human's word counts as ever. It ends 30 days after the last false alarm, or when a person lifts it.
Pure: state changes by labels and lifts alone, so a replay of the journal gives the same.
"""

import msgspec

from alerts.model import DemotionChange, Labelled
from alerts.outcomes import BLAMED, Verdict, verdict_of
from alerts.policy import DispatchPolicy

DAY_MS = 86_400_000


class Mark(msgspec.Struct, frozen=True):
    """One label that counts, on the steady and on the wall clock."""

    elapsed_ms: int
    wall_ms: int


class Standing(msgspec.Struct):
    """What is known of one tracker, or of one rule at one site.

    Attributes:
        false: False alarms it is blamed for, oldest first, within the window.
        true: Thefts it was right about.
        area: Of the alert that was labelled last.
        since_ms: Wall clock since when it is demoted, 0 = it is not.
        until: Steady clock at which that ends.
    """

    false: list[Mark] = []
    true: list[Mark] = []
    area: str = ""
    since_ms: int = 0
    until: int = 0


class Demoted(msgspec.Struct, frozen=True):
    """Why an alert is held at level 1."""

    subject: str
    false_alarms: int
    window_days: float

    @property
    def is_device(self) -> bool:
        """Whether the tracker is meant, not the rule."""
        return self.subject.startswith("device:")


class Demotions:
    """Standing of every tracker, and of every rule at every site, that people labelled lately."""

    def __init__(
        self, policy: DispatchPolicy, standings: dict[str, Standing] | None = None
    ) -> None:
        """Start with the standings of a checkpoint."""
        self._policy = policy
        self.standings = standings or {}

    def of(self, device_id: str, rule: str, site: str, elapsed_ms: int) -> Demoted | None:
        """The demotion that holds an alert down now; the tracker's before the rule's."""
        for subject in _subjects(device_id, rule, site):
            standing = self.standings.get(subject)
            if standing is not None and standing.since_ms and elapsed_ms < standing.until:
                days = self._policy.demote_days
                return Demoted(subject, len(standing.false), days)
        return None

    def take(self, label: Labelled, elapsed_ms: int) -> list[DemotionChange]:
        """Count one label; gives what is demoted by it, or stays so for longer."""
        self._forget(elapsed_ms)
        is_true = verdict_of(label.outcome) is Verdict.TRUE
        if not is_true and label.outcome not in BLAMED:
            return []
        mark = Mark(elapsed_ms, label.labelled_ms)
        changes = []
        for subject in _subjects(label.device_id, label.rule, label.site):
            standing = self.standings.setdefault(subject, Standing())
            (standing.true if is_true else standing.false).append(mark)
            if not is_true and self._is_due(subject, standing):
                changes.append(self._demote(subject, standing, label, mark))
        return changes

    def lift(self, subject: str, *, by: str, elapsed_ms: int, wall_ms: int) -> list[DemotionChange]:
        """A person believes it again: what counted so far counts no longer."""
        self._forget(elapsed_ms)
        standing = self.standings.get(subject)
        if standing is None or not standing.since_ms:
            return []
        del self.standings[subject]
        return [
            DemotionChange(
                subject=subject,
                area=standing.area,
                false_alarms=len(standing.false),
                since_ms=standing.since_ms,
                until_ms=wall_ms,
                lifted_ms=wall_ms,
                by=by,
            )
        ]

    def _is_due(self, subject: str, standing: Standing) -> bool:
        """Three false alarms; a rule that is more often right than wrong is kept."""
        false = len(standing.false)
        kept = subject.startswith("rule:") and len(standing.true) > false
        return bool(standing.since_ms) or (false >= self._policy.demote_after and not kept)

    def _demote(
        self, subject: str, standing: Standing, label: Labelled, mark: Mark
    ) -> DemotionChange:
        standing.area = label.area
        standing.since_ms = standing.since_ms or mark.wall_ms
        standing.until = mark.elapsed_ms + self._window_ms
        return DemotionChange(
            subject=subject,
            area=label.area,
            false_alarms=len(standing.false),
            since_ms=standing.since_ms,
            until_ms=mark.wall_ms + self._window_ms,
        )

    @property
    def _window_ms(self) -> int:
        return round(self._policy.demote_days * DAY_MS)

    def _forget(self, elapsed_ms: int) -> None:
        """Drop what is older than the window, and demotions that have ended."""
        bound = elapsed_ms - self._window_ms
        for subject, standing in list(self.standings.items()):
            if standing.since_ms and elapsed_ms >= standing.until:
                standing.since_ms = 0
            standing.false = [mark for mark in standing.false if mark.elapsed_ms > bound]
            standing.true = [mark for mark in standing.true if mark.elapsed_ms > bound]
            if not (standing.false or standing.true):
                del self.standings[subject]


def _subjects(device_id: str, rule: str, site: str) -> list[str]:
    """A rule is judged site by site: one street canyon must not silence a whole city."""
    return [f"device:{device_id}", *([f"rule:{rule}@{site}"] if site else [])]
