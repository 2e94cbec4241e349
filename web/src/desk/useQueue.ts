/** The queue as it is shown: both lists in one, held while the hand is on it, with its sounds. */
import { useEffect, useMemo, useRef, useState } from "react";
import { useOpenIncidents, useWaiting } from "./data";
import { arrange, type Item, newcomers, queueOf, type Shown } from "./queue";
import { play } from "./sound";

const EMPTY: Shown = { rows: [], fresh: [] };

export interface Queue {
  shown: Shown;
  error: unknown;
  /** Nothing was read yet. */
  isLoading: boolean;
  /** What came in last, for those who hear the page instead of seeing it. */
  arrived: Item | null;
  retry(): void;
}

export function useQueue(held: boolean, soundOn: boolean): Queue {
  const alerts = useWaiting();
  const incidents = useOpenIncidents();
  const queue = useMemo(
    () =>
      alerts.data && incidents.data
        ? queueOf(alerts.data.alerts, incidents.data.incidents)
        : undefined,
    [alerts.data, incidents.data],
  );
  const [shown, setShown] = useState(EMPTY);
  useEffect(() => {
    if (queue) setShown((before) => arrange(before, queue, held));
  }, [queue, held]);
  const arrived = useArrivals(queue, soundOn);
  return {
    shown,
    error: alerts.error ?? incidents.error,
    isLoading: queue === undefined,
    arrived,
    retry: () => {
      void alerts.refetch();
      void incidents.refetch();
    },
  };
}

/** Sound once for what came in since the last reading; the first reading is silent. */
function useArrivals(queue: readonly Item[] | undefined, soundOn: boolean): Item | null {
  const known = useRef<Set<string> | null>(null);
  const sounds = useRef(soundOn);
  sounds.current = soundOn;
  const [arrived, setArrived] = useState<Item | null>(null);
  useEffect(() => {
    if (!queue) return;
    const fresh = known.current === null ? [] : newcomers(known.current, queue);
    known.current = new Set(queue.map((item) => item.key));
    const first = fresh[0];
    if (first === undefined) return;
    setArrived(first);
    if (sounds.current) play(fresh.some((item) => item.level >= 4) ? "danger" : "calm");
  }, [queue]);
  return arrived;
}
