"""docs/wire.md and its schemas are what the code does."""

import json
import re
from pathlib import Path

import jsonschema
import pytest

from devices.schemas import PAYLOADS, schema_of
from devices.topics import CHANNELS, parse_topic
from devices.wire import decode, open_multi
from support.factories import T0_MS

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = (DOCS / "wire.md").read_text()
EXAMPLES = re.findall(r"```json (\S+)\n(.*?)```", PAGE, re.DOTALL)
RECV_MS = 1_764_032_463_000


def test_every_channel_has_a_schema_and_an_example() -> None:
    """None is forgotten when one is added."""
    channels = {channel for names in CHANNELS.values() for channel in names}

    assert set(PAYLOADS) == channels
    assert {topic.rsplit("/", 1)[1] for topic, _ in EXAMPLES} == channels


@pytest.mark.parametrize("channel", list(PAYLOADS))
def test_published_schema_is_made_from_the_types(channel: str) -> None:
    """`parkguard wire schema --out docs/schemas` writes them."""
    published = json.loads((DOCS / "schemas" / f"{channel}.schema.json").read_text())

    assert published == schema_of(channel)
    jsonschema.Draft202012Validator.check_schema(published)


@pytest.mark.parametrize(("topic", "payload"), EXAMPLES, ids=[topic for topic, _ in EXAMPLES])
def test_example_fits_its_schema_and_is_accepted_as_it_is(topic: str, payload: str) -> None:
    """Nothing in it is unknown, coerced, late or out of range."""
    parsed = parse_topic(f"pg/v1/{topic}", "pg/v1")

    jsonschema.validate(json.loads(payload), schema_of(parsed.channel))
    if parsed.channel == "multi":
        children, refused = open_multi(parsed, payload.encode())
        assert (len(children), refused) == (2, [])
        return
    decoded = decode(parsed, payload.encode(), recv_ms=RECV_MS)
    assert decoded.refused == []
    assert {reading.flags for reading in decoded.readings} <= {0, 16}  # BACKFILL in the batch
    assert {reading.ext for reading in decoded.readings} <= {
        "",
        (
            '{"count":7,"dur_s":4.0,"raw":{"alarm":65536,"proto":"jt808","status":262210},'
            '"st":{"armed":true,"ign":false}}'
        ),
    }


@pytest.mark.parametrize(
    ("channel", "wrong"),
    [
        ("fix", {"pos": {"lat": 91}}),
        ("fix", {"seq": -1}),
        ("batch", {"fixes": []}),
        ("event", {"type": "sos"}),
        ("status", {"ports": [{"n": 1, "state": "broken"}]}),
        ("state", {"state": "gone"}),
        ("multi", {"items": [{"class": "trk"}]}),
        ("coin", {"kind": "insert", "amount_fen": "a"}),
    ],
)
def test_schema_refuses_what_the_decoder_refuses(channel: str, wrong: object) -> None:
    """A schema that lets everything pass would be no help to those who make devices."""
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(wrong, schema_of(channel))


def test_unknown_keys_are_allowed_by_the_schema() -> None:
    """They are kept under ``ext``."""
    jsonschema.validate({"t": T0_MS, "vendor": {"x": 1}}, schema_of("fix"))
