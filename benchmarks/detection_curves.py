"""False alarms against delay while the threshold is swept, as one SVG."""

import math
from typing import Any

Row = dict[str, Any]
WIDTH, HEIGHT, GAP = 330, 250, 46
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9")
"""Okabe and Ito's palette: told apart by the colour-blind."""
LOW_EXP, HIGH_EXP, MAX_S = -4.0, 0.5, 120.0


def draw_curves(figures: Row) -> str:
    """One panel a level: a line a family, a dot a threshold; rides of 3-8 m/s at 15 s."""
    panels = [
        _panel(figures, level, k * (WIDTH + GAP) + GAP, title)
        for k, (level, title) in enumerate(
            (("owner", "owner's level, no sensor"), ("police", "police level, no sensor"))
        )
    ]
    width, height = 2 * (WIDTH + GAP) + GAP, HEIGHT + 124
    style = "text{font:11px sans-serif;fill:#222}.t{font-weight:bold;font-size:13px}"
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}">',
            f"<style>{style}</style>",
            f'<rect width="{width}" height="{height}" fill="#fff"/>',
            *panels,
            *(
                f'<text x="{GAP}" y="{height - 34 + 16 * k}">{line}</text>'
                for k, line in enumerate(_foot(figures))
            ),
            "</svg>\n",
        ]
    )


def _foot(figures: Row) -> tuple[str, str]:
    return (
        (
            "up: false alarms per vehicle-day; dots: thresholds of 6 8 10 12 14 16 20 nats; "
            "what was never seen stands at its 95 % bound (hollow)"
        ),
        (
            f"python -m benchmarks.detection, {figures['date']}, reporting families, 15 s; "
            "thefts: rides of 3-8 m/s; without the rules that have no threshold (kept, slow)"
        ),
    )


def _panel(figures: Row, level: str, left: float, title: str) -> str:
    top = 34
    parts = [f'<text class="t" x="{left}" y="{top - 14}">{title}</text>']
    for exp in range(int(LOW_EXP), int(HIGH_EXP) + 1):
        y = _y(10.0**exp, top)
        parts.append(f'<path d="M{left} {y:.1f}h{WIDTH}" stroke="#ddd"/>')
        parts.append(f'<text x="{left - 32}" y="{y + 4:.1f}">1e{exp}</text>')
    for second in range(0, int(MAX_S) + 1, 20):
        x = _x(second, left)
        parts.append(f'<text x="{x - 6:.1f}" y="{top + HEIGHT + 16}">{second}</text>')
    parts.append(
        f'<text x="{left + 90}" y="{top + HEIGHT + 32}">median seconds from the onset</text>'
    )
    index = 0 if level == "owner" else 1
    for k, (name, points) in enumerate(_lines(figures, level, index)):
        colour = COLOURS[k % len(COLOURS)]
        xy = [(_x(s, left), _y(rate, top), seen) for s, rate, seen in points]
        path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y, _ in xy)
        parts.append(f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="1.5"/>')
        parts += [
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" stroke="{colour}" '
            f'fill="{colour if seen else "#fff"}"/>'
            for x, y, seen in xy
        ]
        parts.append(
            f'<text x="{left + WIDTH - 90}" y="{top + 14 + 14 * k}" '
            f'style="fill:{colour}">{name}</text>'
        )
    return "\n".join(parts)


def _lines(
    figures: Row, level: str, index: int
) -> list[tuple[str, list[tuple[float, float, bool]]]]:
    thefts = {
        row["family"]: row[level]["curve"]
        for row in figures["thefts"]
        if row["pace"] == "ride" and row["every_s"] == 15.0  # noqa: PLR2004 - its own interval
    }
    lines = []
    for row in figures["parked"]:
        if row["family"] not in thefts or row["every_s"] != 15.0:  # noqa: PLR2004
            continue
        points = []
        for h, after_s in thefts[row["family"]].items():
            if after_s is not None:
                rate = row["curve"][h][index]
                points.append((after_s, rate or 3.7 / row["vehicle_days"], rate > 0))
        lines.append((row["family"], points))
    return lines


def _x(second: float, left: float) -> float:
    return left + WIDTH * min(second, MAX_S) / MAX_S


def _y(rate: float, top: float) -> float:
    exp = min(max(math.log10(max(rate, 1e-9)), LOW_EXP), HIGH_EXP)
    return top + HEIGHT * (HIGH_EXP - exp) / (HIGH_EXP - LOW_EXP)
