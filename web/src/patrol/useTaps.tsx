/** The queue of taps for the pages: press, and it is sent now or when there is a connection. */
import { useQueryClient } from "@tanstack/react-query";
import {
  createContext,
  type ReactNode,
  useCallback,
  useContext,
  useEffect,
  useRef,
  useState,
} from "react";
import { SESSION_KEY, useSession } from "../app/session";
import { useLiveState } from "../live/live";
import { type Incident, withIncident } from "./card";
import { sendTap } from "./send";
import { IdbTapStore } from "./tapStore";
import { drain, isRepeat, type Refusal, type Tap, type TapStep } from "./taps";
import { CARD_KEY, type CardView, LIST_KEY } from "./useCard";

const store = new IdbTapStore();

/** While something waits it is tried again this often: not every way back is told by an event. */
const AGAIN_MS = 10_000;
const LOCK = "parkguard-taps";

interface Taps {
  /** Of who is logged in, oldest first. */
  waiting: readonly Tap[];
  /** Taps of somebody else that lie on this phone. */
  foreign: number;
  refusals: readonly Refusal[];
  press(incidentId: string, step: TapStep): Promise<void>;
  readRefusals(incidentId: string): Promise<void>;
}

const TapsContext = createContext<Taps | null>(null);

export function useTaps(): Taps {
  const taps = useContext(TapsContext);
  if (taps === null) throw new Error("outside TapsProvider");
  return taps;
}

/** One page of this phone sends at a time; where there are no locks the keys make it harmless. */
async function alone(work: () => Promise<boolean>): Promise<boolean> {
  if (!navigator.locks) return work();
  return navigator.locks.request(LOCK, work);
}

export function TapsProvider({ children }: { children: ReactNode }) {
  const { name } = useSession();
  const cache = useQueryClient();
  const { state } = useLiveState();
  const [taps, setTaps] = useState<Tap[]>([]);
  const [refusals, setRefusals] = useState<Refusal[]>([]);
  const running = useRef<Promise<boolean>>(Promise.resolve(true));
  const queued = useRef(false);

  const show = useCallback(async () => {
    const kept = await store.kept();
    setTaps(kept.taps);
    setRefusals(kept.refusals);
  }, []);

  const flush = useCallback(async () => {
    const done = (incident: Incident) => {
      cache.setQueryData<CardView>([...CARD_KEY, incident.id], (view) =>
        view === undefined ? view : { ...view, card: withIncident(view.card, incident, name) },
      );
      void cache.invalidateQueries({ queryKey: [...CARD_KEY, incident.id] });
      void cache.invalidateQueries({ queryKey: LIST_KEY });
    };
    if (!queued.current) {
      queued.current = true;
      running.current = running.current.then(() => {
        queued.current = false; // what is tapped from now on needs another turn
        return alone(() => drain(store, name, Date.now(), (tap) => sendTap(tap, done)));
      });
    }
    const isEmpty = await running.current;
    if (!isEmpty && navigator.onLine) void cache.invalidateQueries({ queryKey: SESSION_KEY });
  }, [cache, name]);

  useEffect(() => {
    void show();
    return store.watch(() => void show());
  }, [show]);

  useEffect(() => {
    const again = () => void flush();
    const looked = () => document.visibilityState === "visible" && again();
    globalThis.addEventListener("online", again);
    document.addEventListener("visibilitychange", looked);
    return () => {
      globalThis.removeEventListener("online", again);
      document.removeEventListener("visibilitychange", looked);
    };
  }, [flush]);

  const mine = taps.filter((tap) => tap.by === name);
  const waits = mine.length > 0;
  useEffect(() => {
    if (!waits) return;
    if (state === "live") void flush();
    const timer = setInterval(() => void flush(), AGAIN_MS);
    return () => clearInterval(timer);
  }, [waits, state, flush]);

  const press = useCallback(
    async (incidentId: string, step: TapStep) => {
      const tap = { key: crypto.randomUUID(), incidentId, step, atMs: Date.now(), by: name };
      const waiting = (await store.taps()).filter((one) => one.by === name);
      if (isRepeat(waiting, tap)) return;
      await store.add(tap);
      await flush();
    },
    [flush, name],
  );

  const view: Taps = {
    waiting: mine,
    foreign: taps.length - mine.length,
    refusals,
    press,
    readRefusals: (incidentId) => store.read(incidentId),
  };
  return <TapsContext.Provider value={view}>{children}</TapsContext.Provider>;
}
