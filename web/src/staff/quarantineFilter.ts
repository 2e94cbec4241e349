/** Filters of the quarantine as they stand in the address, and as the API asks for them. */
import { written } from "./moneyFilters";

export const STATES = ["held", "queued", "replayed"] as const;
export type RowState = (typeof STATES)[number];

export interface QuarantineFilter {
  reason?: string;
  device?: string;
  /** What became of it: it waits for somebody (held), was asked for, was run again. */
  state?: RowState;
  /** Hours before now since when it came. */
  hours?: number;
}

export const HOURS = [1, 24, 168] as const;

const REASON = /^[a-z0-9_]{1,32}$/;
/** A device's id, or `jt808:0139` of a stranger; a longer name is none (docs/quarantine.md). */
const DEVICE = /^[!-~]{1,97}$/;

export function readQuarantine(search: URLSearchParams): QuarantineFilter {
  const reason = search.get("reason") ?? "";
  const device = (search.get("device") ?? "").trim();
  const state = STATES.find((one) => one === search.get("state"));
  const hours = HOURS.find((one) => String(one) === search.get("hours"));
  return {
    ...(REASON.test(reason) ? { reason } : {}),
    ...(DEVICE.test(device) ? { device } : {}),
    ...(state ? { state } : {}),
    ...(hours ? { hours } : {}),
  };
}

export function writeQuarantine(filter: QuarantineFilter): URLSearchParams {
  return written({ ...filter, hours: filter.hours === undefined ? undefined : `${filter.hours}` });
}

/** What the API is asked; `queued` is what is neither held nor was run. */
export function askedOf(filter: QuarantineFilter, nowMs: number) {
  const sinceMs = filter.hours === undefined ? null : nowMs - filter.hours * 3_600_000;
  return {
    ...(filter.reason ? { reason: filter.reason } : {}),
    ...(filter.device ? { device: filter.device } : {}),
    ...(filter.state === "held" ? { held: true } : {}),
    ...(filter.state === "queued" ? { held: false, replayed: false } : {}),
    ...(filter.state === "replayed" ? { replayed: true } : {}),
    ...(sinceMs === null ? {} : { since: String(Math.floor(sinceMs / 60_000) * 60_000) }),
  };
}

/** What a replay takes of a filter: reason and device; null when it would be everything. */
export function replayOf(filter: QuarantineFilter): { reason?: string; device?: string } | null {
  const { reason, device } = filter;
  if (reason === undefined && device === undefined) return null;
  return { ...(reason ? { reason } : {}), ...(device ? { device } : {}) };
}
