/** How an incident may end, and why an alert may be dismissed, in the order people are offered. */
import type { Schemas } from "../api/client";

export type Outcome = Schemas["CloseIn"]["outcome"];

export const OUTCOMES: readonly Outcome[] = [
  "theft_recovered_arrest",
  "theft_recovered",
  "theft_not_recovered",
  "borrowed_by_family",
  "owner_error",
  "towed_by_authority",
  "maintenance",
  "gps_drift",
  "device_fault",
  "fire",
  "test",
  "unknown",
];

/** A dismissal says that it was no theft (`api.bodies.VerdictIn`). */
export const NO_THEFT: readonly Outcome[] = OUTCOMES.filter((one) => !one.startsWith("theft_"));

/** Outcomes to offer: a fire is closed as a fire or as what it was instead, no theft as one. */
export function outcomesFor(kind: string): readonly Outcome[] {
  if (kind === "fire") return ["fire", ...NO_THEFT.filter((one) => one !== "fire")];
  return OUTCOMES.filter((one) => one !== "fire");
}
