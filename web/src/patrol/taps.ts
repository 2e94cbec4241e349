/**
 * Taps that wait to be sent. Each is sent until the server has answered it, in order; its key lets
 * the server tell a second sending from a second tap.
 */

/** A state to move to, `close` with an outcome, or a call for help. */
export type TapStep =
  | { kind: "move"; state: string }
  | { kind: "close"; outcome: string }
  | { kind: "help" };

export interface Tap {
  key: string;
  incidentId: string;
  step: TapStep;
  /** When it was tapped, by this phone's clock, ms. */
  atMs: number;
  /** Who tapped: nobody else's session sends it. */
  by: string;
}

export interface Refusal {
  tap: Tap;
  /** The server's code: `incident_taken`, `illegal_transition` ... */
  code: string;
  /** Who has the incident, if that is why. */
  assignee: string | null;
}

/** What came of one sending. `later`: no answer, or a server that cannot now. */
export type Sent = { kind: "done" } | { kind: "later" } | { kind: "refused"; refusal: Refusal };

/** Where taps are kept; each call is atomic. */
export interface TapStore {
  taps(): Promise<Tap[]>;
  add(tap: Tap): Promise<void>;
  /** Forget a tap that was answered, and keep its refusal if it was one. */
  settle(key: string, refusal: Refusal | null): Promise<void>;
}

/** The server knows a key for seven days (docs/api.md): an older tap might be done twice. */
export const TAP_MAX_MS = 6 * 86_400_000;

/** The same tap again while the first one still waits: a second press by a nervous thumb. */
export function isRepeat(waiting: readonly Tap[], tap: Tap): boolean {
  const last = waiting.filter((one) => one.incidentId === tap.incidentId).at(-1);
  return last !== undefined && JSON.stringify(last.step) === JSON.stringify(tap.step);
}

/**
 * Send what waits of one person, oldest first, until nothing waits or the server cannot be
 * reached. A refused tap leaves the queue, and the next one is sent.
 *
 * @returns whether nothing of this person waits any more
 */
export async function drain(
  store: TapStore,
  by: string,
  nowMs: number,
  send: (tap: Tap) => Promise<Sent>,
): Promise<boolean> {
  for (;;) {
    const tap = (await store.taps()).find((one) => one.by === by);
    if (tap === undefined) return true;
    if (nowMs - tap.atMs > TAP_MAX_MS) {
      await store.settle(tap.key, { tap, code: "too_old", assignee: null });
      continue;
    }
    const sent = await send(tap);
    if (sent.kind === "later") return false;
    await store.settle(tap.key, sent.kind === "refused" ? sent.refusal : null);
  }
}

/** The state an incident will have when all that waits is done; null = nothing changes it. */
export function stateAfter(waiting: readonly Tap[], incidentId: string): string | null {
  let state: string | null = null;
  for (const { incidentId: id, step } of waiting) {
    if (id !== incidentId) continue;
    if (step.kind === "move") state = step.state;
    if (step.kind === "close") state = "closed";
  }
  return state;
}
