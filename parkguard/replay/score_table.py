"""The score as a table for people; a bare 0 is never printed."""

from rich.table import Table

from parkguard.replay.scoring import Rung, RungScore, Score

_WORDS = {
    Rung.OWNER_NOTICE: "owner notice (level 1 and above)",
    Rung.POLICE_READY: "police-ready (level 2)",
    Rung.DISPATCHED: "dispatched (an incident opened)",
}


def score_table(score: Score) -> Table:
    """False ones per vehicle-day with exact Poisson bounds, shares with Wilson's, delays."""
    table = Table(
        title=f"{score.vehicle_days:g} vehicle-days without a theft, {score.thefts} thefts; "
        "brackets: 95 % intervals"
    )
    for name in ("rung", "false", "false per vehicle-day", "detected", "share"):
        table.add_column(name, overflow="fold")
    table.add_column("delay from onset p50 / p90 / max, s", overflow="fold")
    for rung in Rung:
        row: RungScore = getattr(score, rung.value)
        table.add_row(
            _WORDS[rung],
            str(row.false),
            _rate(row),
            f"{row.detected} of {score.thefts}",
            _share(row),
            " / ".join(
                "-" if value is None else f"{value:g}"
                for value in (row.delay_s_p50, row.delay_s_p90, row.delay_s_max)
            ),
        )
    return table


def _rate(row: RungScore) -> str:
    if row.false_per_vehicle_day_95 is None:
        return "no vehicle-day"
    low, high = row.false_per_vehicle_day_95
    if not row.false:
        return f"at most {high:.2g} (none seen)"
    return f"{row.false_per_vehicle_day:.2g} ({low:.2g} to {high:.2g})"


def _share(row: RungScore) -> str:
    if row.share is None:
        return "no theft"
    low, high = row.share_95
    return f"{100 * row.share:.1f} % ({100 * low:.1f} to {100 * high:.1f} %)"
