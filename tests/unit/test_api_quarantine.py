"""What was refused: by scope, with raw bytes; the books add up or say that they do not."""

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from api.roles import Role
from devices import control as wire
from devices.control import RegisterDevices, Requeue
from stores.schema import audit, books, control, quarantine
from support.api_city import a_refusal, client_of, fill
from support.api_world import HERE, NOW_MS, World, a_world


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A city with one of everything, and a refusal of a stranger."""
    world = a_world(tmp_path)
    fill(world)
    a_refusal(world, 3, "stranger", reason="unknown_device", payload=b"\xff\x00")
    yield world
    world.engine.dispose()


@pytest.fixture
def client(world: World) -> TestClient:
    """A client of it."""
    return client_of(world)


def test_strangers_are_the_citys_and_devices_their_areas(world: World, client: TestClient) -> None:
    """Newest first."""

    def ids(areas: list[str], query: str = "") -> list[int]:
        headers = world.headers(Role.OPERATOR, areas=areas)
        page = client.get(f"/v1/quarantine{query}", headers=headers).json()
        return [row["id"] for row in page["quarantine"]]

    assert ids([""]) == [3, 2, 1]
    assert ids([HERE]) == [1]
    assert ids([]) == []
    assert ids([""], "?reason=unknown_device") == [3]
    assert ids([""], "?device=trk-there") == [2]


def test_one_row_has_its_raw_bytes(world: World, client: TestClient) -> None:
    """As text too where it is text; the look is noted."""
    headers = world.headers(Role.OPERATOR)

    text = client.get("/v1/quarantine/1", headers=headers).json()
    raw = client.get("/v1/quarantine/3", headers=headers).json()

    assert text["payload_text"] == '{"lat": 31.8'
    assert (raw["payload_text"], base64.b64decode(raw["payload_base64"])) == (None, b"\xff\x00")
    assert [row["object"] for row in world.rows(audit)] == ["quarantine:1", "quarantine:3"]


def test_list_is_filtered_by_time_and_by_what_became_of_it(
    world: World, client: TestClient
) -> None:
    """Receive times, from and before; a wrong one says what to give."""
    headers = world.headers(Role.OPERATOR)
    a_refusal(world, 4, "stranger", recv_ms=NOW_MS - 3_600_000, replayed_ms=NOW_MS)

    def ids(query: str) -> list[int]:
        page = client.get(f"/v1/quarantine?{query}", headers=headers).json()
        return [row["id"] for row in page["quarantine"]]

    assert ids("until=2025-11-25T16:00:00%2B08:00") == [4]
    assert ids(f"since={NOW_MS}") == [3, 2, 1]
    assert ids("replayed=true") == [4]
    assert ids("replayed=false&device=stranger") == [3]
    assert client.get("/v1/quarantine?since=1764059400", headers=headers).status_code == 422


def test_reasons_are_counted_with_what_to_do(world: World, client: TestClient) -> None:
    """By scope; what the bounds refused is the whole city's."""
    world.put(books, reader="processor", name="quarantine_full", reason="json", count=7)

    city = client.get("/v1/quarantine/reasons", headers=world.headers(Role.OPERATOR)).json()
    district = client.get(
        "/v1/quarantine/reasons", headers=world.headers(Role.OPERATOR, areas=[HERE])
    ).json()

    assert [(one["reason"], one["rows"], one["held"]) for one in city["reasons"]] == [
        ("json", 2, 2),
        ("unknown_device", 1, 1),
    ]
    assert "adopt" in city["reasons"][1]["hint"]["en"]
    assert city["not_kept"] == [{"reason": "json", "count": 7}]
    assert [(one["reason"], one["rows"]) for one in district["reasons"]] == [("json", 1)]
    assert district["not_kept"] == []


def test_held_messages_are_run_again_once(world: World, client: TestClient) -> None:
    """By reason, then by number, then not at all; each asking that did something is noted."""
    headers = world.headers(Role.OPERATOR, name="zhao")

    first = client.post("/v1/quarantine/replay", json={"reason": "json"}, headers=headers)
    second = client.post("/v1/quarantine/replay", json={"ids": [1, 3]}, headers=headers)
    third = client.post("/v1/quarantine/3/replay", headers=headers)

    assert (first.status_code, second.status_code, third.status_code) == (202, 202, 202)
    assert first.json() == {"queued": 2, "left": 0, "control_ids": [1]}
    assert (second.json()["queued"], third.json()["queued"]) == (1, 0)
    heard = [wire.decode(row["body"]) for row in world.rows(control)]
    assert [[held.row for held in one.messages] for one in heard if isinstance(one, Requeue)] == [
        [1, 2],
        [3],
    ]
    assert {one.by for one in heard} == {"zhao"}
    assert [row["queued_ms"] for row in world.rows(quarantine)] == [NOW_MS] * 3
    listed = client.get("/v1/quarantine", headers=headers).json()["quarantine"]
    assert [row["held"] for row in listed] == [False] * 3
    assert [(row["action"], row["object"]) for row in world.rows(audit)] == [
        ("quarantine_replayed", "quarantine:reason=json,limit=1000"),
        ("quarantine_replayed", "quarantine:limit=1000,ids=2"),
    ]


@pytest.mark.parametrize(
    "body",
    [{}, {"limit": 5}, {"reason": "no"}, {"reason": "control"}, {"ids": []}, {"ids": ["1"]},
     {"reason": "json", "limit": 0}, {"reason": "json", "limit": 10_001}, {"ids": [1], "x": 1}],
)  # fmt: skip
def test_replay_of_everything_is_no_slip_of_the_finger(
    world: World, client: TestClient, body: dict[str, object]
) -> None:
    """Nothing is queued."""
    headers = world.headers(Role.ADMIN)

    assert client.post("/v1/quarantine/replay", json=body, headers=headers).status_code == 422
    assert world.rows(control) == []


def test_row_of_our_own_is_no_message(world: World, client: TestClient) -> None:
    """It cannot be run again; one that there is not is 404."""
    a_refusal(world, 4, "", reason="control", topic="")
    headers = world.headers(Role.ADMIN)

    assert client.post("/v1/quarantine/4/replay", headers=headers).status_code == 422
    assert client.post("/v1/quarantine/5/replay", headers=headers).status_code == 404


def test_element_that_an_older_version_kept_is_no_message(world: World, client: TestClient) -> None:
    """It is shown, and said to be none; asking for it is refused."""
    a_refusal(world, 4, "stranger", item=3, runnable=False)
    headers = world.headers(Role.ADMIN)

    assert client.post("/v1/quarantine/4/replay", headers=headers).status_code == 422
    assert client.post("/v1/quarantine/replay", json={"ids": [4]}, headers=headers).json() == {
        "queued": 0,
        "left": 0,
        "control_ids": [],
    }
    assert not client.get("/v1/quarantine/4", headers=headers).json()["runnable"]


def test_strangers_of_adapters_are_found_by_their_names(world: World, client: TestClient) -> None:
    """With a slash, as long as they get, and run by that name; blanks are in none."""
    names = ["owntracks:wang/bike-7", "a" * 32 + ":" + "x" * 64]
    for number, name in enumerate(names, start=4):
        a_refusal(world, number, name, reason="unknown_device")
    headers = world.headers(Role.OPERATOR)

    def ids(name: str) -> list[int]:
        page = client.get("/v1/quarantine", params={"device": name}, headers=headers).json()
        return [row["id"] for row in page["quarantine"]]

    assert [ids(name) for name in names] == [[4], [5]]
    for wrong in ("a b", "x" * 98, "a\n", ""):
        answer = client.get("/v1/quarantine", params={"device": wrong}, headers=headers)
        assert answer.status_code == 422
    answer = client.post("/v1/quarantine/replay", json={"device": names[0]}, headers=headers)
    assert answer.json()["queued"] == 1


def test_district_sees_no_stranger_whatever_it_registers(world: World, client: TestClient) -> None:
    """A device named like a stranger's phone number is another one."""
    a_refusal(world, 4, "jt808:013912345678", reason="unknown_device")
    headers = world.headers(Role.OPERATOR, areas=[HERE])
    body = {"devices": [{"id": "013912345678", "cls": "trk", "area": HERE}]}

    made = client.post("/v1/devices", json=body, headers=headers)
    seen = client.get("/v1/quarantine", headers=headers).json()["quarantine"]

    assert made.status_code == 201
    assert [row["id"] for row in seen] == [1]


def test_adopted_device_brings_its_held_messages(world: World, client: TestClient) -> None:
    """Registered, its secret shown, the processor told of both in order, everything noted."""
    body = {"device": {"id": "stranger", "cls": "trk", "vehicle_id": "veh-here", "area": HERE}}
    headers = world.headers(Role.OPERATOR)

    answer = client.post("/v1/quarantine/adopt", json=body, headers=headers)
    again = client.post("/v1/quarantine/adopt", json=body, headers=headers)

    assert (answer.status_code, again.status_code) == (201, 409)
    assert answer.json()["held"] == {"queued": 1, "left": 0, "control_ids": [2]}
    assert answer.json()["device"]["id"] == "stranger"
    heard = [wire.decode(row["body"]) for row in world.rows(control)]
    assert [type(one) for one in heard] == [RegisterDevices, Requeue]
    assert [(row["action"], row["object"]) for row in world.rows(audit)] == [
        ("devices_added", "device:stranger"),
        ("quarantine_replayed", "devices:stranger"),
    ]


@pytest.mark.parametrize(
    ("adopt", "areas", "queued"),
    [(None, [""], 1), (True, [""], 1), (False, [""], 0), (None, [HERE], 0), (True, [HERE], 0)],
)
def test_registering_adopts_unless_told_not_to(
    world: World,
    client: TestClient,
    adopt: bool | None,  # noqa: FBT001 - a table
    areas: list[str],
    queued: int,
) -> None:
    """Case A-14: what was unknown a minute ago is taken at once, but not for a district.

    What strangers sent is the whole city's; a district cannot even see it.
    """
    body: dict[str, object] = {"devices": [{"id": "stranger", "cls": "trk", "area": HERE}]}
    if adopt is not None:
        body["adopt"] = adopt
    headers = world.headers(Role.OPERATOR, areas=areas)

    answer = client.post("/v1/devices", json=body, headers=headers)

    assert answer.json()["held"]["queued"] == queued
    marked = [row["queued_ms"] for row in world.rows(quarantine) if row["device_id"] == "stranger"]
    assert marked == [NOW_MS if queued else None]


def test_hostile_details_do_not_break_the_answer(world: World, client: TestClient) -> None:
    """Whatever an older version of us stored."""
    a_refusal(world, 4, "stranger", detail="a\x01\x1b[31m\u2028\u202e", payload=b"a\x00b")
    headers = world.headers(Role.OPERATOR)

    listed = client.get("/v1/quarantine?limit=1", headers=headers).json()["quarantine"][0]
    shown = client.get("/v1/quarantine/4", headers=headers).json()

    assert listed["detail"] == shown["detail"] == "a\x01\x1b[31m\u2028\u202e"
    assert shown["payload_text"] is None
    assert shown["hint"]["zh"]


def test_pages_hold_every_row_once(world: World, client: TestClient) -> None:
    """By number, downwards."""
    headers, seen, cursor = world.headers(Role.OPERATOR), [], ""
    while True:
        page = client.get(f"/v1/quarantine?limit=2{cursor}", headers=headers).json()
        seen += [row["id"] for row in page["quarantine"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"

    assert seen == [3, 2, 1]


def test_books_say_whether_they_balance(world: World, client: TestClient) -> None:
    """received = accepted + duplicate + quarantined; accepted = projected + thinned."""
    for reader, name, reason, count in (
        ("processor", "received", "", 10),
        ("processor", "accepted", "", 6),
        ("processor", "duplicate", "", 1),
        ("processor", "quarantined", "json", 2),
        ("processor", "quarantined", "utf8", 1),
        ("projector", "projected", "", 4),
        ("projector", "thinned", "", 1),
    ):
        world.put(books, reader=reader, name=name, reason=reason, count=count)

    answer = client.get("/v1/books", headers=world.headers(Role.AUDITOR, areas=[""])).json()

    assert [balance["balanced"] for balance in answer["balances"]] == [True, False]
    assert [(one["left"], one["right"]) for one in answer["balances"]] == [(10, 10), (6, 5)]
    assert len(answer["lines"]) == 7


def test_what_a_replay_would_find_is_counted_before(world: World, client: TestClient) -> None:
    """By scope and filters; what is queued is no more held, nor listed as held."""
    headers, district = world.headers(Role.OPERATOR), world.headers(Role.OPERATOR, areas=[HERE])

    def held(query: str = "", who: dict[str, str] = headers) -> int:
        answer = client.get(f"/v1/quarantine/held{query}", headers=who).json()
        return int(answer["held"])

    before = [held(), held("?reason=json"), held("?device=stranger"), held("", district)]
    client.post("/v1/quarantine/1/replay", headers=headers)
    listed = [
        [
            row["id"]
            for row in client.get(f"/v1/quarantine?held={is_held}", headers=headers).json()[
                "quarantine"
            ]
        ]
        for is_held in ("true", "false")
    ]

    assert before == [3, 2, 1, 1]
    assert held("?reason=json") == 1
    assert listed == [[3, 2], [1]]


def test_list_is_a_table_too(world: World, client: TestClient) -> None:
    """Without the bytes; the next page is in the header."""
    page = client.get("/v1/quarantine?format=csv&limit=2", headers=world.headers(Role.OPERATOR))

    head, *rows = page.text.lstrip("\ufeff").splitlines()
    assert head.startswith('"id","seq"')
    assert [row.split(",")[0] for row in rows] == ["3", "2"]
    assert "payload" not in head
    assert 'rel="next"' in page.headers["link"]
