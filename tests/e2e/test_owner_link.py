"""What the owner's gateway is sent opens the alert: dispatcher's webhook to page's first call."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from alerts.delivery.model import DueNotice
from alerts.delivery.webhook import WebhookChannel
from api.app import create_app
from parkguard.settings import Settings
from parkguard.wiring.owner_links import answer_url, link_keys
from support.api_city import fill
from support.api_world import NOW_MS, World, a_world, bearer
from support.delivery_rows import a_notice
from support.delivery_server import ACCEPTED, scripted


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A city with one of everything."""
    world = a_world(tmp_path)
    fill(world)
    yield world
    world.engine.dispose()


def told(settings: Settings, notice: DueNotice) -> dict[str, Any]:
    """The data that the gateway got."""

    async def tell() -> bytes:
        async with scripted(ACCEPTED) as gateway:
            channel = WebhookChannel(
                url=gateway.url,
                key=b"the key",
                clock=lambda: NOW_MS,
                allow_hosts=["127.0.0.1"],
                extra=answer_url(settings),
            )
            await channel.send(notice)
            await channel.close()
            return gateway.heard[0].body

    data: dict[str, Any] = json.loads(asyncio.run(tell()))["data"]
    return data


def test_the_link_in_the_owners_notice_asks_and_takes_the_answer(
    world: World, tmp_path: Path
) -> None:
    """Signed by the dispatcher's key file, read by the API's."""
    settings = Settings(data_dir=tmp_path / "data")
    notice = a_notice(
        audience="owner",
        receiver="owner:wang",
        alert_id="alert-here",
        caused_recv_ms=NOW_MS - 30_000,
    )
    url = told(settings, notice)["answer_url"]
    page, _, token = url.partition("#")
    client = TestClient(create_app(replace(world.services, link_keys=link_keys(settings))))

    shown = client.get("/v1/link", headers=bearer(token))
    answered = client.post("/v1/link/answer", json={"answer": "not_me"}, headers=bearer(token))

    assert page == "http://127.0.0.1:8000/app/owner"
    assert (shown.status_code, answered.status_code) == (200, 202)
    assert shown.json()["expires_ms"] == NOW_MS - 30_000 + 24 * 3_600_000
    assert "answer_url" not in notice.body


def test_police_are_sent_no_link(tmp_path: Path) -> None:
    """Whatever else goes through that webhook."""
    settings = Settings(data_dir=tmp_path / "data")

    assert "answer_url" not in told(settings, a_notice(audience="police", receiver="owner:x"))
