/** Who is logged in. The cookie is the browser's: the page never sees it. */
import { queryOptions, useQuery, useQueryClient } from "@tanstack/react-query";
import { createContext, type ReactNode, useContext, useEffect } from "react";
import { Navigate, useLocation } from "react-router";
import { api, got } from "../api/client";
import { problemOf } from "../api/problem";
import type { paths } from "../api/schema";
import { suggestLanguage } from "../i18n";
import { ProblemNote } from "../ui/ProblemNote";
import { Skeleton } from "../ui/Skeleton";
import { forgetSession, keepSession, keptSession } from "./keptSession";
import { endsInMs, isElsewhere401 } from "./sessionEnd";

export type Session = paths["/v1/session"]["get"]["responses"][200]["content"]["application/json"];

export interface SessionView extends Session {
  may(permission: string): boolean;
  logOut(): Promise<void>;
}

export const SESSION_KEY = ["session"] as const;

export const sessionQuery = queryOptions({
  queryKey: SESSION_KEY,
  queryFn: ({ signal }) => got(api.GET("/v1/session", { signal })),
  staleTime: 5 * 60_000,
  retry: (count, error) => problemOf(error).isPassing && count < 3,
});

const SessionContext = createContext<SessionView | null>(null);

export function useSession(): SessionView {
  const session = useContext(SessionContext);
  if (session === null) throw new Error("outside SessionProvider");
  return session;
}

/** Show the children to who is logged in; lead everybody else to the login page and back. */
export function SessionProvider({ children }: { children: ReactNode }) {
  const location = useLocation();
  const asked = useQuery(sessionQuery);
  const { data } = asked;
  const problem = asked.error === null ? null : problemOf(asked.error);
  const isOut = problem?.status === 401;
  const kept = problem === null || problem.isPassing ? keptSession(Date.now()) : null;
  const session = data ?? kept;
  useEndNoticed(session?.expires_ms ?? null);
  useEffect(() => {
    if (isOut) void forgetSession();
    else if (data !== undefined) keepSession(data);
  }, [isOut, data]);
  const language = session?.language ?? null;
  useEffect(() => {
    if (language !== null) suggestLanguage(language);
  }, [language]);
  if (isOut) {
    const back = location.pathname + location.search;
    return <Navigate to="/login" replace state={{ back }} />;
  }
  if (session === null) {
    if (problem === null) return <Skeleton lines={6} />;
    return <ProblemNote error={problem} onRetry={() => void asked.refetch()} />;
  }
  const held = new Set<string>(session.permissions);
  const view: SessionView = { ...session, may: (word) => held.has(word), logOut };
  return <SessionContext.Provider value={view}>{children}</SessionContext.Provider>;
}

/** End the session; one that has ended already is no fault. The caller leaves the page. */
async function logOut(): Promise<void> {
  try {
    await got(api.DELETE("/v1/session"));
  } catch (error) {
    if (problemOf(error).status !== 401) throw error;
  }
  await forgetSession();
}

/** Ask who is logged in again when the session ends by time, or any request is answered 401. */
function useEndNoticed(expiresMs: number | null): void {
  const cache = useQueryClient();
  useEffect(() => {
    const ask = () => void cache.invalidateQueries({ queryKey: SESSION_KEY });
    const stops = [
      cache.getQueryCache().subscribe((event) => {
        if (event.type !== "updated" || event.action.type !== "error") return;
        if (isElsewhere401(event.query.queryKey, event.action.error)) ask();
      }),
      cache.getMutationCache().subscribe((event) => {
        if (event.type !== "updated" || event.action.type !== "error") return;
        if (isElsewhere401([], event.action.error)) ask();
      }),
    ];
    const inMs = endsInMs(expiresMs, Date.now());
    const timer = inMs === null ? undefined : setTimeout(ask, inMs);
    return () => {
      clearTimeout(timer);
      for (const stop of stops) stop();
    };
  }, [cache, expiresMs]);
}
