/** The map of the city: a live dot, incidents, sites; the same in words for who sees no map. */
import { type RefObject, useEffect, useId, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { addWords } from "../i18n";
import { Button } from "../ui/Button";
import css from "./CityMap.module.css";
import {
  cameraFeatures,
  INCIDENTS_MAX,
  incidentFeatures,
  liveFeatures,
  trailFeatures,
} from "./features";
import { MapWords } from "./MapWords";
import type { LatLon, LiveDot, MapCamera, MapIncident, TrailPoint } from "./types";
import { firstView, useMap } from "./useMap";
import { words } from "./words";

addWords("map", words);

export type { LatLon, LiveDot, MapCamera, MapIncident, TrailPoint } from "./types";

export interface CityMapProps {
  /** Name of the map for screen readers. */
  label?: string;
  dot?: LiveDot | null;
  trail?: readonly TrailPoint[];
  me?: LatLon | null;
  cameras?: readonly MapCamera[];
  incidents?: readonly MapIncident[];
  /** Draw all sites in scope, clustered. */
  sites?: boolean;
  grids?: boolean;
  fences?: boolean;
  selectedId?: string | null;
  onSelect?: (id: string) => void;
  /** Keep the dot in the middle until the reader moves the map. */
  follow?: boolean;
  className?: string;
}

const NO_TRAIL: readonly TrailPoint[] = [];
const NO_CAMERAS: readonly MapCamera[] = [];
const NO_INCIDENTS: readonly MapIncident[] = [];

export function CityMap(props: CityMapProps) {
  const { t } = useTranslation("map");
  const { dot, me, selectedId, follow = false } = props;
  const trail = props.trail ?? NO_TRAIL;
  const cameras = props.cameras ?? NO_CAMERAS;
  const incidents = props.incidents ?? NO_INCIDENTS;
  const host = useRef<HTMLDivElement>(null);
  const wordsId = useId();
  const [isLed, setLed] = useState(true);
  const [site, setSite] = useState<string | null>(null);
  const first = dot ? [dot, ...trail, ...(me ? [me] : [])] : incidents;

  const { handle, place, failure, isPartial, hadPlaces } = useMap({
    host,
    wanted: {
      sites: props.sites ?? false,
      grids: props.grids ?? false,
      fences: props.fences ?? false,
    },
    places: first,
    onIncident: (id) => props.onSelect?.(id),
    onSite: setSite,
    onMoved: () => setLed(false),
  });

  useEffect(() => handle?.show("live", liveFeatures(dot, me, place)), [handle, place, dot, me]);
  useEffect(() => handle?.show("trail", trailFeatures(trail, place)), [handle, place, trail]);
  useEffect(
    () => handle?.show("cameras", cameraFeatures(cameras, place)),
    [handle, place, cameras],
  );
  useEffect(
    () => handle?.show("incidents", incidentFeatures(incidents, selectedId, place)),
    [handle, place, incidents, selectedId],
  );
  useFollowing(handle, follow && isLed && dot ? place(dot) : null);
  useFirstFit(handle, first.map(place), hadPlaces);
  useChosen(handle, place, incidents, selectedId);

  const isFollowable = follow && !isLed && handle !== null && Boolean(dot);
  return (
    <section
      className={[css.frame, props.className].filter(Boolean).join(" ")}
      aria-label={props.label ?? t("map")}
      aria-describedby={wordsId}
    >
      {failure === null && <div ref={host} className={css.map} data-ready={handle !== null} />}
      {failure === null && handle === null && <p className={css.waiting}>{t("loading")}</p>}
      <MapWords
        id={wordsId}
        failure={failure}
        dot={dot}
        me={me}
        cameras={cameras}
        incidents={incidents}
        onSelect={props.onSelect}
      />
      {isFollowable && (
        <div className={css.follow}>
          <Button onClick={() => setLed(true)} aria-label={t("follow_long")}>
            {t("follow")}
          </Button>
        </div>
      )}
      <p className={css.note} role="status">
        {site !== null && t("site", { name: site })}
        {site === null && isPartial && t("partial")}
        {site === null &&
          !isPartial &&
          incidents.length > INCIDENTS_MAX &&
          t("incidents_more", { shown: INCIDENTS_MAX, count: incidents.length })}
      </p>
    </section>
  );
}

type Handle = ReturnType<typeof useMap>["handle"];

function useFollowing(handle: Handle, middle: LatLon | null): void {
  const lat = middle?.lat;
  const lon = middle?.lon;
  useEffect(() => {
    if (handle && lat !== undefined && lon !== undefined) handle.keepInView({ lat, lon });
  }, [handle, lat, lon]);
}

/** What came after the map was opened is brought into view, once. */
function useFirstFit(
  handle: Handle,
  places: readonly LatLon[],
  hadPlaces: RefObject<boolean>,
): void {
  const isThere = places.length > 0;
  useEffect(() => {
    if (!handle || !isThere || hadPlaces.current) return;
    hadPlaces.current = true;
    const box = firstView(places);
    if (box) handle.fit(box);
  }, [handle, isThere, places, hadPlaces]);
}

function useChosen(
  handle: Handle,
  place: (at: LatLon) => LatLon,
  incidents: readonly MapIncident[],
  selectedId: string | null | undefined,
): void {
  const shown = useRef<string | null>(null);
  useEffect(() => {
    const chosen = incidents.find((one) => one.id === selectedId);
    if (!handle || !chosen || shown.current === chosen.id) return;
    shown.current = chosen.id;
    handle.glideTo(place(chosen));
  }, [handle, place, incidents, selectedId]);
}
