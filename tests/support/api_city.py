"""Known objects of two districts: one of each kind here, one there."""

import msgspec
from starlette.testclient import TestClient

from api.app import create_app
from devices.model import Vehicle
from stores.schema import (
    alert_log,
    alert_outcomes,
    alerts,
    demotions,
    devices,
    feed,
    fences,
    incident_log,
    incidents,
    quarantine,
    vehicles,
)
from support.api_world import HERE, NOW_MS, REASONS, THERE, World

PLATE = "皖A1234567"
MASKED = "皖A***67"

AREAS = {"here": HERE, "there": THERE}
OWNERS = {"here": "wang", "there": "li"}


def client_of(world: World) -> TestClient:
    """A client of the app on this world; a bug is answered 500, not raised."""
    return TestClient(create_app(world.services), raise_server_exceptions=False)


def a_device(world: World, name: str, **changes: object) -> None:
    """Register a tracker, by default bound to ``veh-{name}``."""
    values: dict[str, object] = {
        "id": f"trk-{name}",
        "cls": "trk",
        "vehicle_id": f"veh-{name}",
        "area": AREAS.get(name, HERE),
        "admin": "active",
        "secret_hash": "$7$101$x$y",
        "registered_ms": NOW_MS,
    }
    world.put(devices, **(values | changes))


def a_vehicle(world: World, name: str, **changes: object) -> None:
    """Register a vehicle of the district's owner."""
    values: dict[str, object] = {
        "id": f"veh-{name}",
        "plate": PLATE,
        "label": "red Yadea",
        "owner_id": OWNERS.get(name, "wang"),
        "area": AREAS.get(name, HERE),
    }
    vehicle = msgspec.convert(values | changes, Vehicle)
    body = msgspec.json.encode(vehicle).decode()
    world.put(vehicles, id=vehicle.id, owner_id=vehicle.owner_id, area=vehicle.area, body=body)


def an_alert(world: World, name: str, **changes: object) -> None:
    """Put an alert on ``veh-{name}`` and its first step."""
    values: dict[str, object] = {
        "id": f"alert-{name}",
        "vehicle_id": f"veh-{name}",
        "device_id": f"trk-{name}",
        "kind": "movement",
        "level": 2,
        "state": "verifying",
        "onset_ms": NOW_MS - 60_000,
        "raised_ms": NOW_MS - 30_000,
        "updated_ms": NOW_MS - 10_000,
        "lat_deg": 31.82,
        "lon_deg": 117.22,
        "acc_m": 6.5,
        "moved_m": 84.0,
        "late_s": 0.0,
        "grid": f"{AREAS.get(name, HERE)}00101",
        "area": f"{AREAS.get(name, HERE)}00101",
        "reasons": msgspec.json.encode(REASONS).decode(),
        "version": 1,
    }
    values |= changes
    world.put(alerts, **values)
    world.put(
        alert_log,
        alert_id=values["id"],
        version=1,
        what="raised",
        level=2,
        at_ms=NOW_MS - 30_000,
        t_ms=NOW_MS - 31_000,
        moved_m=84.0,
        by="system",
    )


def an_incident(world: World, name: str, **changes: object) -> None:
    """Put an open incident on ``veh-{name}`` and the first line of its log."""
    values: dict[str, object] = {
        "id": f"inc-{name}",
        "alert_id": f"alert-{name}",
        "vehicle_id": f"veh-{name}",
        "device_id": f"trk-{name}",
        "kind": "movement",
        "level": 3,
        "state": "open",
        "grid": f"{AREAS.get(name, HERE)}00101",
        "area": f"{AREAS.get(name, HERE)}00101",
        "onset_ms": NOW_MS - 60_000,
        "opened_ms": NOW_MS - 20_000,
        "updated_ms": NOW_MS - 20_000,
        "lat_deg": 31.82,
        "lon_deg": 117.22,
        "acc_m": 6.5,
        "reasons": msgspec.json.encode(REASONS).decode(),
        "version": 1,
    }
    values |= changes
    world.put(incidents, **values)
    world.put(
        incident_log,
        incident_id=values["id"],
        at_ms=NOW_MS - 20_000,
        by="system",
        from_state="-",
        to_state="open",
        reason="alert",
    )


def a_refusal(world: World, row_id: int, device_id: str, **changes: object) -> None:
    """Put a refused message into quarantine."""
    values: dict[str, object] = {
        "id": row_id,
        "seq": row_id,
        "item": -1,
        "recv_ms": NOW_MS,
        "topic": f"pg/v1/up/trk/{device_id}/fix",
        "device_id": device_id,
        "reason": "json",
        "detail": "not JSON",
        "payload": b'{"lat": 31.8',
        "code_version": "0.1.0",
    }
    world.put(quarantine, **(values | changes))


def a_fence(world: World, name: str) -> None:
    """Draw a circle around ``veh-{name}``."""
    body = (
        f'{{"id":"fence-{name}","vehicle_id":"veh-{name}",'
        '"lat_deg":31.8,"lon_deg":117.2,"radius_m":200.0}'
    )
    world.put(fences, id=f"fence-{name}", body=body)


def a_feed_row(world: World, feed_id: int, **changes: object) -> None:
    """Number one event; by default an incident here."""
    body = {"incident_id": "inc-here", "vehicle": "veh-here", "plate": PLATE}
    values: dict[str, object] = {
        "id": feed_id,
        "outbox_id": feed_id,
        "kind": "incident",
        "action": "opened",
        "audience": "officer",
        "area": f"{HERE}00101",
        "body": msgspec.json.encode(body).decode(),
        "caused_recv_ms": NOW_MS,
        "at_ms": NOW_MS,
    }
    world.put(feed, **(values | changes))


def a_label(world: World, name: str, **changes: object) -> None:
    """Say of an earlier alert of ``veh-{name}`` that it was drift."""
    values: dict[str, object] = {
        "alert_id": f"earlier-{name}",
        "vehicle_id": f"veh-{name}",
        "device_id": f"trk-{name}",
        "kind": "movement",
        "rule": "movement:movement",
        "level": 1,
        "model": f"model-{name}",
        "site": f"site-{name}",
        "area": f"{AREAS.get(name, HERE)}00101",
        "raised_ms": NOW_MS - 86_400_000,
        "labelled_ms": NOW_MS - 86_000_000,
        "outcome": "gps_drift",
        "by": "desk-1",
    }
    world.put(alert_outcomes, **(values | changes))


def a_demotion(world: World, name: str, **changes: object) -> None:
    """Demote the tracker of ``veh-{name}``."""
    values: dict[str, object] = {
        "subject": f"device:trk-{name}",
        "area": AREAS.get(name, HERE),
        "false_alarms": 3,
        "since_ms": NOW_MS - 86_000_000,
        "until_ms": NOW_MS + 86_400_000,
        "lifted_ms": 0,
        "by": "",
    }
    world.put(demotions, **(values | changes))


def fill(world: World) -> None:
    """Put one of everything here and there; slot 1 here, slot 2 there."""
    for number, name in enumerate(AREAS, start=1):
        a_vehicle(world, name)
        a_device(world, name)
        an_alert(world, name)
        an_incident(world, name)
        a_refusal(world, number, f"trk-{name}")
        a_fence(world, name)
        a_label(world, name)
        a_demotion(world, name)
        world.latest.put(
            number,
            recv_ms=NOW_MS - 2_000,
            since_ms=NOW_MS - 600_000,
            due_ms=NOW_MS + 8_000,
            fix_t_ms=NOW_MS - 3_000,
            lat_deg=31.82,
            lon_deg=117.22,
            acc_m=6.5,
            speed_mps=1.5,
            course_deg=87.0,
            source=1,
            battery_pct=82.0,
        )
