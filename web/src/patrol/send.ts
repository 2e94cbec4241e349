/** One tap to the server, and what came of it. */
import { api, got, type Schemas } from "../api/client";
import { problemOf } from "../api/problem";
import type { Incident } from "./card";
import type { Sent, Tap } from "./taps";

/** A request without an answer so long is a lost connection, ms. */
const ANSWER_MS = 15_000;

function post(tap: Tap): Promise<Incident> {
  const params = {
    path: { incident_id: tap.incidentId },
    header: { "Idempotency-Key": tap.key },
  };
  const at = tap.atMs;
  const signal = AbortSignal.timeout(ANSWER_MS);
  const { step } = tap;
  if (step.kind === "help") {
    return got(
      api.POST("/v1/incidents/{incident_id}/help", { params, signal, body: { at, reason: "" } }),
    );
  }
  if (step.kind === "close") {
    const outcome = step.outcome as Schemas["Outcome"];
    const body = { at, outcome, reason: "" };
    return got(api.POST("/v1/incidents/{incident_id}/close", { params, signal, body }));
  }
  if (step.state === "acknowledged") {
    return got(
      api.POST("/v1/incidents/{incident_id}/acknowledge", { params, signal, body: { at } }),
    );
  }
  const body = { at, state: step.state as Schemas["IncidentState"], reason: "" };
  return got(api.POST("/v1/incidents/{incident_id}/move", { params, signal, body }));
}

/** Logged out is no refusal: the tap waits until its officer is back. */
const LOGGED_OUT = 401;

export async function sendTap(tap: Tap, done: (incident: Incident) => void): Promise<Sent> {
  try {
    done(await post(tap));
    return { kind: "done" };
  } catch (error) {
    const problem = problemOf(error);
    if (problem.isPassing || problem.status === LOGGED_OUT) return { kind: "later" };
    const { assignee } = problem.members;
    return {
      kind: "refused",
      refusal: {
        tap,
        code: problem.code,
        assignee: typeof assignee === "string" ? assignee : null,
      },
    };
  }
}
