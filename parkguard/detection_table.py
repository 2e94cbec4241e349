"""What the curves in effect say, as rows, as JSON and as a small picture in text."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from alerts.detection.rates import AlarmLevel, Curve, Rates, shaping
from alerts.policy import DetectionPolicy
from devices.model import SiteClass

COLUMNS = (1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6)
"""Rates per vehicle-day of the table."""
PICTURE_ROWS, PICTURE_COLUMNS = 7, 60
"""One row a decade from 1 to 1e-6 alarms per vehicle-day."""
MARKS = {
    SiteClass.OPEN: "o",
    SiteClass.STREET: "s",
    SiteClass.CANYON: "c",
    SiteClass.GARAGE: "g",
    SiteClass.INDOOR: "i",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class InEffect:
    """One curve and whose it is."""

    curve: Curve
    is_own: bool
    rate: float

    def as_json(self) -> dict[str, object]:
        """Everything there is to know of it."""
        curve, nats = self.curve, self.curve.nats_of(self.rate)
        return {
            "site_class": curve.site_class.value,
            "level": curve.level.value,
            "rate": self.rate,
            "nats": round(nats, 2),
            "is_measured": curve.is_measured(self.rate),
            "expected_per_day": float(f"{curve.per_day_at(nats):.3g}"),
            "other_per_day": curve.other_per_day,
            "lowest_measured_per_day": curve.lowest_per_day,
            "vehicle_days": curve.vehicle_days,
            "fitted_on": curve.fitted_on,
            "data": curve.data,
            "seed": curve.seed,
            "command": curve.command,
            "source": "own" if self.is_own else "packaged",
            "table": {
                f"{rate:g}": {
                    "nats": round(curve.nats_of(rate), 2),
                    "is_measured": curve.is_measured(rate),
                }
                for rate in COLUMNS
            },
            "points": [[point.nats, point.per_day, point.alarms] for point in curve.points],
        }

    def as_row(self) -> dict[str, str]:
        """What the rate set needs, then the table of rates: 80 columns hold it."""
        curve, nats = self.curve, self.curve.nats_of(self.rate)
        return {
            "site": curve.site_class.value,
            "nats": _nats(curve, self.rate),
            "expected": f"{curve.per_day_at(nats):.2g}",
            **{f"1e{round(math.log10(rate))}": _nats(curve, rate) for rate in COLUMNS[1:]},
        }

    def as_source_row(self) -> dict[str, str]:
        """Where the curve comes from."""
        curve = self.curve
        return {
            "site class": curve.site_class.value,
            "level": curve.level.value,
            "measured to": f"{curve.lowest_per_day:.2g}",
            "vehicle-days": f"{curve.vehicle_days:,.0f}",
            "fitted": curve.fitted_on,
            "seed": "" if curve.seed is None else str(curve.seed),
            "data": curve.data,
        }


def in_effect(packaged: Rates, own: Rates, policy: DetectionPolicy) -> list[InEffect]:
    """Every site class and level, in order; the own curve where there is one."""
    asked = {AlarmLevel.OWNER: policy.owner_rate, AlarmLevel.POLICE: policy.police_rate}
    found: list[InEffect] = []
    for level, rate in asked.items():
        for site_class in SiteClass:
            mine = own.find(site_class, level)
            curve = mine or packaged.find(site_class, level)
            if curve is not None:
                found.append(InEffect(curve=curve, is_own=mine is not None, rate=rate))
    return found


def notes(rows: Sequence[InEffect], policy: DetectionPolicy) -> list[str]:
    """What a reader must know: what the mark means, rates that are not kept, curves not of here."""
    said = ["~ = extrapolated: nobody measured so low a rate; it goes on with the curve's slope"]
    ours = shaping(policy)
    for row in rows:
        curve = row.curve
        if curve.settings != ours:
            names = sorted({name for name, _ in ours.items() ^ curve.settings.items()})
            said.append(
                f"{curve.site_class} {curve.level}: fitted with another detection."
                f"{', detection.'.join(names)}: its rates do not hold here, fit it again"
            )
        expected = curve.per_day_at(curve.nats_of(row.rate))
        if expected > 1.05 * row.rate:
            said.append(
                f"{curve.site_class} {curve.level}: {expected:.2g} are expected, not "
                f"{row.rate:.2g}: rules without a threshold (slow, kept) give "
                f"{curve.other_per_day:.2g} where they are worst"
            )
    return said


def picture(rows: Sequence[InEffect], level: AlarmLevel) -> str:
    """False alarms per vehicle-day downwards, nats to the right; a letter per site class.

    Capitals are measured, small letters extrapolated, a star stands for several.
    """
    curves = [row.curve for row in rows if row.curve.level is level]
    if not curves:
        return ""
    most = max(curve.nats_of(10.0 ** -(PICTURE_ROWS - 1)) for curve in curves)
    scale = (PICTURE_COLUMNS - 1) / most
    lines = [f"{level}: alarms per vehicle-day against nats"]
    for decade in range(PICTURE_ROWS):
        rate, line = 10.0**-decade, [" "] * PICTURE_COLUMNS
        for curve in curves:
            mark = MARKS[curve.site_class]
            at = math.floor(curve.nats_of(rate) * scale)
            measured = mark.upper() if curve.is_measured(rate) else mark
            line[at] = measured if line[at] == " " else "*"
        lines.append(f"{rate:7.0e} |{''.join(line).rstrip()}")
    lines.append(" " * 8 + "+" + "-" * PICTURE_COLUMNS)
    lines.append(" " * 9 + f"0{f'{most:.0f} nats':>{PICTURE_COLUMNS - 1}}")
    lines.append(" ".join(f"{MARKS[c.site_class].upper()}={c.site_class}" for c in curves))
    return "\n".join(lines)


def _nats(curve: Curve, rate: float) -> str:
    return f"{'' if curve.is_measured(rate) else '~'}{curve.nats_of(rate):.1f}"
