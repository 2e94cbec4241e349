"""Area incidents: one word to the desk for what happens to many vehicles at one place at once.

They are alerts of kind ``area`` at level 0: of no vehicle, so no owner is asked and no incident
opens by itself. The desk hears when one begins, each time its vehicles have doubled, and its end.
"""

import msgspec

from alerts import telling
from alerts.model import AlertChange, AlertKind, AlertState, Effects, Group, Level, Reason
from alerts.open_alert import Cause, alert_id_of

WORDS: dict[str, tuple[str, str]] = {
    "area_jamming": ("{n} vehicles near each other are jammed", "附近{n}辆车同时受到信号干扰"),
    "site_power_loss": (
        "{n} vehicles lost power together: the site did",
        "{n}辆车同时断电:场地停电",
    ),
    "moves_alike": (
        "{n} vehicles move alike at once: spoofed positions, a ferry or a truck",
        "{n}辆车同时以相同方式移动:疑似定位欺骗、渡轮或货车运输",
    ),
}
"""What is told of each kind, English and Chinese."""


_ENDS = {"expired": AlertState.EXPIRED, "desk_dismissed": AlertState.DISMISSED}


class OpenArea(msgspec.Struct):
    """One area incident that has not ended. ``*_ms`` without ``t`` are the steady clock.

    Attributes:
        members: Slots that belong to it.
        told: How many members were told last.
        grown_ms: When something of it was heard last.
    """

    alert_id: str
    code: str
    onset_ms: int
    cause: Cause
    members: set[int]
    grown_ms: int
    told: int = 0
    version: int = 0

    def reason(self) -> Reason:
        """Its word for the desk."""
        return area_reason(self.code, len(self.members))


class Areas:
    """The open area incidents."""

    def __init__(self, open_: list[OpenArea] | None = None) -> None:
        """Start from these or from none."""
        self.open: list[OpenArea] = open_ or []

    def join(self, code: str, slots: list[int], *, onset_ms: int, cause: Cause) -> OpenArea:
        """Add slots to the incident that one of them belongs to, or begin one with them.

        ``tick`` tells it.
        """
        found = next((a for a in self.open if a.code == code and a.members & set(slots)), None)
        if found is None:
            found = OpenArea(
                alert_id=alert_id_of(AlertKind.AREA, code, min(slots), onset_ms),
                code=code,
                onset_ms=onset_ms,
                cause=cause,
                members=set(),
                grown_ms=cause.elapsed_ms,
            )
            self.open.append(found)
        found.members |= set(slots)
        found.grown_ms = cause.elapsed_ms
        return found

    def tick(self, cause: Cause, quiet_ms: int, effects: Effects) -> list[OpenArea]:
        """Tell what began or doubled; end those of which nothing was heard for so long.

        Gives those that ended.
        """
        for area in self.open:
            if len(area.members) >= 2 * area.told:
                self._tell(area, "level" if area.told else "raised", cause, effects)
        ended = [area for area in self.open if cause.elapsed_ms - area.grown_ms > quiet_ms]
        for area in ended:
            self.open.remove(area)
            self._tell(area, "expired", cause, effects)
        return ended

    def dismiss(self, alert_id: str, cause: Cause, effects: Effects) -> OpenArea | None:
        """The desk says that it is none; gives it, None when it is not open."""
        area = next((area for area in self.open if area.alert_id == alert_id), None)
        if area is not None:
            self.open.remove(area)
            self._tell(area, "desk_dismissed", cause, effects)
        return area

    def _tell(self, area: OpenArea, what: str, cause: Cause, effects: Effects) -> None:
        place = area.cause
        area.told = len(area.members)
        area.version += 1
        change = AlertChange(
            alert_id=area.alert_id,
            vehicle_id="",
            device_id="",
            kind=AlertKind.AREA,
            level=Level.NOTED,
            state=_ENDS.get(what, AlertState.RAISED),
            what=what,
            onset_ms=area.onset_ms,
            caused_t_ms=cause.t_ms,
            caused_recv_ms=cause.recv_ms,
            reasons=(area.reason(),),
            lat_deg=place.lat_deg,
            lon_deg=place.lon_deg,
            acc_m=None,
            moved_m=0.0,
            late_s=0.0,
            grid=place.grid,
            area=place.grid,
            version=area.version,
            by=cause.by,
        )
        effects.alerts.append(change)
        effects.notices.append(telling.to_desk(change))


def area_reason(code: str, vehicles: int) -> Reason:
    """What happens to so many vehicles, as a reason without weight."""
    en, zh = WORDS[code]
    return Reason(
        code=code,
        group=Group.HUMAN,
        nats=0.0,
        text_en=en.format(n=vehicles),
        text_zh=zh.format(n=vehicles),
    )
