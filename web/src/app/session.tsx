/** Who is logged in. The cookie is the browser's: the page never sees it. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { createContext, type ReactNode, useContext } from "react";
import { Navigate, useLocation } from "react-router";
import { api, got } from "../api/client";
import { problemOf } from "../api/problem";
import type { paths } from "../api/schema";
import { ProblemNote } from "../ui/ProblemNote";
import { Skeleton } from "../ui/Skeleton";

export type Session = paths["/v1/session"]["get"]["responses"][200]["content"]["application/json"];

export interface SessionView extends Session {
  may(permission: string): boolean;
  logOut(): Promise<void>;
}

export const SESSION_KEY = ["session"] as const;

const SessionContext = createContext<SessionView | null>(null);

export function useSession(): SessionView {
  const session = useContext(SessionContext);
  if (session === null) throw new Error("outside SessionProvider");
  return session;
}

/** Show the children to who is logged in; lead everybody else to the login page and back. */
export function SessionProvider({ children }: { children: ReactNode }) {
  const cache = useQueryClient();
  const location = useLocation();
  const asked = useQuery({
    queryKey: SESSION_KEY,
    queryFn: ({ signal }) => got(api.GET("/v1/session", { signal })),
    staleTime: 5 * 60_000,
    retry: (count, error) => problemOf(error).isPassing && count < 3,
  });
  if (asked.data === undefined) {
    if (!asked.isError) return <Skeleton lines={6} />;
    const problem = problemOf(asked.error);
    if (problem.status === 401) {
      const back = location.pathname + location.search;
      return <Navigate to="/login" replace state={{ back }} />;
    }
    return <ProblemNote error={problem} onRetry={() => void asked.refetch()} />;
  }
  const held = new Set<string>(asked.data.permissions);
  const view: SessionView = {
    ...asked.data,
    may: (permission) => held.has(permission),
    logOut: async () => {
      await got(api.DELETE("/v1/session"));
      cache.clear();
    },
  };
  return <SessionContext.Provider value={view}>{children}</SessionContext.Provider>;
}
