"""The simulated police desk and owner gateway, told by the real dispatcher."""

import asyncio
import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from alerts.delivery.lane import Target
from alerts.delivery.model import RejectReason
from alerts.delivery.signature import signed_headers
from alerts.delivery.webhook import WebhookChannel
from alerts.model import Channel
from parkguard.clock import wall_ms
from support.broker import free_port
from support.delivery_api import ScriptedApi, scripted_api
from support.delivery_parts import KEY, Part, owner_gateway, police_desk
from support.delivery_rows import (
    controls,
    feed_rows,
    incident,
    put_incident,
    put_row,
    records_at,
    states,
)
from support.delivery_run import dispatching, eventually


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[sa.Engine]:
    with records_at(tmp_path / "records.db") as engine:
        yield engine


def target(part: Part, name: str) -> Target:
    carrier = WebhookChannel(
        url=part.url, key=KEY.encode(), clock=wall_ms, allow_hosts=["127.0.0.1"]
    )
    return Target(channel=Channel.WEBHOOK, name=name, carrier=carrier)


def put(engine: sa.Engine, number: int, *, version: int = 1, **changes: object) -> int:
    with engine.begin() as connection:
        if version == 1 and not changes:
            put_incident(connection, number, at_ms=wall_ms())
        return put_row(connection, number, at_ms=wall_ms(), version=version, **changes)


def put_owner_notice(engine: sa.Engine, number: int, *, receiver: str = "owner:wang") -> int:
    body = {
        "alert_id": f"al-{number}",
        "vehicle": f"e-{number}",
        "receiver": receiver,
        "level": 1,
        "at_ms": wall_ms(),
        "answer": f"/v1/alerts/al-{number}/answer",
    }
    return put(
        engine, number, kind="owner_notice", action="told", receiver=receiver, incident_id=None,
        body=json.dumps(body), key=f"al-{number}:{receiver}",
    )  # fmt: skip


def token_file(folder: Path, text: str) -> Path:
    path = folder / "token"
    path.write_text(text)
    return path


def post(part: Part, headers: dict[str, str], body: bytes) -> int:
    request = urllib.request.Request(part.url, data=body, headers=headers)  # noqa: S310
    try:
        with urllib.request.urlopen(request) as answer:  # noqa: S310
            return int(answer.status)
    except urllib.error.HTTPError as exc:
        with exc:
            return exc.code


def test_desk_numbers_cases_and_updates_keep_theirs(engine: sa.Engine, tmp_path: Path) -> None:
    """One incident is one case, however many notices speak of it."""

    async def run(desk: Part) -> None:
        async with dispatching(engine, [target(desk, "police")]):
            put(engine, 1)
            put(engine, 1, version=2)
            await eventually(lambda: states(engine) == ["sent"] * 2, what="both told")
            put(engine, 2)
            await eventually(lambda: states(engine) == ["sent"] * 3, what="the second case")

    with police_desk(tmp_path, "--first-case", "17", "--json") as desk:
        asyncio.run(run(desk))
        cases = desk.get("cases")["cases"]

    assert [(case["case"], case["incident"]) for case in cases] == [
        ("17", "inc-1"),
        ("18", "inc-2"),
    ]
    assert [notice["action"] for notice in cases[0]["notices"]] == ["opened", "updated"]
    assert incident(engine, 1)["case_number"] == "17"


@pytest.mark.parametrize("reason", RejectReason)
def test_desk_rejects_with_each_reason(
    engine: sa.Engine, tmp_path: Path, reason: RejectReason
) -> None:
    """A rejection is no failure: it is told once, and shown."""

    async def run(desk: Part) -> None:
        async with dispatching(engine, [target(desk, "police")]):
            put(engine, 1)
            await eventually(lambda: feed_rows(engine), what="shown")

    with police_desk(tmp_path, "--reject-reason", reason) as desk:
        asyncio.run(run(desk))
        assert desk.get("cases")["posts"] == 1

    assert states(engine) == ["rejected"]
    assert feed_rows(engine)[0]["body"]["reject_reason"] == reason


def test_desk_that_fails_at_first_is_asked_again(engine: sa.Engine, tmp_path: Path) -> None:
    """503 twice with Retry-After, then accepted."""

    async def run(desk: Part) -> None:
        async with dispatching(engine, [target(desk, "police")]):
            put(engine, 1)
            await eventually(lambda: states(engine) == ["sent"], what="told")

    faults = ["--fail-first", "2", "--fail-status", "503", "--retry-after", "0"]
    with police_desk(tmp_path, *faults) as desk:
        asyncio.run(run(desk))
        page = desk.get("cases")

    assert page["posts"] == 3
    assert [case["case"] for case in page["cases"]] == ["1"]


def test_desk_believes_only_fresh_signatures_of_the_key(tmp_path: Path) -> None:
    """Forged, altered, old and future POSTs are refused, and make no case."""
    body = b'{"action":"opened","data":{"incident_id":"inc-1"}}'
    now_s = wall_ms() // 1000

    def signed(key: str = KEY, at_s: int = now_s) -> dict[str, str]:
        return signed_headers(key.encode(), message_id="m-1", at_s=at_s, body=body)

    with police_desk(tmp_path) as desk:
        refused = [
            post(desk, signed(key="another key"), body),
            post(desk, signed(), body + b" "),
            post(desk, signed() | {"webhook-id": "m-2"}, body),
            post(desk, signed(at_s=now_s - 400), body),
            post(desk, signed(at_s=now_s + 400), body),
            post(desk, {"webhook-id": "m-1"}, body),
        ]
        assert desk.get("cases")["cases"] == []
        accepted = post(desk, signed(at_s=now_s - 200), body)

    assert refused == [401] * 6
    assert accepted == 200


def test_desk_acknowledges_though_the_api_was_away(engine: sa.Engine, tmp_path: Path) -> None:
    """The button is pressed until the API has heard it, also after a restart of the desk."""
    port = free_port()
    api = ["--api", f"http://127.0.0.1:{port}", "--ack-after", "0.1"]
    token = ["--token-file", str(token_file(tmp_path, "desk-token\n"))]

    async def run(desk: Part) -> ScriptedApi:
        async with dispatching(engine, [target(desk, "police")]):
            put(engine, 1)
            await eventually(lambda: states(engine) == ["sent"], what="told")
        await asyncio.to_thread(desk.kill_and_restart)
        async with scripted_api(503, 200, port=port) as server:
            diary = tmp_path / "desk.jsonl"
            await eventually(lambda: b'"acknowledged"' in diary.read_bytes(), what="acknowledged")
            return server

    with police_desk(tmp_path, *api, *token) as desk:
        server = asyncio.run(run(desk))
        (case,) = desk.get("cases")["cases"]

    assert [(press.path, press.token) for press in server.pressed] == [
        ("/v1/incidents/inc-1/acknowledge", "desk-token")
    ] * 2
    assert case["acknowledged"] == 200


def test_owners_answer_as_they_are(engine: sa.Engine, tmp_path: Path) -> None:
    """Each vehicle's owner has a delay and an answer; a silent one says nothing."""
    behaviour = tmp_path / "owners.json"
    behaviour.write_text(
        json.dumps(
            {
                "default": {"after_s": 0.1, "answer": "not_me"},
                "e-2": {"after_s": 0.2, "answer": "me"},
                "e-3": {"answer": None},
            }
        )
    )
    tokens = token_file(tmp_path, json.dumps({"default": "any-owner", "e-2": "owner-of-2"}))

    async def run() -> tuple[ScriptedApi, dict[str, object]]:
        async with scripted_api() as api:
            options = ["--api", api.url, "--token-file", str(tokens), "--behaviour", str(behaviour)]
            with owner_gateway(tmp_path, *options, "--json") as gateway:
                async with dispatching(engine, [target(gateway, "owner")]):
                    for number in (1, 2, 3):
                        put_owner_notice(engine, number)
                    put_owner_notice(engine, 1, receiver="owner:li")
                    await eventually(lambda: len(api.pressed) == 2, what="two answers")
                    await eventually(lambda: states(engine) == ["sent"] * 4, what="all told")
                return api, await asyncio.to_thread(gateway.get, "notices")

    api, page = asyncio.run(run())

    assert sorted((press.path, press.token, press.body["answer"]) for press in api.pressed) == [
        ("/v1/alerts/al-1/answer", "any-owner", "not_me"),
        ("/v1/alerts/al-2/answer", "owner-of-2", "me"),
    ]
    notices = page["notices"]
    assert isinstance(notices, list)
    assert {(notice["vehicle"], notice["receiver"]) for notice in notices} == {
        ("e-1", "owner:wang"),
        ("e-1", "owner:li"),
        ("e-2", "owner:wang"),
        ("e-3", "owner:wang"),
    }
    assert all(notice["deliveries"] == 1 for notice in notices)
    told = [(said["notice"], said["receiver"]) for said in controls(engine)]
    assert sorted(told) == [("owner_notice", "owner:li")] + [("owner_notice", "owner:wang")] * 3


def test_gateway_that_was_killed_collapses_and_still_answers(
    engine: sa.Engine, tmp_path: Path
) -> None:
    """Its diary knows who was told, and who has not answered yet."""
    behaviour = tmp_path / "owners.json"
    behaviour.write_text('{"default": {"after_s": 1.0, "answer": "not_me"}}')
    token = token_file(tmp_path, "owner-token")

    async def run() -> tuple[ScriptedApi, dict[str, object]]:
        async with scripted_api() as api:
            options = ["--api", api.url, "--token-file", str(token), "--behaviour", str(behaviour)]
            with owner_gateway(tmp_path, *options) as gateway:
                async with dispatching(engine, [target(gateway, "owner")]):
                    put_owner_notice(engine, 1)
                    await eventually(lambda: states(engine) == ["sent"], what="told")
                    await asyncio.to_thread(gateway.kill_and_restart)
                    with engine.begin() as connection:  # as if the receipt had been lost
                        connection.execute(sa.text("UPDATE outbox SET state = 'due'"))
                    await eventually(lambda: api.pressed, what="the answer")
                    await eventually(lambda: states(engine) == ["sent"], what="told again")
                return api, await asyncio.to_thread(gateway.get, "notices")

    api, page = asyncio.run(run())

    assert len(api.pressed) == 1
    notices = page["notices"]
    assert isinstance(notices, list)
    assert [notice["deliveries"] for notice in notices] == [2]
