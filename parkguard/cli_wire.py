"""``parkguard wire``: for people who make devices: schemas, and what becomes of bytes."""

import sys
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from devices.errors import WireError
from devices.readings import AnyReading
from devices.schemas import PAYLOADS, schema_of
from devices.topics import Topic, parse_topic
from devices.wire import Decoded, Refused, decode, open_multi
from devices.words import Flag
from parkguard.cli_shared import Json, print_json, settings_of
from parkguard.clock import wall_ms

wire_app = typer.Typer(
    no_args_is_help=True,
    help="What devices may say (docs/wire.md): JSON Schemas, and a try without a broker.",
)


@wire_app.command(
    epilog="Examples: parkguard wire schema fix · parkguard wire schema --out docs/schemas"
)
def schema(
    channel: Annotated[
        str | None, typer.Argument(help=f"One of: {' '.join(PAYLOADS)}; all when left out")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Write CHANNEL.schema.json files into this folder")
    ] = None,
    *,
    as_json: Json = False,
) -> None:
    """Print the JSON Schema of a payload (draft 2020-12)."""
    if channel is not None and channel not in PAYLOADS:
        raise typer.BadParameter(f"{channel!r} is not one of {' '.join(PAYLOADS)}")
    wanted = [channel] if channel else list(PAYLOADS)
    if out is None:
        schemas = {name: schema_of(name) for name in wanted}
        _print(schemas[channel] if channel else schemas, as_json=as_json)
        return
    out.mkdir(parents=True, exist_ok=True)
    for name in wanted:
        body = msgspec.json.format(msgspec.json.encode(schema_of(name)), indent=2)
        (out / f"{name}.schema.json").write_bytes(body + b"\n")


@wire_app.command(
    name="try",
    epilog="Example: parkguard wire try pg/v1/up/trk/trk-000123/fix message.json",
)
def try_(
    ctx: typer.Context,
    topic: Annotated[str, typer.Argument(help="The topic it would be published on")],
    file: Annotated[Path | None, typer.Argument(help="The payload; standard input if none")] = None,
    *,
    as_json: Json = False,
) -> None:
    """Print what would become of a payload received now; exit 1 when it would be refused."""
    payload = file.read_bytes() if file else sys.stdin.buffer.read()
    try:
        parsed = parse_topic(topic, settings_of(ctx).broker.root)
        if parsed.channel == "multi":
            children, refused = open_multi(parsed, payload)
            messages = [(child.item, child.topic, child.payload) for child in children]
        else:
            messages, refused = [(-1, parsed, payload)], []
        readings: list[dict[str, object]] = []
        for item, of, body in messages:
            decoded = _decode(item, of, body)
            refused += decoded.refused
            readings += [_shown(of, reading) for reading in decoded.readings]
    except WireError as exc:
        readings, refused = [], [Refused(-1, exc, payload)]
    faults = [{"item": r.item, "reason": r.reason, "detail": r.detail} for r in refused]
    _print({"readings": readings, "refused": faults}, as_json=as_json)
    if faults:
        raise typer.Exit(1)


def _print(value: object, *, as_json: bool) -> None:
    """One line for programs, indented for people."""
    if as_json:
        print_json(value)
        return
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n")


def _decode(item: int, topic: Topic, payload: bytes) -> Decoded:
    """One message received now; what is refused keeps the index it has in a gateway's message."""
    try:
        decoded = decode(topic, payload, recv_ms=wall_ms())
    except WireError as exc:
        return Decoded([], [Refused(item, exc, payload)])
    if item < 0:
        return decoded
    return Decoded(decoded.readings, [Refused(item, r.error, r.payload) for r in decoded.refused])


def _shown(topic: Topic, reading: AnyReading) -> dict[str, object]:
    """A reading without what is unknown, its flags by name."""
    plain = {key.removeprefix("§"): value for key, value in msgspec.to_builtins(reading).items()}
    plain["flags"] = [flag.name for flag in Flag if reading.flags & flag]
    return {"kind": type(reading).__name__, "device": topic.device_id} | _without_none(plain)


def _without_none(plain: dict[str, object]) -> dict[str, object]:
    return {
        key: _without_none(value) if isinstance(value, dict) else value
        for key, value in plain.items()
        if value is not None and value not in ("", {})
    }
