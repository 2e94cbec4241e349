"""Killing any part of ours, again and again during a story: nothing lost, nobody told twice."""

import asyncio
import json
import os
import signal
from itertools import cycle
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from parkguard import demo
from parkguard.children import end
from parkguard.demo_stage import Form, Stage, register_city, start_city, start_people
from parkguard.demo_story import book_totals
from parkguard.first_start import prepare
from parkguard.parts import build_parts
from parkguard.records import open_migrated
from parkguard.settings import Settings
from parkguard.supervisor import RestartPolicy, Supervisor
from stores.schema import feed, incidents, outbox
from support.machine import missing_mosquitto

pytestmark = pytest.mark.broker
STORY_S = 60.0
QUIET_S = 12.0
"""Devices log in and anchors are learnt before the first kill, seconds."""
EVERY_S = 3.0
VICTIMS = ("dispatch", "process", "api", "ingest", "project")
"""Every part of ours but the broker, whose kill may lose what it acknowledged (reliability.md)."""


async def play(folder: Path) -> tuple[Stage, dict[str, int]]:
    """The demo's story with a kill every three seconds; gives the stage and the kills."""
    form = Form(report_s=2.0, answer_s=6.0)
    settings = demo._demo_settings(Settings(data_dir=folder), folder / "demo", form)
    prepared = prepare(settings)
    stage = Stage(prepared.settings, form, STORY_S)
    await register_city(stage)
    supervisor = Supervisor(
        stage.settings,
        build_parts(stage.settings, prepared.settings_file),
        policy=RestartPolicy(first_s=0.1, longest_s=0.2),
        output_dir=folder / "logs",
    )
    kills = dict.fromkeys(VICTIMS, 0)
    try:
        await supervisor.start()
        await start_people(stage)
        await supervisor.wait_ready(60.0)
        city = await start_city(stage)
        await asyncio.wait({asyncio.create_task(city.wait())}, timeout=QUIET_S)
        for victim in cycle(VICTIMS):
            if city.returncode is not None:
                break
            if victim in supervisor.pids:
                os.kill(supervisor.pids[victim], signal.SIGKILL)
                kills[victim] += 1
            await asyncio.wait({asyncio.create_task(city.wait())}, timeout=EVERY_S)
        await supervisor.wait_ready(60.0)
        await _settle(stage)
        (folder / "cases.json").write_bytes(await _ask(stage, "police", "cases"))
        (folder / "notices.json").write_bytes(await _ask(stage, "owner", "notices"))
    finally:
        for helper in stage.helpers:
            await end(helper, within_s=3.0)
        await supervisor.stop()
    return stage, kills


async def _ask(stage: Stage, target: str, page: str) -> bytes:
    async with httpx.AsyncClient(trust_env=False) as client:
        url = stage.settings.dispatch.webhooks[target].url
        return (await client.get(f"{url}{page}")).content


async def _settle(stage: Stage) -> None:
    """Wait until the outbox is empty and the projector has caught up."""
    token = (stage.folder / "secrets" / "admin_token").read_text().strip()
    engine = open_migrated(stage.settings)
    waiting = sa.select(sa.func.count()).where(outbox.c.state == "due")
    async with (
        httpx.AsyncClient(
            base_url=stage.api_url, headers={"authorization": f"Bearer {token}"}, trust_env=False
        ) as client,
        asyncio.timeout(60),
    ):
        while True:
            stage.lines = (await client.get("/v1/books")).json()["lines"]
            totals = book_totals(stage.lines)
            with engine.connect() as connection:
                due = connection.execute(waiting).scalar()
            behind = totals["accepted"] - totals["projected"] - totals["thinned"]
            sent = json.loads((stage.folder / "sent.json").read_bytes())
            late = sent["made"] - sent["refused"] - totals["received"] + totals["duplicate"]
            if not due and not behind and late <= 0:
                engine.dispose()
                return
            await asyncio.wait({asyncio.create_task(asyncio.sleep(0.2))})


def _rows(stage: Stage, table: sa.Table) -> list[dict[str, Any]]:
    engine = open_migrated(stage.settings)
    with engine.connect() as connection:
        rows = [dict(row) for row in connection.execute(sa.select(table)).mappings()]
    engine.dispose()
    return rows


def test_killing_any_part_loses_nothing_and_tells_nobody_twice(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Three thefts run through some fifteen kills: one incident, one case, one notice each."""
    if (todo := missing_mosquitto()) is not None:
        pytest.fail(todo)

    stage, kills = asyncio.run(play(tmp_path))

    cases = json.loads((tmp_path / "cases.json").read_bytes())["cases"]
    notices = json.loads((tmp_path / "notices.json").read_bytes())["notices"]
    opened, numbers = _rows(stage, incidents), sorted(row["id"] for row in _rows(stage, feed))
    undelivered = [row for row in _rows(stage, outbox) if row["state"] != "sent"]
    totals = book_totals(stage.lines)
    sent = json.loads((stage.folder / "sent.json").read_bytes())
    stolen = {
        truth["vehicle"]
        for line in (stage.folder / "truth.jsonl").read_text().splitlines()
        if (truth := json.loads(line))["theft"]
    }
    with capsys.disabled():
        print(f"\nkills {kills}, incidents {len(opened)}, cases {len(cases)}, books {totals}")  # noqa: T201 - the figures of the proof
    assert all(count >= 2 for count in kills.values())
    assert {row["vehicle_id"] for row in opened} == stolen
    assert sorted(case["incident"] for case in cases) == sorted(row["id"] for row in opened)
    assert {row["case_number"] for row in opened} == {str(case["case"]) for case in cases}
    assert len({notice["alert"] for notice in notices}) == len(notices)
    assert undelivered == []
    assert numbers == list(range(1, len(numbers) + 1))
    assert totals["received"] == totals["accepted"] + totals["duplicate"] + totals["quarantined"]
    assert totals["accepted"] == totals["projected"] + totals["thinned"]
    assert sent["made"] == (
        totals["received"] - totals["duplicate"] - totals["wills"] + sent["refused"]
    )
    assert totals["gaps"] == 0
