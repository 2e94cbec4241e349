"""What a candidate would have sent against what was sent, as a table for people."""

from collections.abc import Iterable

from rich.table import Table

from alerts.comparing import Difference, Step

_WORDS = {
    Step.OWNER_NOTICE: "owner notice (level 1 and above)",
    Step.POLICE_READY: "police-ready (level 2)",
    Step.INCIDENT: "incident",
}


def difference_table(lines: Iterable[Difference], *, title: str) -> Table:
    """One row a step; thefts and false alarms are those that people labelled."""
    table = Table(title=title)
    for name in (
        "step",
        "sent",
        "candidate",
        "both",
        "only sent",
        "only candidate",
        "thefts kept / missed",
        "false kept / avoided",
        "earlier / later",
        "median shift, s",
    ):
        table.add_column(name, overflow="fold")
    for line in lines:
        table.add_row(
            _WORDS[line.step],
            str(line.both + line.only_live),
            str(line.both + line.only_candidate),
            str(line.both),
            str(line.only_live),
            str(line.only_candidate),
            f"{line.true_kept} / {line.true_missed}",
            f"{line.false_kept} / {line.false_avoided}",
            f"{line.earlier} / {line.later}",
            "-" if line.shift_s is None else f"{line.shift_s:+g}",
        )
    return table
