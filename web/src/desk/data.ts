/** What the desk asks of the API, and how the stream keeps it fresh. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useRef } from "react";
import { api, got } from "../api/client";
import { useLive } from "../live/live";
import type { LiveEvent } from "../live/source";

/** Most rows of each kind in the queue: what one person can look through. */
export const QUEUE_MAX = 200;
/** Lists are read again at most this often, however many events come, ms. */
const CALM_MS = 1_500;
/** The figures above the queue change without an event, too, ms. */
const GLANCE_MS = 20_000;

export function useWaiting() {
  return useQuery({
    queryKey: ["desk", "queue", "alerts"],
    queryFn: ({ signal }) =>
      got(
        api.GET("/v1/alerts", {
          params: { query: { waiting: true, level: 2, limit: QUEUE_MAX } },
          signal,
        }),
      ),
  });
}

export function useOpenIncidents() {
  return useQuery({
    queryKey: ["desk", "queue", "incidents"],
    queryFn: ({ signal }) =>
      got(
        api.GET("/v1/incidents", { params: { query: { open: true, limit: QUEUE_MAX } }, signal }),
      ),
  });
}

export function useGlance() {
  return useQuery({
    queryKey: ["desk", "queue", "glance"],
    queryFn: async ({ signal }) => {
      const glance = await got(api.GET("/v1/desk", { signal }));
      return { ...glance, aheadMs: glance.at_ms - Date.now() };
    },
    refetchInterval: GLANCE_MS,
    staleTime: 0,
  });
}

export function useAlert(id: string) {
  return useQuery({
    queryKey: ["desk", "alert", id],
    queryFn: ({ signal }) =>
      got(api.GET("/v1/alerts/{alert_id}", { params: { path: { alert_id: id } }, signal })),
    enabled: id !== "",
  });
}

export function useDeliveries(alertId: string) {
  return useQuery({
    queryKey: ["desk", "deliveries", alertId],
    queryFn: ({ signal }) =>
      got(
        api.GET("/v1/alerts/{alert_id}/deliveries", {
          params: { path: { alert_id: alertId } },
          signal,
        }),
      ),
    enabled: alertId !== "",
  });
}

export function useIncident(id: string) {
  return useQuery({
    queryKey: ["desk", "incident", id],
    queryFn: ({ signal }) =>
      got(
        api.GET("/v1/incidents/{incident_id}", { params: { path: { incident_id: id } }, signal }),
      ),
  });
}

/** Position, trail, cameras and next steps. Each reading is a look that the audit keeps. */
export function useCard(id: string) {
  return useQuery({
    queryKey: ["desk", "card", id],
    queryFn: ({ signal }) =>
      got(
        api.GET("/v1/incidents/{incident_id}/card", {
          params: { path: { incident_id: id } },
          signal,
        }),
      ),
  });
}

/** Cameras near a place that does not follow the vehicle. */
export function useCameras(place: { lat: number; lon: number } | null) {
  return useQuery({
    queryKey: ["desk", "cameras", place?.lat, place?.lon],
    queryFn: ({ signal }) =>
      got(
        api.GET("/v1/cameras/near", {
          params: { query: { lat: place?.lat ?? 0, lon: place?.lon ?? 0, n: 3 } },
          signal,
        }),
      ),
    enabled: place !== null,
    staleTime: 60_000,
  });
}

/** Read the queue again when something happened to it; a burst of events is one reading. */
export function useLiveQueue(): void {
  const cache = useQueryClient();
  const refresh = useThrottled(() => {
    void cache.invalidateQueries({ queryKey: ["desk", "queue"] });
  }, CALM_MS);
  useLive("alert", refresh);
  useLive("incident", refresh);
}

/** Read one case again when an event names it. */
export function useLiveCase(alertId: string, incidentId: string): void {
  const cache = useQueryClient();
  const refresh = useThrottled(() => {
    for (const [what, id] of [
      ["alert", alertId],
      ["deliveries", alertId],
      ["incident", incidentId],
      ["card", incidentId],
    ]) {
      if (id) void cache.invalidateQueries({ queryKey: ["desk", what, id] });
    }
  }, CALM_MS);
  const take = (event: LiveEvent) => {
    const body = bodyOf(event);
    if (body.alert_id === alertId || (incidentId && body.incident_id === incidentId)) refresh();
  };
  useLive("alert", take);
  useLive("incident", take);
}

export function bodyOf(event: LiveEvent): Record<string, unknown> {
  const data = event.data as { body?: Record<string, unknown> } | null;
  return data?.body ?? {};
}

/** Call at once, then at most once in `everyMs`; the last call is never lost. */
function useThrottled(call: () => void, everyMs: number): () => void {
  const newest = useRef(call);
  newest.current = call;
  const last = useRef(0);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  return useCallback(() => {
    if (timer.current !== undefined) return;
    const waitMs = Math.max(0, last.current + everyMs - Date.now());
    timer.current = setTimeout(() => {
      timer.current = undefined;
      last.current = Date.now();
      newest.current();
    }, waitMs);
  }, [everyMs]);
}
