/** The API's explanation as rows and geometry, without React. Metres, nats, ms. */
import type { Schemas } from "../api/client";

export type Explained = Schemas["ExplanationOut"];
export type Happening = Schemas["HappeningOut"];
export type Kind = "unscored" | "held" | "scored" | "owner" | "police";

/** One fix; what was not judged has no numbers of the statistic. */
export interface Row {
  t_ms: number;
  kind: Kind;
  eastM: number | null;
  northM: number | null;
  accM: number | null;
  speedMps: number | null;
  judged: Judged | null;
}

export interface Judged {
  run: number;
  movedM: number;
  sigmaM: number;
  ownerM: number;
  policeM: number;
  score: number;
  total: number;
  owner: number;
  police: number;
}

/** A row whose numbers are known. */
export type JudgedRow = Row & { judged: Judged };

const KINDS: readonly Kind[] = ["unscored", "held", "scored", "owner", "police"];
const PAD_MS = 30_000;
/** An axis ends at so many times its highest threshold; what is above stands at its edge. */
const ROOM = 3;
/** Half the least width of a map, metres. */
const LEAST_M = 60;
/** Numbered happenings: the list has them all. */
export const MARKED = 14;

export function rowsOf(fixes: Explained["fixes"]): Row[] {
  return fixes.t_ms.map((t_ms, k) => {
    const kind = KINDS.find((one) => one === fixes.kind[k]) ?? "unscored";
    const row = {
      t_ms,
      kind,
      eastM: fixes.east_m[k] ?? null,
      northM: fixes.north_m[k] ?? null,
      accM: fixes.acc_m[k] ?? null,
      speedMps: fixes.speed_mps[k] ?? null,
    };
    const run = fixes.run[k];
    if (run === null || run === undefined) return { ...row, judged: null };
    return {
      ...row,
      judged: {
        run,
        movedM: fixes.moved_m[k] ?? 0,
        sigmaM: fixes.sigma_m[k] ?? 0,
        ownerM: fixes.owner_radius_m[k] ?? 0,
        policeM: fixes.police_radius_m[k] ?? 0,
        score: fixes.score[k] ?? 0,
        total: fixes.total[k] ?? 0,
        owner: fixes.owner_threshold[k] ?? 0,
        police: fixes.police_threshold[k] ?? 0,
      },
    };
  });
}

/** Judged rows, cut where nobody watched or nothing was heard. */
export function stretches(rows: readonly Row[]): JudgedRow[][] {
  const found: JudgedRow[][] = [];
  for (const row of rows) {
    if (row.judged === null) continue;
    const judged = row as JudgedRow;
    const last = found.at(-1);
    if (last?.[0] && last[0].judged.run === judged.judged.run) last.push(judged);
    else found.push([judged]);
  }
  return found;
}

/** What the axis of time shows: where there is something, with a little room. */
export function spanOf(explained: Explained, rows: readonly Row[]): [number, number] {
  const times = [
    ...rows.map((row) => row.t_ms),
    ...explained.happenings.map((happening) => happening.at_ms),
  ];
  if (times.length === 0) return [explained.from_ms, explained.to_ms];
  const low = times.reduce((a, b) => Math.min(a, b)) - PAD_MS;
  const high = times.reduce((a, b) => Math.max(a, b)) + PAD_MS;
  return [Math.max(low, explained.from_ms - PAD_MS), Math.min(high, explained.to_ms + PAD_MS)];
}

/** The end of an axis: above all values, but not far above the thresholds; and what is beyond. */
export function topOf(
  values: readonly number[],
  thresholds: readonly number[],
): {
  top: number;
  beyond: number | null;
} {
  const high = values.reduce((a, b) => Math.max(a, b), 0);
  const levels = thresholds.reduce((a, b) => Math.max(a, b), 0);
  if (levels > 0 && high > levels * ROOM) return { top: levels * ROOM, beyond: high };
  return { top: Math.max(high, levels * 1.15, 1), beyond: null };
}

export interface Frame {
  /** Centre, metres east and north of where it was parked, and half of the side. */
  eastM: number;
  northM: number;
  halfM: number;
}

/** The square that holds every fix and the police radius. */
export function frameOf(rows: readonly Row[]): Frame {
  const reach = reachOf(rows);
  let [west, east, south, north] = [-reach, reach, -reach, reach];
  for (const { eastM, northM } of rows) {
    if (eastM === null || northM === null) continue;
    west = Math.min(west, eastM);
    east = Math.max(east, eastM);
    south = Math.min(south, northM);
    north = Math.max(north, northM);
  }
  return {
    eastM: (west + east) / 2,
    northM: (south + north) / 2,
    halfM: (Math.max(east - west, north - south) / 2) * 1.12,
  };
}

/** The surroundings of the parked place, when the way led so far that they are too small to see. */
export function insetOf(rows: readonly Row[]): Frame | null {
  const reach = reachOf(rows);
  return frameOf(rows).halfM > 2.5 * reach ? { eastM: 0, northM: 0, halfM: reach * 0.9 } : null;
}

function reachOf(rows: readonly Row[]): number {
  return rows.reduce((reach, row) => Math.max(reach, row.judged?.policeM ?? 0), LEAST_M);
}

/** A round length of at most so many metres, for a bar: 1, 2 or 5 times a power of ten. */
export function roundLength(mostM: number): number {
  const power = 10 ** Math.floor(Math.log10(mostM));
  return [5, 2, 1].map((step) => step * power).find((length) => length <= mostM) ?? power;
}

/** Happenings that are numbered: of too many the trackers' events go first. */
export function marked(happenings: readonly Happening[]): Happening[] {
  const ranked = happenings.map((one, number) => ({ one, number }));
  ranked.sort((a, b) => Number(a.one.kind === "event") - Number(b.one.kind === "event"));
  return ranked
    .slice(0, MARKED)
    .sort((a, b) => a.number - b.number)
    .map(({ one }) => one);
}

/** A row for each mark, so that neighbours do not hide each other. `places` ascend. */
export function markRows(places: readonly number[], apart: number): number[] {
  const ends: number[] = [];
  return places.map((place) => {
    const free = ends.findIndex((end) => place - end >= apart);
    const row = free < 0 ? ends.length : free;
    ends[row] = place;
    return row;
  });
}

/** When the asked alert was raised and became ready for the police, as this run has it. */
export function momentsOf(explained: Explained): { t_ms: number; level: number }[] {
  let level = -1;
  const found: { t_ms: number; level: number }[] = [];
  for (const one of explained.happenings) {
    if (one.level > level) {
      level = one.level;
      found.push({ t_ms: one.at_ms, level });
    }
  }
  return found;
}
