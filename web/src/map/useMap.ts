/** Opens the map below an element and keeps what it shows. */
import { useQuery } from "@tanstack/react-query";
import { type RefObject, useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { api, got } from "../api/client";
import type { CityHandle } from "./engine";
import type { Placer } from "./features";
import { placerOf } from "./gcj02";
import { type Box, boxOf, widened } from "./geometry";
import { NO_BASE, type Wanted } from "./style";
import type { LatLon } from "./types";

/** Round a dot at least this much is shown, metres: the next streets. */
const AROUND_M = 250;

export type Failure = "no_webgl" | "not_loaded";

interface Asked {
  host: RefObject<HTMLDivElement | null>;
  wanted: Wanted;
  /** All that should be seen at first. */
  places: readonly LatLon[];
  onIncident(id: string): void;
  onSite(name: string): void;
  onMoved(): void;
}

interface Opened {
  handle: CityHandle | null;
  place: Placer;
  failure: Failure | null;
  /** Something that belongs on it could not be loaded. */
  isPartial: boolean;
  /** Whether the map was opened on places, not on the whole area. */
  hadPlaces: RefObject<boolean>;
}

export function hasWebGl(): boolean {
  const canvas = document.createElement("canvas");
  return canvas.getContext("webgl2") !== null;
}

export function useMap(asked: Asked): Opened {
  const { i18n } = useTranslation("map");
  const [handle, setHandle] = useState<CityHandle | null>(null);
  const hadPlaces = useRef(false);
  const [failure, setFailure] = useState<Failure | null>(null);
  const [isPartial, setPartial] = useState(false);
  const style = useQuery({
    queryKey: ["maps", "style"],
    queryFn: ({ signal }) => got(api.GET("/v1/maps/style", { signal })),
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });
  // without an answer (offline) our own data is the map: an officer waits for nothing
  const base = style.data ?? (style.isError ? NO_BASE : null);
  const place = useMemo(() => placerOf(base?.crs ?? "wgs84"), [base]);
  const latest = useRef(asked);
  latest.current = asked;
  const { sites, grids, fences } = asked.wanted;
  const { language } = i18n;

  useEffect(() => {
    const host = latest.current.host.current;
    if (base === null || host === null) return;
    if (!hasWebGl()) {
      setFailure("no_webgl");
      return;
    }
    setPartial(false);
    let isWanted = true;
    let opened: CityHandle | null = null;
    const words = i18n.getFixedT(language, "map");
    async function open(target: HTMLDivElement, known: NonNullable<typeof base>): Promise<void> {
      const { openMap } = await import("./engine");
      if (!isWanted) return;
      const first = firstView(latest.current.places.map(place));
      hadPlaces.current = first !== null;
      const made = await openMap({
        host: target,
        base: known,
        wanted: { sites, grids, fences },
        locale: {
          "Map.Title": words("map"),
          "NavigationControl.ZoomIn": words("zoom_in"),
          "NavigationControl.ZoomOut": words("zoom_out"),
        },
        meWord: words("me"),
        bounds: first ?? boundsOf(known.bounds),
        onIncident: (id) => latest.current.onIncident(id),
        onSite: (name) => latest.current.onSite(name),
        onMoved: () => latest.current.onMoved(),
        onMissing: () => setPartial(true),
      });
      if (isWanted) {
        opened = made;
        setHandle(made);
      } else {
        made.close();
      }
    }
    open(host, base).catch((error: unknown) => {
      console.warn("map", error);
      if (isWanted) setFailure("not_loaded");
    });
    return () => {
      isWanted = false;
      setHandle(null);
      opened?.close();
    };
  }, [base, place, sites, grids, fences, language, i18n]);

  return { handle, place, failure, isPartial, hadPlaces };
}

/** The box of what is shown at first; null for nothing. */
export function firstView(places: readonly LatLon[]): Box | null {
  const box = boxOf(places);
  return box && widened(box, AROUND_M);
}

function boundsOf(bounds: readonly number[] | null | undefined): Box | null {
  const [west, south, east, north] = bounds ?? [];
  if (west === undefined || south === undefined) return null;
  return east === undefined || north === undefined ? null : [west, south, east, north];
}
