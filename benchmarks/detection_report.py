"""The figures of ``benchmarks.detection`` as text; a bare 0 is never printed."""

from collections.abc import Iterable, Sequence
from typing import Any

Row = dict[str, Any]
LEVELS = {
    "owner_sensed": "owner",
    "police_sensed": "police",
    "owner": "owner, no sensor",
    "police": "police, no sensor",
}
"""Levels of a theft and how they are called: with a sensor that feels the thief, or without one."""


def as_text(figures: Row) -> str:
    """All tables, the numbers to reach last."""
    head = (
        f"{figures['date']}, {figures['machine']}, seed {figures['seed']}, "
        f"{figures['cpu_s']} s of CPU\n"
        f"asked: owner {figures['owner_rate']:g}, police {figures['police_rate']:g} a vehicle-day"
    )
    parts = [
        head,
        _parked("false alarms of parked vehicles, per vehicle-day", figures["parked"]),
        _parked("the long run, open street at 15 s", figures["full"]),
        _thefts("thefts", figures["thefts"]),
        _thefts("pushes of 30 m (nobody should be told)", figures["pushes"]),
        _thefts("real rides on parked noise", figures["rides"]),
        _baselines(figures["baselines"]),
        "CPU, us per fix by batch: "
        + ", ".join(f"{b}: {c}" for b, c in figures["cost_us"].items()),
        numbers_to_reach(figures),
    ]
    return "\n\n".join(part for part in parts if part)


def rate(row: Row) -> str:
    """A rate with its interval; what was never seen is only bounded."""
    if row["n"] == 0:
        return f"< {row['high']:.1e}"
    return f"{row['per_day']:.2g} ({row['low']:.1e}..{row['high']:.1e})"


def share(value: float, low: float, high: float) -> str:
    """A share with its interval, per cent."""
    return f"{100 * value:.1f} ({100 * low:.1f}..{100 * high:.1f})"


def _table(title: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [list(head), *(list(row) for row in rows)]
    if len(lines) == 1:
        return ""
    width = [max(len(line[k]) for line in lines) for k in range(len(head))]
    text = ["  ".join(cell.ljust(w) for cell, w in zip(line, width, strict=True)) for line in lines]
    return "\n".join([title, *(line.rstrip() for line in text)])


def _parked(title: str, rows: Sequence[Row]) -> str:
    head = ("family", "site", "every", "days", "owner notice, with sensor",
            "by position alone", "of it kept/slow", "police position",
            "police-ready")  # fmt: skip
    return _table(
        title,
        head,
        (
            (
                row["family"] + ("" if row["built_for"] else " *"),
                row["site"],
                f"{row['every_s']:.0f} s",
                f"{row['vehicle_days']:.0f}",
                rate(row["owner"]),
                rate(row["owner_by_position"]),
                rate(row["of_it_kept_or_slow"]),
                rate(row["police_statistic"]),
                rate(row["police_ready"]),
            )
            for row in rows
        ),
    )


def _thefts(title: str, rows: Sequence[Row]) -> str:
    head = (
        "family",
        "what",
        "every",
        "n",
        "level",
        "in time, %",
        "at all, %",
        "p50 s",
        "p95 s",
        "m",
    )
    lines = []
    for row in rows:
        what = row.get("pace") or (f"{row['rides']} rides" if "rides" in row else "30 m")
        for level, named in LEVELS.items():
            found = row[level]
            lines.append(
                (
                    *(row["family"], what, f"{row['every_s']:.0f} s", str(found["n"]), named),
                    share(found["in_time"], found["low"], found["high"]),
                    share(found["found"], found["found_low"], found["found_high"]),
                    *(_or_never(found[key]) for key in ("p50_s", "p95_s", "p50_m")),
                )
            )
    return _table(title, head, lines)


def _or_never(value: float | None) -> str:
    return "never" if value is None else f"{value:.0f}"


def _baselines(rows: Sequence[Row]) -> str:
    head = ("detector", "false a day", "in time, %", "p50 s", "p95 s", "m")
    return _table(
        "ours and others: open-harsh noise, rides of 3-8 m/s, 10 s",
        head,
        (
            (
                row["detector"],
                rate(row["false"]),
                share(row["in_time"], row["low"], row["high"]),
                *(_or_never(row[key]) for key in ("p50_s", "p95_s", "p50_m")),
            )
            for row in rows
        ),
    )


def numbers_to_reach(figures: Row) -> str:
    """The table of detection.md with what was measured: mean and worst family."""
    built = [row for row in figures["parked"] if row["built_for"]]
    each = [row for row in figures["full"] if row["family"] != "both"]
    open_ = [row for row in built if row["site"] == "open"] + each
    lines = [
        ("police position, open street", "< 1e-4", *_mean_and_worst(open_, "police_statistic")),
        ("police-ready, open street", "-", *_mean_and_worst(open_, "police_ready")),
        ("police-ready, all families", "-", *_mean_and_worst(figures["parked"], "police_ready")),
        ("owner notice, open", "< 1e-2", *_mean_and_worst(open_, "owner")),
        ("owner notice, built for", "< 1e-2", *_mean_and_worst(built, "owner")),
        ("owner notice, all families", "-", *_mean_and_worst(figures["parked"], "owner")),
        ("no sensor: owner notice, open", "-", *_mean_and_worst(open_, "owner_by_position")),
        ("no sensor: owner notice, built for", "-", *_mean_and_worst(built, "owner_by_position")),
        *_recalls(figures["thefts"]),
        ("push of 30 m: owner", "<= 1 %", *_worst_share(figures["pushes"], "owner_sensed")),
        ("push of 30 m: police", "0", *_worst_share(figures["pushes"], "police_sensed")),
        ("CPU at 4k, us", "<= 1", str(figures["cost_us"][4096]), ""),
    ]
    return _table("Numbers to reach", ("what", "must", "measured", "worst family"), lines)


def _mean_and_worst(rows: Sequence[Row], what: str) -> tuple[str, str]:
    if not rows:
        return "not run", ""
    from_, days = sum(row[what]["n"] for row in rows), sum(row["vehicle_days"] for row in rows)
    worst = max(rows, key=lambda row: (row[what]["per_day"], row[what]["high"]))
    mean = f"{from_ / days:.2g}" if from_ else f"< {3.7 / days:.1e}"
    return (
        f"{mean} in {days:.0f} days",
        f"{worst['family']} {worst['every_s']:.0f} s: {rate(worst[what])}",
    )


def _recalls(rows: Sequence[Row]) -> Iterable[tuple[str, str, str, str]]:
    open_ = [row for row in rows if row["family"].startswith("open")]
    for every_s in (10.0, 15.0):
        quick = [row for row in open_ if row["pace"] != "walk" and row["every_s"] == every_s]
        for level, named in LEVELS.items():
            yield (
                f">= 2 m/s at {every_s:.0f} s, {named}, open",
                ">= 99 %",
                *_mean_and_least(quick, level, "in_time"),
            )
    walks = [row for row in rows if row["pace"] == "walk" and row["every_s"] <= 15]  # noqa: PLR2004
    yield "on foot, 10 min, owner, all", ">= 99 %", *_mean_and_least(walks, "owner_sensed", "found")
    yield "on foot, 10 min, owner, no sensor", "-", *_mean_and_least(walks, "owner", "found")


def _mean_and_least(rows: Sequence[Row], level: str, what: str) -> tuple[str, str]:
    if not rows:
        return "not run", ""
    n = sum(row[level]["n"] for row in rows)
    mean = sum(row[level][what] * row[level]["n"] for row in rows) / n
    least = min(rows, key=lambda row: row[level][what])
    named = f"{least['family']} {least['pace']} {least['every_s']:.0f} s"
    return f"{100 * mean:.2f} % of {n}", f"{named}: {100 * least[level][what]:.1f} %"


def _worst_share(rows: Sequence[Row], level: str) -> tuple[str, str]:
    row = max(rows, key=lambda one: one[level]["found"])
    found = row[level]
    text = share(found["found"], found["found_low"], found["found_high"])
    mean = sum(one[level]["found"] for one in rows) / len(rows)
    return f"{100 * mean:.2f} %" if mean else f"< {100 * found['found_high']:.1f} %", (
        f"{row['family']}: {text} %"
    )
