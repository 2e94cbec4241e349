/** What a refused login means for the form. Pure. */
import type { ApiProblem } from "../api/problem";

export type Refusal =
  | { kind: "wrong"; untilMs: number }
  | { kind: "wait"; untilMs: number }
  | { kind: "other" };

/** Read the answer; `untilMs` is when the next try is looked at, 0 = now. */
export function refusalOf(problem: ApiProblem, nowMs: number): Refusal {
  const given = problem.members.wait_s;
  const waitS = typeof given === "number" && given > 0 ? given : 0;
  const untilMs = waitS > 0 ? nowMs + waitS * 1000 : 0;
  if (problem.code === "login_refused") return { kind: "wrong", untilMs };
  if (problem.code === "login_wait") return { kind: "wait", untilMs };
  return { kind: "other" };
}

/** Whole seconds left, 0 when there is nothing to wait for. */
export function leftS(untilMs: number, nowMs: number): number {
  return Math.max(0, Math.ceil((untilMs - nowMs) / 1000));
}

/** "0:28", "14:05". */
export function minutesAndSeconds(seconds: number): string {
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

/** Where to go after the login: a path of our own pages, never the login page again. */
export function backOf(state: unknown): string {
  const back = (state as { back?: unknown } | null)?.back;
  if (typeof back !== "string" || !/^\/(?![/\\])/.test(back) || /^\/login\b/.test(back)) return "/";
  return back;
}
