/** The API by the types of its own OpenAPI document; a request that fails throws `ApiProblem`. */
import createClient, { type Client } from "openapi-fetch";
import { ApiProblem } from "./problem";
import type { components, paths } from "./schema";

export type Schemas = components["schemas"];
/** Lists have a CSV form besides: what is asked here is JSON. */
type Json = "application/json";
export type ParkGuard = Client<paths, Json>;

/** Calls with the session's cookie, which the browser adds itself. */
export const api: ParkGuard = createClient<paths, Json>({
  baseUrl: "/",
  credentials: "same-origin",
});

/** Calls with a token instead (the owner's link). */
export function clientWith(token: string): ParkGuard {
  return createClient<paths, Json>({
    baseUrl: "/",
    credentials: "omit",
    headers: { Authorization: `Bearer ${token}` },
  });
}

interface Answered<Data> {
  data?: Data;
  error?: unknown;
  response: Response;
}

/** Give what was answered: `await got(api.GET("/v1/incidents"))`. */
export async function got<Data>(asked: Promise<Answered<Data>>): Promise<Data> {
  let answered: Answered<Data>;
  try {
    answered = await asked;
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiProblem(0, { detail: error instanceof Error ? error.message : "" });
  }
  const { response, error, data } = answered;
  if (response.ok) return data as Data;
  const retry = Number.parseFloat(response.headers.get("retry-after") ?? "");
  const members = typeof error === "object" && error !== null ? error : {};
  throw new ApiProblem(
    response.status,
    members as Record<string, unknown>,
    Number.isFinite(retry) ? retry : null,
  );
}
