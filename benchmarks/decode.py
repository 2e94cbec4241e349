"""CPU of decoding and admitting, µs per message, for every payload at batches of 1,000.

    python -m benchmarks.decode [--rounds 20] [--json]

Each payload stands beside ``json.loads`` of the same bytes in the same run, and the share of it.
A fix also as MessagePack, gzip, with a key of its own, with numbers as text.
"""

import argparse
import gzip
import json
import re
import statistics
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import msgspec

from benchmarks.parked import device_id, registry, topic_of
from devices import wire
from devices.admission import Admission
from devices.entry import Entry
from devices.fix_lane import decode_fix
from devices.model import PLAIN
from devices.topics import Topic, parse_topic

BATCH = 1_000
ROUNDS = 20
WARM_UP = 3
RECV_MS = 1_764_032_463_000
PAGE = Path(__file__).resolve().parents[1] / "docs" / "wire.md"


class Figure(NamedTuple):
    """µs of CPU per message, and what ``json.loads`` of its JSON took in the same round."""

    us: float
    json_us: float


def examples() -> dict[str, tuple[Topic, bytes]]:
    """The messages of docs/wire.md without their line ends, by channel."""
    found = re.findall(r"```json (\S+)\n(.*?)```", PAGE.read_text(), re.DOTALL)
    messages = {}
    for topic, text in found:
        parsed = parse_topic(f"pg/v1/{topic}", "pg/v1")
        compact = json.dumps(json.loads(text), separators=(",", ":")).encode()
        messages[parsed.channel] = (parsed, compact)
    return messages


def varied(payload: bytes) -> list[bytes]:
    """A thousand of them, each with its own number, time and place."""
    made = []
    for k in range(BATCH):
        one = payload.replace(b'"seq":48213', b'"seq":%d' % (48_213 + k))
        one = one.replace(b'"t":1764032462000', b'"t":%d' % (1_764_032_462_000 + k))
        made.append(one.replace(b"31.820613", b"31.%06d" % (820_613 + k)))
    return made


def _us(run: Callable[[], object]) -> float:
    began = time.process_time_ns()
    run()
    return (time.process_time_ns() - began) / 1000 / BATCH


def figure(rounds: int, run: Callable[[], object], plain: list[bytes]) -> Figure:
    """Medians over rounds of both, taken in turn so that a slow moment hits both."""
    for _ in range(WARM_UP):
        run()
    pairs = [(_us(run), _us(lambda: [json.loads(one) for one in plain])) for _ in range(rounds)]
    return Figure(*(statistics.median(column) for column in zip(*pairs, strict=True)))


def decoding(topic: Topic, payloads: list[bytes]) -> Callable[[], object]:
    """Decode all of them, by the functions that admission calls."""

    def run() -> None:
        if topic.channel == "fix":
            for payload in payloads:
                decode_fix(topic.device_id, payload, RECV_MS, PLAIN, 0)
            return
        if topic.channel == "multi":
            for payload in payloads:
                wire.open_multi(topic, payload)
            return
        for payload in payloads:
            wire.decode(topic, payload, recv_ms=RECV_MS)

    return run


def admitting(payloads: list[bytes], rounds: int) -> Callable[[], object]:
    """Admit one fix more of each of a thousand devices: identity, decode, duplicates, clocks.

    May be called ``WARM_UP`` times more than ``rounds``.
    """
    admission = Admission("pg/v1", registry=registry(BATCH))
    named = re.compile(rb'"id":"[^"]*"')
    bodies = [
        named.sub(b'"id":"%s"' % device_id(k).encode(), body) for k, body in enumerate(payloads)
    ]
    batches = iter(
        [
            [
                Entry(k, 0, RECV_MS, k, 0, topic_of(k), _renumbered(bodies[k], round_))
                for k in range(BATCH)
            ]
            for round_ in range(rounds + WARM_UP)
        ]
    )

    def run() -> None:
        admitted = admission.admit(next(batches), Counter())
        if len(admitted.records) != BATCH:
            raise SystemExit(
                f"{BATCH} fixes made, {len(admitted.records)} accepted: {admitted.refusals[:1]}"
            )

    return run


def _renumbered(body: bytes, round_: int) -> bytes:
    return re.sub(rb'"seq":\d+', b'"seq":%d' % (48_213 + round_), body)


def measure(rounds: int) -> dict[str, Figure]:
    """All figures by name."""
    figures = {}
    for channel, (topic, payload) in examples().items():
        plain = varied(payload) if channel == "fix" else [payload] * BATCH
        figures[channel] = figure(rounds, decoding(topic, plain), plain)
    topic, payload = examples()["fix"]
    plain = varied(payload)
    packed = [msgspec.msgpack.encode(msgspec.json.decode(one)) for one in plain]
    figures["fix, MessagePack"] = figure(rounds, decoding(topic, packed), plain)
    pressed = [gzip.compress(one, 6) for one in plain]
    figures["fix, gzip"] = figure(rounds, decoding(topic, pressed), plain)
    own = [one.replace(b'"next_s"', b'"vendor":{"x":1},"next_s"') for one in plain]
    figures["fix, a key of its own"] = figure(rounds, decoding(topic, own), own)
    text = [one.replace(b'"acc_m":6.5', b'"acc_m":"6.5"') for one in plain]
    figures["fix, a number as text"] = figure(rounds, decoding(topic, text), text)
    figures["fix, admitted"] = figure(rounds, admitting(plain, rounds), plain)
    return figures


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    figures = measure(arguments.rounds)
    if arguments.json:
        print(json.dumps({name: [round(v, 2) for v in figure] for name, figure in figures.items()}))
        return
    print(f"{'µs CPU per message':26s} {'ours':>8s} {'json.loads':>11s} {'share':>6s}")
    for name, (us, json_us) in figures.items():
        print(f"{name:26s} {us:8.2f} {json_us:11.2f} {us / json_us:6.2f}")


if __name__ == "__main__":
    main()
