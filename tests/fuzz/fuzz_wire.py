"""Coverage-guided fuzzing of the wire: any bytes on any topic give readings or ``WireError``.

``make fuzz`` runs it for ``FUZZ_SECONDS`` (default 60) from the golden messages in all their
forms. Anything else that escapes ends it with exit code 1 and prints the input that did it; a
path as argument runs one such input again.
"""

import base64
import gzip
import json
import os
import shutil
import sys
import tempfile
import zlib
from collections import Counter
from pathlib import Path
from random import Random
from typing import cast

import atheris
import msgpack

with atheris.instrument_imports(include=["devices"]):
    from devices.admission import Admission
    from devices.control import RegisterDevices
    from devices.entry import Entry, EntryKind
    from devices.errors import WireError
    from devices.model import Device, DeviceClass, Profile
    from devices.rows import to_row
    from devices.topics import CHANNELS, Topic
    from devices.wire import decode, open_multi

from support.bad_input import bad_input
from support.golden import GOLDEN, RECV_MS
from support.wounds import wounded

ROOT = "pg/v1"
BYTES_SHARE, GOLDEN_SHARE = 0.3, 0.4
"""Shares of mutations that know nothing of messages (they find what parsers do), and that begin
anew with a golden message: libFuzzer stays with what it likes, and rare channels were starved."""
IDS = {topic.cls: topic.device_id for topic, _ in GOLDEN.values()}
TOPICS = [Topic(cls, IDS[cls], name) for cls in DeviceClass for name in sorted(CHANNELS[cls])]
"""The first byte of an input picks one of these, its high bit the retained flag."""
NUMBER = {(topic.cls, topic.channel): k for k, topic in enumerate(TOPICS)}
MAX_INPUT_BYTES = 4_096
"""Longer inputs cost speed and find nothing new; the limits themselves have table tests."""
PROFILE = Profile(decimal=",", gateway=IDS[DeviceClass.GATEWAY])
DEVICES = [
    Device(id=name, slot=slot, cls=cls, profile=PROFILE)
    for slot, (cls, name) in enumerate(IDS.items(), start=1)
]


class Target:
    """Runs one input through the decoder and through an admission of its own."""

    def __init__(self) -> None:
        self.outcomes: Counter[str] = Counter()

    def __call__(self, data: bytes) -> None:
        """Raise nothing but what is a bug."""
        if not data:
            return
        topic = TOPICS[(data[0] & 0x7F) % len(TOPICS)]
        retained, payload = data[0] >> 7, data[1:]
        try:
            self._decode(topic, payload, retained=bool(retained))
            self.outcomes["taken"] += 1
        except WireError as exc:
            self.outcomes[str(exc.reason)] += 1
        self._admit(topic, payload, retained)

    @staticmethod
    def _decode(topic: Topic, payload: bytes, *, retained: bool) -> None:
        if topic.channel != "multi":
            decode(topic, payload, recv_ms=RECV_MS, retained=retained, profile=PROFILE)
            return
        for child in open_multi(topic, payload, retained=retained)[0]:
            if child.topic.channel != "multi":
                decode(child.topic, child.payload, recv_ms=RECV_MS)

    @staticmethod
    def _admit(topic: Topic, payload: bytes, retained: int) -> None:
        """Twice through identity, clocks and duplicates to rows; what is held runs again."""
        admission, books = Admission(ROOT), Counter[tuple[str, str]]()
        admission.registry.apply(RegisterDevices(at_ms=0, devices=DEVICES))
        name = f"{ROOT}/up/{topic.cls}/{topic.device_id}/{topic.channel}"
        entry = Entry(1, int(EntryKind.MQTT), RECV_MS, 0, retained, name, payload)
        admitted = admission.admit([entry, entry._replace(recv_ms=RECV_MS + 9_000)], books)
        for record in admitted.records:
            to_row(record)
        for refusal in admitted.refusals:
            admission.admit([entry._replace(payload=refusal.payload)], books)
        quarantined = sum(n for (name, _), n in books.items() if name == "quarantined")
        balance = books["accepted", ""] + books["duplicate", ""] + quarantined
        if books["received", ""] != balance:
            raise AssertionError("the books do not balance")
        if admission.gaps < 0:
            raise AssertionError("fewer gaps than none")


def mutate(data: bytes, max_size: int, seed: int) -> bytes:
    """Wounds of this message or of a golden one, or libFuzzer's own mutation."""
    random = Random(seed)  # noqa: S311 - libFuzzer's seed, so that a run can be repeated
    share = random.random()
    if share >= BYTES_SHARE + GOLDEN_SHARE:
        head, payload = data[:1], wounded(data[1:], random)
    elif share >= BYTES_SHARE:
        topic, golden = random.choice(list(GOLDEN.values()))
        head, payload = bytes((NUMBER[topic.cls, topic.channel],)), wounded(golden, random)
    else:
        head, payload = b"", None
    if payload is None or len(payload) >= max_size:
        return cast(bytes, atheris.Mutate(data, max_size))
    return head + payload


def _forms(payload: bytes) -> list[bytes]:
    packed: bytes = msgpack.packb(json.loads(payload))
    return [payload, packed, gzip.compress(payload, mtime=0), zlib.compress(packed)]


def write_seeds(folder: Path) -> int:
    """Golden messages in four forms each, and the bad-input list; the same files every time."""
    seeds = [
        bytes((NUMBER[topic.cls, topic.channel],)) + form
        for topic, payload in GOLDEN.values()
        for form in _forms(payload)
    ] + [
        bytes((NUMBER.get((DeviceClass(bad.cls), bad.channel), 0) | bad.retained << 7,))
        + bad.payload
        for bad in bad_input(RECV_MS)
    ]
    seeds = [seed for seed in seeds if len(seed) <= MAX_INPUT_BYTES]
    for k, seed in enumerate(seeds):
        (folder / f"{k:04d}").write_bytes(seed)
    return len(seeds)


def main() -> None:
    """Fuzz for a while, or run the inputs named on the command line once each."""
    target = Target()
    if sys.argv[1:]:
        for name in sys.argv[1:]:
            target(Path(name).read_bytes())
        return
    seconds = int(os.environ.get("FUZZ_SECONDS", "60"))  # noqa: TID251 - a tool, not the product
    folder = Path(tempfile.mkdtemp(prefix="fuzz-wire-"))
    corpus, crashes = folder / "corpus", folder / "crashes"
    corpus.mkdir()
    crashes.mkdir()
    print(f"fuzz: {write_seeds(corpus)} seeds, {seconds} s, corpus {corpus}", flush=True)  # noqa: T201
    options = [
        f"-max_total_time={seconds}",
        f"-max_len={MAX_INPUT_BYTES}",
        "-timeout=10",
        "-len_control=0",
        "-mutate_depth=1",  # wounds on top of flipped bytes would find no message any more
        "-seed=1",
        "-print_final_stats=1",
        f"-artifact_prefix={crashes}/",
    ]
    child = os.fork()
    if child == 0:
        atheris.Setup([sys.argv[0], *options, str(corpus)], target, custom_mutator=mutate)
        atheris.Fuzz()
    _, status = os.waitpid(child, 0)
    found = sorted(crashes.iterdir())
    for crash in found:
        data = crash.read_bytes()
        print(f"fuzz: {crash}\n  topic {TOPICS[(data[0] & 0x7F) % len(TOPICS)]}")  # noqa: T201
        print(f"  input {data!r}\n  base64 {base64.b64encode(data).decode()}")  # noqa: T201
    grown = len(list(corpus.iterdir()))
    print(f"fuzz: corpus of {grown} inputs, {len(found)} crashes")  # noqa: T201
    if not found:
        shutil.rmtree(folder)
    sys.exit(1 if found or os.waitstatus_to_exitcode(status) else 0)


if __name__ == "__main__":
    main()
