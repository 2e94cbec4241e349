import { describe, expect, it } from "vitest";
import { type Alert, arrange, type Incident, newcomers, queueOf, reasonsOf } from "./queue";

const NOW = 1_764_059_400_000;

function anAlert(changes: Partial<Alert> = {}): Alert {
  return {
    id: "a1",
    vehicle_id: "veh-1",
    device_id: "trk-1",
    kind: "movement",
    level: 2,
    state: "verifying",
    onset_ms: NOW - 60_000,
    raised_ms: NOW - 30_000,
    updated_ms: NOW,
    lat_deg: 31.82,
    lon_deg: 117.22,
    acc_m: 6,
    moved_m: 84,
    late_s: 0,
    grid: "34010400100101",
    area: "34010400100101",
    reasons: [],
    version: 1,
    label: "red Yadea",
    ...changes,
  };
}

function anIncident(changes: Partial<Incident> = {}): Incident {
  return {
    id: "i1",
    alert_id: "a9",
    vehicle_id: "veh-9",
    device_id: "trk-9",
    kind: "movement",
    level: 3,
    state: "open",
    outcome: null,
    grid: "34010400100101",
    area: "34010400100101",
    onset_ms: NOW - 60_000,
    opened_ms: NOW - 20_000,
    updated_ms: NOW,
    lat_deg: null,
    lon_deg: null,
    acc_m: null,
    reasons: [],
    case_number: null,
    assignee: null,
    version: 1,
    label: "",
    ...changes,
  } as Incident;
}

const keys = (items: { key: string }[]) => items.map((item) => item.key);
const EMPTY = { rows: [], fresh: [] };

describe("the order of the queue", () => {
  it("is: what nobody has, what nobody judged, what somebody is at", () => {
    const queue = queueOf(
      [anAlert()],
      [anIncident({ id: "mine", state: "en_route" }), anIncident({ id: "open", alert_id: "a8" })],
    );
    expect(keys(queue)).toEqual(["incident:open", "alert:a1", "incident:mine"]);
  });

  it("puts the higher level first, then who waits longest", () => {
    const queue = queueOf(
      [],
      [
        anIncident({ id: "young", alert_id: "x1", opened_ms: NOW }),
        anIncident({ id: "old", alert_id: "x2", opened_ms: NOW - 9_000 }),
        anIncident({ id: "sos", alert_id: "x3", level: 4, opened_ms: NOW + 1 }),
      ],
    );
    expect(keys(queue)).toEqual(["incident:sos", "incident:old", "incident:young"]);
  });

  it("lists an alert with an incident once", () => {
    expect(keys(queueOf([anAlert({ id: "a9" })], [anIncident()]))).toEqual(["incident:i1"]);
  });

  it("is the same however the answers were ordered", () => {
    const rows = ["c", "a", "b"].map((id) => anAlert({ id }));
    expect(keys(queueOf(rows, []))).toEqual(keys(queueOf([...rows].reverse(), [])));
  });
});

describe("a held list", () => {
  const first = arrange(EMPTY, queueOf([anAlert(), anAlert({ id: "a2" })], []), false);

  it("keeps its rows where they are and counts what is new", () => {
    const queue = queueOf([anAlert(), anAlert({ id: "a2" })], [anIncident()]);
    const held = arrange(first, queue, true);
    expect(keys(held.rows.map((row) => row.item))).toEqual(["alert:a1", "alert:a2"]);
    expect(keys(held.fresh)).toEqual(["incident:i1"]);
  });

  it("keeps what has left as gone until it is released", () => {
    const queue = queueOf([anAlert({ id: "a2" })], []);
    const held = arrange(first, queue, true);
    expect(held.rows.map((row) => row.gone)).toEqual([true, false]);
    expect(keys(arrange(held, queue, false).rows.map((row) => row.item))).toEqual(["alert:a2"]);
  });

  it("shows what changed of a row in its old place", () => {
    const taken = anIncident({ state: "en_route", assignee: "chen" });
    const before = arrange(EMPTY, queueOf([anAlert()], [anIncident()]), false);
    const held = arrange(before, queueOf([anAlert()], [taken]), true);
    expect(held.rows[0]?.group).toBe("untaken");
    expect(held.rows[0]?.item.assignee).toBe("chen");
  });

  it("begins with what there is", () => {
    expect(arrange(EMPTY, queueOf([anAlert()], []), true).rows).toHaveLength(1);
  });
});

it("sounds for what is new and waits, not for what somebody is at", () => {
  const queue = queueOf([anAlert()], [anIncident({ state: "en_route" })]);
  expect(keys(newcomers(new Set(), queue))).toEqual(["alert:a1"]);
  expect(newcomers(new Set(["alert:a1"]), queue)).toEqual([]);
});

it("reads reasons whatever a row of another version holds", () => {
  expect(reasonsOf([{ code: "late", en: "late", zh: "迟", nats: 0 }, {}])).toEqual([
    { code: "late", group: "", nats: 0, en: "late", zh: "迟" },
    { code: "", group: "", nats: 0, en: "", zh: "" },
  ]);
});
