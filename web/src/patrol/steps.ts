/** Which buttons an officer gets: what comes next is big, the rest is behind "more". */

/** Per state: what comes next, then what is possible besides. Part of the server's table. */
const STEPS: Readonly<Record<string, readonly [main: readonly string[], more: readonly string[]]>> =
  {
    open: [["acknowledged"], ["false_alarm"]],
    assigned: [["acknowledged"], ["false_alarm"]],
    acknowledged: [["en_route"], ["on_scene", "recovered", "not_found", "false_alarm"]],
    en_route: [["on_scene"], ["recovered", "not_found", "false_alarm"]],
    on_scene: [["recovered", "not_found"], ["false_alarm"]],
    recovered: [["closed"], []],
    not_found: [["closed"], ["en_route"]],
    false_alarm: [["closed"], []],
    cancelled: [["closed"], []],
    closed: [[], []],
  };

/** Outcomes that may stand for how it ended, the likeliest first (alerts/lifecycle.py). */
const NO_THEFT = [
  "gps_drift",
  "borrowed_by_family",
  "owner_error",
  "towed_by_authority",
  "maintenance",
  "device_fault",
  "test",
  "unknown",
] as const;
const OUTCOMES: Readonly<Record<string, readonly string[]>> = {
  recovered: ["theft_recovered_arrest", "theft_recovered", "borrowed_by_family", "owner_error"],
  not_found: ["theft_not_recovered", "gps_drift", "device_fault", "unknown"],
  false_alarm: NO_THEFT,
  cancelled: NO_THEFT,
};
const FIRE_OUTCOMES = ["fire", "device_fault", "test", "unknown"] as const;

export interface Steps {
  main: readonly string[];
  more: readonly string[];
}

/**
 * @param state as it is now
 * @param allowed what the server allows this person from there; null: not known (taps wait, or
 *   the card is an old one), then by the table alone
 */
export function stepsOf(state: string, allowed: readonly string[] | null): Steps {
  const [main, more] = STEPS[state] ?? [[], []];
  const may = (next: string) => allowed === null || allowed.includes(next);
  return { main: main.filter(may), more: more.filter(may) };
}

export function outcomesOf(state: string, kind: string): readonly string[] {
  if (kind === "fire") return FIRE_OUTCOMES;
  return OUTCOMES[state] ?? NO_THEFT;
}
