import { describe, expect, it } from "vitest";
import {
  type Card,
  freshness,
  grouped,
  type Incident,
  overdueMs,
  type PositionEvent,
  positionOf,
  withIncident,
  withPosition,
} from "./card";

const NOW_MS = 1_764_059_400_000;

function incident(changes: Partial<Incident> = {}): Incident {
  return {
    id: "inc-1",
    alert_id: "alert-1",
    vehicle_id: "veh-1",
    device_id: "trk-1",
    kind: "movement",
    level: 3,
    state: "open",
    outcome: null,
    grid: "",
    area: "",
    onset_ms: NOW_MS - 60_000,
    opened_ms: NOW_MS - 20_000,
    updated_ms: NOW_MS - 20_000,
    lat_deg: 31.82,
    lon_deg: 117.22,
    acc_m: 6.5,
    reasons: [],
    case_number: null,
    assignee: null,
    version: 1,
    label: "",
    ...changes,
  };
}

function place(t_ms: number) {
  return {
    lat_deg: 31.82,
    lon_deg: 117.22,
    acc_m: 6.5,
    speed_mps: 1,
    course_deg: 90,
    source: "gnss",
    t_ms,
  };
}

function card(changes: Partial<Card> = {}): Card {
  return {
    now_ms: NOW_MS,
    feed_id: 1,
    incident: incident(),
    vehicle: null,
    moved_m: 84,
    position: { ...place(NOW_MS - 3_000), age_s: 3 },
    position_hidden: false,
    tracker: { presence: "online", causes: [], battery_pct: 80, next_expected_ms: NOW_MS + 8_000 },
    trail: [],
    cameras: [],
    log: [],
    held_by: "nobody",
    next: [],
    ...changes,
  };
}

function event(t_ms: number, changes: Partial<PositionEvent> = {}): PositionEvent {
  return { incident_id: "inc-1", next_expected_ms: t_ms + 10_000, ...place(t_ms), ...changes };
}

describe("a live position", () => {
  it("moves the dot and lengthens the trail", () => {
    const moved = withPosition(card(), event(NOW_MS, { lat_deg: 31.9 }));
    expect(moved.position?.lat_deg).toBe(31.9);
    expect(moved.trail.map((point) => point.t_ms)).toEqual([NOW_MS]);
    expect(moved.tracker?.next_expected_ms).toBe(NOW_MS + 10_000);
  });

  it("never goes back, and is of this incident", () => {
    const still = card();
    expect(withPosition(still, event(NOW_MS - 3_000))).toBe(still);
    expect(withPosition(still, event(NOW_MS, { incident_id: "inc-2" }))).toBe(still);
    const closed = card({ position: null, position_hidden: true });
    expect(withPosition(closed, event(NOW_MS))).toBe(closed);
  });

  it("keeps ten minutes of trail and no more points than the server gives", () => {
    let moving = card();
    for (let k = 0; k < 400; k += 1) moving = withPosition(moving, event(NOW_MS + k * 2_000));
    expect(moving.trail.length).toBe(200);
    const jump = withPosition(moving, event(NOW_MS + 1_300_000));
    expect(jump.trail[0]?.t_ms).toBeGreaterThanOrEqual(NOW_MS + 700_000);
  });

  it("is read only when it is whole", () => {
    expect(positionOf(event(NOW_MS))?.t_ms).toBe(NOW_MS);
    expect(positionOf({ incident_id: "inc-1", lat_deg: null })).toBeNull();
    expect(positionOf("x")).toBeNull();
  });
});

describe("how sure it is", () => {
  it("is said by its age", () => {
    expect(freshness(card(), NOW_MS)).toBe("live");
    expect(freshness(card(), NOW_MS + 58_000)).toBe("stale");
    expect(freshness(card({ position: null }), NOW_MS)).toBe("unknown");
  });

  it("is overdue some seconds after it was due", () => {
    expect(overdueMs(card(), NOW_MS + 20_000)).toBeNull();
    expect(overdueMs(card(), NOW_MS + 24_000)).toBe(16_000);
    expect(overdueMs(card({ tracker: null }), NOW_MS + 24_000)).toBeNull();
  });
});

it("an answer to a tap says who has it", () => {
  const taken = incident({ state: "acknowledged", assignee: "liu" });
  expect(withIncident(card(), taken, "liu").held_by).toBe("you");
  expect(withIncident(card(), taken, "liu").next).toContain("en_route");
  expect(withIncident(card(), taken, "chen").held_by).toBe("other");
  expect(withIncident(card(), taken, "chen").next).toEqual([]);
  expect(withIncident(card(), incident(), "chen").held_by).toBe("nobody");
});

it("the list puts the highest and newest first, people in danger above all", () => {
  const found = grouped(
    [
      incident({ id: "old", opened_ms: 1 }),
      incident({ id: "new", opened_ms: 2 }),
      incident({ id: "danger", opened_ms: 0, level: 4 }),
      incident({ id: "mine", state: "en_route", assignee: "chen" }),
      incident({ id: "theirs", state: "en_route", assignee: "liu" }),
    ],
    "chen",
  );
  expect(found.danger.map((one) => one.id)).toEqual(["danger"]);
  expect(found.waiting.map((one) => one.id)).toEqual(["new", "old"]);
  expect(found.mine.map((one) => one.id)).toEqual(["mine"]);
  expect(found.others.map((one) => one.id)).toEqual(["theirs"]);
});
