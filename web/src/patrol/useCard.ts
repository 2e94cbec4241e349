/** The card and the list: from the server, kept fresh by the stream, from the phone without one. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { api, got } from "../api/client";
import { problemOf } from "../api/problem";
import { useLive } from "../live/live";
import { type Card, type Incident, positionOf, withPosition } from "./card";
import { type Kept, keepCard, keepList, keptCard, keptList } from "./kept";

export const CARD_KEY = ["patrol", "card"] as const;
export const LIST_KEY = ["patrol", "list"] as const;

/** A moving card is written to the phone at most this often. */
const KEEP_MS = 5_000;
/** As many open cases as one officer's list shows. */
const LIST_MAX = 200;

export interface CardView {
  card: Card;
  /** Server's clock less the phone's, ms: ages are right on a phone whose clock is wrong. */
  aheadMs: number;
}

export interface Shown<T> {
  data: T | undefined;
  /** When the phone kept it; null: it is the server's. */
  savedMs: number | null;
  error: unknown;
  /** Neither the server nor the phone has answered yet. */
  isWaiting: boolean;
  again(): void;
}

/** What the phone kept; undefined until it was read, null when there is nothing. */
function useKept<T>(read: () => Promise<Kept<T> | undefined>, key: string) {
  const [kept, setKept] = useState<Kept<T> | null | undefined>();
  const newest = useRef(read);
  newest.current = read;
  // biome-ignore lint/correctness/useExhaustiveDependencies: read anew for another key only
  useEffect(() => {
    let gone = false;
    setKept(undefined);
    void newest.current().then((found) => !gone && setKept(found ?? null));
    return () => {
      gone = true;
    };
  }, [key]);
  return kept;
}

/** The page's answer to a failed request that may pass: what was kept, with its age. */
function shown<T>(
  asked: { data: T | undefined; error: unknown; isError: boolean; refetch: () => unknown },
  kept: Kept<T> | null | undefined,
): Shown<T> {
  const again = () => void asked.refetch();
  if (asked.data !== undefined) {
    return { data: asked.data, savedMs: null, error: null, isWaiting: false, again };
  }
  const passing = !asked.isError || problemOf(asked.error).isPassing;
  const data = passing ? kept?.data : undefined;
  return {
    data,
    savedMs: data === undefined ? null : (kept?.atMs ?? null),
    error: asked.isError ? asked.error : null,
    isWaiting: data === undefined && (!asked.isError || (passing && kept === undefined)),
    again,
  };
}

export function useCard(incidentId: string): Shown<CardView> {
  const cache = useQueryClient();
  const key = [...CARD_KEY, incidentId];
  const asked = useQuery({
    queryKey: key,
    networkMode: "always",
    retry: false,
    queryFn: async ({ signal }): Promise<CardView> => {
      const params = { path: { incident_id: incidentId } };
      const card = await got(api.GET("/v1/incidents/{incident_id}/card", { params, signal }));
      return { card, aheadMs: card.now_ms - Date.now() };
    },
  });
  const kept = useKept(() => keptCard(incidentId), incidentId);

  useLive("position", ({ data }) => {
    const event = positionOf(data);
    if (event === null) return;
    cache.setQueryData<CardView>(key, (view) => {
      if (view === undefined) return view;
      const card = withPosition(view.card, event);
      return card === view.card ? view : { ...view, card };
    });
  });
  useLive("incident", ({ data }) => {
    if (incidentOf(data) === incidentId) void cache.invalidateQueries({ queryKey: key });
  });

  const written = useRef({ atMs: 0, version: 0 });
  useEffect(() => {
    if (asked.data === undefined) return;
    const now = Date.now();
    const { version } = asked.data.card.incident;
    const last = written.current;
    if (version === last.version && now - last.atMs < KEEP_MS) return;
    written.current = { atMs: now, version };
    void keepCard(asked.data, now);
  }, [asked.data]);
  return shown(asked, kept);
}

export function useIncidents(): Shown<Incident[]> {
  const cache = useQueryClient();
  const asked = useQuery({
    queryKey: LIST_KEY,
    networkMode: "always",
    retry: false,
    queryFn: async ({ signal }) => {
      const params = { query: { open: true, limit: LIST_MAX } };
      return (await got(api.GET("/v1/incidents", { params, signal }))).incidents;
    },
  });
  const kept = useKept(keptList, "list");
  useLive("incident", () => void cache.invalidateQueries({ queryKey: LIST_KEY }));
  useEffect(() => {
    if (asked.data !== undefined) void keepList(asked.data, Date.now());
  }, [asked.data]);
  return shown(asked, kept);
}

/** Of which incident an `incident` event tells. */
function incidentOf(data: unknown): string | null {
  const body = (data as { body?: { incident_id?: unknown } } | null)?.body;
  return typeof body?.incident_id === "string" ? body.incident_id : null;
}
