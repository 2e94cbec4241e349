"""What goes on an incident's card: pure, and cheap."""

from collections.abc import Sequence
from typing import Literal, TypeVar

from alerts.lifecycle import TRANSITIONS, IncidentState
from api.incident_moves import UNTAKEN
from api.roles import Principal, Role
from api.rows import IncidentRow

TRAIL_MS = 600_000
"""How far back the trail goes (incidents.md, What each person sees: last 10 min)."""
TRAIL_MAX = 200
"""Points of a trail. Ours: more than a phone's screen can tell apart."""
TRAIL_READ_MAX = 1_200
"""Fixes read for it: 10 min at two a second."""
CAMERAS = 3
"""Cameras on the card (incidents.md)."""
CAMERAS_WITHIN_M = 1_000.0
"""Not farther than this; as ``GET /v1/cameras/near``."""

T = TypeVar("T")


def thinned(points: Sequence[T], most: int) -> list[T]:
    """Give at most ``most`` of them, evenly, the first and the last among them."""
    if len(points) <= most:
        return list(points)
    step = (len(points) - 1) / (most - 1)
    return [points[round(k * step)] for k in range(most)]


def trail_period(fix_t_ms: int, onset_ms: int, lead_ms: int) -> tuple[int, int]:
    """Give what the trail shows: up to the newest fix, and nothing from long before the onset.

    Args:
        fix_t_ms: Time of the newest position, ms UTC.
        onset_ms: When the theft began, ms UTC.
        lead_ms: An officer sees a track from so long before it (``ApiPolicy.track_lead_s``).
    """
    return max(fix_t_ms - TRAIL_MS, onset_ms - lead_ms), fix_t_ms


def held_by(row: IncidentRow, principal: Principal) -> Literal["nobody", "you", "other"]:
    """Say whether nobody has it, you, or somebody else."""
    if row.assignee is None or IncidentState(row.state) in UNTAKEN:
        return "nobody"
    return "you" if row.assignee == principal.name else "other"


def next_states(row: IncidentRow, principal: Principal) -> list[str]:
    """Give the states this person may move it to, as ``incident_moves.decide`` allows."""
    other = held_by(row, principal) == "other"
    if other and principal.role is Role.OFFICER:
        return []
    allowed = TRANSITIONS[IncidentState(row.state)]
    taking = {IncidentState.ACKNOWLEDGED} if other else set()
    return sorted(allowed - taking)
