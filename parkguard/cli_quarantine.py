"""``parkguard quarantine``: what was refused, and running it again."""

import base64
import dataclasses
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from api.roles import CITY
from api.times import parse_time_ms
from devices.control import HELD_MAX
from devices.errors import WireReason
from devices.quarantine_hints import hint_of, text_of
from parkguard.cli_quarantine_adopt import ADOPT_EXAMPLES, adopt
from parkguard.cli_quarantine_text import print_one, print_table
from parkguard.cli_shared import (
    CommandError,
    Json,
    ago_ms,
    audit_row,
    complain,
    print_json,
    records_of,
    settings_of,
)
from parkguard.clock import wall_ms
from stores.queries_quarantine import QuarantineQueries

quarantine_app = typer.Typer(
    no_args_is_help=True, help="Look at refused messages; run them again after an upgrade."
)

Reason = Annotated[
    WireReason | None,
    typer.Option(help="Only this reason (docs/quarantine.md)", show_choices=False),
]
DeviceId = Annotated[
    str | None,
    typer.Option(help="Only this device id, or ADAPTER:ID of a stranger: jt808:013912345678"),
]
Since = Annotated[str | None, typer.Option(help="Only what came since: 30min, 2h, 3d, or ISO 8601")]


@quarantine_app.command(
    "list",
    epilog="Examples: parkguard quarantine list · "
    "parkguard quarantine list --reason version --since 2d --json",
)
def list_refused(
    ctx: typer.Context,
    *,
    reason: Reason = None,
    device: DeviceId = None,
    since: Since = None,
    limit: Annotated[int, typer.Option(help="Most rows", min=1, max=100_000)] = 50,
    as_json: Json = False,
) -> None:
    """List refused messages, newest first, and what to do about each reason."""
    now_ms = wall_ms()
    with records_of(ctx) as engine:
        lines = QuarantineQueries(engine).page(
            CITY, reason=reason, device=device, since_ms=_since_ms(since, now_ms), limit=limit + 1
        )
    shown = lines[:limit]
    if as_json:
        print_json([dataclasses.asdict(line) for line in shown])
        return
    print_table(
        shown, now_ms=now_ms, title=f"{len(shown)} refused messages" if shown else "nothing refused"
    )
    if len(lines) > limit:
        complain("there are more: use --limit, --reason, --device, --since or --json")


@quarantine_app.command(epilog="Example: parkguard quarantine show 17")
def show(
    ctx: typer.Context,
    row_id: Annotated[int, typer.Argument(help="Id of the row, from `list`", metavar="ID")],
    *,
    as_json: Json = False,
) -> None:
    """Print one refused message: why, when, what to do, and its payload as text or hex."""
    with records_of(ctx) as engine:
        row = QuarantineQueries(engine).one(CITY, row_id)
    if row is None:
        raise CommandError(f"there is no row {row_id}: see `parkguard quarantine list`")
    if as_json:
        fields = dataclasses.asdict(row)
        payload = fields.pop("payload")
        more = {
            "payload_base64": base64.b64encode(payload).decode(),
            "payload_text": text_of(payload),
            "hint": hint_of(row.reason)._asdict(),
        }
        print_json(fields | more)
        return
    print_one(row, zone=settings_of(ctx).timezone)


@quarantine_app.command(
    epilog="Examples: parkguard quarantine replay --reason version --yes · "
    "parkguard quarantine replay --id 17 --id 18"
)
def replay(
    ctx: typer.Context,
    *,
    reason: Reason = None,
    device: DeviceId = None,
    since: Since = None,
    row_id: Annotated[
        list[int] | None, typer.Option("--id", help="Only this row; may be repeated", min=1)
    ] = None,
    limit: Annotated[int | None, typer.Option(help="At most so many, oldest first", min=1)] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask")] = False,
    as_json: Json = False,
) -> None:
    """Run held messages again with the present code, oldest first.

    The processor does it, in its own order; what it refuses anew comes back as new rows. What is
    queued already, or was run again, is left out.
    """
    if all(given is None for given in (reason, device, since, row_id)):
        raise typer.BadParameter("give --reason, --device, --since or --id")
    if reason is WireReason.CONTROL:
        raise CommandError("rows of reason control are our own, no messages: upgrade instead")
    now_ms = wall_ms()
    since_ms = _since_ms(since, now_ms)
    with records_of(ctx) as engine:
        book = QuarantineQueries(engine)
        total, highest = book.held(
            CITY, reason=reason, device=device, since_ms=since_ms, ids=row_id
        )
        count = total if limit is None else min(total, limit)
        if count and not yes:
            if as_json:
                raise CommandError("with --json give --yes: it cannot ask")
            typer.confirm(f"Run {count} messages again?", abort=True, err=True)
        words = {"reason": reason, "device": device, "since": since, "ids": row_id}
        target = ",".join(f"{name}={value}" for name, value in words.items() if value is not None)
        queued, left = 0, total
        with Progress(console=Console(stderr=True), transient=True, disable=as_json) as progress:
            task = progress.add_task("messages", total=count)
            while queued < count:
                done = book.queue(
                    CITY,
                    by="cli",
                    at_ms=now_ms,
                    audit=audit_row("quarantine_replayed", f"quarantine:{target}", now_ms),
                    limit=min(HELD_MAX, count - queued),
                    reason=reason,
                    device=device,
                    since_ms=since_ms,
                    ids=row_id,
                    upto_id=highest,
                    known=total - queued,
                )
                queued, left = queued + done.queued, done.left
                progress.advance(task, done.queued)
                if not done.queued:
                    break
    if as_json:
        print_json({"queued": queued, "left": left})
    else:
        complain(
            f"{queued} messages will be run again by the processor, {left} are left"
            if queued
            else "nothing is held that fits: see `parkguard quarantine list`"
        )


quarantine_app.command(epilog=ADOPT_EXAMPLES)(adopt)


def _since_ms(text: str | None, now_ms: int) -> int | None:
    if text is None:
        return None
    ago = ago_ms(text)
    if ago is not None:
        return now_ms - ago
    try:
        return parse_time_ms(text)
    except ValueError as exc:
        raise typer.BadParameter(f"--since: {exc}; or 30min, 2h, 3d") from exc
