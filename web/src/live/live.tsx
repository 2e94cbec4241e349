/** One stream for the whole page: `useLive("incident", handler)`, `useLiveState()`. */
import { useQueryClient } from "@tanstack/react-query";
import { createContext, type ReactNode, useContext, useEffect, useRef, useState } from "react";
import { useSession } from "../app/session";
import { type LiveEvent, LiveSource, type LiveState } from "./source";

type Handler = (event: LiveEvent) => void;

interface Live {
  state: LiveState;
  /** Since when the connection is lost, ms; null while it is there. */
  lostSinceMs: number | null;
  handlers: Map<string, Set<Handler>>;
}

const LiveContext = createContext<Live | null>(null);

/** A moment without connection that nobody needs to be told of, ms. */
const CALM_MS = 2_500;

export function LiveProvider({ children }: { children: ReactNode }) {
  const session = useSession();
  const cache = useQueryClient();
  const handlers = useRef(new Map<string, Set<Handler>>());
  const [state, setState] = useState<LiveState>("connecting");
  const [lostSinceMs, setLostSince] = useState<number | null>(null);
  const mayListen = session.may("stream");
  useEffect(() => {
    if (!mayListen) return;
    let lost: ReturnType<typeof setTimeout> | undefined;
    const source = new LiveSource({
      event: (event) => {
        if (event.name === "reset") void cache.invalidateQueries();
        for (const handler of handlers.current.get(event.name) ?? []) handler(event);
      },
      state: (next) => {
        setState(next);
        if (next === "live") {
          clearTimeout(lost);
          lost = undefined;
          setLostSince((since) => {
            if (since !== null) void cache.invalidateQueries(); // what was missed besides events
            return null;
          });
        } else if (next === "lost" && lost === undefined) {
          const since = Date.now();
          lost = setTimeout(() => setLostSince(since), CALM_MS);
        }
      },
    });
    void source.run();
    return () => {
      clearTimeout(lost);
      source.close();
    };
  }, [mayListen, cache]);
  return (
    <LiveContext.Provider value={{ state, lostSinceMs, handlers: handlers.current }}>
      {children}
    </LiveContext.Provider>
  );
}

function useLiveContext(): Live {
  const live = useContext(LiveContext);
  if (live === null) throw new Error("outside LiveProvider");
  return live;
}

/** Call `handler` for each event of this name while the component is shown. */
export function useLive(name: string, handler: Handler): void {
  const { handlers } = useLiveContext();
  const newest = useRef(handler);
  newest.current = handler;
  useEffect(() => {
    const call: Handler = (event) => newest.current(event);
    const set = handlers.get(name) ?? new Set();
    handlers.set(name, set.add(call));
    return () => {
      set.delete(call);
    };
  }, [handlers, name]);
}

export function useLiveState(): { state: LiveState; lostSinceMs: number | null } {
  const { state, lostSinceMs } = useLiveContext();
  return { state, lostSinceMs };
}
