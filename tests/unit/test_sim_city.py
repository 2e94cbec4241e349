"""What the devices of a city say in a minute, without a broker."""

import json
from collections import defaultdict
from itertools import pairwise

from devices.topics import parse_topic
from devices.wire import decode
from simulators.chargers import Wire
from simulators.scenarios import Story
from support.sim_parts import START_MS, city_messages, payloads


def test_one_seed_says_one_thing() -> None:
    """Same seed and start, same bytes in the same order; another seed, others."""
    assert city_messages(seed=2) == city_messages(seed=2)
    assert city_messages(seed=2) != city_messages(seed=3)


def test_new_run_is_a_new_boot() -> None:
    """The key (id, boot, seq) of one run never meets that of another with the same seed."""
    boots = {
        start_ms: {fix["boot"] for fix in payloads(city_messages(start_ms=start_ms), "fix")}
        for start_ms in (START_MS, START_MS + 60_000)
    }

    assert boots[START_MS].isdisjoint(boots[START_MS + 60_000])


def test_platform_decodes_every_message() -> None:
    """Encoder and decoder were written apart from one page; they agree on all of a story."""
    for record in city_messages(seconds=90.0):
        topic = parse_topic(record.topic("pg/v1"), "pg/v1")

        decoded = decode(topic, record.payload, recv_ms=START_MS + 90_000, retained=record.retain)

        assert len(decoded.readings) == 1, record
        assert not decoded.refused, record


def test_records_count_without_gaps() -> None:
    """Fixes and events of a tracker share one numbering from 1; the time of its fixes ascends."""
    fixes, numbers = defaultdict(list), defaultdict(list)
    messages = city_messages()
    for fix in payloads(messages, "fix"):
        fixes[fix["id"]].append(fix)
    for said in messages:
        if said.seq is not None:
            assert json.loads(said.payload)["seq"] == said.seq
            numbers[said.device_id].append(said.seq)

    assert len(fixes) == len(numbers) == 60
    for device_id, mine in fixes.items():
        assert numbers[device_id] == list(range(1, len(numbers[device_id]) + 1))
        assert all(one["t"] < two["t"] for one, two in pairwise(mine))


def test_event_ids_are_unique() -> None:
    """An event's key is its own."""
    keys = [(event["id"], event["ev_id"]) for event in payloads(city_messages(), "event")]

    assert len(keys) > 10
    assert len(keys) == len(set(keys))


def test_owner_disarms_rides_and_arms() -> None:
    """An ordinary ride: unlock, disarm, ignition and motion unarmed, arm, standing elsewhere."""
    records = city_messages(seconds=900.0, report_s=5.0, story=Story.QUIET)
    rider = next(e["id"] for e in payloads(records, "event") if e["type"] == "unlock")

    heard = [e for e in payloads(records, "event", rider) if e["type"] != "vibration"]
    begun, ended = heard[0]["t"], heard[2]["t"]
    fixes = payloads(records, "fix", rider)
    riding = [f for f in fixes if begun + 10_000 < f["t"] < ended - 10_000]
    assert [event["type"] for event in heard[:3]] == ["unlock", "disarm", "arm"]
    assert all(f["st"]["ign"] and f["st"]["motion"] and not f["st"]["armed"] for f in riding)
    assert all(8.0 < f["pos"]["spd_kmh"] < 29.0 or f["pos"]["spd_kmh"] < 8.0 for f in riding)
    after = next(f for f in fixes if f["t"] > ended)
    assert not after["st"]["ign"]
    assert after["st"]["armed"]


def test_touched_vehicle_does_not_move() -> None:
    """A passer-by's vibration comes without speed or ignition."""
    records = city_messages(seconds=300.0, report_s=5.0, story=Story.QUIET)
    touched = [e for e in payloads(records, "event") if e["type"] == "vibration"]

    assert touched
    assert all(event["pos"]["spd_kmh"] < 4.1 and not event["st"]["ign"] for event in touched)


def test_first_wire_keeps_sessions_and_coins_back() -> None:
    """The first release decodes status, event and state of a charger, so no more is sent."""
    channels = {r.channel for r in city_messages(seconds=1_800.0, report_s=30.0) if r.cls == "chg"}

    assert channels == {"status"}


def test_coins_agree_with_the_counters() -> None:
    """What coin messages say is what the cumulative counters grew by, to the coin."""
    records = city_messages(seconds=7_200.0, report_s=30.0, story=Story.QUIET, wire=Wire.FULL)
    for charger in {r.device_id for r in records if r.cls == "chg"}:
        mine = [r for r in records if r.device_id == charger and r.channel in {"coin", "status"}]
        statuses = [i for i, r in enumerate(mine) if r.channel == "status"]
        first, last = statuses[0], statuses[-1]
        counted = [json.loads(mine[i].payload)["ctr"] for i in (first, last)]

        coins = payloads(mine[first:last], "coin")

        assert coins
        grown = counted[1]["coins_total"] - counted[0]["coins_total"]
        assert sum(coin["n"] for coin in coins) == grown
        assert counted[1]["energy_total_wh"] >= counted[0]["energy_total_wh"]


def test_every_stopped_session_was_charged() -> None:
    """A session ends with energy, a reason and the money it took."""
    records = city_messages(seconds=14_400.0, report_s=60.0, story=Story.QUIET, wire=Wire.FULL)

    stops = [s for s in payloads(records, "session") if s["kind"] == "stop"]

    assert stops
    assert all(s["energy_wh"] > 0 and s["stop"] in {"full", "time_up"} for s in stops)
    assert all(s["charged_fen"] + s["refund_fen"] == s["paid_fen"] for s in stops)


def test_frozen_camera_looks_fine_but_stands_still() -> None:
    """Its frame rate is right while neither frames nor the last frame's time advance."""
    records = city_messages(seconds=120.0)
    frozen = min({r.device_id for r in records if r.cls == "cam"})

    channels = [beat["ch"][0] for beat in payloads(records, "hb", frozen)]

    assert len({channel["frames"] for channel in channels[-5:]}) == 1
    assert len({channel["last_frame_t"] for channel in channels[-5:]}) == 1
    assert all(channel["fps"] > 20 for channel in channels)


def test_silent_camera_stops() -> None:
    """One camera's heartbeats end while the others go on."""
    records = city_messages(seconds=120.0)
    silent = sorted({r.device_id for r in records if r.cls == "cam"})[1]

    beats = payloads(records, "hb", silent)

    assert 1 <= len(beats) <= 3
    assert len(payloads(records, "hb")) > 3 * 15
