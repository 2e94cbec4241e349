"""Which cameras an alert names, and what it says of those that see nothing."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from alerts.around_words import word
from alerts.model import Reason
from devices.camera_conditions import BLIND, sees
from devices.camera_places import working_first
from devices.causes import PRESENCE_CAUSES, Cause, causes_of

_TOLD = BLIND | int(PRESENCE_CAUSES)
"""Causes that say why it saw nothing; a full disk or a short archive is no matter of now."""


class SeenCamera(NamedTuple):
    """A camera near a place: how far, and ``Presence`` and ``Cause`` bits."""

    id: str
    away_m: float
    presence: int
    causes: int

    @property
    def works(self) -> bool:
        """Whether it shows and records."""
        return sees(self.presence, self.causes)


def cameras_near(near: Sequence[SeenCamera], most: int) -> list[Reason]:
    """One reason that names cameras, working ones first; none when there are none.

    Args:
        near: Nearest first.
        most: So many are named.
    """
    works = np.array([camera.works for camera in near], np.bool_)
    named = [near[k] for k in working_first(works, most)[:most]]
    if not named:
        return []
    return [
        word(
            "cameras",
            cameras=", ".join(_en(camera) for camera in named),
            cameras_zh="、".join(_zh(camera) for camera in named),
        )
    ]


def _en(camera: SeenCamera) -> str:
    why = "".join(f"; {cause.en}" for cause in _causes(camera))
    broken = "" if camera.works else f", not working{why}"
    return f"{camera.id} ({camera.away_m:.0f} m{broken})"


def _zh(camera: SeenCamera) -> str:
    why = "".join(f": {cause.zh}" for cause in _causes(camera))
    broken = "" if camera.works else f", 不可用{why}"
    return f"{camera.id} ({camera.away_m:.0f}米{broken})"


def _causes(camera: SeenCamera) -> list[Cause]:
    return causes_of(camera.causes & _TOLD)
