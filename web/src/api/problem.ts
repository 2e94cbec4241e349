/** What goes wrong with a request, as one error with the server's code (RFC 9457). */

export class ApiProblem extends Error {
  /** `network` when no answer came at all, else `code` of the answer. */
  readonly code: string;
  readonly status: number;
  readonly detail: string;
  /** All members of the answer: `assignee`, `allowed`, `errors` ... */
  readonly members: Readonly<Record<string, unknown>>;
  /** Seconds after which it may be tried again, when the server said so. */
  readonly retryAfterS: number | null;

  constructor(status: number, members: Record<string, unknown>, retryAfterS: number | null = null) {
    const code =
      typeof members.code === "string" ? members.code : status === 0 ? "network" : "other";
    super(code);
    this.code = code;
    this.status = status;
    this.detail = typeof members.detail === "string" ? members.detail : "";
    this.members = members;
    this.retryAfterS = retryAfterS;
  }

  /** Whether the same request may work later: no answer, or a server that cannot now. */
  get isPassing(): boolean {
    return this.status === 0 || this.status === 408 || this.status === 429 || this.status >= 502;
  }
}

export function problemOf(error: unknown): ApiProblem {
  if (error instanceof ApiProblem) return error;
  return new ApiProblem(0, { detail: error instanceof Error ? error.message : "" });
}

/** Faults of single fields of a form (`errors` of a 422), by the field's name. */
export function fieldFaults(problem: ApiProblem): Record<string, string> {
  const faults: Record<string, string> = {};
  const errors = Array.isArray(problem.members.errors) ? problem.members.errors : [];
  for (const error of errors as { where?: string; message?: string }[]) {
    const field = error.where?.split(".").at(-1);
    if (field && error.message) faults[field] = error.message;
  }
  return faults;
}
